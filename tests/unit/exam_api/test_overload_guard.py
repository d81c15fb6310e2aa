"""The guard measures strain and passes on what is due; figures only, no clock of its own."""

from dataclasses import dataclass, field, replace

import pytest

from capture.contracts import CaptureFigures, Relief
from exam_api.adapters.figures import CaptureMetrics
from exam_api.adapters.overload_guard import OverloadGuard


@dataclass
class FakeCapture:
    now: CaptureFigures = field(default_factory=lambda: CaptureFigures(publishing=2))
    relief: Relief = Relief.NOTHING

    def figures(self) -> CaptureFigures:
        return self.now

    def relieve(self, relief: Relief) -> None:
        self.relief = relief


@dataclass
class FakeLag:
    seconds: float = 0.0
    cpu: float = 0.0


@pytest.fixture
def capture():
    return FakeCapture()


@pytest.fixture
def lag():
    return FakeLag()


def looks(guard: OverloadGuard, start: float, seconds: float) -> float:
    for step in range(round(seconds * 2)):
        guard.look(start + (step + 1) / 2)
    return start + seconds


def test_a_late_loop_is_relieved_and_a_calm_one_restored(capture, lag):
    guard = OverloadGuard(capture, lag, cores=1)
    lag.seconds = 0.4
    now = looks(guard, 0, 7)
    assert capture.relief is Relief.KEY_FRAMES_ONLY
    lag.seconds = 0.01
    looks(guard, now, 40)
    assert capture.relief is Relief.NOTHING


@pytest.mark.parametrize("relief", Relief)
def test_each_step_is_among_the_figures(capture, lag, tmp_path, relief):
    capture.relieve(relief)
    figures = CaptureMetrics(capture, lag, tmp_path).collect()
    told = {one.name: one.samples[0].value for one in figures}
    assert told["baqylau_relief"] == relief.value
    assert told["baqylau_disk_free_bytes"] > 0


def test_the_processor_counts_by_the_cores_that_may_be_used(capture, lag):
    lag.cpu = 1.0
    looks(OverloadGuard(capture, lag, cores=4), 0, 10)
    assert capture.relief is Relief.NOTHING
    looks(OverloadGuard(capture, lag, cores=1), 0, 4)
    assert capture.relief is Relief.FEWER_FRAMES


def test_dropped_frames_count_by_the_second_and_sitting(capture, lag):
    guard = OverloadGuard(capture, lag, cores=1)
    for step in range(8):  # one a second for two sittings
        capture.now = replace(capture.now, frames_dropped=capture.now.frames_dropped + step % 2)
        guard.look(step / 2)
    assert capture.relief is Relief.NOTHING
    for step in range(8, 20):  # two a second for two sittings
        capture.now = replace(capture.now, frames_dropped=capture.now.frames_dropped + 1)
        guard.look(step / 2)
    assert capture.relief > Relief.NOTHING
