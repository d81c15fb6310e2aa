"""Looking away from one's own normal: what a normal takes, and what a lasting departure is."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from analysis.analyzer import Acquaintance, SittingAnalyzer, closed
from analysis.contracts import Flag, FlagKind, ModelRef, Severity
from analysis.detectors.contracts import Sighting
from analysis.detectors.gaze import turned_deg
from analysis.models_set import ModelSet
from analysis.normal import Normal
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from capture.contracts import Frame

CLEAR = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, "face": 0.99}
Turned = Callable[[float], float | None]


class Scripted:
    """A head turned by so many degrees at a second of the sitting; None: no mesh on it."""

    models = (ModelRef("scripted", "1", "0" * 64),)

    def __init__(self, turned: Turned) -> None:
        self._turned = turned

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        deg = self._turned(picture.at_ms / 1000)
        known = {} if deg is None or not closely else {"turned_deg": deg}
        return Sighting(measures=CLEAR | known)


def flags(
    turned: Turned, seconds: int, policy: AnalysisPolicy = DEFAULT_POLICY, step_ms: int = 500
) -> list[Flag]:
    models = ModelSet({"faces": lambda: Scripted(turned)}, (), {})
    analyzer = SittingAnalyzer(models, policy, "s")
    i420 = np.full((96 * 3 // 2, 128), 90, np.uint8)
    times = range(0, seconds * 1000, step_ms)
    updates = [u for at_ms in times for u in analyzer.feed(Frame("s", at_ms, i420))[1]]
    return closed(updates + analyzer.finish())


def off(normal: Normal, seconds: Iterable[int], deg: float) -> list[float | None]:
    name = "turned_off_deg"
    return [normal.departures(at * 1000, {"turned_deg": deg}).get(name) for at in seconds]


def test_there_is_no_normal_before_two_minutes_were_seen() -> None:
    found = off(Normal(), range(122), 12.0)
    assert found == [None] * 120 + [0.0, 0.0]


def test_time_without_a_face_is_no_seen_time() -> None:
    assert set(off(Normal(), range(0, 238, 2), 12.0)) == {None}


def test_who_sits_aside_is_straight_at_the_own_middle() -> None:
    normal = Normal()
    off(normal, range(130), 30.0)
    assert off(normal, [130, 131], 30.0) == [0.0, 0.0]
    assert off(normal, [132, 133], 5.0) == [25.0, 25.0]


def test_a_moved_chair_becomes_normal_in_time() -> None:
    normal = Normal()
    off(normal, range(300), 0.0)
    moved = off(normal, range(300, 500), 25.0)
    assert moved[0] == 25.0
    assert moved[-1] == 0.0


def test_eyes_and_head_have_their_own_normals() -> None:
    normal = Normal()
    for second in range(130):
        normal.departures(second * 1000, {"turned_deg": 3.0, "eyes_aside": -0.02})
    both = normal.departures(130_000, {"turned_deg": 3.0, "eyes_aside": -0.16})
    assert both == {"turned_off_deg": 0.0, "eyes_off": pytest.approx(0.14)}


def test_a_lasting_look_aside_is_a_notice() -> None:
    (flag,) = flags(lambda at: 30.0 if 150 <= at < 165 else 2.0, 190)
    assert (flag.kind, flag.severity) == (FlagKind.LOOKING_AWAY, Severity.NOTICE)
    assert abs(flag.start_ms - 150_000) <= 1000
    assert abs((flag.end_ms or 0) - 165_000) <= 1000
    assert flag.thresholds["turned_deg"] == 20.0


def test_on_a_line_that_breaks_every_two_minutes_a_normal_is_reached_too() -> None:
    known, found = Acquaintance(), []
    models = ModelSet({"faces": lambda: Scripted(lambda at: 30.0 if at >= 290 else 2.0)}, (), {})
    i420 = np.full((96 * 3 // 2, 128), 90, np.uint8)
    for start_s in (0, 110, 220):
        analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s", acquaintance=known)
        times = range(start_s * 1000, (start_s + 100) * 1000, 500)
        updates = [u for at_ms in times for u in analyzer.feed(Frame("s", at_ms, i420))[1]]
        found += closed(updates + analyzer.finish())
    assert [(flag.kind, flag.start_ms) for flag in found] == [(FlagKind.LOOKING_AWAY, 290_000)]


@pytest.mark.parametrize("step_ms", [2000, 2500], ids=["0.5 fps", "key frames"])
def test_of_few_frames_a_normal_takes_longer_and_serves_as_well(step_ms: int) -> None:
    (flag,) = flags(lambda at: 30.0 if 400 <= at < 440 else 2.0, 500, step_ms=step_ms)
    assert flag.kind is FlagKind.LOOKING_AWAY
    assert abs(flag.start_ms - 400_000) <= step_ms
    assert abs((flag.end_ms or 0) - 440_000) <= step_ms


@pytest.mark.parametrize(
    "turned",
    [
        lambda at: 30.0 if 150 <= at < 155 else 2.0,
        lambda at: 30.0 if at % 10 < 4 else 2.0,
        lambda at: None if at > 150 else 2.0,
        lambda at: 15.0 if at > 150 else 2.0,
        lambda at: 30.0 if at < 55 else 2.0,
    ],
    ids=["a moment", "now and then", "no mesh", "a little", "before there is a normal"],
)
def test_short_small_or_unknown_departures_are_none(turned: Turned) -> None:
    assert flags(turned, 200) == []


def test_it_can_be_excused() -> None:
    excused = DEFAULT_POLICY.without(FlagKind.LOOKING_AWAY)
    assert flags(lambda at: 30.0 if at > 150 else 2.0, 180, excused) == []


@pytest.mark.parametrize(("axis", "expected"), [("down", 0.0), ("aside", 40.0)])
def test_a_head_bowed_over_paper_is_not_turned(axis: str, expected: float) -> None:
    """T-4.6: looking down to write is allowed, so only what goes sideways is measured."""
    points = np.random.default_rng(1).normal(0, 50, (468, 3))
    points[33], points[263] = (-45, -20, 10), (45, -20, 10)  # the outer corners of the eyes
    cos, sin = np.cos(np.radians(40)), np.sin(np.radians(40))
    down = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    aside = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    turned = points @ {"down": down, "aside": aside}[axis].T
    assert abs(turned_deg(turned.astype(np.float32))) == pytest.approx(expected, abs=0.5)
