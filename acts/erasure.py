"""The certificate that data were erased: what, by which rule, when, with digests.

It proves the erasure without the data: whose they were is said by a reference only.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acts import values
from acts.contracts import Language
from acts.errors import DocumentInvalid
from acts.paper import Coded, Paper, Paragraphs, Table, render_pdf
from acts.paper_html import render_html

_COLUMNS = (
    ("erasure.what", 32.0),
    ("erasure.count", 21.0),
    ("erasure.bytes", 26.0),
    ("erasure.digest", 91.0),
)


class Erased(StrEnum):
    RECORDING = "recording"
    CLIP = "clip"
    FRAME = "frame"
    IDENTITY_PHOTO = "identity_photo"
    EXPORT = "export"
    MESSAGE = "message"
    ANSWERS = "answers"


@dataclass(frozen=True, slots=True)
class ErasedItem:
    """``digest``: the chain digest of a recording, else of the file; of many, of their list."""

    what: Erased
    count: int
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class ErasureCertificate:
    """``about``: a reference (an id), never a name. ``by`` is empty where the clock erased.

    ``rule``: the clause or the request. ``kept``: what stays and why, as sentences.
    """

    number: str
    made_at: datetime
    about: str
    exam: str
    rule: str
    began_at: datetime
    ended_at: datetime
    items: tuple[ErasedItem, ...]
    by: str = ""
    kept: str = ""


def render_erasure(document: ErasureCertificate, language: Language) -> bytes:
    """PDF; the same document and language give the same bytes. Raises DocumentInvalid."""
    return render_pdf(_paper(document), language)


def render_erasure_html(document: ErasureCertificate, language: Language) -> bytes:
    """Raises DocumentInvalid."""
    return render_html(_paper(document), language)


def _paper(document: ErasureCertificate) -> Paper:
    if not document.items or any(one.count < 1 or one.size_bytes < 0 for one in document.items):
        raise DocumentInvalid("an erasure certificate says what was erased")
    if document.ended_at < document.began_at:
        raise DocumentInvalid("an erasure ends after it began")
    total = f"{sum(one.count for one in document.items)}"
    return Paper(
        name="erasure.name",
        number=document.number,
        made_at=document.made_at,
        fields=(
            ("erasure.about", document.about),
            ("erasure.exam", document.exam or None),
            ("erasure.rule", document.rule),
            ("erasure.by", document.by or Coded("erasure.clock")),
            ("erasure.began", values.moment(document.began_at)),
            ("erasure.ended", values.moment(document.ended_at)),
            ("erasure.total", total),
        ),
        blocks=(
            Table(_COLUMNS, tuple(_row(one) for one in document.items), "erasure.items"),
            Paragraphs("erasure.kept", document.kept),
        ),
        signatures=(("erasure.responsible", ""),),
    )


def _row(one: ErasedItem) -> tuple[Coded, int, int, str]:
    return Coded(f"erased.{one.what}"), one.count, one.size_bytes, one.digest
