"""Appeals as services read and write them."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from exam_api.domain.appeals import Appealed, AppealState
from exam_api.domain.languages import Texts
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Sitting
from exam_api.services.paging import PageAsk
from exam_api.services.ports import Unit
from exam_api.services.results_ports import ResultRows


@dataclass(frozen=True, slots=True)
class Named:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Commission:
    """Named by order; the chair is among the members."""

    id: str
    order_number: str
    order_date: date
    chair: Named
    members: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class NamedVote:
    member: Named
    uphold: bool
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Appeal:
    """``item_id``: on that question alone, the ``question``-th of the paper (S-20).

    ``points``: the exam's, once the test is over.
    """

    id: str
    sitting_id: str
    exam_id: str
    discipline_code: str
    discipline: Texts
    student: Named
    group: str
    state: AppealState
    grounds: str
    lodged_at: datetime
    points: int | None
    item_id: str | None = None
    question: int | None = None
    visa_by: Named | None = None
    visa_at: datetime | None = None
    visa_note: str = ""
    due_on: date | None = None
    decided_at: datetime | None = None
    reasons: str = ""
    points_before: int | None = None
    points_after: int | None = None
    protocol: int | None = None
    commission: Commission | None = None
    votes: tuple[NamedVote, ...] = ()

    @property
    def protocol_number(self) -> str:
        if self.commission is None or self.protocol is None:
            return ""
        return f"{self.commission.order_number}/{self.protocol}"


@dataclass(frozen=True, slots=True)
class NewCommission:
    id: str
    order_number: str
    order_date: date
    chair_id: str
    member_ids: tuple[str, ...]
    at: datetime
    by: str


class Appeals(Protocol):
    """Every query asks for the actor: what may not be seen is not found."""

    async def page(self, actor: Actor, ask: PageAsk) -> Sequence[Appeal]:
        """Newest first, without votes; up to ``limit + 1``."""
        ...

    async def get(self, appeal_id: str, actor: Actor) -> Appeal:
        """With its commission and votes. NotFound."""
        ...

    async def lock(self, appeal_id: str, actor: Actor) -> Appeal:
        """As get, held against other writers till the unit ends."""
        ...

    async def sitting(self, appeal: Appeal) -> Sitting:
        """The appeal's own: who may read the appeal may read its answer sheet."""
        ...

    async def of_sitting(self, sitting_id: str, about: Appealed) -> str | None:
        """The appeal on its grade or that annulment; those on single questions are others."""
        ...

    async def add(
        self,
        appeal_id: str,
        sitting_id: str,
        grounds: str,
        at: datetime,
        *,
        item_id: str | None = None,
        about: Appealed = Appealed(),  # noqa: B008 - frozen value
    ) -> bool:
        """False where that of the sitting, or that question of it, has an appeal already."""
        ...

    async def set_visa(
        self,
        appeal_id: str,
        state: AppealState,
        *,
        by: str,
        at: datetime,
        note: str,
        commission_id: str | None,
        due_on: date | None,
    ) -> None: ...
    async def vote(
        self, appeal_id: str, member_id: str, *, uphold: bool, note: str, at: datetime
    ) -> None: ...
    async def decide(
        self,
        appeal: Appeal,
        state: AppealState,
        *,
        at: datetime,
        reasons: str,
        points_before: int | None,
        points_after: int | None,
    ) -> int:
        """The protocol's number, the next one of its commission."""
        ...

    async def candidates(self) -> Sequence[Named]:
        """People with the role of the appeal commission."""
        ...

    async def add_commission(self, new: NewCommission) -> None: ...
    async def newest_commission(self) -> Commission | None: ...
    async def commissions(self) -> Sequence[Commission]:
        """Newest first."""
        ...


class AppealsUnit(Unit, Protocol):
    @property
    def appeals(self) -> Appeals: ...
    @property
    def results(self) -> ResultRows: ...


class AppealsUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[AppealsUnit]: ...
    def write(self) -> AbstractAsyncContextManager[AppealsUnit]: ...
