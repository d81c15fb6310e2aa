"""Check lists (form 4) as their pages show them, and what they need from storage."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exam_api.domain.check_lists import (
    Finding,
    ListState,
    ListStep,
    RowProblem,
    SittingFacts,
)
from exam_api.domain.languages import Language, Texts
from exam_api.domain.roles import Actor
from exam_api.services.act_course_ports import ActCourseUnit
from exam_api.services.paging import PageAsk
from exam_api.services.review_ports import StudentCard


@dataclass(frozen=True, slots=True)
class Named:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ProposedExam:
    """S-16: ``sittings`` of a proctor's that stand in no list yet."""

    id: str
    title: Texts
    opens_at: datetime
    sittings: int


@dataclass(frozen=True, slots=True)
class Proposal:
    proctor: Named
    exams: tuple[ProposedExam, ...]


@dataclass(frozen=True, slots=True)
class ListedSheet:
    """A list among others. ``answered`` of ``rows``, with ``acts`` stated.

    ``since``: it has waited for its next step; ``due_at``: by when that is to be taken. ``late``
    flags came after it was handed in, and nobody has decided them.
    """

    id: str
    state: ListState
    member: Named
    proctor: Named
    made_at: datetime
    since: datetime
    rows: int
    answered: int
    acts: int
    late: int = 0
    due_at: datetime | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class ListedAct:
    """The newest revision. ``of_flags``: made by the system, else drawn up by people (S-12)."""

    id: str
    number: str
    of_flags: bool


@dataclass(frozen=True, slots=True)
class ListRow:
    """One sitting of a list: the card of its student, what is on record, what is stated of it.

    ``by_name``, ``from_file``: who stated it, and whether by a file that was sent back. ``late``:
    of its flags, those that came after the answer. ``form3_missing``: the confirmed flag of
    another face, while no form 3 is on record.
    """

    list_id: str
    sitting_id: str
    student: StudentCard
    title: Texts
    day: datetime
    proctor: Named
    facts: SittingFacts
    acts: tuple[ListedAct, ...]
    finding: Finding | None
    by_name: str
    from_file: bool
    late: int
    problem: RowProblem | None
    form3_missing: str | None = None


@dataclass(frozen=True, slots=True)
class StepTaken:
    """``sha256``: of the Kazakh sheet, where it was signed."""

    id: int
    step: ListStep
    at: datetime
    by: Named
    reason: str
    sample: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class SignedSheet:
    """``files``: blobs by name."""

    at: datetime
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NewStep:
    step: ListStep
    at: datetime
    by: str
    reason: str = ""
    sample: tuple[str, ...] = ()
    files: Mapping[str, str] | None = None
    sha256: str = ""


class CheckLists(Protocol):
    async def proposals(self, actor: Actor) -> Sequence[Proposal]:
        """By the schedule: the member's proctors and their exams, earliest first."""
        ...

    async def make(
        self, actor: Actor, proctor_id: str, exam_ids: Collection[str], at: datetime
    ) -> str | None:
        """A list of the proctor's sittings that stand in none. None: there are no such."""
        ...

    async def renew(self, list_id: str, actor: Actor) -> None:
        """Drops who went to another proctor; adds the proctor's new ones of the same exams."""
        ...

    async def empty(self, list_id: str) -> None:
        """Its sittings may stand in another list."""
        ...

    async def page(self, actor: Actor, ask: PageAsk) -> Sequence[ListedSheet]:
        """Newest first; one more than asked for where there are more."""
        ...

    async def waiting(self, actor: Actor) -> Sequence[ListedSheet]:
        """All that wait for somebody's step."""
        ...

    async def get(self, list_id: str, actor: Actor) -> ListedSheet:
        """NotFound."""
        ...

    async def lock(self, list_id: str, actor: Actor) -> ListedSheet:
        """Held against other writers till the unit ends. NotFound."""
        ...

    async def answers_for(self, actor: Actor, list_id: str) -> bool:
        """S-15: whether the actor answers for the list's proctor now, and another has the list."""
        ...

    async def rows(self, actor: Actor, list_id: str) -> Sequence[ListRow]:
        """Those that the actor may see, by exam and name."""
        ...

    async def rows_of_member(self, actor: Actor, member_id: str) -> Sequence[ListRow]:
        """Of all lists of a member's that are not discarded."""
        ...

    async def steps(self, list_id: str) -> Sequence[StepTaken]: ...
    async def signed(self, list_id: str) -> SignedSheet:
        """As it was signed last."""
        ...

    async def take(self, list_id: str, state: ListState, step: NewStep) -> int:
        """Puts the step on record, and the list where it leads; the step's id.

        Who takes a list over has it from then on.
        """
        ...

    async def state(
        self,
        list_id: str,
        findings: Mapping[str, Finding],
        *,
        by: str,
        at: datetime,
        from_file: bool,
    ) -> None: ...
    async def language_of(self, user_id: str) -> Language: ...
    async def sent_copies(self, list_id: str) -> Sequence[str]:
        """Ids: of the deans' offices and the commission whose students stand in the list."""
        ...


class CheckListUnit(ActCourseUnit, Protocol):
    @property
    def check_lists(self) -> CheckLists: ...


class CheckListUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[CheckListUnit]: ...
    def write(self) -> AbstractAsyncContextManager[CheckListUnit]: ...
