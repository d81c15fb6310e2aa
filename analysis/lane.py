"""A thread that watches many sittings, and can be given up when it does not come back.

Who owns what: a lane owns its model set, its sittings' analyzers and all their state; no locks are
needed there. Other threads reach it through its command queue only. Callbacks run in its thread.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

import cv2

from analysis.contracts import Flag, FlagKind, FlagPhase, FlagUpdate
from analysis.models_set import ModelSet
from analysis.outages import lost
from analysis.rounds import Analysed, Attached, Receivers, Rounds, Watched

logger = logging.getLogger(__name__)

IDLE_S: Final = 0.02  # how long a lane rests when no sitting had a frame
LOADING: Final = -1  # a piece of work too

Command = Callable[[], None]
ModelSetFactory = Callable[[], ModelSet]


@dataclass(frozen=True, slots=True)
class CutOff:
    """What must be told in a lane's place, and the gap that begins (None: nothing seen before)."""

    sitting_id: str
    updates: list[FlagUpdate]
    gap: Flag | None

    def for_good(self) -> list[FlagUpdate]:
        """Of a sitting that was about to leave: nobody will end the gap later."""
        if self.gap is None:
            return self.updates
        ended = replace(self.gap, end_ms=self.gap.start_ms)
        return [*self.updates, FlagUpdate(self.sitting_id, FlagPhase.CLOSED, ended)]


class Lane(threading.Thread):
    """One thread, one model set. ``ready`` is set when the models are loaded, or failed to.

    ``without``: detectors that it leaves out.
    """

    def __init__(
        self,
        index: int,
        factory: ModelSetFactory,
        receivers: Receivers,
        without: Collection[str] = (),
    ) -> None:
        super().__init__(name=f"analysis-{index}", daemon=True)
        self.index = index
        self._factory = factory
        self._receivers = receivers
        self._without = frozenset(without)
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._halt = threading.Event()
        self._given_up = False
        self._rounds: Rounds | None = None
        self._seen_work: int | None = None
        self._seen_times = 0
        self.ready = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        cv2.setNumThreads(1)  # of the process: lanes are as many as it has cores
        try:
            self._rounds = Rounds(self._factory().without(self._without), self._receivers)
        except Exception as error:
            self.failure = error
            logger.exception("analysis models cannot be loaded")
            return
        finally:
            self.ready.set()
        while not self._halt.is_set():
            self._obey()
            if not self._halt.is_set() and not self._rounds.round():
                self._halt.wait(IDLE_S)
        if self._given_up:  # and yet it came back: another has its sittings now
            return
        self._obey()
        for sitting_id in list(self._rounds.sittings):
            self._rounds.detach(sitting_id)

    def halt(self) -> None:
        self._halt.set()

    def attach(self, sitting_id: str, watched: Watched, since: Flag | None = None) -> None:
        self._commands.put(lambda: self._mine.attach(sitting_id, watched, since))

    def detach(self, sitting_id: str, timeout_s: float) -> Analysed:
        """Waits until the lane has taken the last frame and flushed the open flags."""
        gone = threading.Event()
        result: list[Analysed] = []

        def leave() -> None:
            try:
                result.append(self._mine.detach(sitting_id))
            finally:
                gone.set()

        self._commands.put(leave)
        deadline = time.monotonic() + timeout_s
        while not gone.wait(0.05):
            if not self.is_alive():
                self._obey()
            elif self._given_up or time.monotonic() > deadline:
                logger.error("sitting %s: the analysis thread does not answer", sitting_id)
                break
        return result[0] if result else Analysed()

    # --- for whoever watches over it: any thread ---

    def looked_at(self) -> int:
        """How many looks in a row, this one included, found it at the same piece of work.

        Looks and not seconds: after a machine has stood still, as in a snapshot, a thread that
        had no time to go on is not taken for one that hangs.
        """
        if self._rounds is None:
            work = None if self.ready.is_set() else LOADING
        else:
            work = self._rounds.work
        self._seen_times = self._seen_times + 1 if work == self._seen_work else 1
        self._seen_work = work
        return 0 if work is None else self._seen_times

    @property
    def looking(self) -> str | None:
        """The detector that works right now."""
        return self._rounds.looking.name if self._rounds is not None else None

    def attached(self, sitting_id: str) -> Attached | None:
        return self._rounds.sittings.get(sitting_id) if self._rounds is not None else None

    def give_up(self) -> dict[str, CutOff]:
        """It tells no more, whatever becomes of its thread. By sitting that it had begun with."""
        self._given_up = True
        self.halt()
        cut: dict[str, CutOff] = {}
        for sitting_id, attached in self._begun().items():
            try:
                cut[sitting_id] = _cut_off(attached)
            except Exception:  # the thread may come back at this very moment, and change it
                logger.exception("sitting %s: its open flags could not be ended", sitting_id)
        return cut

    def _begun(self) -> dict[str, Attached]:
        return dict(self._rounds.sittings) if self._rounds is not None else {}

    def unserved(self, sitting_id: str, watched: Watched, waited_s: float) -> CutOff:
        """Of a sitting whose turn never came: unseen since it was brought here."""
        frame = watched.tap.take(0)
        if frame is None:
            return CutOff(sitting_id, [], None)
        models = self._rounds.models if self._rounds is not None else ()
        gap = lost(max(0, frame.at_ms - round(waited_s * 1000)), models)
        return CutOff(sitting_id, [FlagUpdate(sitting_id, FlagPhase.OPENED, gap)], gap)

    # --- in the lane's thread ---

    @property
    def _mine(self) -> Rounds:
        assert self._rounds is not None
        return self._rounds

    def _obey(self) -> None:
        while not self._given_up:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return
            try:
                command()
            except Exception:
                logger.exception("analysis command failed")


def _cut_off(attached: Attached) -> CutOff:
    """Flags end where the last whole frame was; a gap that is open already goes on."""
    updates = attached.outbox.silence()
    seen_ms = attached.done.last_ms
    gap: Flag | None = None
    for flag in list(attached.outbox.told.values()):
        if flag.kind is FlagKind.ANALYSIS_LOST:
            gap = flag
        else:
            ended = replace(flag, end_ms=max(flag.start_ms, seen_ms or 0))
            updates.append(FlagUpdate(attached.sitting_id, FlagPhase.CLOSED, ended))
    start_ms = attached.taken_ms if seen_ms is None else seen_ms
    if gap is None and start_ms is not None:
        gap = lost(start_ms, attached.analyzer.models)
        updates.append(FlagUpdate(attached.sitting_id, FlagPhase.OPENED, gap))
    return CutOff(attached.sitting_id, updates, gap)
