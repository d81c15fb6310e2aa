"""Watches many sittings in threads, and over those threads: one that hangs is replaced.

A thread cannot be stopped from outside. One that does not come back from a network's native code
is left behind with its models; its sittings go to a new thread, their open flags end, and the gap
is told (``FlagKind.ANALYSIS_LOST``). A detector that hangs again and again is left out by that
thread from then on, so that what is left behind stays bounded. A call that holds the interpreter
stops the whole process: then the pool of worker processes replaces it (docs/architecture.md).
"""

import logging
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from analysis.analyzer import Acquaintance
from analysis.contracts import NOBODY_KNOWN, Subject
from analysis.errors import SittingAttachedTwice
from analysis.identity_moments import SECRET_BITS
from analysis.lane import Lane, ModelSetFactory
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from analysis.rounds import (
    Analysed,
    FrameSource,
    OnStretch,
    OnThumbnail,
    OnUpdate,
    Outbox,
    Receivers,
    SoundSource,
    Watched,
)

logger = logging.getLogger(__name__)

DETACH_TIMEOUT_S: Final = 10.0
HANGS_AFTER_S: Final = 10.0  # a frame takes 0.1 s at most, on a busy machine 1
LOADS_WITHIN_S: Final = 120.0
LOOKS: Final = 10  # of the watchdog at what hangs
MOST_HANGS: Final = 3  # of one detector, or of what is none
FORGIVEN_AFTER_S: Final = 3600.0  # without a hang, each of them counts one less


@dataclass(slots=True)
class Place:
    """Where a sitting is watched, and what it takes to watch it elsewhere."""

    lane: Lane
    watched: Watched
    since: float  # monotonic: when it was brought to its first lane


class AnalysisWorker:
    """``threads`` lanes; a sitting stays with the lane it was given, since its state is there.

    ``attach`` and ``stop`` may be called from any one thread; ``detach`` waits for the lane (tens
    of milliseconds): from an event loop call it with ``asyncio.to_thread``.
    """

    def __init__(
        self,
        model_set_factory: ModelSetFactory,
        on_update: OnUpdate,
        on_thumbnail: OnThumbnail | None = None,
        *,
        threads: int = 1,
        hangs_after_s: float = HANGS_AFTER_S,
        on_stretch: OnStretch | None = None,
    ) -> None:
        self._factory = model_set_factory
        self._receivers = Receivers(on_update, on_thumbnail, on_stretch)
        self._hangs_after_s = hangs_after_s
        self._hangs: Counter[str] = Counter()
        self._lanes = [self._lane(index) for index in range(threads)]
        self._places: dict[str, Place] = {}
        self._calm_looks = 0
        # A sitting's tap is the same from its first connection to its end, and so is what is known
        # of it; with the tap it goes.
        self._acquaintances: WeakKeyDictionary[FrameSource, Acquaintance] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name="analysis-watch", daemon=True)

    def start(self, *, timeout_s: float = LOADS_WITHIN_S) -> None:
        """Returns when the models are loaded; raises what kept them from loading."""
        for lane in self._lanes:
            lane.start()
        for lane in self._lanes:
            lane.ready.wait(timeout_s)
            if lane.failure is not None:
                raise lane.failure
        self._watchdog.start()

    def attach(
        self,
        sitting_id: str,
        tap: FrameSource,
        policy: AnalysisPolicy = DEFAULT_POLICY,
        subject: Subject = NOBODY_KNOWN,
        sound: SoundSource | None = None,
    ) -> None:
        with self._lock:
            if sitting_id in self._places:
                raise SittingAttachedTwice(f"sitting {sitting_id} is already being analysed")
            known = self._acquaintances.setdefault(tap, Acquaintance(secrets.randbits(SECRET_BITS)))
            watched = Watched(tap, policy, subject, sound, known)
            held = Counter(place.lane.index for place in self._places.values())
            lane = min(self._lanes, key=lambda one: (held[one.index], one.index))
            self._places[sitting_id] = Place(lane, watched, time.monotonic())
            lane.attach(sitting_id, watched)

    def detach(self, sitting_id: str, *, timeout_s: float = DETACH_TIMEOUT_S) -> Analysed:
        """Closes the sitting's open flags. A sitting that is not attached: nothing is done."""
        with self._lock:
            place = self._places.pop(sitting_id, None)
        return Analysed() if place is None else place.lane.detach(sitting_id, timeout_s)

    def analysed(self, sitting_id: str) -> Analysed:
        """What has been done so far for an attached sitting, by the lane that has it now."""
        place = self._places.get(sitting_id)
        attached = place.lane.attached(sitting_id) if place is not None else None
        return Analysed() if attached is None else attached.done

    def stop(self, *, timeout_s: float = DETACH_TIMEOUT_S) -> None:
        """Every sitting's open flags are closed before the threads end."""
        self._stopping.set()
        if self._watchdog.is_alive():
            self._watchdog.join(timeout_s)
        for lane in self._lanes:
            lane.halt()
        for lane in self._lanes:
            if lane.is_alive():
                lane.join(timeout_s)
        with self._lock:
            self._places.clear()

    # --- the watchdog's thread ---

    def _watch(self) -> None:
        every_s = self._hangs_after_s / LOOKS
        while not self._stopping.wait(every_s):
            self._forgive(every_s)
            for lane in list(self._lanes) if self._hangs[""] <= MOST_HANGS else ():
                most = LOOKS if lane.ready.is_set() else LOADS_WITHIN_S / every_s
                if lane.looked_at() > most or not lane.is_alive():
                    self._replace(lane)

    def _forgive(self, every_s: float) -> None:
        self._calm_looks += 1
        if self._calm_looks * every_s >= FORGIVEN_AFTER_S:
            self._calm_looks = 0
            self._hangs -= Counter(self._hangs.keys())

    def _replace(self, lane: Lane) -> None:
        what = lane.looking or ""
        self._hangs[what] += 1
        self._calm_looks = 0
        logger.error("analysis thread %d hangs in %s", lane.index, what or "no detector")
        fresh = self._lane(lane.index)
        try:
            self._move(lane, fresh)
        except Exception:
            logger.exception("not everything of analysis thread %d could be moved", lane.index)
        if self._hangs[""] <= MOST_HANGS:
            fresh.start()
        else:
            logger.critical("analysis hangs again and again outside of its detectors: given up")

    def _move(self, lane: Lane, fresh: Lane) -> None:
        with self._lock:
            self._lanes[self._lanes.index(lane)] = fresh
            cut_off = lane.give_up()
            moving = {one: of for one, of in self._places.items() if of.lane is lane}
            for sitting_id, place in moving.items():
                place.lane = fresh
                if sitting_id not in cut_off:
                    waited_s = time.monotonic() - place.since
                    cut_off[sitting_id] = lane.unserved(sitting_id, place.watched, waited_s)
                fresh.attach(sitting_id, place.watched, cut_off[sitting_id].gap)
        for sitting_id, cut in cut_off.items():
            outbox = Outbox(self._receivers.on_update, sitting_id)
            outbox.add(cut.updates if sitting_id in moving else cut.for_good())
            outbox.flush(time.monotonic(), last=True)

    def _lane(self, index: int) -> Lane:
        without = [name for name, count in self._hangs.items() if name and count >= MOST_HANGS]
        return Lane(index, self._factory, self._receivers, without)
