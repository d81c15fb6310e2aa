"""Threads that watch many sittings: newest frame of each in turn, nobody starves, nobody stops it.

Who owns what: a lane (thread) owns its model set, its sittings' analyzers and all their state; no
locks are needed there. Other threads reach it through its command queue only. Callbacks run in
the lane's thread.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from analysis.analyzer import SittingAnalyzer
from analysis.contracts import FlagUpdate
from analysis.errors import PictureUnreadable, SittingAttachedTwice
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from capture.contracts import Frame

logger = logging.getLogger(__name__)

THUMBNAIL_SIDE = 320
THUMBNAIL_QUALITY = 70
IDLE_S = 0.02  # how long a lane rests when no sitting had a frame
RETRY_S = 1.0
MOST_RETRIES = 30  # half a minute of refused updates; then the oldest is given up, with an error
DETACH_TIMEOUT_S = 10.0

OnUpdate = Callable[[FlagUpdate], None]
OnThumbnail = Callable[[str, int, bytes], None]


class FrameSource(Protocol):
    """A sitting's tap: one slot, latest wins. ``rate``: frames a second that it offers."""

    rate: float

    def take(self, timeout_s: float) -> Frame | None: ...


@dataclass(frozen=True, slots=True)
class Analysed:
    """What was done for a sitting. ``failures``: frames whose analysis raised."""

    frames: int = 0
    failures: int = 0
    first_ms: int | None = None
    last_ms: int | None = None

    @property
    def fps(self) -> float:
        if self.first_ms is None or self.last_ms is None or self.last_ms <= self.first_ms:
            return 0.0
        return (self.frames - 1) * 1000 / (self.last_ms - self.first_ms)

    def plus(self, at_ms: int) -> "Analysed":
        first = at_ms if self.first_ms is None else self.first_ms
        return Analysed(self.frames + 1, self.failures, first, at_ms)

    def failed(self) -> "Analysed":
        return Analysed(self.frames, self.failures + 1, self.first_ms, self.last_ms)


class Outbox:
    """Updates in order. One that the receiver refuses (it raised) is offered again, not lost."""

    def __init__(self, deliver: OnUpdate, sitting_id: str) -> None:
        self._deliver = deliver
        self._sitting_id = sitting_id
        self._waiting: deque[FlagUpdate] = deque()
        self._retries = 0
        self._not_before = 0.0

    def add(self, updates: list[FlagUpdate]) -> None:
        self._waiting.extend(updates)

    def flush(self, now: float, *, last: bool = False) -> None:
        """``now``: monotonic seconds. ``last``: there is no later chance, so do not wait."""
        while self._waiting and (last or now >= self._not_before):
            try:
                self._deliver(self._waiting[0])
            except Exception:
                logger.exception("flag update of sitting %s refused", self._sitting_id)
                self._postpone(now, last=last)
            else:
                self._waiting.popleft()
                self._retries = 0

    def _postpone(self, now: float, *, last: bool) -> None:
        self._retries += 1
        self._not_before = now + RETRY_S
        if last or self._retries >= MOST_RETRIES:
            logger.error("flag update of sitting %s given up", self._sitting_id)
            self._waiting.popleft()
            self._retries = 0


@dataclass(slots=True, eq=False)
class Attached:
    """A sitting in a lane; touched by the lane's thread only, except ``done``."""

    sitting_id: str
    tap: FrameSource
    analyzer: SittingAnalyzer
    outbox: Outbox
    shown_ms: int | None = None
    done: Analysed = field(default_factory=Analysed)


Command = Callable[[], None]


class Lane(threading.Thread):
    """One thread, one model set. ``ready`` is set when the models are loaded, or failed to."""

    def __init__(self, index: int, owner: "AnalysisWorker") -> None:
        super().__init__(name=f"analysis-{index}", daemon=True)
        self._owner = owner
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._halt = threading.Event()
        self._models: ModelSet | None = None
        self.sittings: dict[str, Attached] = {}
        self.ready = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            self._models = self._owner.model_set_factory()
        except Exception as error:
            self.failure = error
            logger.exception("analysis models cannot be loaded")
            return
        finally:
            self.ready.set()
        while not self._halt.is_set():
            self._obey()
            if not self._round():
                self._halt.wait(IDLE_S)
        self._obey()
        for sitting_id in list(self.sittings):
            self._detach(sitting_id)

    def halt(self) -> None:
        self._halt.set()

    def attach(self, sitting_id: str, tap: FrameSource, policy: AnalysisPolicy) -> None:
        self._commands.put(lambda: self._attach(sitting_id, tap, policy))

    def detach(self, sitting_id: str, timeout_s: float) -> Analysed:
        """Waits until the lane has taken the last frame and flushed the open flags."""
        gone = threading.Event()
        result: list[Analysed] = []

        def leave() -> None:
            try:
                result.append(self._detach(sitting_id))
            finally:
                gone.set()

        self._commands.put(leave)
        deadline = time.monotonic() + timeout_s
        while not gone.wait(0.05):
            if not self.is_alive():
                self._obey()
            elif time.monotonic() > deadline:
                logger.error("sitting %s: the analysis thread does not answer", sitting_id)
                break
        return result[0] if result else Analysed()

    # --- in the lane's thread ---

    def _obey(self) -> None:
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return
            try:
                command()
            except Exception:
                logger.exception("analysis command failed")

    def _attach(self, sitting_id: str, tap: FrameSource, policy: AnalysisPolicy) -> None:
        assert self._models is not None
        self.sittings[sitting_id] = Attached(
            sitting_id,
            tap,
            SittingAnalyzer(self._models, policy, sitting_id),
            Outbox(self._owner.on_update, sitting_id),
        )

    def _detach(self, sitting_id: str) -> Analysed:
        attached = self.sittings.get(sitting_id)
        if attached is None:
            return Analysed()
        self._serve(attached)
        attached.outbox.add(attached.analyzer.finish())
        attached.outbox.flush(time.monotonic(), last=True)
        del self.sittings[sitting_id]
        return attached.done

    def _round(self) -> bool:
        """At most one frame of each sitting, so that a quick camera holds up nobody."""
        served = [self._serve(attached) for attached in list(self.sittings.values())]
        return any(served)

    def _serve(self, attached: Attached) -> bool:
        """Whether there was a frame. Whatever goes wrong stays with this sitting."""
        try:
            frame = attached.tap.take(0)
            if frame is not None:
                self._analyse(attached, frame)
        except Exception:
            attached.done = attached.done.failed()
            logger.exception("a frame of sitting %s could not be analysed", attached.sitting_id)
            frame = None
        attached.outbox.flush(time.monotonic())
        return frame is not None

    def _analyse(self, attached: Attached, frame: Frame) -> None:
        self._show(attached, frame)
        _, updates = attached.analyzer.feed(frame)
        attached.tap.rate = attached.analyzer.wanted_fps
        attached.outbox.add(updates)
        attached.done = attached.done.plus(frame.at_ms)

    def _show(self, attached: Attached, frame: Frame) -> None:
        show, every_ms = self._owner.on_thumbnail, self._owner.thumbnail_every_s * 1000
        shown = attached.shown_ms
        if show is None or (shown is not None and 0 <= frame.at_ms - shown < every_ms):
            return
        attached.shown_ms = frame.at_ms
        try:
            picture = Picture.of(frame)
            show(frame.sitting_id, frame.at_ms, picture.jpeg(THUMBNAIL_SIDE, THUMBNAIL_QUALITY))
        except PictureUnreadable:
            return
        except Exception:
            logger.exception("thumbnail of sitting %s refused", attached.sitting_id)


class AnalysisWorker:
    """``threads`` lanes; a sitting stays with the lane it was given, since its state is there.

    ``attach`` and ``stop`` may be called from any one thread; ``detach`` waits for the lane (tens
    of milliseconds): from an event loop call it with ``asyncio.to_thread``.
    """

    def __init__(
        self,
        model_set_factory: Callable[[], ModelSet],
        on_update: OnUpdate,
        on_thumbnail: OnThumbnail | None = None,
        thumbnail_every_s: float = 2.0,
        threads: int = 1,
    ) -> None:
        self.model_set_factory = model_set_factory
        self.on_update = on_update
        self.on_thumbnail = on_thumbnail
        self.thumbnail_every_s = thumbnail_every_s
        self._lanes = [Lane(index, self) for index in range(threads)]
        self._where: dict[str, Lane] = {}
        self._lock = threading.Lock()

    def start(self, *, timeout_s: float = 60.0) -> None:
        """Returns when the models are loaded; raises what kept them from loading."""
        for lane in self._lanes:
            lane.start()
        for lane in self._lanes:
            lane.ready.wait(timeout_s)
            if lane.failure is not None:
                raise lane.failure

    def attach(
        self, sitting_id: str, tap: FrameSource, policy: AnalysisPolicy = DEFAULT_POLICY
    ) -> None:
        with self._lock:
            if sitting_id in self._where:
                raise SittingAttachedTwice(f"sitting {sitting_id} is already being analysed")
            loads = [sum(1 for one in self._where.values() if one is lane) for lane in self._lanes]
            lane = self._lanes[loads.index(min(loads))]
            self._where[sitting_id] = lane
        lane.attach(sitting_id, tap, policy)

    def detach(self, sitting_id: str, *, timeout_s: float = DETACH_TIMEOUT_S) -> Analysed:
        """Closes the sitting's open flags. A sitting that is not attached: nothing is done."""
        with self._lock:
            lane = self._where.pop(sitting_id, None)
        return Analysed() if lane is None else lane.detach(sitting_id, timeout_s)

    def analysed(self, sitting_id: str) -> Analysed:
        """What has been done so far for an attached sitting."""
        lane = self._where.get(sitting_id)
        attached = lane.sittings.get(sitting_id) if lane is not None else None
        return Analysed() if attached is None else attached.done

    def stop(self, *, timeout_s: float = DETACH_TIMEOUT_S) -> None:
        """Every sitting's open flags are closed before the threads end."""
        for lane in self._lanes:
            lane.halt()
        for lane in self._lanes:
            if lane.is_alive():
                lane.join(timeout_s)
        with self._lock:
            self._where.clear()
