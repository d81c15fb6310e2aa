"""The protocol of the appeal commission (T-5.6), with the answer sheet (T-5.5)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from acts import record, values
from acts.contracts import Language
from acts.paper import Coded, Number, Paper, Paragraphs, Table, render_pdf
from acts.paper_html import render_html
from acts.sheet import Attachment

_VOTES = (("protocol.member", 60.0), ("protocol.vote", 35.0), ("protocol.note", 75.0))
_SHEET = (("protocol.question", 30.0), ("protocol.answered", 45.0), ("protocol.mark", 35.0))

_TIMES = ("made_at", "lodged_at", "visa_at")


@dataclass(frozen=True, slots=True)
class ProtocolVote:
    member: str
    uphold: bool
    note: str


@dataclass(frozen=True, slots=True)
class ProtocolDocument:
    """``sheet``: (question, answered, hundredths of its mark); no text of a question (T-6.4).

    ``question``: the one appealed on, of an appeal on a single question (S-20).
    """

    number: str
    made_at: datetime
    order_number: str
    order_date: date
    student: str
    group: str
    discipline: str
    lodged_at: datetime
    visa_at: datetime
    visa_by: str
    grounds: str
    reasons: str
    upheld: bool
    points_before: int | None
    points_after: int | None
    chair: str
    votes: tuple[ProtocolVote, ...]
    sheet: tuple[tuple[int, bool, int], ...]
    question: int | None = None


def protocol_data(document: ProtocolDocument) -> dict[str, Any]:
    """The document as plain values of JSON, as the PDF carries it."""
    return dict(json.loads(record.protocol_record(asdict(document))))


def protocol_of(data: Mapping[str, Any]) -> ProtocolDocument:
    """The document again, of what ``protocol_data`` gave."""
    said = {name: value for name, value in data.items() if name != "format"}
    times = {name: datetime.fromisoformat(said[name]) for name in _TIMES}
    said |= times | {"order_date": date.fromisoformat(said["order_date"])}
    said["votes"] = tuple(ProtocolVote(**vote) for vote in said["votes"])
    said["sheet"] = tuple((place, given, mark) for place, given, mark in said["sheet"])
    return ProtocolDocument(**said)


def render_protocol(document: ProtocolDocument, language: Language) -> bytes:
    """The same document and language give the same bytes. Raises DocumentInvalid."""
    data = record.protocol_record(asdict(document))
    attached = Attachment(record.PROTOCOL_NAME, data, "application/json")
    return render_pdf(_paper(document), language, (attached,))


def render_protocol_html(document: ProtocolDocument, language: Language) -> bytes:
    """The accessible twin. Raises DocumentInvalid."""
    return render_html(_paper(document), language)


def _paper(document: ProtocolDocument) -> Paper:
    order = f"№ {document.order_number}, {values.day(document.order_date)}"
    visa = f"{values.moment(document.visa_at)} {document.visa_by}"
    decision = Coded("protocol.upheld" if document.upheld else "protocol.rejected")
    others = [vote.member for vote in document.votes if vote.member != document.chair]
    return Paper(
        name="protocol.name",
        number=document.number,
        made_at=document.made_at,
        fields=(
            ("protocol.order", order),
            ("protocol.student", document.student),
            ("protocol.group", document.group or None),
            ("protocol.discipline", document.discipline),
            *([("protocol.question", document.question)] if document.question else []),
            ("protocol.lodged", values.moment(document.lodged_at)),
            ("protocol.visa", visa),
            ("protocol.decided", values.moment(document.made_at)),
            ("protocol.decision", decision),
            ("protocol.before", document.points_before),
            ("protocol.after", document.points_after),
        ),
        blocks=(
            Paragraphs("protocol.grounds", document.grounds),
            Paragraphs("protocol.reasons", document.reasons),
            Table(_VOTES, tuple(_vote(vote) for vote in document.votes), "protocol.votes"),
            Table(_SHEET, tuple(_line(*line) for line in document.sheet), "protocol.sheet"),
        ),
        signatures=(
            ("protocol.chair", document.chair),
            *(("protocol.member", name) for name in others),
        ),
    )


def _vote(vote: ProtocolVote) -> tuple[str, Coded, str]:
    return vote.member, Coded("protocol.for" if vote.uphold else "protocol.against"), vote.note


def _line(position: int, answered: bool, hundredths: int) -> tuple[int, Coded, Number]:
    given = Coded("protocol.yes" if answered else "protocol.no")
    return position, given, Number(hundredths / 100)
