"""From an act's stored document to what is rendered (``acts.contracts``), for each form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from acts.contracts import (
    ActDocument,
    ChatLine,
    EvidenceItem,
    ExamSpan,
    FacePicture,
    Form1Item,
    Language,
    NotedBreach,
    OutsiderDocument,
    Person,
    RecordingGap,
    RefusalDocument,
    Student,
)
from acts.labels import label
from acts.record import AnyAct
from exam_api.domain.languages import in_language


def render_input(
    document: Mapping[str, Any],
    pictures: Mapping[str, bytes],
    language: Language,
    *,
    draft: bool = False,
) -> AnyAct:
    """``pictures``: JPEG by key; one that is gone leaves its place empty."""
    made = _MAKERS[document.get("form", 1)](document, pictures, language)
    return replace(made, draft=True) if draft else made


def pictures_in(document: Mapping[str, Any]) -> list[str]:
    """Keys of the pictures that the document shows, each once."""
    entries = [entry.get("evidence_key") for entry in document.get("evidence", ())]
    faces = [document.get(which) for which in ("enrolled", "seen")]
    keys = [*entries, *(face["key"] for face in faces if face)]
    return sorted({key for key in keys if key})


def _breach(
    document: Mapping[str, Any], pictures: Mapping[str, bytes], language: Language
) -> ActDocument:
    return ActDocument(
        number=document["number"],
        revision=document["revision"],
        made_at=datetime.fromisoformat(document["made_at"]),
        discipline=in_language(document["discipline"], language),
        exam_date=date.fromisoformat(document["exam_date"]),
        started_at=datetime.fromisoformat(document["started_at"]),
        authors=_people(document["authors"], language),
        student=Student(**document["student"]),
        evidence=tuple(_item(entry, pictures) for entry in document["evidence"]),
        recording_digest=document["recording_digest"],
        recording_seconds=document["recording_seconds"],
        supplied_seconds=document.get("supplied_seconds", 0.0),  # acts of earlier versions
        exam_seconds=document["exam_seconds"],
        recording_url=document["recording_url"],
        verify_url=document["verify_url"],
        analysed_fps=document.get("analysed_fps"),
        gaps=tuple(RecordingGap(start, end, cause) for start, end, cause in document["gaps"]),
        noted=tuple(_noted(one) for one in document.get("noted", ())),
        chat=tuple(_chat(line) for line in document.get("chat", ())),
        recorded_until_ms=document.get("recorded_until_ms"),
        exam=ExamSpan(**document["exam"]) if document.get("exam") else None,
    )


def _refusal(
    document: Mapping[str, Any], _pictures: Mapping[str, bytes], language: Language
) -> RefusalDocument:
    author, *witnesses = _people([document["author"], *document["witnesses"]], language)
    return RefusalDocument(
        number=document["number"],
        revision=document["revision"],
        made_at=datetime.fromisoformat(document["made_at"]),
        author=author,
        witnesses=tuple(witnesses),
        student=Student(**document["student"]),
        act_number=document["act_number"],
        act_date=date.fromisoformat(document["act_date"]),
        verify_url=document["verify_url"],
    )


def _outsider(
    document: Mapping[str, Any], pictures: Mapping[str, bytes], language: Language
) -> OutsiderDocument:
    return OutsiderDocument(
        number=document["number"],
        revision=document["revision"],
        made_at=datetime.fromisoformat(document["made_at"]),
        discipline=in_language(document["discipline"], language),
        authors=_people(document["authors"], language),
        student=Student(**document["student"]),
        outsider=document["outsider"],
        enrolled=_face(document["enrolled"], pictures),
        seen=_face(document["seen"], pictures),
        evidence=tuple(_item(entry, pictures) for entry in document.get("evidence", ())),
        verify_url=document["verify_url"],
    )


def _people(entries: Sequence[str | Mapping[str, str]], language: Language) -> tuple[Person, ...]:
    return tuple(_person(entry, language) for entry in entries)


def _person(entry: str | Mapping[str, str], language: Language) -> Person:
    """A remote act names its proctors only (S-17); form 1 leaves two more lines to fill."""
    if isinstance(entry, str):
        return Person(entry, label("capacity.proctor", language))
    position = entry["position"] or label(f"capacity.{entry['capacity']}", language)
    return Person(entry["full_name"], position)


def _noted(one: Mapping[str, Any]) -> NotedBreach:
    at = datetime.fromisoformat(one["at"]) if one["at"] else None
    return NotedBreach(Form1Item(one["item"]), at, one["words"])


def _chat(line: Mapping[str, Any]) -> ChatLine:
    at = datetime.fromisoformat(line["at"])
    return ChatLine(at, line["by_student"], line["author"], line["text"])


def _face(entry: Mapping[str, Any] | None, pictures: Mapping[str, bytes]) -> FacePicture | None:
    if entry is None or entry["key"] not in pictures:
        return None
    taken = datetime.fromisoformat(entry["taken_at"]) if entry["taken_at"] else None
    region = tuple(entry["region"]) if entry["region"] else None
    return FacePicture(pictures[entry["key"]], region, taken)


def _item(entry: Mapping[str, Any], pictures: Mapping[str, bytes]) -> EvidenceItem:
    """In form 3 it is what the machine saw: nobody's decision stands beside it."""
    decided_at = entry.get("decided_at")
    return EvidenceItem(
        item=Form1Item(entry["item"]) if entry["item"] else None,
        kind=entry["kind"],
        start_ms=entry["start_ms"],
        end_ms=entry["end_ms"],
        confidence=entry["confidence"],
        model=entry["model"],
        recall=entry.get("recall"),
        frame_jpeg=pictures.get(entry["evidence_key"] or ""),
        regions=tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in entry["regions"]),
        clip_url=entry["clip_url"],
        clip_sha256=entry["clip_sha256"],
        comment=entry["comment"],
        decided_by=entry.get("decided_by", ""),
        decided_at=datetime.fromisoformat(decided_at) if decided_at else None,
        frame_at_ms=entry["frame_at_ms"],
        lasting=entry.get("lasting", False),
    )


_MAKERS: Mapping[int, Callable[[Mapping[str, Any], Mapping[str, bytes], Language], AnyAct]] = {
    1: _breach,
    2: _refusal,
    3: _outsider,
}
