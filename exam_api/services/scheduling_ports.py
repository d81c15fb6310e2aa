"""The schedule as its pages show it, and what it needs from storage."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from exam_api.domain.admission import Admission, Allowances
from exam_api.domain.conflicts import PlannedExam
from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.languages import Language, Texts
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Actor, Role
from exam_api.domain.states import SittingState
from exam_api.services.paging import PageAsk


@dataclass(frozen=True, slots=True)
class Period:
    """A session of exams. ``order_*`` and ``members``: its working group (S-14)."""

    id: str
    title: str
    starts_on: date
    ends_on: date
    summer: bool
    schedule_approved_on: date | None = None
    staff_approved_on: date | None = None
    instructed_on: date | None = None
    order_number: str = ""
    order_date: date | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    id: str
    name: str
    seats: int


@dataclass(frozen=True, slots=True)
class Named:
    """A person or a group to choose."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ExaminedDiscipline:
    """A discipline to choose; ``exam_format``: what its exams have to be (S-1)."""

    id: str
    code: str
    title: Texts
    exam_format: ExamFormat


@dataclass(frozen=True, slots=True)
class ScheduledExam:
    """``begun``: sittings in which the device check has begun; then its window stands."""

    id: str
    discipline_id: str
    code: str
    title: Texts
    period_id: str | None
    opens_at: datetime
    closes_at: datetime
    languages: tuple[Language, ...]
    policy: ExamPolicy
    rooms: tuple[Room, ...]
    enrolled: int
    begun: int


@dataclass(frozen=True, slots=True)
class ExamDraft:
    """What a person wants an exam to be. ``rooms`` empty: remote."""

    discipline_id: str
    period_id: str | None
    opens_at: datetime
    closes_at: datetime
    languages: tuple[Language, ...]
    policy: ExamPolicy
    rooms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnrolledStudent:
    """``allowances`` without the reason; ``document`` for those who grant them only."""

    student_id: str
    full_name: str
    group: str
    sitting_id: str | None
    state: SittingState | None
    proctor: str
    rating: int | None
    debt: bool
    admission: Admission
    by_decision: bool
    allowances: Allowances
    document: str


@dataclass(frozen=True, slots=True)
class AppointedProctor:
    id: str
    full_name: str
    member: str
    sittings: int
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class Move:
    """A sitting that goes to another proctor. ``live``: its student is there already."""

    sitting_id: str
    from_proctor: str | None
    to_proctor: str | None
    live: bool


@dataclass(frozen=True, slots=True)
class HandedOver:
    student: str
    from_proctor: str
    to_proctor: str
    live: bool
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class OpenSitting:
    """A sitting that is not over. ``live``: its device check has begun."""

    id: str
    proctor_id: str | None
    live: bool


@dataclass(frozen=True, slots=True)
class HeldSitting:
    """``on_record``: something happened in it that is kept for good."""

    id: str
    on_record: bool


class Schedule(Protocol):
    async def periods(self) -> Sequence[Period]: ...
    async def save_period(self, period: Period) -> None: ...
    async def rooms(self) -> Sequence[Room]: ...
    async def add_room(self, room: Room) -> bool:
        """False where there is one of that name."""
        ...

    async def change_room(self, room: Room) -> None: ...

    async def exams(
        self, actor: Actor, since: datetime, until: datetime, ask: PageAsk | None = None
    ) -> Sequence[ScheduledExam]:
        """Those whose window touches the time and that the actor watches, earliest first.

        All, or up to one more than asked. CursorInvalid.
        """
        ...

    async def exam(self, exam_id: str, actor: Actor) -> ScheduledExam:
        """NotFound."""
        ...

    async def save_exam(self, exam_id: str, draft: ExamDraft) -> None: ...
    async def disciplines(self) -> Sequence[ExaminedDiscipline]:
        """Those that are not disabled."""
        ...

    async def groups(self) -> Sequence[Named]: ...
    async def people(self, role: Role) -> Sequence[Named]: ...
    async def students(self, group_ids: Collection[str], logins: Collection[str]) -> Sequence[str]:
        """Ids; those who left the university are not among them."""
        ...

    async def students_among(self, logins: Collection[str]) -> Collection[str]:
        """Which of the log-ins are students who are at the university."""
        ...

    async def enrol(self, exam_id: str, student_ids: Sequence[str], by: str) -> Sequence[str]:
        """Who is new, each with a scheduled sitting that has no proctor yet."""
        ...

    async def held_sitting(self, exam_id: str, student_id: str) -> HeldSitting | None:
        """Held against other writers till the unit ends."""
        ...

    async def withdraw(self, exam_id: str, student_id: str) -> None:
        """With what the student did before the test; identity photos go first, on record."""
        ...

    async def enrolled(self, exam_id: str) -> Sequence[EnrolledStudent]: ...
    async def proctors(self, exam_id: str) -> Sequence[AppointedProctor]: ...
    async def appoint(self, exam_id: str, proctor_id: str, member_id: str | None) -> None:
        """One who had left comes back."""
        ...

    async def leave(self, exam_id: str, proctor_id: str) -> bool: ...
    async def set_members(self, exam_id: str, member_ids: Collection[str]) -> None: ...
    async def members(self, exam_id: str) -> Sequence[Named]: ...
    async def open_sittings(self, exam_id: str) -> Sequence[OpenSitting]:
        """Held against other writers till the unit ends."""
        ...

    async def move(self, moves: Sequence[Move], by: str, reason: str) -> None:
        """Each change of proctor goes on record."""
        ...

    async def handovers(self, exam_id: str) -> Sequence[HandedOver]: ...
    async def planned(self, since: datetime) -> Sequence[PlannedExam]:
        """Exams whose window ends later."""
        ...

    async def names(self, ids: Collection[str]) -> Mapping[str, str]:
        """Of people and rooms."""
        ...
