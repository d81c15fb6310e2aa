"""Hours of watching, and frames that nobody should send: no memory lost, nobody harmed."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.analyzer import SittingAnalyzer
from analysis.contracts import FlagKind, FlagPhase
from analysis.models_set import ModelSet
from analysis.policy import DEFAULT_POLICY
from benchmarks.analysis_soak import Soak, mb_per_1000_frames, run
from capture.contracts import Frame
from capture.demo_scene import demo_pictures, room

pytestmark = pytest.mark.integration
# 0.5 measured, 5 beside other tests, and 19 with one thumb of 160x120 kept of each frame.
MOST_MB_PER_1000 = 10.0


@pytest.fixture(scope="module")
def models(require) -> ModelSet:
    return ModelSet.load(require("shared") / "models")


@pytest.fixture(scope="module")
def only_faces(tmp_path_factory) -> Iterator[ModelSet]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("BAQYLAU_MODELS_DIR", raising=False)
        yield ModelSet.load(tmp_path_factory.mktemp("models"))


def test_memory_stays_flat_and_every_sitting_is_watched_to_its_end(only_faces) -> None:
    """Twelve minutes of it here; ``benchmarks.analysis_soak`` runs the eight hours."""
    found = run(only_faces, Soak(hours=0.2, sittings=1))
    assert found["frames"] == pytest.approx(0.2 * 3600 * 2, abs=6)
    assert float(str(found["mb_per_1000_frames"])) < MOST_MB_PER_1000
    assert dict(found["flags"])["absence"] >= 2  # type: ignore[call-overload]


def test_a_thumb_kept_of_each_frame_would_be_seen_and_what_fills_up_once_is_no_leak() -> None:
    frames = range(144, 1441, 144)
    filling = [{"frames": n, "rss_mb": 300 + min(n, 620) / 20 + n % 3} for n in frames]
    leaking = [{"frames": n, "rss_mb": 300 + n * 160 * 120 / 2**20 + n % 3} for n in frames]
    assert mb_per_1000_frames(filling) < MOST_MB_PER_1000 < mb_per_1000_frames(leaking)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (height * 3 // 2, width), np.uint8)


def i420(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)


NO_PICTURES = {
    "empty": np.zeros((0, 0), np.uint8),
    "no rows": np.zeros((0, 640), np.uint8),
    "no columns": np.zeros((720, 0), np.uint8),
    "one row": np.zeros((1, 100_000), np.uint8),
    "one column": np.zeros((99_999, 1), np.uint8),
    "two columns": np.zeros((30_000, 2), np.uint8),
    "not a number": np.full((720, 640), np.nan, np.float32),
    "wide numbers": np.zeros((720, 640), np.int64),
    "four sides": np.zeros((2, 2, 2, 2), np.uint8),
}
PICTURES = {
    "8K of noise": noise(4320, 7680),
    "a thin line": noise(32, 6400),
    "a thin column": noise(6400, 32),
    "smallest": noise(32, 32),
    "odd side": noise(482, 642),
    "backwards": i420(np.asarray(cv2.resize(room(), (640, 480)), np.uint8))[:, ::-1],
    "white": np.full((720, 640), 255, np.uint8),
    "black": np.zeros((720, 640), np.uint8),
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_votes_on_nothing(only_faces, name: str) -> None:
    analyzer = SittingAnalyzer(only_faces, DEFAULT_POLICY, "s")
    observation, updates = analyzer.feed(Frame("s", 0, NO_PICTURES[name]))
    assert (dict(observation.scores), observation.boxes, updates) == ({}, (), [])


@pytest.mark.parametrize("name", PICTURES)
def test_an_odd_picture_breaks_no_detector(models, name: str) -> None:
    analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s")
    for at_ms in (0, 500, 1000):
        observation, updates = analyzer.feed(Frame("s", at_ms, PICTURES[name]))
        assert FlagKind.ABSENCE in observation.scores
        assert not [one for one in updates if one.flag.kind is FlagKind.ANALYSIS_LOST]


def test_a_storm_of_them_does_not_hide_what_happens(only_faces) -> None:
    """Between two pictures of an empty seat there is always one of nothing, and time jumps."""
    analyzer = SittingAnalyzer(only_faces, DEFAULT_POLICY, "s")
    student = i420(next(iter(demo_pictures())))
    empty = i420(np.asarray(cv2.resize(room(), (640, 480)), np.uint8))
    odd = list(NO_PICTURES.values())
    opened = []
    for index in range(40):
        shown = student if index < 10 else empty
        for at_ms, array in (
            (index * 500, shown),
            (index * 500 + 100, odd[index % len(odd)]),
            (-1, shown),
        ):
            updates = analyzer.feed(Frame("s", at_ms, array))[1]
            opened += [
                (one.flag.kind, one.flag.start_ms)
                for one in updates
                if one.phase is FlagPhase.OPENED
            ]
    assert opened == [(FlagKind.ABSENCE, 5000)]
