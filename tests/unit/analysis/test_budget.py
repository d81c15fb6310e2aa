"""A thread's time is dealt so that nobody starves, and what is suspected comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.budget import Budget, Purse, Urgency
from analysis.contracts import ModelRef
from analysis.detectors.contracts import Sighting
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.rounds import Receivers, Rounds, Watched
from analysis.schedule import SLACK_MS, Schedule
from capture.contracts import Frame

REF = ModelRef("scripted", "1", "0" * 64)
PURSE = Purse()
SCHEDULE = Schedule()


class VirtualClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_that_is_not_used_is_saved_up_to_a_limit() -> None:
    clock = VirtualClock()
    budget = Budget(clock)
    budget.spend(PURSE.most_s)
    assert not budget.allows(Urgency.SUSPICION)
    clock.now += 0.1
    assert budget.allows(Urgency.SUSPICION)
    assert not budget.allows(Urgency.CALM)
    clock.now += PURSE.most_s / PURSE.share
    assert budget.allows(Urgency.CALM)
    clock.now += 3600
    budget.spend(PURSE.most_s)
    assert not budget.allows(Urgency.SUSPICION)


def test_the_less_is_left_the_fewer_are_served() -> None:
    clock = VirtualClock()
    budget, served = Budget(clock), []
    for _ in range(9):
        served.append(sum(budget.allows(urgency) for urgency in Urgency))
        budget.spend(PURSE.most_s / 8)
    assert served == [4, 4, 3, 3, 2, 2, 1, 1, 0]
    kept = [PURSE.kept[urgency] for urgency in Urgency]
    assert kept == sorted(kept)


def test_what_is_owed_is_limited_too() -> None:
    clock = VirtualClock()
    budget = Budget(clock)
    budget.spend(1000)
    clock.now += (PURSE.most_s + 0.1) / PURSE.share
    assert budget.allows(Urgency.SUSPICION)


@dataclass
class Cost:
    """Seconds of a look."""

    cheap: float
    close: float


@dataclass(slots=True)
class Dear:
    """A detector that takes its time, virtually. ``closely``: when it looked closely, seconds."""

    clock: VirtualClock
    cost: Cost
    measures: Mapping[str, float]
    models: tuple[ModelRef, ...] = (REF,)
    closely: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        self.looks.append(self.clock.now)
        if closely:
            self.closely.append(self.clock.now)
        self.clock.now += self.cost.close if closely else self.cost.cheap
        return Sighting(measures=self.measures if closely else {})


class Camera:
    """Offers a frame at its rate; the newest wins."""

    def __init__(self, clock: VirtualClock, number: int) -> None:
        self._clock, self._number = clock, number
        self.rate = SCHEDULE.calm_fps
        self._due = 0.07 * number
        self._shown = 0

    def take(self, timeout_s: float) -> Frame | None:
        if self._clock.now < self._due:
            return None
        self._due = self._clock.now + 1 / self.rate
        # A picture that stirs: there is always reason to look again.
        self._shown += 1
        i420 = np.full((96, 64), 90, np.uint8)
        i420[:2] = 40 + 50 * (self._shown % 4)  # a thirtieth of it: nothing large is raised
        return Frame(f"s{self._number}", round(self._clock.now * 1000), i420)


@dataclass(frozen=True, slots=True)
class Crowd:
    """``suspects``: the first so many show something suspicious in every frame."""

    sittings: int
    suspects: int
    cost: Cost


def watched(crowd: Crowd, seconds: float) -> tuple[list[Dear], float]:
    """Every sitting's detector after that time, and the longest round."""
    clock = VirtualClock()
    made: list[Dear] = []

    def make() -> Dear:
        suspicious = len(made) < crowd.suspects
        made.append(Dear(clock, crowd.cost, {"phone": 0.9} if suspicious else {"phone": 0.0}))
        return made[-1]

    rounds = Rounds(ModelSet({"objects": make}, (REF,), {}), Receivers(lambda update: None), clock)
    policy = replace(DEFAULT_POLICY, kinds={}, schedule=SCHEDULE)
    for number in range(crowd.sittings):
        rounds.attach(f"s{number}", Watched(Camera(clock, number), policy))
    longest = 0.0
    while clock.now < seconds:
        began = clock.now
        if not rounds.round():
            clock.now += 0.02
        longest = max(longest, clock.now - began)
    return made, longest


def longest_wait(times: Sequence[float], until: float) -> float:
    return max(np.diff([0.0, *times, until]), default=until)


costs = st.builds(Cost, cheap=st.floats(0.0001, 0.005), close=st.floats(0.001, 0.08))


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60), st.floats(0, 1), costs)
def test_nobody_starves_whatever_the_load(sittings: int, suspect: float, cost: Cost) -> None:
    """The bound that docs/architecture.md states: overdue, one round, and one frame's step."""
    crowd = Crowd(sittings, round(sittings * suspect), cost)
    made, round_s = watched(crowd, 15)
    bound = (SCHEDULE.overdue_ms + SLACK_MS) / 1000 + 2 * round_s + 1 / SCHEDULE.calm_fps + 0.04
    frame_bound = 2 * round_s + 1 / SCHEDULE.calm_fps + 0.04
    first = 0.07 * sittings
    for one in made:
        assert longest_wait(one.closely, 15) <= bound + first
        assert longest_wait(one.looks, 15) <= frame_bound + first


def shares(crowd: Crowd) -> tuple[float, float]:
    """Close looks a second of those who are suspected, and of the others."""
    made, _ = watched(crowd, 40)
    counts = [len(one.closely) / 40 for one in made]
    return float(np.mean(counts[: crowd.suspects])), float(np.mean(counts[crowd.suspects :]))


def test_with_time_to_spare_suspicion_is_followed_at_five_frames_a_second() -> None:
    suspected, calm = shares(Crowd(6, 1, Cost(0.001, 0.02)))
    assert suspected == pytest.approx(5, rel=0.1)
    assert calm == pytest.approx(1, rel=0.2)


def test_when_time_runs_short_the_calm_wait_first() -> None:
    suspected, calm = shares(Crowd(30, 4, Cost(0.001, 0.025)))
    assert 0.4 < calm < 0.8
    assert suspected > 2


def test_when_there_is_none_everybody_gets_the_same() -> None:
    crowd = Crowd(40, 20, Cost(0.001, 0.05))
    suspected, calm = shares(crowd)
    assert suspected == pytest.approx(calm, rel=0.35)
    assert calm > 0.3
