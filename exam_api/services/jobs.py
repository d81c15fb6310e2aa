"""Work that outlives the request and the process: rows in the same transaction, done later, once.

A use case adds a job in its own unit, so there is a job exactly if the use case was committed.
Its key is its meaning (``mail:{notice}:{person}``): adding it again changes nothing. A runner
takes due jobs with a lease that it renews; a process that is killed loses its lease, and another
one (or the next start) goes on from the last step on record. A handler keeps its effects single
by writing them in one unit with ``unit.jobs.advance`` or, outside the database, under a name
that the job's key determines.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

import structlog

from exam_api.domain.errors import ExamError, StorageError
from exam_api.services.ports import Clock

KEY_LIMIT: Final = 200
_log = structlog.get_logger(__name__)


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobPolicy:
    """Back-off doubles from ``first_delay`` to ``longest_delay``: twelve tries are about 9 h."""

    lease: timedelta = timedelta(seconds=30)
    first_delay: timedelta = timedelta(seconds=15)
    longest_delay: timedelta = timedelta(hours=2)
    attempts: int = 12
    at_once: int = 4
    poll_s: float = 2.0  # jobs that another process added; its own are heard of at once

    def delay(self, attempt: int) -> timedelta:
        """Before the next try, after the ``attempt``-th one failed."""
        doubled: timedelta = self.first_delay * 2 ** (attempt - 1)
        return min(doubled, self.longest_delay)


@dataclass(frozen=True, slots=True)
class Lane:
    """Which jobs a runner takes: all but these kinds, or only these. Long ones delay no others."""

    kinds: frozenset[str] = frozenset()
    only: bool = False


ALL_JOBS: Final = Lane()


@dataclass(frozen=True, slots=True)
class Job:
    """``attempt`` counts from 1 and names this holder: a later one makes the earlier powerless.

    ``done`` of ``total`` steps are on record (0 of 0 where the handler counts none).
    """

    key: str
    kind: str
    payload: Mapping[str, str]
    attempt: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class JobStatus:
    """``error`` is the code of the last failure; ``due_at`` the next try of a waiting job."""

    key: str
    kind: str
    state: JobState
    attempts: int
    done: int
    total: int
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None
    error: str


class Jobs(Protocol):
    """The rows, within a unit."""

    async def add(
        self, key: str, kind: str, payload: Mapping[str, str], *, due_at: datetime | None = None
    ) -> bool:
        """False where the key is known already, whatever became of that job."""
        ...

    async def any_due(self, lane: Lane = ALL_JOBS) -> bool: ...
    async def claim(self, until: datetime, lane: Lane = ALL_JOBS) -> Job | None:
        """The job that is due longest, held till then. None: nothing is due."""
        ...

    async def renew(self, job: Job, until: datetime) -> bool:
        """False where the job is held by another one meanwhile."""
        ...

    async def advance(self, job: Job, done: int, total: int) -> None:
        """Steps done. LeaseLost, which undoes the unit and so the effect written in it."""
        ...

    async def finish(self, job: Job) -> None: ...
    async def postpone(self, job: Job, until: datetime, error: str) -> None: ...
    async def fail(self, job: Job, error: str) -> None: ...
    async def retry(self, key: str) -> bool:
        """A failed job is tried again now, by a person's wish. False where none has failed."""
        ...

    async def undone(self, key: str, error: str) -> bool:
        """A done job turns out to have failed. False where none is done, or was found so."""
        ...

    async def statuses(self, keys: Sequence[str]) -> Sequence[JobStatus]: ...
    async def finished(self, kind: str, before: datetime) -> Sequence[JobStatus]:
        """Done or failed before then."""
        ...

    async def forget(self, key: str) -> None:
        """A done or failed job is not known any more: its key may be added again."""
        ...


class JobUnit(Protocol):
    @property
    def jobs(self) -> Jobs: ...


class JobUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[JobUnit]: ...
    def write(self) -> AbstractAsyncContextManager[JobUnit]: ...


class LeaseLost(ExamError):
    """Another process holds the job by now: whatever this one does would be done twice."""

    code = "job_lease_lost"


class JobRefused(ExamError):
    """Trying again cannot help: the job fails at once. ``code`` says why."""

    code = "job_refused"


@dataclass(frozen=True, slots=True)
class JobRun:
    """What a handler works with."""

    job: Job
    units: JobUnits

    async def advance(self, done: int, total: int) -> None:
        """Put progress on record; a next try begins after ``done``. LeaseLost."""
        async with self.units.write() as unit:
            await unit.jobs.advance(self.job, done, total)


Handler = Callable[[JobRun], Awaitable[None]]


class JobRunner:
    """Runs due jobs until cancelled. Several runners, in several processes, share the work."""

    def __init__(
        self,
        units: JobUnits,
        clock: Clock,
        handlers: Mapping[str, Handler],
        policy: JobPolicy = JobPolicy(),
        lane: Lane = ALL_JOBS,
    ) -> None:
        self._units = units
        self._clock = clock
        self._handlers = handlers
        self._policy = policy
        self._lane = lane
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Jobs were committed."""
        self._news.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            free = asyncio.Semaphore(self._policy.at_once)
            while True:
                await free.acquire()
                task = group.create_task(self._held(await self._next()), name="job")
                task.add_done_callback(lambda _: free.release())

    async def run_due(self) -> int:
        """Everything that is due now, one after the other; how many tries that were."""
        tries = 0
        while (job := await self._claimed()) is not None:
            await self._held(job)
            tries += 1
        return tries

    async def _next(self) -> Job:
        """Waits for a due job. A storage that fails is asked again; nothing is lost by that."""
        while True:
            self._news.clear()
            try:
                job = await self._claimed()
            except StorageError as error:
                _log.warning("jobs_postponed", code=error.code)
                job = None
            if job is not None:
                return job
            with suppress(TimeoutError):
                async with asyncio.timeout(self._policy.poll_s):
                    await self._news.wait()

    async def _claimed(self) -> Job | None:
        async with self._units.read() as unit:  # SQLite's one writer is not kept for nothing
            if not await unit.jobs.any_due(self._lane):
                return None
        async with self._units.write() as unit:
            return await unit.jobs.claim(self._clock.now() + self._policy.lease, self._lane)

    async def _held(self, job: Job) -> None:
        holding = asyncio.create_task(self._hold(job), name="job lease")
        try:
            await self._tried(job)
        except StorageError as error:  # the lease ends by itself, and the job is tried again
            _log.warning("job_left", kind=job.kind, code=error.code)
        finally:
            holding.cancel()
            with suppress(asyncio.CancelledError):
                await holding

    async def _tried(self, job: Job) -> None:
        try:
            await self._handlers.get(job.kind, _unknown)(JobRun(job, self._units))
            async with self._units.write() as unit:
                await unit.jobs.finish(job)
        except LeaseLost:
            _log.warning("job_taken_over", kind=job.kind)
        except Exception as error:  # noqa: BLE001 - any failure is kept with the job
            await self._failed(job, error)

    async def _failed(self, job: Job, error: Exception) -> None:
        code = error.code if isinstance(error, ExamError) else type(error).__name__
        last = isinstance(error, JobRefused) or job.attempt >= self._policy.attempts
        _log.warning("job_failed", kind=job.kind, attempt=job.attempt, code=code, last=last)
        async with self._units.write() as unit:
            if last:
                await unit.jobs.fail(job, code)
            else:
                until = self._clock.now() + self._policy.delay(job.attempt)
                await unit.jobs.postpone(job, until, code)

    async def _hold(self, job: Job) -> None:
        """Renews the lease while the handler works."""
        while True:
            await asyncio.sleep(self._policy.lease.total_seconds() / 3)
            with suppress(StorageError):
                async with self._units.write() as unit:
                    if not await unit.jobs.renew(job, self._clock.now() + self._policy.lease):
                        return


async def _unknown(_run: JobRun) -> None:
    raise JobRefused(code="job_unknown")
