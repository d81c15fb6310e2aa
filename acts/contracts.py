"""What acts renders: documents as plain values. acts knows nothing of video, SQL or the web."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Literal, Protocol

Language = Literal["kk", "ru", "en"]
Region = tuple[float, float, float, float]  # relative corners (x0, y0, x1, y1), 0..1


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
    ``recall``: of an object model, the share of visible phones that it finds, as measured.
    ``lasting``: it had not ended when the act was made, so ``end_ms`` is what was on record then.
    """

    item: Form1Item | None
    kind: str
    start_ms: int
    end_ms: int
    confidence: float
    model: str
    frame_jpeg: bytes | None = None
    regions: tuple[Region, ...] = ()
    clip_url: str = ""
    clip_sha256: str = ""
    comment: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    frame_at_ms: int | None = None
    recall: float | None = None
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class RecordingGap:
    """A stretch of the sitting that is not on record; ``cause`` is capture's stored code (S-13)."""

    start_ms: int
    end_ms: int
    cause: str = ""


@dataclass(frozen=True, slots=True)
class ExamSpan:
    """When the test ran, on the axis of the time spans; not ``ended``: up to the act's making."""

    began_ms: int
    until_ms: int
    ended: bool


@dataclass(frozen=True, slots=True)
class NotedBreach:
    """What people saw with their own eyes (S-12), and when; ``at`` None: nobody noted the time."""

    item: Form1Item
    at: datetime | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class ChatLine:
    """What student and proctor wrote to each other during the exam. ``by_student``: who."""

    at: datetime
    by_student: bool
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class ActDocument:
    """Form 1, an act on breach of exam rules (S-17), with everything a reader may need.

    Made of flags that a proctor confirmed (``evidence``), or drawn up by a commission of what it
    saw (``noted``, S-12).

    ``made_at`` carries its time zone and is the only time in the file: the same document gives
    the same bytes. ``started_at`` is the zero of the evidence's time spans. A draft may lack its
    number and is marked on every page. ``analysed_fps``: frames a second that were analysed, on
    average; None where nobody counted. ``recording_seconds`` and ``exam_seconds`` count from the
    test's beginning, which may lie well after the axis's zero: ``exam`` and ``recorded_until_ms``
    say where on it they lie (None in acts of earlier versions).
    """

    form: ClassVar[int] = 1

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
    draft: bool = False
    supplied_seconds: float = 0.0  # of the gaps, filled by the student's own computer
    noted: tuple[NotedBreach, ...] = ()
    chat: tuple[ChatLine, ...] = ()
    recorded_until_ms: int | None = None
    exam: ExamSpan | None = None

    @property
    def ongoing(self) -> bool:
        """Made while the exam ran: what is said of it is said so far."""
        return self.exam is not None and not self.exam.ended

    @property
    def ticked(self) -> frozenset[Form1Item]:
        seen = {entry.item for entry in self.evidence if entry.item is not None}
        return frozenset(seen | {one.item for one in self.noted})

    @property
    def recorded(self) -> bool:
        """Whether the system watched at all: in a classroom it may not have."""
        return bool(self.evidence or self.recording_digest or self.exam_seconds)


@dataclass(frozen=True, slots=True)
class RefusalDocument:
    """Form 2: the student refused to sign the act ``act_number`` of ``act_date``.

    ``author`` writes it in the first person; the form has lines for two witnesses.
    """

    form: ClassVar[int] = 2

    number: str
    revision: int
    made_at: datetime
    author: Person
    witnesses: tuple[Person, ...]
    student: Student
    act_number: str
    act_date: date
    verify_url: str = ""
    software: str = "Baqylau"
    draft: bool = False


@dataclass(frozen=True, slots=True)
class FacePicture:
    """A face to compare: the JPEG as it was kept, the face's region in it, when it was taken."""

    jpeg: bytes
    region: Region | None = None
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutsiderDocument:
    """Form 3: ``outsider`` (empty where nobody knows the name) sat the exam for the student.

    ``evidence``: the flag behind ``seen``, where there is one: for the record, not for the page.
    """

    form: ClassVar[int] = 3

    number: str
    revision: int
    made_at: datetime
    discipline: str
    authors: tuple[Person, ...]
    student: Student
    outsider: str = ""
    enrolled: FacePicture | None = None
    seen: FacePicture | None = None
    evidence: tuple[EvidenceItem, ...] = ()
    verify_url: str = ""
    software: str = "Baqylau"
    draft: bool = False


class Numbered(Protocol):
    """What forms 1–3 have in common."""

    @property
    def form(self) -> int: ...
    @property
    def number(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def made_at(self) -> datetime: ...
    @property
    def verify_url(self) -> str: ...
    @property
    def software(self) -> str: ...
    @property
    def draft(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Form4Row:
    """``act_made``: None where the proctor has not answered yet."""

    student: str
    programme: str
    course_group: str
    discipline: str
    exam_date: date
    link: str
    act_made: bool | None
    proctor: str


@dataclass(frozen=True, slots=True)
class Form4Document:
    """Form 4, the proctor's check list (S-16/17). ``signed_at``: the member signed it (S-18)."""

    rows: tuple[Form4Row, ...]
    member: str
    made_at: datetime
    draft: bool = False
    signed_at: datetime | None = None

    @property
    def checked(self) -> int:
        return sum(row.act_made is not None for row in self.rows)

    @property
    def acts_made(self) -> int:
        return sum(row.act_made is True for row in self.rows)
