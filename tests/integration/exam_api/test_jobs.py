"""Jobs on both databases: there with their unit, done once, tried again, resumed after kill -9."""

import asyncio
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from exam_api.adapters.clock import SystemClock
from exam_api.adapters.sql.database import Database
from exam_api.adapters.sql.tables import JobRow
from exam_api.domain.errors import StorageBusy
from exam_api.services.jobs import JobPolicy, JobRefused, JobRun, JobRunner, JobState, LeaseLost
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration
POLICY = JobPolicy(lease=timedelta(seconds=30), first_delay=timedelta(seconds=10), attempts=3)


async def add(database, key: str, kind: str = "write", **payload: str) -> bool:
    async with database.write() as unit:
        return await unit.jobs.add(key, kind, payload)


async def status(database, key: str):
    async with database.read() as unit:
        return (await unit.jobs.statuses([key]))[0]


class Failing:
    """Fails the first ``times``, then succeeds; keeps what it was given."""

    def __init__(self, times: int, error: Exception) -> None:
        self.runs: list[JobRun] = []
        self._times = times
        self._error = error

    async def __call__(self, run: JobRun) -> None:
        self.runs.append(run)
        if len(self.runs) <= self._times:
            raise self._error


async def test_a_job_of_a_unit_that_fails_does_not_exist(database):
    async def refused() -> None:
        async with database.write() as unit:
            await unit.jobs.add("one", "write", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await refused()
    done = Failing(0, ValueError())
    database_jobs = JobRunner(database, SystemClock(), {"write": done})
    assert await database_jobs.run_due() == 0
    assert done.runs == []


async def test_a_job_is_done_once_however_often_it_is_added(database, clock):
    assert await add(database, "one", a="b")
    assert not await add(database, "one", a="c")
    done = Failing(0, ValueError())
    runner = JobRunner(database, clock, {"write": done})
    assert await runner.run_due() == 1
    assert not await add(database, "one")
    assert await runner.run_due() == 0
    assert [run.job.payload for run in done.runs] == [{"a": "b"}]
    assert (await status(database, "one")).state is JobState.DONE


async def test_failures_are_tried_again_ever_later_and_then_shown(database, clock):
    await add(database, "one")
    failing = Failing(99, StorageBusy())
    runner = JobRunner(database, clock, {"write": failing}, POLICY)
    assert await runner.run_due() == 1
    clock.pass_time(seconds=9)
    assert await runner.run_due() == 0
    clock.pass_time(seconds=1)
    assert await runner.run_due() == 1
    waiting = await status(database, "one")
    assert (waiting.state, waiting.attempts, waiting.error) == ("waiting", 2, "storage_busy")
    clock.pass_time(seconds=20)
    assert await runner.run_due() == 1
    failed = await status(database, "one")
    assert (failed.state, failed.attempts, failed.finished_at) == ("failed", 3, clock.now())
    clock.pass_time(days=1)
    assert await runner.run_due() == 0
    async with database.write() as unit:
        assert await unit.jobs.retry("one")
        assert not await unit.jobs.retry("one")
    assert await runner.run_due() == 1


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [("write", JobRefused(code="no_address"), "no_address"), ("other", None, "job_unknown")],
)
async def test_what_cannot_be_helped_fails_at_once(database, clock, kind, error, code):
    await add(database, "one", kind)
    runner = JobRunner(database, clock, {"write": Failing(1, error)}, POLICY)
    assert await runner.run_due() == 1
    failed = await status(database, "one")
    assert (failed.state, failed.error) == (JobState.FAILED, code)


async def test_a_job_that_is_due_later_waits(database, clock):
    async with database.write() as unit:
        await unit.jobs.add("one", "write", {}, due_at=clock.now() + timedelta(hours=1))
    runner = JobRunner(database, clock, {"write": Failing(0, ValueError())})
    assert await runner.run_due() == 0
    clock.pass_time(hours=1)
    assert await runner.run_due() == 1


async def test_two_runners_share_the_jobs_and_none_is_done_twice(database, clock):
    for number in range(20):
        await add(database, f"job {number:02}")
    runs: list[str] = []

    async def work(run: JobRun) -> None:
        runs.append(run.job.key)
        await asyncio.sleep(0)

    runners = [JobRunner(database, clock, {"write": work}) for _ in range(2)]
    await asyncio.gather(*(runner.run_due() for runner in runners))
    assert sorted(runs) == [f"job {number:02}" for number in range(20)]


async def test_who_lost_the_lease_changes_nothing(database, clock):
    await add(database, "one")
    async with database.write() as unit:
        first = await unit.jobs.claim(clock.now() + timedelta(seconds=30))
    clock.pass_time(seconds=31)
    async with database.write() as unit:
        second = await unit.jobs.claim(clock.now() + timedelta(seconds=30))
    assert (first.attempt, second.attempt) == (1, 2)
    with pytest.raises(LeaseLost):
        await JobRun(first, database).advance(1, 2)
    async with database.write() as unit:
        assert not await unit.jobs.renew(first, clock.now())
        await unit.jobs.fail(first, "late")
    assert (await status(database, "one")).state is JobState.RUNNING
    async with database.write() as unit:
        await unit.jobs.advance(second, 1, 2)
    shown = await status(database, "one")
    assert (shown.done, shown.total, shown.error) == (1, 2, "")


async def test_a_running_runner_hears_of_new_jobs_and_keeps_long_ones(database, clock):
    """The lease of a job that takes long is renewed: no other runner begins it again."""
    lease = timedelta(seconds=0.3)
    done = asyncio.Event()
    starts = []

    async def held_until() -> datetime:
        async with database.read() as unit:
            return await unit.session.scalar(select(JobRow.due_at))

    async def slow(run: JobRun) -> None:
        starts.append(run.job.attempt)
        for _ in range(4):  # no lease lasts as long
            while await held_until() < clock.now() + lease:  # noqa: ASYNC110 - a row
                await asyncio.sleep(0.01)
            clock.pass_time(seconds=0.2)
        done.set()

    runner = JobRunner(database, clock, {"write": slow}, JobPolicy(lease=lease, poll_s=300))
    database.job_listeners.append(runner.wake)
    other = JobRunner(database, clock, {"write": slow}, JobPolicy(poll_s=0.02))
    first = asyncio.create_task(runner.run())
    await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE_S):
        await add(database, "one")
        while not starts:  # noqa: ASYNC110 - the handler only appends
            await asyncio.sleep(0.01)
        second = asyncio.create_task(other.run())
        await done.wait()
    for task in (first, second):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert starts == [1]


async def _child(url: str, fatal: int) -> int:
    program = Path(__file__).with_name("jobs_child.py")
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, program, url, str(fatal)], timeout=PATIENCE_S, check=False
    )
    return ran.returncode


async def test_a_killed_process_leaves_each_effect_exactly_once(template, tmp_path):
    """Killed (-9) with the effect written but not committed, after each step in turn."""
    url = template.copy(tmp_path)
    database = Database(url, SystemClock())
    async with database.write() as unit:
        await unit.session.execute(text("CREATE TABLE effect (step INTEGER)"))
    await add(database, "one")
    for fatal in (1, 2, 3):
        assert await _child(url, fatal) == -9
        await asyncio.sleep(1.1)  # the killed process's lease ends
    assert await _child(url, 0) == 0
    ended = await status(database, "one")
    async with database.read() as unit:
        steps = list(await unit.session.scalars(text("SELECT step FROM effect ORDER BY step")))
    await database.aclose()
    assert steps == [1, 2, 3]
    assert (ended.state, ended.done, ended.total, ended.attempts) == ("done", 3, 3, 4)
