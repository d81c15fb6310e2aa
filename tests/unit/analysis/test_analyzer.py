"""One sitting's analysis with scripted detectors: what becomes of flags and their evidence."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from analysis.analyzer import SittingAnalyzer, closed
from analysis.contracts import Box, FlagKind, FlagPhase, FlagUpdate, ModelRef, Severity
from analysis.detectors.contracts import Sighting
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from capture.contracts import Frame

REF = ModelRef("scripted", "1", "0" * 64)
CLEAR = {"luma": 120.0, "std": 45.0, "sharpness": 8.0, "change": 2.0}
ONE = {"faces": 1.0, "face": 1.0, "second_face": 0.0, "weak_face": 0.0}
NOBODY = ONE | {"faces": 0.0, "face": 0.0}
TWO = ONE | {"faces": 2.0, "second_face": 0.97}
FACES = (Box("face", 0.9, 0.1, 0.1, 0.3, 0.4), Box("face", 0.8, 0.6, 0.1, 0.8, 0.4))
Script = Callable[[float], Sighting]


class Scripted:
    def __init__(self, script: Script) -> None:
        self.models = (REF,)
        self._script = script

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        return self._script(picture.at_ms / 1000)


def frame(at_ms: int, level: int = 90) -> Frame:
    return Frame("s1", at_ms, np.full((480 * 3 // 2, 640), level, np.uint8))


def analyzer(script: Script, policy: AnalysisPolicy = DEFAULT_POLICY) -> SittingAnalyzer:
    models = ModelSet({"faces": lambda: Scripted(script)}, (REF,), {})
    return SittingAnalyzer(models, policy, "s1")


def watch(script: Script, seconds: float, fps: float = 2) -> list[FlagUpdate]:
    watching = analyzer(script)
    updates: list[FlagUpdate] = []
    for index in range(int(seconds * fps)):
        updates += watching.feed(frame(round(index * 1000 / fps)))[1]
    return updates + watching.finish()


def away(start: float, end: float) -> Script:
    return lambda at: Sighting(measures=CLEAR | (NOBODY if start <= at < end else ONE))


def test_a_flag_tells_what_when_how_surely_and_by_what() -> None:
    (flag,) = closed(watch(away(10, 20), 40))
    assert (flag.kind, flag.start_ms, flag.end_ms) == (FlagKind.ABSENCE, 10_000, 19_500)
    assert flag.severity is Severity.ALERT
    assert flag.models == (REF,)
    assert flag.thresholds["on"] == 0.8
    assert flag.thresholds["face_verified"] == 0.5
    assert flag.scores[0][0] <= 10_000
    assert flag.scores[-1][0] >= 19_500
    assert 0.9 < flag.confidence < 1


def test_the_evidence_shows_the_event_not_the_moment_before() -> None:
    (flag,) = closed(watch(away(10, 20), 40))
    assert flag.evidence is not None
    assert 10_000 <= flag.evidence.at_ms <= 19_500
    assert flag.evidence.jpeg.startswith(b"\xff\xd8")


def test_evidence_is_there_from_the_moment_a_flag_opens() -> None:
    for update in watch(away(10, 20), 40):
        assert update.flag.evidence is not None


def test_regions_of_the_extra_person_stand_beside_the_picture() -> None:
    def script(at: float) -> Sighting:
        boxes = (*FACES, Box("person", 0.9, 0, 0, 1, 1))
        return Sighting(boxes if at >= 5 else FACES[:1], CLEAR | (TWO if at >= 5 else ONE))

    (flag,) = closed(watch(script, 20))
    assert flag.kind is FlagKind.EXTRA_FACE
    assert flag.evidence is not None
    assert flag.evidence.boxes == FACES


def test_a_flag_still_open_at_the_end_is_closed_at_its_last_evidence() -> None:
    updates = watch(away(10, 99), 30)
    assert [update.phase for update in updates][-1] is FlagPhase.CLOSED
    assert updates[-1].flag.end_ms == 29_500


def test_nothing_is_left_to_close_twice() -> None:
    watching = analyzer(away(0, 99))
    for index in range(20):
        watching.feed(frame(index * 500))
    assert len(watching.finish()) == 1
    assert watching.finish() == []


def test_dark_suppresses_absence() -> None:
    def script(at: float) -> Sighting:
        dark = {"luma": 16.0, "std": 0.4, "sharpness": 1.4}
        return Sighting(measures=CLEAR | (NOBODY | dark if 10 <= at < 20 else ONE))

    assert [flag.kind for flag in closed(watch(script, 40))] == [FlagKind.CAMERA_BLOCKED]


def test_a_repeat_within_the_cool_down_is_told_more_quietly() -> None:
    def script(at: float) -> Sighting:
        return Sighting(measures=CLEAR | (NOBODY if at % 20 >= 12 else ONE))

    severities = [flag.severity for flag in closed(watch(script, 60))]
    assert severities == [Severity.ALERT, Severity.NOTICE, Severity.NOTICE]


def test_an_accommodated_kind_is_never_flagged() -> None:
    watching = analyzer(away(5, 20), DEFAULT_POLICY.without(FlagKind.ABSENCE))
    updates = [u for i in range(60) for u in watching.feed(frame(i * 500))[1]]
    assert updates + watching.finish() == []


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 0), np.uint8),
        np.zeros((6, 4), np.uint8),
        np.zeros((721, 641), np.uint8),
        np.zeros((480, 640, 3), np.uint8),
    ],
)
def test_garbage_between_frames_changes_nothing(array: np.ndarray) -> None:
    watching = analyzer(away(10, 20))
    updates: list[FlagUpdate] = []
    for index in range(80):
        updates += watching.feed(frame(index * 500))[1]
        observation, told = watching.feed(Frame("s1", index * 500 + 100, array))
        assert not told
        assert not observation.scores
    assert [(f.start_ms, f.end_ms) for f in closed(updates)] == [(10_000, 19_500)]


def test_frames_out_of_order_change_nothing() -> None:
    watching = analyzer(away(10, 20))
    updates: list[FlagUpdate] = []
    for index in range(80):
        updates += watching.feed(frame(index * 500))[1]
        updates += watching.feed(frame(max(0, index * 500 - 3000)))[1]
    assert [(f.start_ms, f.end_ms) for f in closed(updates)] == [(10_000, 19_500)]


def test_the_kept_picture_is_dropped_when_nothing_goes_on() -> None:
    watching = analyzer(away(5, 15))
    for index in range(80):
        watching.feed(frame(index * 500))
    assert all(watch._best._best is None for watch in watching._watches.values())


def test_the_best_picture_is_the_clearest_one() -> None:
    def script(at: float) -> Sighting:
        second = 0.99 if at == 8 else 0.7
        return Sighting(FACES, CLEAR | (TWO | {"second_face": second} if at >= 5 else ONE))

    (flag,) = closed(watch(script, 20))
    assert flag.evidence is not None
    assert flag.evidence.at_ms == 8000
    assert cv2.imdecode(np.frombuffer(flag.evidence.jpeg, np.uint8), 1).shape == (480, 640, 3)


def test_the_evidence_is_never_older_than_the_flag() -> None:
    """A surer hit some seconds before belongs to no flag, so its picture is no evidence."""

    def script(at: float) -> Sighting:
        phone = 0.95 if at == 4.0 else 0.5 if at >= 8 else 0.1
        return Sighting(measures=CLEAR | ONE | {"phone": phone})

    (flag,) = closed(watch(script, 20))
    assert (flag.kind, flag.start_ms) == (FlagKind.PHONE, 8000)
    assert flag.evidence is not None
    assert flag.evidence.at_ms >= 8000


def test_gaps_in_the_stream_close_with_the_evidence_of_before() -> None:
    watching = analyzer(away(0, 99))
    updates = [u for i in range(20) for u in watching.feed(frame(i * 500))[1]]
    updates += watching.feed(frame(60_000))[1]
    (flag,) = closed(updates)
    assert flag.end_ms == 9500
    assert flag.evidence is not None
    assert flag.evidence.at_ms <= 9500


def test_a_surer_picture_after_a_gap_is_no_evidence_of_the_flag_before_it() -> None:
    def script(at: float) -> Sighting:
        return Sighting(FACES, CLEAR | TWO | {"second_face": 0.99 if at >= 60 else 0.7})

    watching = analyzer(script)
    updates = [u for i in range(20) for u in watching.feed(frame(i * 500))[1]]
    updates += watching.feed(frame(60_000))[1]
    (flag,) = closed(updates)
    assert flag.evidence is not None
    assert flag.evidence.at_ms <= 9500
