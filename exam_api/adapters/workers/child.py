"""The worker process: its own event loop, capture service and analysis threads, on one core.

``python -m exam_api.adapters.workers.child FD``: FD is an inherited socket to the main process.
When the other end goes away, everything open is closed properly and the process ends.
"""

import asyncio
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
import uvloop

from analysis.contracts import AnalysedStretch, FlagUpdate, Subject
from analysis.models_set import ModelSet
from analysis.worker import AnalysisWorker
from capture.contracts import CaptureEvent, GapCause, TrackKey
from capture.errors import CaptureError
from capture.service import CaptureService
from exam_api.adapters.loop_lag import LoopLag
from exam_api.adapters.overload_guard import OverloadGuard
from exam_api.adapters.workers.channel import Channel
from exam_api.adapters.workers.messages import (
    Answered,
    Beat,
    Call,
    Counted,
    Flagged,
    Happened,
    Message,
    Pictured,
    Setup,
    Tracks,
    TrackState,
    WorkerFailed,
    WorkerLoad,
)
from exam_api.services.live_media import TappedAnalysis
from exam_api.web.logs import configure_logging

_log = structlog.get_logger(__name__)
BEAT_S: Final = 0.2
IN_USE: Final = "workers.lock"


# Methods of the capture service that the main process may have done here.
CAPTURE_CALLS: Final = frozenset(
    {
        "publish",
        "end",
        "end_sitting",
        "watch",
        "end_view",
        "end_views",
        "finalise",
        "note_clock",
        "supply",
    }
)


@dataclass(slots=True)
class Worker:
    """What the main process may ask for beyond ``CAPTURE_CALLS``."""

    capture: CaptureService
    analyzer: AnalysisWorker
    analysis: TappedAnalysis

    async def do(self, call: Call) -> object:
        if call.name in CAPTURE_CALLS:
            return await getattr(self.capture, call.name)(*call.arguments)
        return await getattr(self, call.name)(*call.arguments)

    async def explain(self, key: TrackKey, cause: GapCause | None) -> None:
        self.capture.explain(key, cause)

    async def load_models(self) -> None:
        await asyncio.to_thread(self.analyzer.start)

    async def attach(
        self, sitting_id: str, excused: tuple[str, ...], subject: Subject, thumbnail_s: int
    ) -> None:
        await asyncio.to_thread(self.analysis.attach, sitting_id, excused, subject, thumbnail_s)

    async def detach(self, sitting_id: str) -> None:
        await asyncio.to_thread(self.analysis.detach, sitting_id)

    async def stop(self) -> None:
        """Recordings are whole and open flags told when this returns."""
        await self.capture.aclose()
        await asyncio.to_thread(self.analyzer.stop)


class Host:
    """Serves one channel."""

    def __init__(self, channel: Channel, setup: Setup) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._lag = LoopLag()
        self._tasks: set[asyncio.Task[None]] = set()
        self._capture = CaptureService(
            setup.recordings_dir, on_event=self._on_event, settings=setup.capture
        )
        analyzer = AnalysisWorker(
            lambda: ModelSet.load(setup.models_dir, data_dir=setup.data_dir, objects=setup.objects),
            self._on_flag,
            self._on_thumbnail,
            on_stretch=self._on_stretch,
        )
        analysis = TappedAnalysis(self._capture, analyzer, setup.thumbnail_every_s)
        self._worker = Worker(self._capture, analyzer, analysis)

    async def run(self) -> None:
        """Until told to stop, or until the main process is gone."""
        guard = OverloadGuard(self._capture, self._lag, cores=1)
        tasks = (self._lag.run(), guard.run(), self._beat())
        beating = [asyncio.create_task(task) for task in tasks]
        try:
            while (message := await self._channel.receive()) is not None:
                if isinstance(message, Call):
                    self._spawn(message)
        finally:
            for task in beating:
                task.cancel()
            await self._worker.stop()
            await self._channel.close()

    # --- calls ------------------------------------------------------------------------------

    def _spawn(self, call: Call) -> None:
        task = asyncio.create_task(self._obey(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _obey(self, call: Call) -> None:
        try:
            value = await self._worker.do(call)
        except CaptureError as error:
            self._channel.send(Answered(call.id, error=error))
        except Exception as error:  # noqa: BLE001 - the main process must hear of it, whatever it is
            _log.exception("worker_call_failed", call=call.name)
            told = WorkerFailed(f"{type(error).__name__}: {error}")
            self._channel.send(Answered(call.id, error=told))
        else:
            self._channel.send(Answered(call.id, value))

    # --- reports ----------------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            load = WorkerLoad(
                self._lag.seconds, self._lag.cpu, self._capture.relief, self._capture.views
            )
            self._channel.send(Beat(self._tracks(), self._capture.figures(), load))
            await asyncio.sleep(BEAT_S)

    def _on_event(self, event: CaptureEvent) -> None:
        sitting_id = getattr(event, "sitting_id", None)
        self._channel.send(Happened(event, self._tracks(sitting_id)))

    def _on_flag(self, update: FlagUpdate) -> None:
        self._from_thread(Flagged(update))

    def _on_stretch(self, stretch: AnalysedStretch) -> None:
        self._from_thread(Counted(stretch))

    def _on_thumbnail(self, sitting_id: str, at_ms: int, jpeg: bytes) -> None:
        self._from_thread(Pictured(sitting_id, at_ms, jpeg))

    def _from_thread(self, message: Message) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody is left to tell
            self._loop.call_soon_threadsafe(self._channel.send, message)

    def _tracks(self, sitting_id: str | None = None) -> Tracks:
        """Of one sitting, or of all."""
        return {
            key: TrackState(
                self._capture.status(*key), until_ms, tuple(one.name for one in growing)
            )
            for key, until_ms, growing in self._capture.tracks()
            if sitting_id in {None, key.sitting_id}
        }


def stay_on(core: int | None) -> None:
    """All threads: libraries have started some already, as numpy's for linear algebra.

    Where the system forbids it the worker runs as well, a little slower.
    """
    if core is None:
        return
    try:
        for thread in Path("/proc/self/task").iterdir():
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setaffinity(int(thread.name), {core})
    except (OSError, AttributeError) as error:
        _log.warning("worker_not_pinned", core=core, why=str(error))


@contextmanager
def in_use(data_dir: Path) -> Iterator[None]:
    """Held while recordings may still be open: a new server waits for it (``cli.server``)."""
    with (data_dir / IN_USE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


async def _serve(end: socket.socket) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C goes to all: the main process decides
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    channel = await Channel.over(end)
    setup = await channel.receive()
    if isinstance(setup, Setup):
        configure_logging(setup.log_level)
        stay_on(setup.core)
        with in_use(setup.data_dir):
            await Host(channel, setup).run()


def main() -> None:
    with (
        socket.socket(fileno=int(sys.argv[1])) as end,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_serve(end))


if __name__ == "__main__":
    main()
