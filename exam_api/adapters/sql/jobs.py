"""Jobs as rows of the unit that adds them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CursorResult, Select, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.tables import JobRow
from exam_api.services.jobs import ALL_JOBS, Job, JobState, JobStatus, Lane, LeaseLost
from exam_api.services.ports import Clock

_OPEN: Final = (JobState.WAITING.value, JobState.RUNNING.value)
_ENDED: Final = (JobState.DONE.value, JobState.FAILED.value)


class SqlJobs:
    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self.added = 0

    async def add(
        self, key: str, kind: str, payload: Mapping[str, str], *, due_at: datetime | None = None
    ) -> bool:
        now = self._clock.now()
        new = await insert_once(
            self._session,
            JobRow,
            key=key,
            kind=kind,
            payload=dict(payload),
            state=JobState.WAITING.value,
            attempts=0,
            done=0,
            total=0,
            due_at=due_at or now,
            created_at=now,
            error="",
        )
        self.added += new
        return new

    async def any_due(self, lane: Lane = ALL_JOBS) -> bool:
        return await self._session.scalar(select(self._due(lane).exists())) or False

    async def claim(self, until: datetime, lane: Lane = ALL_JOBS) -> Job | None:
        first = self._due(lane).order_by(JobRow.due_at, JobRow.key).limit(1)
        row = await self._session.scalar(first.with_for_update(skip_locked=True))
        if row is None:
            return None
        row.state = JobState.RUNNING.value
        row.attempts += 1
        row.due_at = until
        await self._session.flush()
        return Job(row.key, row.kind, row.payload, row.attempts, row.done, row.total)

    def _due(self, lane: Lane) -> Select[JobRow]:
        of_lane = JobRow.kind.in_(lane.kinds) if lane.only else JobRow.kind.not_in(lane.kinds)
        due = (JobRow.state.in_(_OPEN), JobRow.due_at <= self._clock.now())
        return select(JobRow).where(*due, of_lane)

    async def renew(self, job: Job, until: datetime) -> bool:
        return await self._changed(job, due_at=until)

    async def advance(self, job: Job, done: int, total: int) -> None:
        await self._change(job, done=done, total=total)

    async def finish(self, job: Job) -> None:
        done = {"state": JobState.DONE.value, "finished_at": self._clock.now(), "error": ""}
        await self._change(job, **done)

    async def postpone(self, job: Job, until: datetime, error: str) -> None:
        waiting = {"state": JobState.WAITING.value, "due_at": until, "error": error[:80]}
        await self._changed(job, **waiting)

    async def fail(self, job: Job, error: str) -> None:
        failed = {"state": JobState.FAILED.value, "finished_at": self._clock.now()}
        await self._changed(job, **failed, error=error[:80])

    async def retry(self, key: str) -> bool:
        again = (
            update(JobRow)
            .where(JobRow.key == key, JobRow.state == JobState.FAILED.value)
            .values(
                state=JobState.WAITING.value,
                attempts=0,
                due_at=self._clock.now(),
                finished_at=None,
            )
        )
        done = await self._session.execute(again)
        assert isinstance(done, CursorResult)
        self.added += done.rowcount
        return done.rowcount == 1

    async def undone(self, key: str, error: str) -> bool:
        failed = JobState.FAILED.value
        known = or_(
            JobRow.state == JobState.DONE.value,
            and_(JobRow.state == failed, JobRow.error == error),
        )
        change = update(JobRow).where(JobRow.key == key, known).values(state=failed, error=error)
        done = await self._session.execute(change)
        assert isinstance(done, CursorResult)
        return done.rowcount == 1

    async def statuses(self, keys: Sequence[str]) -> Sequence[JobStatus]:
        rows = await self._session.scalars(
            select(JobRow).where(JobRow.key.in_(keys)).order_by(JobRow.created_at, JobRow.key)
        )
        return [_status(row) for row in rows]

    async def finished(self, kind: str, before: datetime) -> Sequence[JobStatus]:
        ended = (JobRow.state.in_(_ENDED), JobRow.finished_at <= before)
        rows = await self._session.scalars(select(JobRow).where(JobRow.kind == kind, *ended))
        return [_status(row) for row in rows]

    async def forget(self, key: str) -> None:
        ended = JobRow.state.in_(_ENDED)
        await self._session.execute(delete(JobRow).where(JobRow.key == key, ended))

    async def _change(self, job: Job, **values: Any) -> None:
        if not await self._changed(job, **values):
            raise LeaseLost

    async def _changed(self, job: Job, **values: Any) -> bool:
        """Only while this very try holds the job."""
        held = (
            update(JobRow)
            .where(
                JobRow.key == job.key,
                JobRow.state == JobState.RUNNING.value,
                JobRow.attempts == job.attempt,
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        done = await self._session.execute(held)
        assert isinstance(done, CursorResult)
        return done.rowcount == 1


def _status(row: JobRow) -> JobStatus:
    return JobStatus(
        key=row.key,
        kind=row.kind,
        state=JobState(row.state),
        attempts=row.attempts,
        done=row.done,
        total=row.total,
        due_at=row.due_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        error=row.error,
    )
