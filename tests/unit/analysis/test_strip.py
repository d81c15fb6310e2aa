"""The seconds before a flag: which pictures it takes, and that they stay few and small."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.analyzer import SittingAnalyzer, closed
from analysis.contracts import FlagUpdate, ModelRef, Still
from analysis.detectors.contracts import Sighting
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.strip import BEFORE_MS, KEPT, LONGEST_SIDE, MAX_BYTES, MOST, Strip
from capture.contracts import Frame

REF = ModelRef("scripted", "1", "0" * 64)
CLEAR = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, "change": 2.0}
SOMEBODY = {"faces": 1.0, "face": 1.0, "second_face": 0.0, "weak_face": 0.0}
NOBODY = SOMEBODY | {"faces": 0.0, "face": 0.0}


class Absent:
    """Sees nobody within the given seconds."""

    def __init__(self, *away: tuple[float, float]) -> None:
        self.models = (REF,)
        self._away = away

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        at = picture.at_ms / 1000
        gone = any(start <= at < end for start, end in self._away)
        return Sighting(measures=CLEAR | (NOBODY if gone else SOMEBODY))


def frame(at_ms: int) -> Frame:
    return Frame("s1", at_ms, np.full((72 * 3 // 2, 96), 90, np.uint8))


def watched(*away: tuple[float, float], seconds: float, fps: float = 2) -> list[FlagUpdate]:
    models = ModelSet({"faces": lambda: Absent(*away)}, (REF,), {})
    analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s1")
    updates: list[FlagUpdate] = []
    for index in range(int(seconds * fps)):
        updates += analyzer.feed(frame(round(index * 1000 / fps)))[1]
    return updates + analyzer.finish()


def times(stills: tuple[Still, ...]) -> list[int]:
    return [still.at_ms for still in stills]


@pytest.mark.parametrize("fps", [2, 5])
def test_a_flag_takes_the_five_seconds_before_it_began(fps: int) -> None:
    (flag,) = closed(watched((10, 20), seconds=40, fps=fps))
    assert flag.start_ms == 10_000
    assert times(flag.before) == [5000, 6000, 7000, 8000, 9000]
    assert all(still.jpeg.startswith(b"\xff\xd8") for still in flag.before)


def test_they_are_the_same_from_its_opening_to_its_end() -> None:
    updates = watched((10, 30), seconds=50)
    assert len(updates) > 3
    assert {update.flag.before for update in updates} == {updates[0].flag.before}


def test_at_the_start_of_a_stream_there_are_fewer_or_none() -> None:
    assert times(closed(watched((2, 12), seconds=30))[0].before) == [0, 1000]
    assert closed(watched((0, 12), seconds=30))[0].before == ()


def test_the_next_flag_has_its_own() -> None:
    first, second = closed(watched((10, 20), (40, 50), seconds=70))
    assert times(first.before) == [5000, 6000, 7000, 8000, 9000]
    assert times(second.before) == [35_000, 36_000, 37_000, 38_000, 39_000]


def test_a_rule_that_looks_back_long_still_finds_them() -> None:
    """Identity opens up to 16 s after it began."""
    strip = Strip()
    for at_ms in range(0, 60_000, 500):
        strip.see(Picture.of(frame(at_ms)))
    assert times(strip.before(60_000 - 16_000)) == [39_000, 40_000, 41_000, 42_000, 43_000]


@given(st.lists(st.integers(20, 4000), max_size=120), st.integers(0, 200_000))
def test_they_are_few_and_lie_before_whatever_the_frames_times(
    steps: list[int], start_ms: int
) -> None:
    strip, at_ms = Strip(), 0
    for step in steps:
        at_ms += step
        strip.see(Picture(at_ms, frame(at_ms).i420))
    taken = times(strip.before(start_ms))
    assert taken == sorted(set(taken))
    assert len(taken) <= MOST
    assert all(start_ms - BEFORE_MS <= one < start_ms for one in taken)
    assert len(strip.before(at_ms + 1)) <= MOST


@pytest.mark.parametrize("size", [(640, 480), (1280, 1280), (480, 640)])
def test_a_sittings_pictures_are_bounded_whatever_they_show(size: tuple[int, int]) -> None:
    draw = np.random.default_rng(1)
    width, height = size
    noise = draw.integers(0, 255, (height * 3 // 2, width), np.uint8)
    strip = Strip()
    for second in range(2 * KEPT):
        strip.see(Picture(second * 1000, noise))
    kept = strip._stills
    assert len(kept) == KEPT
    for still in (kept[0], kept[-1]):
        assert len(still.jpeg) <= MAX_BYTES
        shape = cv2.imdecode(np.frombuffer(still.jpeg, np.uint8), 1).shape
        assert max(shape) <= LONGEST_SIDE
