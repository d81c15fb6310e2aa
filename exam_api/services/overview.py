"""What the pages list: exams, sittings, acts and people that an actor may see. Reads only.

The proctor sees own students (S-16), the member those of the own group's exams (S-15), the dean's
office those of its faculty (S-19), registrar, testing centre and administrator all (S-9, S-18); a
student the own acts.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exam_api.domain.admission import NO_ALLOWANCES, Allowances
from exam_api.domain.grading import Result
from exam_api.domain.languages import Texts
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam
from exam_api.domain.states import SittingState
from exam_api.services.numbered_pages import NumberedPage, PageWanted
from exam_api.services.ports import Clock
from exam_api.services.sitting_views import exam_view
from exam_api.services.views import ExamView


@dataclass(frozen=True, slots=True)
class Profile:
    faculty: str
    programme: str
    course: int
    group: str


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """Where a student studies, in the languages of the pages; ``code`` is the programme's."""

    faculty: Texts
    code: str
    programme: Texts
    course: int
    group: str


@dataclass(frozen=True, slots=True)
class ListedAct:
    """The newest revision of an act that is complete (rendered and sealed).

    ``withdrawn``: it was made of flags, and none of them is confirmed any more.
    """

    id: str
    sitting_id: str
    number: str
    revision: int
    made_at: datetime
    student: str
    group: str
    exam: Exam
    withdrawn: bool = False
    form: int = 1
    of_flags: bool = True


@dataclass(frozen=True, slots=True)
class ListedSitting:
    """``undecided`` flags wait for a person; ``confirmed`` ones are in the act."""

    id: str
    exam: Exam
    student: str
    profile: Profile | None
    state: SittingState
    began_at: datetime | None
    finished_at: datetime | None
    result: Result | None
    flags: int = 0
    undecided: int = 0
    confirmed: int = 0
    act: ListedAct | None = None
    allowances: Allowances = NO_ALLOWANCES


@dataclass(frozen=True, slots=True)
class ExamCounts:
    sittings: int
    running: int
    finished: int


@dataclass(frozen=True, slots=True)
class ExamRow:
    exam: ExamView
    counts: ExamCounts


class OverviewRows(Protocol):
    """Every query asks for the actor: what may not be seen is not found."""

    async def exams(
        self, actor: Actor, limit: int, offset: int
    ) -> Sequence[tuple[Exam, ExamCounts]]:
        """Watched exams, newest window first."""
        ...

    async def exam_count(self, actor: Actor) -> int: ...

    async def exam(self, exam_id: str, actor: Actor) -> Exam:
        """NotFound."""
        ...

    async def sittings(self, exam_id: str, actor: Actor) -> Sequence[ListedSitting]:
        """By name, each with its flags counted and its act."""
        ...

    async def sitting(self, sitting_id: str, actor: Actor) -> ListedSitting:
        """Without counts. NotFound."""
        ...

    async def own_place(self, user_id: str) -> OwnPlace | None: ...


class OverviewUnit(Protocol):
    @property
    def overview(self) -> OverviewRows: ...


class OverviewUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[OverviewUnit]: ...


class Overview:
    def __init__(self, units: OverviewUnits, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def exams(self, actor: Actor, wanted: PageWanted) -> NumberedPage[ExamRow]:
        """Newest window first."""
        now = self._clock.now()
        async with self._units.read() as unit:
            found = await unit.overview.exams(actor, wanted.size, wanted.offset)
            total = await unit.overview.exam_count(actor)
        rows = [ExamRow(exam_view(exam, now), counts) for exam, counts in found]
        return NumberedPage(rows, total, wanted)

    async def exam(self, actor: Actor, exam_id: str) -> ExamView:
        async with self._units.read() as unit:
            return exam_view(await unit.overview.exam(exam_id, actor), self._clock.now())

    async def sittings(
        self, actor: Actor, exam_id: str
    ) -> tuple[ExamView, tuple[ListedSitting, ...]]:
        """The exam and who sits it. NotFound."""
        async with self._units.read() as unit:
            exam = await unit.overview.exam(exam_id, actor)
            sittings = await unit.overview.sittings(exam_id, actor)
        return exam_view(exam, self._clock.now()), tuple(sittings)

    async def sitting(self, actor: Actor, sitting_id: str) -> ListedSitting:
        """A sitting of a watched exam. NotFound."""
        async with self._units.read() as unit:
            return await unit.overview.sitting(sitting_id, actor)

    async def own_place(self, actor: Actor) -> OwnPlace | None:
        async with self._units.read() as unit:
            return await unit.overview.own_place(actor.id)
