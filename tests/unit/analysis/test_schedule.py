"""When a detector looks closely: seldom in calm, always under suspicion, never too late."""

from collections.abc import Mapping

import numpy as np
import pytest

from analysis.analyzer import SittingAnalyzer
from analysis.budget import Urgency
from analysis.contracts import FlagKind, ModelRef
from analysis.detectors.contracts import Sighting
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.rules import SequentialRule
from analysis.schedule import EVERY_FRAME, Pace, Schedule
from capture.contracts import Frame

SCHEDULE = Schedule()
SEEN = {"face": 0.99}
MISSED = {"face": 0.0}
Looks = list[int]


def frame(at_ms: int, level: int = 90, part: float = 1.0) -> Frame:
    """Even, except that the left ``part`` of it has the level."""
    i420 = np.full((96 * 3 // 2, 128), 90, np.uint8)
    i420[:96, : round(128 * part)] = level
    return Frame("s", at_ms, i420)


def picture(at_ms: int, level: int = 90, part: float = 1.0) -> Picture:
    return Picture.of(frame(at_ms, level, part))


def looks(pace: Pace, name: str, until_ms: int, measures: Mapping[str, float]) -> Looks:
    """When a detector looked closely, at 2 fps; every frame shows the measures."""
    found: Looks = []
    for at_ms in range(0, until_ms, 500):
        if pace.closely(name, picture(at_ms)):
            found.append(at_ms)
        pace.told(at_ms, measures)
    return found


def test_in_calm_a_close_look_comes_once_a_second() -> None:
    assert looks(Pace(SCHEDULE), "faces", 4000, SEEN) == [0, 1000, 2000, 3000]


def test_objects_of_a_picture_that_stands_still_are_looked_for_half_as_often() -> None:
    assert looks(Pace(SCHEDULE), "objects", 6000, SEEN) == [0, 2000, 4000]


def test_an_arm_that_is_raised_is_looked_at_in_the_next_picture() -> None:
    pace = Pace(SCHEDULE)
    for at, part in ((0, 0.0), (500, 0.08), (1000, 0.08), (1500, 0.16)):
        shown = picture(at, level=200, part=part)
        assert pace.closely("objects", shown) == (at in (0, 500, 1500))
    assert 0.002 < SCHEDULE.raised <= 0.05


def test_with_no_time_to_spare_an_arm_that_is_raised_waits() -> None:
    class Busy:
        def allows(self, urgency: Urgency) -> bool:
            return urgency is Urgency.SUSPICION

    pace = Pace(SCHEDULE, Busy())
    raised = [picture(at, level=200, part=0.08 * (at % 1000 > 0)) for at in range(0, 3000, 500)]
    assert [one.at_ms for one in raised if pace.closely("objects", one)] == [0, 2000]


def test_something_small_that_appears_is_looked_at_once_a_second() -> None:
    pace = Pace(SCHEDULE)
    shown = [picture(at, level=90 + at // 20, part=0.01) for at in range(0, 3000, 500)]
    assert [one.at_ms for one in shown if pace.closely("objects", one)] == [0, 1000, 2000]


def test_every_frame_means_every_frame() -> None:
    assert looks(Pace(EVERY_FRAME), "objects", 2000, SEEN) == [0, 500, 1000, 1500]


def test_frames_that_come_a_little_early_are_not_put_off() -> None:
    pace = Pace(SCHEDULE)
    times = [0, 480, 930, 1450, 1860]
    assert [at for at in times if pace.closely("faces", picture(at))] == [0, 930, 1860]


def test_a_phone_is_followed_up_in_every_frame_for_five_seconds() -> None:
    pace = Pace(SCHEDULE)
    pace.told(0, {"phone": SCHEDULE.phone})
    assert pace.fps == SCHEDULE.suspect_fps
    assert looks(pace, "objects", 8000, SEEN) == [*range(0, 5000, 500), 6500]
    assert pace.fps == SCHEDULE.calm_fps


def test_a_hint_of_a_phone_is_followed_up_for_a_second() -> None:
    pace = Pace(SCHEDULE)
    pace.told(0, {"phone": SCHEDULE.phone_hint})
    assert pace.fps == SCHEDULE.suspect_fps
    assert looks(pace, "objects", 4000, SEEN) == [0, 500, 2500]
    assert pace.fps == SCHEDULE.calm_fps


def test_a_hint_shortens_no_suspicion() -> None:
    pace = Pace(SCHEDULE)
    pace.told(0, {"phone": SCHEDULE.phone})
    pace.told(0, {"phone": SCHEDULE.phone_hint})
    assert looks(pace, "objects", 5000, SEEN) == [*range(0, 5000, 500)]


class Spare:
    """Grants what is as urgent as that, or more."""

    def __init__(self, urgency: Urgency) -> None:
        self._urgency = urgency

    def allows(self, urgency: Urgency) -> bool:
        return urgency.value <= self._urgency.value


def test_what_has_its_flag_lets_the_others_go_first() -> None:
    """With plenty of time it is followed as before."""
    found = {}
    for flagged in ((), (FlagKind.PHONE,)):
        for spare in (Urgency.SUSPICION, Urgency.CALM, Urgency.EXTRA):
            pace, seen = Pace(SCHEDULE, Spare(spare)), []
            for at_ms in range(0, 3000, 500):
                pace.told(at_ms, {"phone": 0.9}, flagged)
                if pace.closely("objects", picture(at_ms)):
                    seen.append(at_ms)
            found[bool(flagged), spare] = (seen, pace.fps)
    every = [*range(0, 3000, 500)]
    assert found[False, Urgency.SUSPICION] == (every, SCHEDULE.calm_fps)
    assert found[False, Urgency.CALM] == (every, SCHEDULE.suspect_fps)
    assert found[True, Urgency.SUSPICION] == ([0, 2000], SCHEDULE.calm_fps)
    assert found[True, Urgency.EXTRA] == (every, SCHEDULE.suspect_fps)


def test_what_raises_the_pace_is_what_the_rule_counts() -> None:
    rule = DEFAULT_POLICY.kinds[FlagKind.PHONE].rule
    assert isinstance(rule, SequentialRule)
    assert SCHEDULE.phone == rule.hit


def test_less_than_a_hint_is_none() -> None:
    pace = Pace(SCHEDULE)
    pace.told(0, {"phone": SCHEDULE.phone_hint - 0.01})
    assert looks(pace, "objects", 2000, SEEN) == [0]
    assert pace.fps == SCHEDULE.calm_fps


def test_a_missed_face_is_looked_for_among_objects_at_first_in_every_frame() -> None:
    pace = Pace(SCHEDULE)
    pace.told(0, SEEN)
    found = looks(pace, "objects", 9000, MISSED)
    assert found == [*range(0, 5000, 500), 5500, 6500, 7500, 8500]


def test_a_face_that_comes_back_and_goes_raises_the_question_anew() -> None:
    pace = Pace(SCHEDULE)
    looks(pace, "objects", 8000, MISSED)
    pace.told(8000, SEEN)
    pace.told(8500, MISSED)
    assert pace.closely("objects", picture(8600))
    assert pace.closely("objects", picture(9100))


def test_a_second_face_is_searched_in_every_frame() -> None:
    pace = Pace(SCHEDULE)
    pace.told(0, SEEN | {"second_face": 0.9})
    assert looks(pace, "faces", 2000, SEEN) == [0, 500, 1000, 1500]


@pytest.mark.parametrize(("part", "expected"), [(0.2, True), (0.1, False)])
def test_somebody_who_comes_in_is_searched_at_once(part: float, expected: bool) -> None:
    pace = Pace(SCHEDULE)
    pace.closely("faces", picture(0))
    assert pace.closely("faces", picture(500, level=160, part=part)) is expected


def test_sensor_noise_is_no_movement() -> None:
    pace = Pace(SCHEDULE)
    draw = np.random.default_rng(1)
    noisy = [
        Picture(at, draw.normal(90, 4, (96 * 3 // 2, 128)).astype(np.uint8)) for at in (0, 500)
    ]
    assert [pace.closely("faces", one) for one in noisy] == [True, False]


class Resting:
    """Sees a face until ``gone_ms``; its looks are noted."""

    models = (ModelRef("scripted", "1", "0" * 64),)

    def __init__(self, name: str, gone_ms: int) -> None:
        self._name, self._gone_ms = name, gone_ms
        self.looks: Looks = []

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        if closely:
            self.looks.append(picture.at_ms)
        if self._name == "faces":
            return Sighting(measures=SEEN if picture.at_ms < self._gone_ms else MISSED)
        return Sighting(measures={"person": 0.9} if closely else {"objects_rested": 1.0})


def test_an_empty_picture_is_no_absence_while_the_object_model_rests() -> None:
    """A hidden face of somebody who is there is told by the object model alone."""
    objects = Resting("objects", 0)
    made = {"faces": lambda: Resting("faces", 3000), "objects": lambda: objects}
    analyzer = SittingAnalyzer(ModelSet(made, (), {}), DEFAULT_POLICY, "s")
    cast = [analyzer.feed(frame(at))[0].scores[FlagKind.ABSENCE] for at in range(0, 20_000, 500)]
    assert cast == [0.0] * 6 + [None] * 34
    assert objects.looks[:3] == [0, 2000, 3000]
    assert 3500 in objects.looks
    assert len(objects.looks) < 40


def test_an_accommodation_keeps_the_schedule() -> None:
    assert DEFAULT_POLICY.without(FlagKind.ABSENCE).schedule == DEFAULT_POLICY.schedule
