"""A worker that ends is replaced, whatever goes wrong on the way."""

import asyncio

import pytest

from capture.contracts import CaptureFigures
from exam_api.adapters.workers import pool as pool_module
from exam_api.adapters.workers.messages import Beat, WorkerLoad
from exam_api.adapters.workers.pool import RESTART_DELAYS_S, Worker, WorkerPool
from tests.patience import PATIENCE_S

BEAT = Beat({}, CaptureFigures(), WorkerLoad())


class FakeProcess:
    returncode = None

    def kill(self):
        self.returncode = -9

    async def wait(self):
        return self.returncode


class FakeChannel:
    """Says what it was given, then that the process is gone."""

    def __init__(self, *messages, lasts=False):
        self._messages, self._lasts = list(messages), lasts

    async def receive(self):
        if self._messages:
            return self._messages.pop(0)
        return await asyncio.Future() if self._lasts else None

    def send(self, message): ...

    async def close(self): ...


def worker(*messages, lasts=False):
    return Worker(0, FakeProcess(), FakeChannel(*messages, lasts=lasts))


@pytest.fixture
def slept(monkeypatch):
    """Delays of restarts, which pass at once."""
    delays, sleep = [], asyncio.sleep

    async def at_once(seconds):
        if seconds in RESTART_DELAYS_S:
            delays.append(seconds)
            await sleep(0)
        else:
            await sleep(seconds)

    monkeypatch.setattr(pool_module.asyncio, "sleep", at_once)
    return delays


@pytest.fixture
def heard():
    return []


async def replaced(pool, first, spawned):
    """Keep ``first`` until the pool has come to a worker that lasts."""
    there = asyncio.Event()

    async def spawn(index):
        outcome = spawned.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        pool._workers[index] = outcome
        if not spawned:
            there.set()
        return outcome

    pool._spawn = spawn
    keeping = asyncio.create_task(pool._keep(first))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await there.wait()
            await asyncio.sleep(0.01)
        assert not keeping.done()
    finally:
        keeping.cancel()


async def test_neither_clearing_up_nor_a_start_that_fails_ends_the_keeper(slept):
    async def lost(_worker):
        raise KeyError("a sitting that ended meanwhile")

    pool = WorkerPool(1, pytest.fail, lambda *_: None, lost)
    last = worker(lasts=True)
    await replaced(pool, worker(), [OSError(24, "too many open files"), MemoryError(), last])
    assert pool.workers == (last,)
    assert pool.restarts == 1
    assert slept == list(RESTART_DELAYS_S[:3])  # later and later


async def test_a_report_that_nobody_can_take_costs_itself_only(slept, heard):
    def hear(_worker, message):
        heard.append(message)
        raise ValueError("of one sitting")

    async def lost(_worker): ...

    pool = WorkerPool(1, pytest.fail, hear, lost)
    await replaced(pool, worker(BEAT, BEAT), [worker(lasts=True)])
    assert heard == [BEAT, BEAT]


async def test_one_that_had_run_long_is_replaced_at_once(slept, monkeypatch):
    monkeypatch.setattr(pool_module, "_STEADY_S", -1.0)

    async def lost(_worker): ...

    pool = WorkerPool(1, pytest.fail, lambda *_: None, lost)
    await replaced(pool, worker(), [worker(), worker(lasts=True)])
    assert slept == [0.0, 0.0]
