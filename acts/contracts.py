"""What acts renders: documents as plain values. acts knows nothing of video, SQL or the web."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

Language = Literal["kk", "ru", "en"]


class Form1Item(StrEnum):
    """The six boxes of form 1, in the form's order (domain.md)."""

    PHONE = "phone"
    CHEAT_SHEET = "cheat_sheet"
    ELECTRONIC_MEANS = "electronic_means"
    OTHER_SCREEN = "other_screen"
    LEAVING_SEAT = "leaving_seat"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Person:
    full_name: str
    position: str = ""


@dataclass(frozen=True, slots=True)
class Student:
    full_name: str
    faculty: str
    programme: str
    course: str
    group: str


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One confirmed flag as it stands in the annex. ``item`` None = technical, ticks nothing.

    ``kind`` is the flag's stored code. Regions are relative corners (x0, y0, x1, y1), 0..1.
    ``clip_sha256`` and ``clip_url`` are empty where there is no clip. ``decided_by`` is the person
    who confirmed the flag, ``comment`` what they wrote; ``frame_at_ms`` is when the frame was seen.
    """

    item: Form1Item | None
    kind: str
    start_ms: int
    end_ms: int
    confidence: float
    model: str
    frame_jpeg: bytes | None = None
    regions: tuple[tuple[float, float, float, float], ...] = ()
    clip_url: str = ""
    clip_sha256: str = ""
    comment: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    frame_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RecordingGap:
    """A stretch of the sitting that is not on record; ``cause`` is capture's stored code (S-13)."""

    start_ms: int
    end_ms: int
    cause: str = ""


@dataclass(frozen=True, slots=True)
class ActDocument:
    """Form 1, an act on breach of exam rules (S-17), with everything a reader may need.

    ``made_at`` carries its time zone and is the only time in the file: the same document gives
    the same bytes. ``started_at`` is the zero of the evidence's time spans.
    """

    number: str
    revision: int
    made_at: datetime
    discipline: str
    exam_date: date
    started_at: datetime
    authors: tuple[Person, ...]
    student: Student
    evidence: tuple[EvidenceItem, ...]
    recording_digest: str
    recording_seconds: float
    exam_seconds: float
    recording_url: str
    verify_url: str
    analysed_fps: float | None = None
    software: str = "Baqylau"
    gaps: tuple[RecordingGap, ...] = ()

    @property
    def ticked(self) -> frozenset[Form1Item]:
        return frozenset(entry.item for entry in self.evidence if entry.item is not None)


@dataclass(frozen=True, slots=True)
class Form4Row:
    student: str
    programme: str
    course_group: str
    discipline: str
    exam_date: date
    link: str
    act_made: bool
    proctor: str


@dataclass(frozen=True, slots=True)
class Form4Document:
    """Form 4, the proctor's check list (S-16/17)."""

    rows: tuple[Form4Row, ...]
    member: str
    made_at: datetime
