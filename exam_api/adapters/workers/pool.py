"""Starts the workers, watches their heartbeats, and replaces those that die or hang."""

import asyncio
import itertools
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from capture.contracts import CaptureFigures, TrackKey
from capture.errors import CaptureError
from exam_api.adapters.workers.channel import Channel, ForeignMessage
from exam_api.adapters.workers.messages import (
    Answered,
    Beat,
    Call,
    Message,
    Setup,
    TrackState,
    WorkerLoad,
    WorkerUnavailable,
)

_log = structlog.get_logger(__name__)

WATCH_S: Final = 0.5
MISSED: Final = 10  # looks without a beat; looks and not seconds, as we may have stood still too
START_S: Final = 120.0  # Python's imports and the models, on a busy machine
CALL_S: Final = 20.0
STOP_S: Final = 20.0
RESTART_DELAYS_S: Final = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)  # where one dies soon again and again
_STEADY_S: Final = 60.0
_COMMAND: Final = (sys.executable, "-m", "exam_api.adapters.workers.child")


@dataclass(slots=True, eq=False)
class Worker:
    """A worker process as the main process sees it."""

    index: int
    process: asyncio.subprocess.Process
    channel: Channel
    tracks: dict[TrackKey, TrackState] = field(default_factory=dict)
    figures: CaptureFigures = field(default_factory=CaptureFigures)
    load: WorkerLoad = field(default_factory=WorkerLoad)
    missed: int = -round(START_S / WATCH_S)  # the first beat comes late
    ready: bool = False  # it has beaten once
    lost: bool = False
    _calls: dict[int, asyncio.Future[object]] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)
    _loading: asyncio.Task[None] | None = None

    async def call(self, name: str, *arguments: object, within_s: float = CALL_S) -> object:
        """Raises what the worker raised, or WorkerUnavailable."""
        if self.lost:
            raise WorkerUnavailable("the capture worker is gone")
        number = next(self._ids)
        answer = self._calls[number] = asyncio.get_running_loop().create_future()
        self.channel.send(Call(number, name, arguments))
        try:
            async with asyncio.timeout(within_s):
                return await answer
        except TimeoutError as error:
            raise WorkerUnavailable("the capture worker does not answer") from error
        finally:
            del self._calls[number]

    def tell(self, name: str, *arguments: object) -> None:
        """As ``call``, without waiting for what becomes of it."""
        if not self.lost:
            self.channel.send(Call(next(self._ids), name, arguments))

    def take(self, message: Message) -> None:
        """What concerns the worker itself."""
        if isinstance(message, Beat):
            self.missed, self.ready = 0, True
            self.tracks, self.figures = dict(message.tracks), message.figures
            self.load = message.load
        elif isinstance(message, Answered):
            answer = self._calls.get(message.id)
            if answer is None or answer.done():
                return
            if message.error is not None:
                answer.set_exception(message.error)
            else:
                answer.set_result(message.value)

    def start_loading_models(self) -> None:
        """Recording does not wait for them."""
        self._loading = asyncio.create_task(self._load_models())

    async def _load_models(self) -> None:
        try:
            await self.call("load_models", within_s=START_S)
        except CaptureError as error:
            _log.error("capture_worker_has_no_models", worker=self.index, why=str(error))

    def fail_calls(self) -> None:
        self.lost = True
        for answer in self._calls.values():
            if not answer.done():
                answer.set_exception(WorkerUnavailable("the capture worker is gone"))


class WorkerPool:
    """``count`` workers. ``on_message`` hears their reports in order, in the loop's thread.

    ``on_lost`` is awaited when a worker's process has ended, before another takes its place.
    """

    def __init__(
        self,
        count: int,
        setup: Callable[[int], Setup],
        on_message: Callable[[Worker, Message], None],
        on_lost: Callable[[Worker], Awaitable[None]],
    ) -> None:
        self._count = count
        self._setup = setup
        self._on_message, self._on_lost = on_message, on_lost
        self._workers: dict[int, Worker] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._closing = False
        self.restarts = 0

    @property
    def workers(self) -> Sequence[Worker]:
        """Those that can be spoken to now."""
        return tuple(worker for worker in self._workers.values() if not worker.lost)

    async def start(self) -> None:
        """Returns once every worker runs and has its models. Raises what kept them from it."""
        workers = [await self._spawn(index) for index in range(self._count)]
        self._keepers = [asyncio.create_task(self._keep(worker)) for worker in workers]
        loading = (worker.call("load_models", within_s=START_S) for worker in workers)
        await asyncio.gather(*loading)

    async def aclose(self) -> None:
        """Every recording is closed properly; what does not end by itself is killed."""
        self._closing = True
        for worker in self.workers:
            worker.channel.finish()
        if self._keepers:
            _, stuck = await asyncio.wait(self._keepers, timeout=STOP_S)
            for worker in self.workers if stuck else ():
                _kill(worker.process)
            await asyncio.gather(*self._keepers, return_exceptions=True)

    async def _spawn(self, index: int) -> Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *_COMMAND,
                    str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                )
            except OSError:
                ours.close()
                raise
        channel = await Channel.over(ours)
        channel.send(self._setup(index))
        worker = self._workers[index] = Worker(index, process, channel)
        return worker

    async def _keep(self, worker: Worker) -> None:
        """Listen to a worker until it ends, then to the one in its place, until we close."""
        deaths = 0  # each soon after the one before
        while True:
            began = asyncio.get_running_loop().time()
            await self._listen(worker)
            await self._bury(worker)
            if self._closing:
                return
            lived_s = asyncio.get_running_loop().time() - began
            deaths = 1 if lived_s > _STEADY_S else deaths + 1
            _log.error("capture_worker_lost", worker=worker.index, lived_s=round(lived_s))
            try:
                await self._on_lost(worker)
            except Exception:  # noqa: BLE001 - whatever was not tidied up, another is needed
                _log.exception("capture_worker_not_buried", worker=worker.index)
            successor = await self._successor(worker.index, deaths)
            if successor is None:
                return
            worker = successor

    async def _successor(self, index: int, deaths: int) -> Worker | None:
        """None where we close meanwhile. What keeps it from starting (no memory) may pass."""
        while True:
            await asyncio.sleep(RESTART_DELAYS_S[min(deaths, len(RESTART_DELAYS_S)) - 1])
            if self._closing:
                return None
            try:
                worker = await self._spawn(index)
            except Exception:  # noqa: BLE001 - else nobody would ever try again
                _log.exception("capture_worker_not_started", worker=index)
                deaths += 1
                continue
            self.restarts += 1
            worker.start_loading_models()
            return worker

    async def _listen(self, worker: Worker) -> None:
        watching = asyncio.create_task(self._watch(worker))
        try:
            while (message := await worker.channel.receive()) is not None:
                worker.take(message)
                try:
                    self._on_message(worker, message)
                except Exception:  # noqa: BLE001 - one report less, and not all sittings
                    _log.exception("capture_worker_report_not_taken", worker=worker.index)
        except ForeignMessage:
            _log.exception("capture_worker_is_not_understood", worker=worker.index)
        finally:
            watching.cancel()

    async def _watch(self, worker: Worker) -> None:
        """A worker that does not beat any more is ended: its sittings must not wait for it."""
        while worker.missed <= MISSED:
            await asyncio.sleep(WATCH_S)
            worker.missed += 1
        _log.error("capture_worker_hangs", worker=worker.index)
        _kill(worker.process)

    async def _bury(self, worker: Worker) -> None:
        """Afterwards the process has ended: nobody writes its sittings' files any more."""
        worker.fail_calls()
        if not self._closing:
            _kill(worker.process)
        await worker.process.wait()
        await worker.channel.close()


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
