"""Places on a full server: fair to those who wait, certain for those who were let in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.errors import CapacityFull
from capture.places import FORGET_S, HOLD_S, RETRY_S, Places


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def places(clock):
    found = Places(2, clock)
    found.enter("a")
    found.enter("b")
    return found


def position(places: Places, sitting_id: str) -> int:
    with pytest.raises(CapacityFull) as full:
        places.enter(sitting_id)
    assert full.value.retry_after_s == RETRY_S
    return full.value.position


def test_who_comes_late_is_told_the_place_in_the_queue(places):
    assert [position(places, one) for one in ("c", "d", "c")] == [1, 2, 1]
    assert places.waiting == 2


def test_a_free_place_is_the_first_ones_even_if_another_asks_sooner(places):
    position(places, "c")
    position(places, "d")
    places.leave("a")
    assert position(places, "d") == 1
    assert position(places, "e") == 2
    places.enter("c")
    places.leave("b")
    places.enter("d")
    assert position(places, "e") == 1


def test_a_page_that_was_closed_holds_up_nobody(places, clock):
    position(places, "c")
    clock.now += FORGET_S - 1
    position(places, "d")
    clock.now += 2
    places.leave("a")
    places.enter("d")
    assert position(places, "c") == 1  # at the end again


def test_who_was_let_in_always_comes_back(places, clock):
    places.gone("a")
    clock.now += HOLD_S - 1
    assert position(places, "c") == 1
    clock.now += 2  # nobody publishes there for long: the place is lent …
    places.enter("c")
    places.enter("a")  # … and its owner is let in all the same
    assert position(places, "d") == 1
    assert places.free == 0


def test_one_who_had_begun_before_a_restart_never_waits(places):
    places.enter("c", returning=True)
    assert places.free == 0


def test_a_server_that_is_too_busy_takes_no_newcomers(clock):
    places = Places(5, clock)
    places.enter("a")
    places.open = False
    assert position(places, "b") == 1
    places.enter("a")
    places.open = True
    places.enter("b")


@given(
    st.lists(st.tuples(st.sampled_from("elg"), st.integers(0, 6), st.integers(0, 9)), max_size=60)
)
def test_no_newcomer_ever_exceeds_the_limit_or_overtakes(course):
    clock = Clock()
    places = Places(3, clock)
    order: list[int] = []  # who waits, as a reader of the rules would keep it
    inside: set[int] = set()
    for what, who, passed in course:
        clock.now += passed / 10  # nobody is forgotten
        name = str(who)
        if what == "l":
            places.leave(name)
            inside.discard(who)
            order = [one for one in order if one != who]
        elif what == "g":
            places.gone(name)
        elif who in inside:
            places.enter(name)
        else:
            if who not in order:
                order.append(who)
            if order.index(who) < 3 - len(inside):
                places.enter(name)
                inside.add(who)
                order.remove(who)
            else:
                assert position(places, name) == order.index(who) - (3 - len(inside)) + 1
        assert len(inside) <= 3
