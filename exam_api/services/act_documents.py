"""An act's document as stored (JSON, decided once); ``act_inputs`` makes of it what is rendered.

The stored form is the whole truth of a revision: rendering it again gives the same bytes. Pictures
and clips are named by key and digest.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from analysis.contracts import AnalysedStretch, FlagKind
from analysis.policy import FORM1_ITEM
from capture.contracts import Recording
from exam_api.domain.sitting_log import LogKind
from exam_api.services.proctoring_ports import StoredDecision, StoredFlag
from exam_api.services.review_ports import StoredAct, WatchedSitting
from exam_api.services.review_rules import Coverage, analysed_fps, times_of
from exam_api.services.sitting_log_ports import NamedEntry

_CHAT: Final = frozenset({LogKind.MESSAGE, LogKind.REPLY, LogKind.WARNING})
DIGEST_PREFIX: Final = 16  # hex digits in the address of the verification page


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
    log: Sequence[NamedEntry] = ()
    analysed: Sequence[AnalysedStretch] = ()


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
        "student": student_of(facts.watched),
        "evidence": [_evidence(flag, decision, facts, place) for flag, decision in facts.confirmed],
        "recording_digest": facts.recording.digest,
        "recording_seconds": facts.covered.recorded_ms / 1000,
        "supplied_seconds": facts.covered.supplied_ms / 1000,
        "exam_seconds": facts.covered.exam_ms / 1000,
        "exam": _exam_span(facts),
        "recorded_until_ms": facts.recorded_until_ms,
        "analysed_fps": analysed_fps(facts.analysed),
        "recording_url": place.review_url(sitting.id),
        "chat": [
            _said(named, facts.watched, place) for named in facts.log if named.entry.kind in _CHAT
        ],
        "gaps": [[gap.start_ms, gap.end_ms, str(gap.cause)] for gap in facts.recording.gaps],
    }
    return addressed(document, head.act_id, place)


def addressed(document: dict[str, Any], act_id: str, place: Place) -> dict[str, Any]:
    """With the address of its verification page, which names the document's digest."""
    prefix = document_digest(document)[:DIGEST_PREFIX]
    document["verify_url"] = f"{place.address}/verify/{act_id}/{prefix}"
    return document


def document_digest(document: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON, hex."""
    covered = {key: value for key, value in document.items() if key != "verify_url"}
    text = json.dumps(covered, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _exam_span(facts: ActFacts) -> dict[str, Any] | None:
    """On the recording's axis, which begins with the device check; None before the test."""
    times = times_of(facts.watched.sitting)
    began_ms = times.at_ms(times.began_at)
    if began_ms is None:
        return None
    until_ms = began_ms + facts.covered.exam_ms
    return {"began_ms": began_ms, "until_ms": until_ms, "ended": times.finished_at is not None}


def decisions_in(document: Mapping[str, Any]) -> frozenset[str]:
    """Which decisions the act rests on: it is up to date while these are the ones that count."""
    return frozenset(str(entry["decision_id"]) for entry in document["evidence"])


def is_settled(
    confirmed: Sequence[tuple[StoredFlag, StoredDecision]], newest: StoredAct | None
) -> bool:
    """Nothing is to be made: the newest revision rests on what counts, or nothing is confirmed."""
    rests_on = frozenset(decision.id for _, decision in confirmed)
    return not confirmed or (newest is not None and decisions_in(newest.document) == rests_on)


def _authors(confirmed: Sequence[tuple[StoredFlag, StoredDecision]]) -> list[str]:
    """Who confirmed, in the order of their first confirmation, each once."""
    in_time = sorted((decision for _, decision in confirmed), key=lambda one: (one.at, one.id))
    return list(dict.fromkeys(decision.by_name for decision in in_time))


def _said(named: NamedEntry, watched: WatchedSitting, place: Place) -> dict[str, Any]:
    entry = named.entry
    by_student = entry.by == watched.sitting.student_id
    return {
        "at": entry.at.astimezone(place.zone).isoformat(),
        "by_student": by_student,
        "author": named.by_name,
        "text": entry.text,
    }


def student_of(watched: WatchedSitting) -> dict[str, str]:
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
    return {
        **flag_entry(flag, facts.clips[flag.id], facts.recorded_until_ms, place),
        "decision_id": decision.id,
        "comment": decision.comment,
        "decided_by": decision.by_name,
        "decided_at": decision.at.astimezone(place.zone).isoformat(),
    }


def flag_entry(
    flag: StoredFlag, clip: Clip, recorded_until_ms: int, place: Place
) -> dict[str, Any]:
    """A flag in an act: what was seen, without what anybody decided."""
    item = FORM1_ITEM.get(flag.kind)
    # A flag that still lasts is shown up to what is on record now.
    end_ms = max(flag.start_ms, recorded_until_ms) if flag.end_ms is None else flag.end_ms
    return {
        "flag_id": flag.id,
        "item": str(item) if item else None,
        "kind": str(flag.kind),
        "start_ms": flag.start_ms,
        "end_ms": end_ms,
        "confidence": round(flag.confidence, 4),
        "model": ", ".join(f"{model.id} {model.version}".strip() for model in flag.models),
        "lasting": flag.end_ms is None,
        "recall": _recall(flag),
        "evidence_key": flag.evidence_key,
        "frame_at_ms": flag.evidence_at_ms,
        "regions": [[box.x0, box.y0, box.x1, box.y1] for box in flag.boxes],
        "clip_key": clip.key,
        "clip_sha256": clip.sha256,
        "clip_url": f"{place.address}/api/v1/flags/{flag.id}/clip.webm" if clip.key else "",
    }


def _recall(flag: StoredFlag) -> float | None:
    """Of the model that saw a phone: the share of visible phones that it finds, as measured.

    Nobody measured what several see together.
    """
    if flag.kind is not FlagKind.PHONE or len(flag.models) != 1:
        return None
    return flag.models[0].recall
