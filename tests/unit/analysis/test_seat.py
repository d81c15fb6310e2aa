"""Another place: told only where the room is another for long, whatever the light does."""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.analyzer import Acquaintance, SittingAnalyzer, closed
from analysis.contracts import Box, Flag, FlagKind, ModelRef, Severity
from analysis.detectors.contracts import Sighting
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY, SEEN_AGAIN
from analysis.seat import Seat
from capture.contracts import Frame

Image = NDArray[np.uint8]
FACE = Box("face", 0.9, 0.42, 0.3, 0.58, 0.55)
SEEN = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, "face": 0.99, "faces": 1.0}


def room(seed: int, *, plain: bool = False) -> Image:
    """A luma plane with furniture in it, 240x320."""
    draw = np.random.default_rng(seed)
    image = np.full((240, 320), 150, np.uint8)
    for _ in range(0 if plain else 14):
        x, y = draw.integers(0, 280), draw.integers(0, 200)
        size = draw.integers(20, 90, 2)
        cv2.rectangle(
            image, (x, y), (x + size[0], y + size[1]), int(draw.integers(20, 240)), cv2.FILLED
        )
    return image


def moved(image: Image, right: int, down: int) -> Image:
    turn = np.array([[1, 0, right], [0, 1, down]], np.float32)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, turn, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


LIGHTS: dict[str, Callable[[Image], Image]] = {
    "as it is": lambda image: image,
    "a third of the light": lambda image: (image // 3).astype(np.uint8),
    "a lamp aside": lambda image: (image * np.linspace(0.5, 1, 320)).astype(np.uint8),
    "a tilted lid": lambda image: moved(image, 10, 14),
}


def frame(at_ms: int, luma: Image) -> Frame:
    noisy = luma + np.random.default_rng(at_ms).normal(0, 2, luma.shape)
    chroma = np.full((120, 320), 128, np.uint8)
    return Frame("s", at_ms, np.concatenate([np.clip(noisy, 0, 255).astype(np.uint8), chroma]))


class Sits:
    """Somebody is seen there, except when told otherwise."""

    models = (ModelRef("scripted", "1", "0" * 64),)

    def __init__(self, away: Callable[[float], bool]) -> None:
        self._away = away

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        if self._away(picture.at_ms / 1000):
            return Sighting(measures=SEEN | {"face": 0.0, "faces": 0.0})
        return Sighting((FACE,), SEEN)


def flags(
    parts: Iterable[tuple[Image, int]], away: Callable[[float], bool] = lambda _: False
) -> list[Flag]:
    """Each part's picture for its seconds."""
    models = ModelSet({"faces": lambda: Sits(away)}, (), {})
    analyzer, updates, at_ms = SittingAnalyzer(models, DEFAULT_POLICY, "s"), [], 0
    for image, seconds in parts:
        for _ in range(seconds * 2):
            updates += analyzer.feed(frame(at_ms, image))[1]
            at_ms += 500
    kinds = {FlagKind.SEAT_CHANGED}
    return [flag for flag in closed(updates + analyzer.finish()) if flag.kind in kinds]


def test_another_room_behind_the_student_is_told_once() -> None:
    (flag,) = flags([(room(1), 150), (room(2), 60)])
    assert 149_000 <= flag.start_ms <= 154_000
    assert flag.severity is Severity.NOTICE
    assert flag.evidence is not None
    assert flag.thresholds["other_view"] == pytest.approx(0.3)


def test_whoever_connects_anew_from_another_place_is_told() -> None:
    """With the line ends the analyzer; what it knew of the student is kept."""
    known, found = Acquaintance(), []
    models = ModelSet({"faces": lambda: Sits(lambda _: False)}, (), {})
    for start_s, image in ((0, room(1)), (300, room(2))):
        analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s", acquaintance=known)
        updates = []
        for at_ms in range(start_s * 1000, (start_s + 130) * 1000, 500):
            updates += analyzer.feed(frame(at_ms, image))[1]
        found += closed(updates + analyzer.finish())
    (flag,) = found
    assert flag.kind is FlagKind.SEAT_CHANGED
    assert 300_000 <= flag.start_ms <= 304_000


def test_whoever_comes_back_to_another_place_is_told() -> None:
    away = lambda at_s: 150 <= at_s < 190  # noqa: E731 - a script
    (flag,) = flags([(room(1), 170), (room(2), 60)], away)
    assert flag.start_ms >= 190_000


@pytest.mark.parametrize("light", LIGHTS.values(), ids=list(LIGHTS))
def test_the_same_room_is_the_same_in_any_light(light: Callable[[Image], Image]) -> None:
    assert flags([(room(1), 150), (light(room(1)), 60)]) == []


def test_what_passes_says_nothing() -> None:
    assert flags([(room(1), 150), (room(2), 12), (room(1), 40)]) == []


def test_nothing_is_said_before_there_is_a_normal_or_of_a_bare_wall() -> None:
    assert flags([(room(1), 40), (room(2), 160)]) == []
    assert flags([(room(1, plain=True), 150), (room(2, plain=True), 60)]) == []


def test_another_place_becomes_the_normal_one() -> None:
    (flag,) = flags([(room(1), 130), (room(2), 330)])
    assert flag.end_ms is not None
    assert 100_000 <= flag.end_ms - flag.start_ms <= 200_000


def test_without_a_face_nothing_is_said() -> None:
    seat = Seat()
    assert seat.look(Picture.of(frame(0, room(1))), []) == {}


def test_a_second_look_looks_for_it_again() -> None:
    assert FlagKind.SEAT_CHANGED in SEEN_AGAIN
