"""Who waits to be let in (T-4.3, T-4.10), with what a proctor compares before deciding."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from exam_api.domain.admission import Allowances
from exam_api.domain.errors import ExamError
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam
from exam_api.services.identity import Identity, IdentityView
from exam_api.services.ports import Clock
from exam_api.services.proctor_actions import ProctorActions
from exam_api.services.sitting_views import exam_view
from exam_api.services.views import ExamView

MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Waiter:
    """``late``: letting this one in is the permission of T-4.10. ``own``: the actor decides."""

    sitting_id: str
    full_name: str
    group: str
    programme: str
    ready_at: datetime
    late: bool
    own: bool
    allowances: Allowances


@dataclass(frozen=True, slots=True)
class Shown:
    waiter: Waiter
    identity: IdentityView


@dataclass(frozen=True, slots=True)
class Queue:
    """``shown``: who has waited longest, of ``total``. ``checking``: still at the device check.

    ``cursor``: live events after it are not shown yet.
    """

    exam: ExamView
    shown: Sequence[Shown]
    total: int
    checking: int
    cursor: int


class QueueRows(Protocol):
    async def exam(self, exam_id: str, actor: Actor) -> Exam:
        """NotFound."""
        ...

    async def waiting(self, exam_id: str, actor: Actor) -> Sequence[Waiter]:
        """Those that the actor watches and that nobody has let in yet, longest first."""
        ...

    async def checking(self, exam_id: str, actor: Actor) -> int: ...
    async def cursor(self) -> int: ...


class QueueUnit(Protocol):
    @property
    def admission_queue(self) -> QueueRows: ...


class QueueUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[QueueUnit]: ...


class AdmissionQueue:
    def __init__(
        self, units: QueueUnits, clock: Clock, identity: Identity, actions: ProctorActions
    ) -> None:
        self._units = units
        self._clock = clock
        self._identity = identity
        self._actions = actions

    async def of(self, actor: Actor, exam_id: str) -> Queue:
        """The cursor is read first: an event after it may repeat what is shown. NotFound."""
        async with self._units.read() as unit:
            rows = unit.admission_queue
            exam = await rows.exam(exam_id, actor)
            cursor = await rows.cursor()
            waiting = await rows.waiting(exam_id, actor)
            checking = await rows.checking(exam_id, actor)
        shown = [
            Shown(one, await self._identity.of(actor, one.sitting_id)) for one in waiting[:MOST]
        ]
        return Queue(exam_view(exam, self._clock.now()), shown, len(waiting), checking, cursor)

    async def decide(self, actor: Actor, sitting_id: str, reason: str, *, admit: bool) -> str:
        """The code of what was wrong, or nothing. NotFound; Forbidden is for the service to say."""
        try:
            if admit:
                await self._actions.admit(actor, sitting_id, reason)
            else:
                await self._actions.refuse(actor, sitting_id, reason)
        except ExamError as error:
            if error.status not in {409, 422}:
                raise
            return error.code
        return ""
