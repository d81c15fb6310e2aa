"""An act's document as stored (JSON, decided once) ↔ as rendered (``acts.contracts``).

The stored form is the whole truth of a revision: rendering it again gives the same bytes. Pictures
and clips are named by key and digest.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from acts.contracts import (
    ActDocument,
    EvidenceItem,
    Form1Item,
    Language,
    Person,
    RecordingGap,
    Student,
)
from analysis.contracts import FlagKind
from analysis.policy import FORM1_ITEM
from capture.contracts import Recording
from exam_api.domain.languages import in_language
from exam_api.services.proctoring_ports import StoredDecision, StoredFlag
from exam_api.services.review_ports import WatchedSitting
from exam_api.services.review_rules import Coverage

DIGEST_PREFIX: Final = 16  # hex digits in the address of the verification page
# The only role that signs a remote act by itself (S-17); form 1 leaves two more lines to fill.
_PROCTOR: Final[Mapping[Language, str]] = {"kk": "проктор", "ru": "проктор", "en": "proctor"}


@dataclass(frozen=True, slots=True)
class Clip:
    """Both empty where nothing was on record."""

    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ActFacts:
    """What an act is made of, read in one transaction."""

    watched: WatchedSitting
    confirmed: Sequence[tuple[StoredFlag, StoredDecision]]
    clips: Mapping[str, Clip]
    recording: Recording
    recorded_until_ms: int
    covered: Coverage


@dataclass(frozen=True, slots=True)
class ActHead:
    act_id: str
    number: str
    revision: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server is: its address, and the time zone that documents are dated in."""

    address: str
    zone: ZoneInfo

    def review_url(self, sitting_id: str) -> str:
        return f"{self.address}/review/{sitting_id}"


def compose(head: ActHead, facts: ActFacts, place: Place) -> dict[str, Any]:
    """The stored document. Its digest covers everything but the address that names the digest."""
    sitting = facts.watched.sitting
    assert sitting.origin is not None  # a flag needs a timeline
    exam_day = (sitting.began_at or sitting.origin).astimezone(place.zone).date()
    document: dict[str, Any] = {
        "number": head.number,
        "revision": head.revision,
        "made_at": head.made_at.astimezone(place.zone).isoformat(),
        "discipline": dict(facts.watched.exam.title),
        "exam_date": exam_day.isoformat(),
        "started_at": sitting.origin.astimezone(place.zone).isoformat(),
        "authors": _authors(facts.confirmed),
        "student": _student(facts.watched),
        "evidence": [_evidence(flag, decision, facts, place) for flag, decision in facts.confirmed],
        "recording_digest": facts.recording.digest,
        "recording_seconds": facts.covered.recorded_ms / 1000,
        "supplied_seconds": facts.covered.supplied_ms / 1000,
        "exam_seconds": facts.covered.exam_ms / 1000,
        "recording_url": place.review_url(sitting.id),
        "gaps": [[gap.start_ms, gap.end_ms, str(gap.cause)] for gap in facts.recording.gaps],
    }
    prefix = document_digest(document)[:DIGEST_PREFIX]
    document["verify_url"] = f"{place.address}/verify/{head.act_id}/{prefix}"
    return document


def document_digest(document: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON, hex."""
    covered = {key: value for key, value in document.items() if key != "verify_url"}
    text = json.dumps(covered, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def decisions_in(document: Mapping[str, Any]) -> frozenset[str]:
    """Which decisions the act rests on: it is up to date while these are the ones that count."""
    return frozenset(str(entry["decision_id"]) for entry in document["evidence"])


def render_input(
    document: Mapping[str, Any], pictures: Mapping[str, bytes], language: Language
) -> ActDocument:
    """``pictures``: JPEG by evidence key; one that is gone leaves its place empty."""
    authors = tuple(Person(name, _PROCTOR[language]) for name in document["authors"])
    return ActDocument(
        number=document["number"],
        revision=document["revision"],
        made_at=datetime.fromisoformat(document["made_at"]),
        discipline=in_language(document["discipline"], language),
        exam_date=date.fromisoformat(document["exam_date"]),
        started_at=datetime.fromisoformat(document["started_at"]),
        authors=authors,
        student=Student(**document["student"]),
        evidence=tuple(_item(entry, pictures) for entry in document["evidence"]),
        recording_digest=document["recording_digest"],
        recording_seconds=document["recording_seconds"],
        supplied_seconds=document.get("supplied_seconds", 0.0),  # acts of earlier versions
        exam_seconds=document["exam_seconds"],
        recording_url=document["recording_url"],
        verify_url=document["verify_url"],
        gaps=tuple(RecordingGap(start, end, cause) for start, end, cause in document["gaps"]),
    )


def _authors(confirmed: Sequence[tuple[StoredFlag, StoredDecision]]) -> list[str]:
    """Who confirmed, in the order of their first confirmation, each once."""
    in_time = sorted((decision for _, decision in confirmed), key=lambda one: (one.at, one.id))
    return list(dict.fromkeys(decision.by_name for decision in in_time))


def _student(watched: WatchedSitting) -> dict[str, str]:
    card = watched.student
    return {
        "full_name": card.full_name,
        "faculty": card.faculty,
        "programme": card.programme,
        "course": "" if card.course is None else str(card.course),
        "group": card.group,
    }


def _evidence(
    flag: StoredFlag, decision: StoredDecision, facts: ActFacts, place: Place
) -> dict[str, Any]:
    item = FORM1_ITEM.get(flag.kind)
    clip = facts.clips[flag.id]
    # A flag that still lasts is shown up to what is on record now.
    end_ms = max(flag.start_ms, facts.recorded_until_ms) if flag.end_ms is None else flag.end_ms
    return {
        "flag_id": flag.id,
        "decision_id": decision.id,
        "item": str(item) if item else None,
        "kind": str(flag.kind),
        "start_ms": flag.start_ms,
        "end_ms": end_ms,
        "confidence": round(flag.confidence, 4),
        "model": ", ".join(f"{model.id} {model.version}".strip() for model in flag.models),
        "recall": _recall(flag),
        "evidence_key": flag.evidence_key,
        "frame_at_ms": flag.evidence_at_ms,
        "regions": [[box.x0, box.y0, box.x1, box.y1] for box in flag.boxes],
        "clip_key": clip.key,
        "clip_sha256": clip.sha256,
        "clip_url": f"{place.address}/api/v1/flags/{flag.id}/clip.webm" if clip.key else "",
        "comment": decision.comment,
        "decided_by": decision.by_name,
        "decided_at": decision.at.astimezone(place.zone).isoformat(),
    }


def _recall(flag: StoredFlag) -> float | None:
    """Of the model that saw a phone: the share of visible phones that it finds, as measured."""
    if flag.kind is not FlagKind.PHONE:
        return None
    return next((model.recall for model in flag.models if model.recall is not None), None)


def _item(entry: Mapping[str, Any], pictures: Mapping[str, bytes]) -> EvidenceItem:
    return EvidenceItem(
        item=Form1Item(entry["item"]) if entry["item"] else None,
        kind=entry["kind"],
        start_ms=entry["start_ms"],
        end_ms=entry["end_ms"],
        confidence=entry["confidence"],
        model=entry["model"],
        frame_jpeg=pictures.get(entry["evidence_key"] or ""),
        regions=tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in entry["regions"]),
        clip_url=entry["clip_url"],
        clip_sha256=entry["clip_sha256"],
        comment=entry["comment"],
        decided_by=entry["decided_by"],
        decided_at=datetime.fromisoformat(entry["decided_at"]),
        frame_at_ms=entry["frame_at_ms"],
    )
