"""What is due by a day: approvals (S-5, S-8), statements (S-7), the test bank (S-4, row 2), photos.

Looked at now and then; each thing is told once, however often it is looked at.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from exam_api.domain.bank_tests import BankPolicy, Deadline, Step, deadlines
from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.domain.policy import DeadlinePolicy
from exam_api.domain.roles import Role
from exam_api.services.erasures import Erasures
from exam_api.services.notices_ports import Notices
from exam_api.services.ports import Clock
from exam_api.services.scheduling_ports import Period, Schedule

LOOK_EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class GroupWithoutRating:
    """Students of one group whom no statement names. ``student_id``: one, for the faculty."""

    exam_id: str
    group: str
    student_id: str
    count: int


@dataclass(frozen=True, slots=True)
class ComingTest:
    """A discipline with an exam ahead. ``heads`` and ``loaders``: who answers for its bank."""

    discipline_id: str
    exam_id: str
    opens_at: datetime
    done: Mapping[Step, datetime | None]
    heads: Collection[str]
    loaders: Collection[str]


class ComingTests(Protocol):
    async def coming(self, after: datetime) -> Sequence[ComingTest]:
        """Of each discipline the first exam that opens later."""
        ...


class DeadlineRows(Protocol):
    async def without_rating(
        self, since: datetime, until: datetime
    ) -> Sequence[GroupWithoutRating]:
        """In exams that open between and ask for a rating."""
        ...


class DeadlineUnit(Protocol):
    @property
    def schedule(self) -> Schedule: ...
    @property
    def admissions(self) -> DeadlineRows: ...
    @property
    def items(self) -> ComingTests: ...
    @property
    def notices(self) -> Notices: ...


class DeadlineUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[DeadlineUnit]: ...
    def write(self) -> AbstractAsyncContextManager[DeadlineUnit]: ...


@dataclass(frozen=True, slots=True)
class _Due:
    notice: NewNotice
    roles: Collection[Role] = ()
    people: Collection[str] = ()


class Deadlines:
    def __init__(
        self,
        units: DeadlineUnits,
        clock: Clock,
        erasures: Erasures,
        zone: ZoneInfo,
        *,
        policy: DeadlinePolicy = DeadlinePolicy(),  # noqa: B008 - frozen value
        bank: BankPolicy = BankPolicy(),  # noqa: B008 - frozen value
    ) -> None:
        """``zone``: whose days count and are told."""
        self._units = units
        self._clock = clock
        self._erasures = erasures
        self._zone = zone
        self._policy = policy
        self._bank = bank

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            while await self._erasures.forget_old():
                pass
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Reads all, and writes what was not told yet: others go on writing meanwhile."""
        async with self._units.read() as unit:
            due = [one async for one in self._due(unit, self._clock.now())]
            told = await unit.notices.told([one.notice.once_key for one in due])
        for one in due:
            if one.notice.once_key not in told:
                async with self._units.write() as unit:
                    await unit.notices.add(one.notice, roles=one.roles, people=one.people)

    async def _due(self, unit: DeadlineUnit, now: datetime) -> AsyncIterator[_Due]:
        for period in await unit.schedule.periods():
            missing = _unapproved(period)
            if missing and self._is_due(period, now.astimezone(self._zone).date()):
                planners = [Role.TESTING_CENTRE, Role.REGISTRAR]
                yield _Due(_approval_due(period, missing), planners)
        until = now + self._policy.statement_before
        for group in await unit.admissions.without_rating(now, until):
            yield _Due(_no_statement(group), [Role.DEAN_OFFICE, Role.REGISTRAR])
        for test in await unit.items.coming(now):
            for one in self._due_of_bank(test, now):
                yield one

    def _due_of_bank(self, test: ComingTest, now: datetime) -> Iterator[_Due]:
        """Once when a step nears, once more when its day has passed and it still waits."""
        for deadline in deadlines(test.opens_at, test.done, now, self._bank):
            if deadline.done_at or now < deadline.due_at - self._policy.warned_ahead:
                continue
            loads = deadline.step is Step.LOADED
            people = {*test.heads, *(test.loaders if loads else ())}
            yield _Due(_bank_due(test, deadline, self._zone), people=people)

    def _is_due(self, period: Period, today: date) -> bool:
        policy = self._policy
        before = policy.approved_before_summer if period.summer else policy.approved_before
        return period.starts_on - before - policy.warned_ahead <= today <= period.ends_on


def _unapproved(period: Period) -> list[str]:
    steps = {"schedule": period.schedule_approved_on, "staff": period.staff_approved_on}
    return [step for step, on in steps.items() if on is None]


def _approval_due(period: Period, missing: Sequence[str]) -> NewNotice:
    """Anew where something else is missing by now."""
    return NewNotice(
        NoticeKind.APPROVAL_DUE,
        f"approval_due:{period.id}:{','.join(missing)}",
        "/schedule/periods",
        facts={
            "period": period.title,
            "starts_on": period.starts_on.isoformat(),
            "what": ",".join(missing),
        },
    )


def _bank_due(test: ComingTest, deadline: Deadline, zone: ZoneInfo) -> NewNotice:
    late = "late" if deadline.late else "ahead"
    due_on = deadline.due_at.astimezone(zone).date()
    return NewNotice(
        NoticeKind.BANK_DUE,
        f"bank_due:{test.exam_id}:{deadline.step}:{late}",
        f"/bank/{test.discipline_id}",
        exam_id=test.exam_id,
        facts={"step": deadline.step.value, "due_on": due_on.isoformat()},
    )


def _no_statement(group: GroupWithoutRating) -> NewNotice:
    return NewNotice(
        NoticeKind.NO_STATEMENT,
        f"no_statement:{group.exam_id}:{group.group}",
        f"/results/{group.exam_id}",  # the ratings, which both readers may see
        exam_id=group.exam_id,
        student_id=group.student_id,
        facts={"group": group.group, "count": str(group.count)},
    )
