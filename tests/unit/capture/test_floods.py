"""A track that was cut off for a flood waits longer each time; no other track waits at all."""

import pytest

from capture.contracts import TrackKey, TrackKind
from capture.errors import PublisherFlooded
from capture.floods import FIRST_S, FORGET_S, LONGEST_S, Floods

KEY = TrackKey("s1")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def floods(clock):
    return Floods(clock)


def wait_s(floods: Floods) -> int:
    with pytest.raises(PublisherFlooded) as refused:
        floods.require_over(KEY)
    assert (refused.value.status, refused.value.retryable) == (429, True)
    return refused.value.retry_after_s


def test_each_time_it_waits_twice_as_long_up_to_a_limit(floods, clock):
    waits = []
    for _ in range(8):
        floods.cut_off(KEY)
        waits.append(wait_s(floods))
        clock.now += waits[-1] - 1.5
        assert wait_s(floods) <= 2
        clock.now += 1.5
        floods.require_over(KEY)
    assert waits[:4] == [FIRST_S + 1, 2 * FIRST_S + 1, 4 * FIRST_S + 1, 8 * FIRST_S + 1]
    assert waits[-1] == LONGEST_S + 1


def test_good_behaviour_is_forgotten_evil(floods, clock):
    for _ in range(3):
        floods.cut_off(KEY)
    clock.now += 4 * FIRST_S + FORGET_S
    floods.cut_off(KEY)
    assert wait_s(floods) == FIRST_S + 1


def test_nobody_else_waits(floods):
    floods.cut_off(KEY)
    floods.require_over(TrackKey("s2"))
    floods.require_over(TrackKey("s1", TrackKind.SCREEN))
