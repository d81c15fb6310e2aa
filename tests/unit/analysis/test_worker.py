"""The worker's threads: fair, isolated, and nothing lost on the way out."""

import gc
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

from analysis.contracts import (
    AnalysedStretch,
    FlagKind,
    FlagPhase,
    FlagUpdate,
    ModelRef,
    Severity,
)
from analysis.detectors.contracts import Sighting
from analysis.errors import SittingAttachedTwice
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.rounds import OnThumbnail
from analysis.worker import AnalysisWorker
from capture.contracts import Frame
from models.errors import ModelAbsent
from tests.patience import PATIENCE_S

REF = ModelRef("scripted", "1", "0" * 64)
CLEAR = {"luma": 120.0, "std": 45.0, "sharpness": 8.0}
NOBODY = {"faces": 0.0, "face": 0.0, "second_face": 0.0, "weak_face": 0.0}


class Tap:
    """A tap that always has the next frame, up to ``count``; ``served`` counts what was taken."""

    def __init__(self, sitting_id: str, count: int = 10**9, step_ms: int = 500) -> None:
        self._sitting_id, self._count, self._step = sitting_id, count, step_ms
        self.served = 0
        self.rate = 2.0
        self.exhausted = threading.Event()

    def count(self, more: int) -> None:
        self._count = self.served + more

    def take(self, timeout_s: float) -> Frame | None:
        if self.served >= self._count:
            self.exhausted.set()
            return None
        self.served += 1
        array = np.full((96, 64), 90, np.uint8)
        return Frame(self._sitting_id, self.served * self._step, array)


class Broken:
    """A detector, and a tap, that always raises."""

    models = (REF,)
    rate = 2.0

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        raise RuntimeError("detector broke")

    def take(self, timeout_s: float) -> Frame | None:
        raise RuntimeError("tap broke")


class Empty:
    models = (REF,)

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        return Sighting(measures=CLEAR | NOBODY)


def model_set() -> ModelSet:
    return ModelSet({"faces": Empty}, (REF,), {})


class Receiver:
    def __init__(self, refusals: int = 0) -> None:
        self.updates: list[FlagUpdate] = []
        self.refused = 0
        self._refusals = refusals

    def __call__(self, update: FlagUpdate) -> None:
        if self.refused < self._refusals:
            self.refused += 1
            raise OSError("database is locked")
        self.updates.append(update)

    def phases(self, sitting_id: str) -> list[FlagPhase]:
        return [update.phase for update in self.updates if update.sitting_id == sitting_id]


@contextmanager
def working(
    receiver: Receiver,
    *,
    on_thumbnail: OnThumbnail | None = None,
    factory: Callable[[], ModelSet] = model_set,
    threads: int = 1,
) -> Iterator[AnalysisWorker]:
    worker = AnalysisWorker(factory, receiver, on_thumbnail, threads=threads)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_flags_open_live_and_are_flushed_at_detach() -> None:
    receiver, tap = Receiver(), Tap("a", 20)
    with working(receiver) as worker:
        worker.attach("a", tap)
        wait_for(tap.exhausted.is_set)
        wait_for(lambda: FlagPhase.OPENED in receiver.phases("a"))
        done = worker.detach("a")
    assert receiver.phases("a")[-1] is FlagPhase.CLOSED
    assert receiver.updates[-1].flag.kind is FlagKind.ABSENCE
    assert receiver.updates[-1].flag.end_ms == 20 * 500
    assert (done.frames, done.failures) == (20, 0)
    assert done.fps == pytest.approx(2)


def test_a_sitting_that_connects_anew_is_the_same_and_is_forgotten_with_its_tap() -> None:
    """Its second absence, soon after the first, is told more quietly; another sitting's is not."""
    receiver, tap, other = Receiver(), Tap("a", 20), Tap("b", 20)
    with working(receiver) as worker:
        for name, source in (("a", tap), ("a", tap), ("b", other)):
            source.exhausted.clear()
            source.count(20)
            worker.attach(name, source)
            wait_for(source.exhausted.is_set)
            worker.detach(name)
        assert len(worker._acquaintances) == 2
        del tap, other, source
        gc.collect()
        assert len(worker._acquaintances) == 0
    closed = [one for one in receiver.updates if one.phase is FlagPhase.CLOSED]
    assert [(one.sitting_id, one.flag.severity) for one in closed] == [
        ("a", Severity.ALERT),
        ("a", Severity.NOTICE),
        ("b", Severity.ALERT),
    ]


@pytest.mark.parametrize(("phone", "rate"), [(0.0, 2.0), (0.2, 5.0)])
def test_a_hint_of_a_phone_asks_for_more_frames(phone: float, rate: float) -> None:
    class Objects:
        models = (REF,)

        def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
            return Sighting(measures={"phone": phone})

    tap = Tap("a", 3)
    with working(Receiver(), factory=lambda: ModelSet({"objects": Objects}, (REF,), {})) as worker:
        worker.attach("a", tap)
        wait_for(tap.exhausted.is_set)
        worker.detach("a")
    assert tap.rate == rate


def test_stopping_flushes_the_open_flags_of_everybody() -> None:
    receiver, taps = Receiver(), {name: Tap(name, 20) for name in "abc"}
    with working(receiver, threads=2) as worker:
        for name, tap in taps.items():
            worker.attach(name, tap)
        for tap in taps.values():
            wait_for(tap.exhausted.is_set)
    for name in taps:
        assert receiver.phases(name)[-1] is FlagPhase.CLOSED


def test_nobody_starves_beside_a_quick_camera() -> None:
    receiver = Receiver()
    quick, others = Tap("quick"), [Tap(f"s{i}", 40) for i in range(5)]
    with working(receiver) as worker:
        worker.attach("quick", quick)
        for index, tap in enumerate(others):
            worker.attach(f"s{index}", tap)
        for tap in others:
            wait_for(tap.exhausted.is_set)
        taken = quick.served
    assert taken < 200


@pytest.mark.parametrize("trouble", ["tap", "detector"])
def test_trouble_in_one_sitting_leaves_the_others_alone(trouble: str) -> None:
    made = Counter[str]()

    def maker() -> Empty | Broken:
        made["detectors"] += 1
        return Broken() if trouble == "detector" and made["detectors"] == 1 else Empty()

    receiver, good = Receiver(), Tap("good", 20)
    bad = Broken() if trouble == "tap" else Tap("bad")
    with working(receiver, factory=lambda: ModelSet({"faces": maker}, (REF,), {})) as worker:
        worker.attach("bad", bad)
        worker.attach("good", good)
        wait_for(good.exhausted.is_set)
        wait_for(lambda: FlagPhase.OPENED in receiver.phases("good"))
        done = worker.detach("bad")
        worker.detach("good")
    if trouble == "tap":
        assert done.failures > 0
    else:
        assert receiver.updates[0].flag.kind is FlagKind.ANALYSIS_LOST
        assert receiver.updates[0].sitting_id == "bad"
    assert receiver.phases("good")[-1] is FlagPhase.CLOSED


def test_an_update_that_was_refused_is_delivered_later_and_in_order() -> None:
    receiver, tap = Receiver(refusals=1), Tap("a", 20)
    with working(receiver) as worker:
        worker.attach("a", tap)
        wait_for(tap.exhausted.is_set)
        wait_for(lambda: bool(receiver.updates))
        worker.detach("a")
    phases = receiver.phases("a")
    assert receiver.refused == 1
    assert (phases[0], phases[-1]) == (FlagPhase.OPENED, FlagPhase.CLOSED)


def test_thumbnails_are_small_and_come_at_their_pace_and_with_a_flag() -> None:
    shown: list[tuple[str, int, bytes]] = []
    tap = Tap("a", 17)
    with working(Receiver(), on_thumbnail=lambda *args: shown.append(args)) as worker:
        worker.attach("a", tap)
        wait_for(tap.exhausted.is_set)
        worker.detach("a")
    assert [at for _, at, _ in shown] == [500, 2000, 2500, 4500, 6500, 8500]
    image = cv2.imdecode(np.frombuffer(shown[0][2], np.uint8), 1)
    assert max(image.shape) <= 320


def test_a_refused_thumbnail_does_not_stop_the_analysis() -> None:
    def refuse(sitting_id: str, at_ms: int, jpeg: bytes) -> None:
        raise OSError("disk full")

    receiver, tap = Receiver(), Tap("a", 20)
    with working(receiver, on_thumbnail=refuse) as worker:
        worker.attach("a", tap)
        wait_for(tap.exhausted.is_set)
        assert worker.detach("a").frames == 20
    assert receiver.phases("a")[-1] is FlagPhase.CLOSED


def test_a_sitting_is_attached_once_and_may_come_back() -> None:
    with working(Receiver()) as worker:
        worker.attach("a", Tap("a", 1))
        with pytest.raises(SittingAttachedTwice):
            worker.attach("a", Tap("a", 1))
        worker.detach("a")
        worker.attach("a", Tap("a", 1))
        assert worker.detach("unknown").frames == 0


def test_sittings_are_spread_over_the_threads() -> None:
    threads: dict[str, str] = {}

    def note(sitting_id: str, at_ms: int, jpeg: bytes) -> None:
        threads[sitting_id] = threading.current_thread().name

    with working(Receiver(), on_thumbnail=note, threads=2) as worker:
        for name in "abcd":
            worker.attach(name, Tap(name, 1))
        wait_for(lambda: len(threads) == 4)
    assert Counter(threads.values()) == {"analysis-0": 2, "analysis-1": 2}


def test_models_that_cannot_be_loaded_are_told_at_the_start() -> None:
    def absent() -> ModelSet:
        raise ModelAbsent("face_mesh: no file")

    worker = AnalysisWorker(absent, Receiver())
    with pytest.raises(ModelAbsent):
        worker.start()
    worker.stop()


def test_what_was_done_so_far_can_be_asked_while_it_goes_on() -> None:
    tap = Tap("a", 12)
    with working(Receiver()) as worker:
        worker.attach("a", tap)
        wait_for(lambda: worker.analysed("a").frames == 12)
        assert worker.analysed("a").last_ms == 6000
        assert worker.analysed("nobody").frames == 0


def test_what_was_done_is_told_each_minute_and_at_the_end() -> None:
    told: list[AnalysedStretch] = []
    tap = Tap("a", 300)
    worker = AnalysisWorker(model_set, Receiver(), on_stretch=told.append)
    worker.start()
    try:
        worker.attach("a", tap)
        wait_for(tap.exhausted.is_set)
        worker.detach("a")
        assert told == [
            AnalysedStretch("a", 121, 500, 60_500),
            AnalysedStretch("a", 241, 500, 120_500),
            AnalysedStretch("a", 300, 500, 150_000),
        ]
    finally:
        worker.stop()


def test_whoever_refuses_the_count_does_not_stop_the_watching() -> None:
    def refuses(_stretch: AnalysedStretch) -> None:
        raise OSError

    tap = Tap("a", 130)
    worker = AnalysisWorker(model_set, Receiver(), on_stretch=refuses)
    worker.start()
    try:
        worker.attach("a", tap)
        wait_for(tap.exhausted.is_set)
        done = worker.detach("a")
        assert (done.frames, done.failures) == (130, 0)
    finally:
        worker.stop()
