"""What the way of an act reads and writes. What may not be seen is not found."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from exam_api.domain.act_course import ActState, ActStep
from exam_api.domain.languages import Texts
from exam_api.domain.roles import Actor
from exam_api.services.jobs import Jobs
from exam_api.services.notices_ports import Delivery
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.paging import PageAsk
from exam_api.services.ports import Unit
from exam_api.services.results_ports import ResultRows
from exam_api.services.second_reviews import SecondOpinion


@dataclass(frozen=True, slots=True)
class CourseAct:
    """The newest complete revision of an act (forms 1 and 3), and where it is on its way.

    ``course_id`` is None, and ``since`` when it was made, while nobody has taken a step.
    ``of_flags``: made of confirmed flags, not drawn up by people; ``stands``: it is drawn up by
    people, or one of its flags is confirmed still. ``second_reviewer``: of this very revision.
    """

    id: str
    course_id: str | None
    number: str
    form: int
    revision: int
    year: int
    seq: int
    made_at: datetime
    made_by: str
    sitting_id: str
    exam_id: str
    title: Texts
    student_id: str
    student: str
    group: str
    faculty: str
    proctor_id: str | None
    proctor: str
    state: ActState
    since: datetime
    due_at: datetime | None
    of_flags: bool
    stands: bool
    second_reviewer: str | None
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ActsWanted:
    """Of a list: None wants any; an empty name those without one."""

    state: ActState | None = None
    faculty: str | None = None
    proctor: str | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class ActCount:
    """How many acts are alike in all of this."""

    state: ActState
    faculty: str
    proctor: str
    overdue: bool
    acts: int


@dataclass(frozen=True, slots=True)
class OverdueAt:
    """An act's next step is overdue that was due before ``now``; of an act that nobody has moved
    yet, where it was made before ``made_before``.
    """  # noqa: D205 - one thought

    now: datetime
    made_before: datetime


@dataclass(frozen=True, slots=True)
class Basis:
    """What an act rests on now. ``newer``: a later revision of it is not readable yet.

    Of the sitting's flags: ``confirmed`` are the decisions (ids) that count, ``undecided`` those
    nobody has decided, without technical ones and first signs.
    """

    newer: bool
    confirmed: frozenset[str]
    undecided: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Who takes a step, when, and what is stated with it. ``by`` is None for the clock."""

    at: datetime
    by: str | None
    reason: str = ""
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class CourseStep:
    """``by`` is None where the clock took the step; ``reference``: as in ``StepLine``."""

    id: int
    step: ActStep
    before: ActState
    after: ActState
    at: datetime
    by: str | None
    by_name: str | None
    reason: str
    reference: str | None
    revision: int


class ActCourses(Protocol):
    async def visible(self, actor: Actor) -> Sequence[CourseAct]:
        """All that the actor may see, newest first."""
        ...

    async def counted(self, actor: Actor, overdue_at: OverdueAt) -> Sequence[ActCount]:
        """All that the actor may see."""
        ...

    async def listed(
        self, actor: Actor, overdue_at: OverdueAt, wanted: ActsWanted, page: PageWanted
    ) -> Sequence[CourseAct]:
        """One page of what the actor may see, newest first."""
        ...

    async def page(self, actor: Actor, ask: PageAsk, state: ActState | None) -> Sequence[CourseAct]:
        """As visible, by ids; up to ``limit + 1``."""
        ...

    async def get(self, act_id: str, actor: Actor) -> CourseAct:
        """By the id of any of its revisions. NotFound."""
        ...

    async def lock(self, act_id: str) -> CourseAct:
        """As get, for whoever was allowed already; held against other writers. NotFound."""
        ...

    async def of_sittings(self, sitting_ids: Collection[str], actor: Actor) -> Sequence[CourseAct]:
        """Held like ``lock``. NotFound where a sitting is not the actor's to see."""
        ...

    async def steps(self, course_id: str) -> Sequence[CourseStep]:
        """Oldest first."""
        ...

    async def take(
        self,
        act: CourseAct,
        step: ActStep,
        after: ActState,
        taken: Taken,
        due_at: datetime | None,
    ) -> int:
        """The step and the new state; the step's id."""
        ...

    async def document(self, act_id: str) -> Mapping[str, Any]:
        """Of a revision whose act the caller was given. Evidence with its keys."""
        ...

    async def basis(self, act: CourseAct) -> Basis:
        """Of an act that is held."""
        ...

    async def second_opinions(self, act_id: str) -> Mapping[str, SecondOpinion]:
        """On this revision, by flag."""
        ...

    async def confirmed_others(self, act: CourseAct) -> bool:
        """Whether another act of the same sitting is confirmed."""
        ...

    async def form3_missing(self, act: CourseAct) -> str | None:
        """The confirmed flag of another face, while the sitting has no form 3."""
        ...

    async def faculty_names(self) -> Mapping[str, Texts]:
        """By the name that stands in documents."""
        ...

    async def told(self, once_key: str) -> Sequence[Delivery]:
        """How the mails of a notice fare."""
        ...


class ActCourseUnit(Unit, Protocol):
    @property
    def act_course(self) -> ActCourses: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def results(self) -> ResultRows: ...


class ActCourseUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[ActCourseUnit]: ...
    def write(self) -> AbstractAsyncContextManager[ActCourseUnit]: ...
