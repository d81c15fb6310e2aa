"""Detectors that raise, hang, or give nonsense: they alone fail, and what was not seen is told."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pytest

from analysis.analyzer import SittingAnalyzer
from analysis.contracts import Box, FlagKind, FlagPhase, FlagUpdate, ModelRef
from analysis.detectors.contracts import Detector, Sighting
from analysis.guarded import RETRY_MS, Guarded
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.worker import FORGIVEN_AFTER_S, LOOKS, MOST_HANGS, AnalysisWorker
from capture.contracts import Frame
from tests.patience import PATIENCE_S

GOOD = ModelRef("good", "1", "1" * 64)
BAD = ModelRef("bad", "1", "0" * 64)
EMPTY_ROOM = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, "faces": 0.0, "face": 0.0}
Update = tuple[str, FlagPhase, int, int | None]


def frame(at_ms: int, sitting_id: str = "s") -> Frame:
    return Frame(sitting_id, at_ms, np.full((96, 64), 90, np.uint8))


class Good:
    models = (GOOD,)

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        return Sighting(measures=EMPTY_ROOM)


class Scripted:
    """Does what it is told at each look, by the picture's time."""

    models = (BAD,)

    def __init__(self, script: Callable[[int], object]) -> None:
        self._script = script

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        return self._script(picture.at_ms)  # type: ignore[return-value]


def raising(*times: int) -> Callable[[int], object]:
    def script(at_ms: int) -> object:
        if at_ms in times:
            raise RuntimeError("native code said no")
        return Sighting(measures={"phone": 0.0})

    return script


def analyzer(script: Callable[[int], object]) -> SittingAnalyzer:
    made = {"faces": Good, "objects": lambda: Scripted(script)}
    return SittingAnalyzer(ModelSet(made, (GOOD, BAD), {}), DEFAULT_POLICY, "s")


def lost(updates: list[FlagUpdate]) -> list[tuple[FlagPhase, int, int | None]]:
    return [
        (update.phase, update.flag.start_ms, update.flag.end_ms)
        for update in updates
        if update.flag.kind is FlagKind.ANALYSIS_LOST
    ]


def test_a_detector_that_raises_is_made_anew_and_its_gap_is_told() -> None:
    watched = analyzer(raising(1000))
    updates = [one for at in range(0, 3000, 500) for one in watched.feed(frame(at))[1]]
    assert lost(updates) == [
        (FlagPhase.OPENED, 1000, None),
        (FlagPhase.CLOSED, 1000, 1500),
    ]
    assert updates[0].flag.models == (BAD,)


def test_the_other_detectors_go_on_meanwhile() -> None:
    watched = analyzer(raising(*range(0, 60_000, 500)))
    updates = [one for at in range(0, 20_000, 500) for one in watched.feed(frame(at))[1]]
    kinds = {update.flag.kind for update in updates if update.phase is FlagPhase.OPENED}
    assert kinds == {FlagKind.ANALYSIS_LOST, FlagKind.ABSENCE}
    assert lost(updates + watched.finish()) == [
        (FlagPhase.OPENED, 0, None),
        (FlagPhase.CLOSED, 0, 19_500),
    ]


def test_what_fails_again_and_again_is_tried_less_often() -> None:
    tried: list[int] = []

    def broken(at_ms: int) -> object:
        tried.append(at_ms)
        raise RuntimeError("always")

    watched = analyzer(broken)
    for at in range(0, 120_000, 500):
        watched.feed(frame(at))
    steps = np.diff(tried)
    assert list(steps[:4]) == [500, 500, 1000, 5000]
    assert set(steps[4:]) == {RETRY_MS[-1]}


def test_a_network_that_fails_is_not_well_because_it_may_rest() -> None:
    """Between its close looks a resting detector succeeds, at doing nothing."""
    tried: list[int] = []

    class RaisingWhenClose(Scripted):
        def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
            if not closely:
                return Sighting(measures={"objects_rested": 1.0})
            tried.append(picture.at_ms)
            raise RuntimeError("no more memory")

    made = {"faces": Good, "objects": lambda: RaisingWhenClose(lambda _: None)}
    watched = SittingAnalyzer(ModelSet(made, (GOOD, BAD), {}), DEFAULT_POLICY, "s")
    times = range(0, 120_000, 500)
    updates = [one for at in times for one in watched.feed(frame(at))[1]]
    assert lost(updates) == [(FlagPhase.OPENED, 0, None)]
    assert list(np.diff(tried)[:4]) == [500, 500, 1000, 5000]
    assert set(np.diff(tried)[4:]) == {RETRY_MS[-1]}


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        "a phone",
        Sighting(measures={"phone": math.nan}),
        Sighting(measures={"phone": math.inf}),
        Sighting(measures={"phone": "much"}),  # type: ignore[dict-item]
        Sighting(measures=None),  # type: ignore[arg-type]
        Sighting((Box("phone", 0.9, math.nan, 0.1, 0.2, 0.2),), {"phone": 0.9}),
        Sighting((None,), {}),  # type: ignore[arg-type]
    ],
    ids=["none", "text", "nan", "inf", "word", "no measures", "nan box", "no box"],
)
def test_nonsense_is_no_sighting(nonsense: object) -> None:
    watched = analyzer(lambda at_ms: nonsense if at_ms == 500 else Sighting())
    seen = [watched.feed(frame(at)) for at in (0, 500, 1000)]
    assert "phone" not in (seen[1][0].measures or {})
    assert seen[1][0].boxes == ()
    assert seen[1][0].scores[FlagKind.ABSENCE] == 1.0
    assert lost(seen[1][1]) == [(FlagPhase.OPENED, 500, None)]
    assert lost(seen[2][1]) == [(FlagPhase.CLOSED, 500, 1000)]


def test_a_detector_that_cannot_be_made_is_out_until_it_can() -> None:
    chances = iter([False, False, True])

    def make() -> Detector:
        if not next(chances):
            raise OSError("no memory")
        return Good()

    guarded = Guarded("faces", make)
    shown = Picture.of(frame(0))
    assert guarded.look(shown, closely=True) is None
    assert guarded.out
    assert guarded.look(shown, closely=True) == Sighting(measures=EMPTY_ROOM)
    assert not guarded.out


# --- threads that hang -----------------------------------------------------------------------


class Tap:
    """Always has the next frame, half a second later each."""

    def __init__(self, sitting_id: str) -> None:
        self._sitting_id = sitting_id
        self.rate = 2.0
        self.at_ms = 0

    def take(self, timeout_s: float) -> Frame | None:
        self.at_ms += 500
        return frame(self.at_ms, self._sitting_id)


class Heard:
    """Updates as told; waits for what must come."""

    def __init__(self) -> None:
        self.updates: list[FlagUpdate] = []
        self._more = threading.Condition()

    def __call__(self, update: FlagUpdate) -> None:
        with self._more:
            self.updates.append(update)
            self._more.notify_all()

    def times(self, wanted: tuple[str, FlagKind, FlagPhase]) -> int:
        told = [(one.sitting_id, one.flag.kind, one.phase) for one in self.updates]
        return told.count(wanted)

    def wait_for(self, *wanted: tuple[str, FlagKind, FlagPhase], times: int = 1) -> None:
        def there() -> bool:
            return all(self.times(one) >= times for one in wanted)

        with self._more:
            assert self._more.wait_for(there, PATIENCE_S), self.updates


class Hanging:
    """After the tenth second the first looks hang until ``release``."""

    def __init__(self, hangs: int) -> None:
        self.release, self.hanging = threading.Event(), threading.Event()
        self.left = hangs
        self.hung = 0

    def make(self) -> Scripted:
        return Scripted(self._look)

    def _look(self, at_ms: int) -> object:
        if self.left and at_ms > 10_000:
            self.left -= 1
            self.hung += 1
            self.hanging.set()
            self.release.wait(PATIENCE_S)
        return Sighting(measures={"phone": 0.0})


@contextmanager
def working(trouble: Hanging, heard: Heard) -> Iterator[AnalysisWorker]:
    made = {"faces": Good, "objects": trouble.make}
    worker = AnalysisWorker(
        lambda: ModelSet(made, (GOOD, BAD), {}), heard, threads=1, hangs_after_s=0.3
    )
    worker.start()
    try:
        yield worker
    finally:
        trouble.release.set()
        worker.stop()


def of(heard: Heard, sitting_id: str) -> list[FlagUpdate]:
    return [update for update in heard.updates if update.sitting_id == sitting_id]


def test_a_thread_that_hangs_is_replaced_and_its_gap_is_told_to_every_sitting() -> None:
    trouble, heard = Hanging(hangs=1), Heard()
    with working(trouble, heard) as worker:
        for name in ("a", "b"):
            worker.attach(name, Tap(name))
        for name in ("a", "b"):
            heard.wait_for((name, FlagKind.ANALYSIS_LOST, FlagPhase.CLOSED))
        heard.wait_for(("a", FlagKind.ABSENCE, FlagPhase.OPENED), times=2)
        trouble.release.set()
        assert worker.detach("a").frames > 0
    for name in ("a", "b"):
        (opened, closed, *_) = lost(of(heard, name))
        assert opened[0] is FlagPhase.OPENED
        assert closed[0] is FlagPhase.CLOSED
        assert opened[1] == closed[1] <= (closed[2] or 0)
        absences = [one for one in of(heard, name) if one.flag.kind is FlagKind.ABSENCE]
        assert [one.phase for one in absences].count(FlagPhase.CLOSED) >= 1
        first_end = next(one.flag.end_ms for one in absences if one.phase is FlagPhase.CLOSED)
        assert first_end is not None
        assert first_end <= opened[1]


def test_a_detector_that_hangs_again_and_again_is_left_out_and_the_others_watch_on() -> None:
    trouble, heard = Hanging(hangs=10**6), Heard()
    with working(trouble, heard) as worker:
        tap = Tap("a")
        worker.attach("a", tap)
        heard.wait_for(("a", FlagKind.ABSENCE, FlagPhase.OPENED), times=MOST_HANGS + 1)
        assert trouble.hung == MOST_HANGS
        assert worker.detach("a").frames > 0
    told = lost(of(heard, "a"))
    assert [phase for phase, _, _ in told].count(FlagPhase.OPENED) == 1
    assert told[-1][0] is FlagPhase.CLOSED
    assert told[-1][2] is not None
    assert told[-1][2] > 10_000


def test_a_sitting_may_leave_while_its_thread_hangs() -> None:
    trouble, heard = Hanging(hangs=1), Heard()
    with working(trouble, heard) as worker:
        worker.attach("a", Tap("a"))
        heard.wait_for(("a", FlagKind.ABSENCE, FlagPhase.OPENED))
        assert trouble.hanging.wait(PATIENCE_S)
        worker.detach("a")
        heard.wait_for(("a", FlagKind.ANALYSIS_LOST, FlagPhase.CLOSED))
        worker.attach("a", Tap("a"))
        heard.wait_for(("a", FlagKind.ABSENCE, FlagPhase.OPENED), times=2)


class Paused(threading.Event):
    """The watchdog's clock: it looks when the test says so, as many times as it says."""

    def __init__(self) -> None:
        super().__init__()
        self._looks = threading.Semaphore(0)
        self._slept = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self._slept.release()
        self._looks.acquire()
        return self.is_set()

    def look(self, times: int) -> None:
        for _ in range(times):
            self._looks.release()
            assert self._slept.acquire(timeout=PATIENCE_S)

    def set(self) -> None:
        super().set()
        self._looks.release()


@contextmanager
def watched_by_hand(
    makers: Mapping[str, Callable[..., Detector]], heard: Heard
) -> Iterator[tuple[AnalysisWorker, Paused]]:
    worker = AnalysisWorker(lambda: ModelSet(makers, (GOOD, BAD), {}), heard, hangs_after_s=1)
    looks = worker._stopping = Paused()
    worker.start()
    assert looks._slept.acquire(timeout=PATIENCE_S)
    try:
        yield worker, looks
    finally:
        worker.stop()


def test_a_machine_that_stood_still_for_minutes_is_no_hang(monkeypatch) -> None:
    """After a snapshot or SIGSTOP a lane is where it was, and clocks have moved on."""
    trouble, heard = Hanging(hangs=1), Heard()
    with watched_by_hand({"faces": Good, "objects": trouble.make}, heard) as (worker, looks):
        worker.attach("a", Tap("a"))
        assert trouble.hanging.wait(PATIENCE_S)
        looks.look(1)
        now = time.monotonic
        monkeypatch.setattr("time.monotonic", lambda: now() + 600)
        looks.look(LOOKS - 1)
        lane = worker._lanes[0]
        trouble.release.set()
        heard.wait_for(("a", FlagKind.ABSENCE, FlagPhase.UPDATED), times=3)
        looks.look(1)
        assert worker._lanes == [lane]
    assert lost(heard.updates) == []


def test_hangs_long_ago_count_no_more() -> None:
    heard = Heard()
    with watched_by_hand({"faces": Good}, heard) as (worker, looks):
        worker._hangs.update({"objects": MOST_HANGS, "": 1})
        looks.look(round(FORGIVEN_AFTER_S * LOOKS) + 1)
        assert worker._hangs == {"objects": MOST_HANGS - 1}


def test_an_error_while_a_lane_is_replaced_leaves_no_lane_unstarted(monkeypatch) -> None:
    trouble, heard = Hanging(hangs=1), Heard()

    def fails(*_: object) -> None:
        raise RuntimeError("changed size during iteration")

    monkeypatch.setattr("analysis.lane._cut_off", fails)
    with watched_by_hand({"faces": Good, "objects": trouble.make}, heard) as (worker, looks):
        worker.attach("a", Tap("a"))
        assert trouble.hanging.wait(PATIENCE_S)
        looks.look(LOOKS + 2)
        heard.wait_for(("a", FlagKind.ABSENCE, FlagPhase.OPENED), times=2)
        trouble.release.set()


def test_photos_that_hang_a_network_are_seen_to_and_all_who_waited_get_their_gap() -> None:
    release, hanging, calls = threading.Event(), threading.Event(), []

    def make(_subject: object = None) -> Detector:
        calls.append(1)
        if len(calls) == 2:  # the first is asked for the models
            hanging.set()
            release.wait(PATIENCE_S)
        return Good()

    heard = Heard()
    with watched_by_hand({"faces": Good, "identity": make}, heard) as (worker, looks):
        make()
        for name in ("a", "b"):
            worker.attach(name, Tap(name))
        assert hanging.wait(PATIENCE_S)
        assert worker._lanes[0].looking == "identity"
        looks.look(LOOKS + 2)
        for name in ("a", "b"):
            heard.wait_for((name, FlagKind.ANALYSIS_LOST, FlagPhase.CLOSED))
            heard.wait_for((name, FlagKind.ABSENCE, FlagPhase.OPENED))
        before = heard.times(going_on := ("b", FlagKind.ABSENCE, FlagPhase.UPDATED))
        release.set()
        heard.wait_for(going_on, times=before + 2)
    for name in ("a", "b"):
        phases = [phase for phase, _, _ in lost(of(heard, name))]
        assert phases == [FlagPhase.OPENED, FlagPhase.CLOSED]
