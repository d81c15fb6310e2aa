"""A minute's worth at once, then as fast as the bucket refills."""

from hypothesis import given
from hypothesis import strategies as st

from exam_api.web.rates import Buckets


class Seconds:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_burst_is_served_and_then_told_when_to_come_back() -> None:
    now = Seconds()
    buckets = Buckets(now)
    assert [buckets.take("anna", "writes", 60) for _ in range(60)] == [0] * 60
    assert buckets.take("anna", "writes", 60) == 1
    now.at += 1
    assert buckets.take("anna", "writes", 60) == 0


def test_one_person_and_one_kind_do_not_use_up_anothers() -> None:
    buckets = Buckets(Seconds())
    assert buckets.take("anna", "writes", 1) == 0
    assert buckets.take("anna", "writes", 1) == 60
    assert buckets.take("boris", "writes", 1) == 0
    assert buckets.take("anna", "answers", 1) == 0


def test_zero_is_no_limit() -> None:
    buckets = Buckets(Seconds())
    assert {buckets.take("anna", "writes", 0) for _ in range(5000)} == {0}


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 100))
def test_no_minute_ever_gives_more_than_two_minutes_worth(waits: list[float], most: int) -> None:
    """A full bucket and what refills meanwhile: 2 × the limit within any 60 s, never more."""
    now = Seconds()
    buckets = Buckets(now)
    taken = []
    for wait in waits:
        now.at += wait
        taken += [now.at for _ in range(20) if buckets.take("anna", "writes", most) == 0]
    for start in taken:
        assert sum(start <= at < start + 60 for at in taken) <= 2 * most


@given(st.integers(1, 100), st.integers(1, 500))
def test_waiting_as_told_is_enough(most: int, calls: int) -> None:
    now = Seconds()
    buckets = Buckets(now)
    waits = [buckets.take("anna", "writes", most) for _ in range(calls)]
    now.at += waits[-1]
    assert buckets.take("anna", "writes", most) == 0 or waits[-1] == 0
