"""The work of one analysis thread: the newest frame of each sitting in turn, and what comes of it.

Nothing here knows of threads or of a clock of its own, so that it can be watched in virtual time.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Protocol

from analysis.analyzer import Acquaintance, Looking, SittingAnalyzer
from analysis.budget import Budget
from analysis.contracts import (
    NOBODY_KNOWN,
    AnalysedStretch,
    Flag,
    FlagKind,
    FlagPhase,
    FlagUpdate,
    ModelRef,
    Subject,
)
from analysis.errors import PictureUnreadable
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import AnalysisPolicy
from capture.contracts import AudioChunk, Frame

logger = logging.getLogger(__name__)

THUMBNAIL_SIDE: Final = 320
THUMBNAIL_QUALITY: Final = 70
COUNTED_EVERY_MS: Final = 60_000  # what a crash may leave uncounted
RETRY_S: Final = 1.0
MOST_RETRIES: Final = 30  # half a minute of refused updates; then the oldest is given up, logged

OnUpdate = Callable[[FlagUpdate], None]
OnThumbnail = Callable[[str, int, bytes], None]
OnStretch = Callable[[AnalysedStretch], None]
Clock = Callable[[], float]


class FrameSource(Protocol):
    """A sitting's tap: one slot, latest wins. ``rate``: frames a second that it offers."""

    rate: float

    def take(self, timeout_s: float) -> Frame | None: ...


class SoundSource(Protocol):
    """A sitting's sound since it was last taken; no more than a few seconds."""

    def take(self) -> Sequence[AudioChunk]: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """Where a sitting's frames and sound come from, by which rules, and who is expected.

    ``acquaintance``: touched only by the thread that watches now.
    """

    tap: FrameSource
    policy: AnalysisPolicy
    subject: Subject = NOBODY_KNOWN
    sound: SoundSource | None = None
    acquaintance: Acquaintance = field(default_factory=Acquaintance)


@dataclass(frozen=True, slots=True)
class Receivers:
    """Who hears of what is found, and of how much was looked at. Called in the analysis thread."""

    on_update: OnUpdate
    on_thumbnail: OnThumbnail | None = None
    on_stretch: OnStretch | None = None


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
    """Updates in order. One that the receiver refuses (it raised) is offered again, not lost.

    ``told``: flags that the receiver believes to last. A silenced outbox tells nothing more.
    """

    def __init__(self, deliver: OnUpdate, sitting_id: str) -> None:
        self._deliver = deliver
        self._sitting_id = sitting_id
        self._waiting: deque[FlagUpdate] = deque()
        self._retries = 0
        self._not_before = 0.0
        self._silent = False
        self.told: dict[tuple[FlagKind, int], Flag] = {}

    def add(self, updates: list[FlagUpdate]) -> None:
        self._waiting.extend(updates)

    def silence(self) -> list[FlagUpdate]:
        """Any thread. What was not delivered yet; whoever asks tells it, so it counts as told."""
        self._silent = True
        waiting = list(self._waiting)
        for update in waiting:
            self._note(update)
        return waiting

    def flush(self, now: float, *, last: bool = False) -> None:
        """``now``: monotonic seconds. ``last``: there is no later chance, so do not wait."""
        while self._waiting and not self._silent and (last or now >= self._not_before):
            update = self._waiting[0]
            try:
                self._deliver(update)
            except Exception:
                logger.exception("flag update of sitting %s refused", self._sitting_id)
                self._postpone(now, last=last)
            else:
                self._waiting.popleft()
                self._retries = 0
                self._note(update)

    def _note(self, update: FlagUpdate) -> None:
        name = update.flag.kind, update.flag.start_ms
        if update.phase is FlagPhase.CLOSED:
            self.told.pop(name, None)
        else:
            self.told[name] = update.flag

    def _postpone(self, now: float, *, last: bool) -> None:
        self._retries += 1
        self._not_before = now + RETRY_S
        if last or self._retries >= MOST_RETRIES:
            logger.error("flag update of sitting %s given up", self._sitting_id)
            self._waiting.popleft()
            self._retries = 0


@dataclass(slots=True, eq=False)
class Attached:
    """A sitting of a thread, touched by it only, except ``done``. ``taken_ms``: its last frame.

    ``counted_ms``: up to where the frames analysed were told.
    """

    sitting_id: str
    watched: Watched
    analyzer: SittingAnalyzer
    outbox: Outbox
    shown_ms: int | None = None
    taken_ms: int | None = None
    counted_ms: int | None = None
    done: Analysed = field(default_factory=Analysed)


class Rounds:
    """One thread's sittings, one model set, one budget.

    ``work``: the number of what is being done, a frame or a sitting's beginning; None at rest.
    """

    def __init__(
        self, models: ModelSet, receivers: Receivers, clock: Clock = time.monotonic
    ) -> None:
        self._models = models
        self._receivers = receivers
        self._clock = clock
        self._budget = Budget(clock)
        self.sittings: dict[str, Attached] = {}
        self.looking = Looking()
        self.work: int | None = None
        self._works = count()

    @property
    def models(self) -> tuple[ModelRef, ...]:
        return self._models.models

    def attach(self, sitting_id: str, watched: Watched, since: Flag | None = None) -> None:
        """The photos of who is expected go through the networks here."""
        with self._working():
            analyzer = SittingAnalyzer(
                self._models,
                watched.policy,
                sitting_id,
                watched.subject,
                budget=self._budget,
                since=since,
                acquaintance=watched.acquaintance,
                looking=self.looking,
            )
        outbox = Outbox(self._receivers.on_update, sitting_id)
        if since is not None:
            outbox.told[since.kind, since.start_ms] = since
        self.sittings[sitting_id] = Attached(sitting_id, watched, analyzer, outbox)

    def detach(self, sitting_id: str) -> Analysed:
        attached = self.sittings.get(sitting_id)
        if attached is None:
            return Analysed()
        self.serve(attached)
        attached.outbox.add(attached.analyzer.finish())
        attached.outbox.flush(self._clock(), last=True)
        self._count(attached)
        del self.sittings[sitting_id]
        return attached.done

    def round(self) -> bool:
        """At most one frame of each sitting, so that a quick camera holds up nobody."""
        served = [self.serve(attached) for attached in list(self.sittings.values())]
        return any(served)

    def serve(self, attached: Attached) -> bool:
        """Whether there was a frame. Whatever goes wrong stays with this sitting."""
        began = self._clock()
        with self._working():
            try:
                frame = attached.watched.tap.take(0)
                if frame is not None:
                    self._analyse(attached, frame)
            except Exception:
                attached.done = attached.done.failed()
                logger.exception("a frame of sitting %s could not be analysed", attached.sitting_id)
                frame = None
            now = self._clock()
            attached.outbox.flush(now)
        self._budget.spend(now - began)
        return frame is not None

    @contextmanager
    def _working(self) -> Iterator[None]:
        self.work = next(self._works)
        try:
            yield
        finally:
            self.work = self.looking.name = None

    def _analyse(self, attached: Attached, frame: Frame) -> None:
        attached.taken_ms = frame.at_ms
        self._show(attached, frame)
        sound = attached.watched.sound
        _, updates = attached.analyzer.feed(frame, () if sound is None else sound.take())
        if any(update.phase is FlagPhase.OPENED for update in updates):
            self._show(attached, frame, at_once=True)  # whoever hears of it looks at the picture
        attached.watched.tap.rate = attached.analyzer.wanted_fps
        attached.outbox.add(updates)
        attached.done = attached.done.plus(frame.at_ms)
        if attached.counted_ms is None:
            attached.counted_ms = frame.at_ms
        if frame.at_ms - attached.counted_ms >= COUNTED_EVERY_MS:
            self._count(attached)

    def _count(self, attached: Attached) -> None:
        done, hear = attached.done, self._receivers.on_stretch
        if hear is None or done.first_ms is None or done.last_ms is None:
            return
        attached.counted_ms = done.last_ms
        try:
            hear(AnalysedStretch(attached.sitting_id, done.frames, done.first_ms, done.last_ms))
        except Exception:
            logger.exception("count of sitting %s refused", attached.sitting_id)

    def _show(self, attached: Attached, frame: Frame, *, at_once: bool = False) -> None:
        show, shown = self._receivers.on_thumbnail, attached.shown_ms
        every_ms = attached.watched.policy.thumbnail_every_s * 1000
        early = shown is not None and 0 <= frame.at_ms - shown < every_ms
        if show is None or shown == frame.at_ms or (early and not at_once):
            return
        attached.shown_ms = shown if early else frame.at_ms
        try:
            picture = Picture.of(frame)
            show(frame.sitting_id, frame.at_ms, picture.jpeg(THUMBNAIL_SIDE, THUMBNAIL_QUALITY))
        except PictureUnreadable:
            return
        except Exception:
            logger.exception("thumbnail of sitting %s refused", attached.sitting_id)
