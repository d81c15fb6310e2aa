"""What a proctor did before the students came in, once, with name and time (T-4.2, T-4.3)."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Final, Protocol

from exam_api.domain.errors import Forbidden
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sitting import Exam
from exam_api.services.audit import Audit, AuditEntry
from exam_api.services.numbered_pages import PageWanted

_ALL: Final = PageWanted(size=1000)  # proctors of one exam


class Duty(StrEnum):
    """As the audit log names it."""

    PREPARED = "exam.prepared"  # T-4.2: workplaces ready, program started, session activated
    INSTRUCTED = "exam.instructed"  # T-4.3: the students heard the instruction


class WatchedExams(Protocol):
    async def watched(self, exam_id: str, actor: Actor) -> Exam:
        """NotFound."""
        ...


class ReadinessUnit(Protocol):
    @property
    def exams(self) -> WatchedExams: ...
    @property
    def audit(self) -> Audit: ...


class ReadinessUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[ReadinessUnit]: ...
    def write(self) -> AbstractAsyncContextManager[ReadinessUnit]: ...


class Readiness:
    def __init__(self, units: ReadinessUnits) -> None:
        self._units = units

    async def of(self, actor: Actor, exam_id: str) -> Mapping[Duty, Sequence[AuditEntry]]:
        """Who said so, first to last. NotFound where the actor does not watch the exam."""
        async with self._units.read() as unit:
            await unit.exams.watched(exam_id, actor)
            return {duty: await _done(unit, exam_id, duty) for duty in Duty}

    async def tick(self, actor: Actor, exam_id: str, duty: Duty) -> None:
        """By a proctor of the exam; again changes nothing. NotFound, Forbidden."""
        async with self._units.write() as unit:
            exam = await unit.exams.watched(exam_id, actor)
            if not actor.has(Role.PROCTOR):
                raise Forbidden
            if actor.id not in {one.by for one in await _done(unit, exam_id, duty)}:
                await unit.audit.add(actor, duty, exam_id, exam.title["kk"])


async def _done(unit: ReadinessUnit, exam_id: str, duty: Duty) -> Sequence[AuditEntry]:
    page = await unit.audit.page(_ALL, about=exam_id, what=duty)
    return page.rows[::-1]
