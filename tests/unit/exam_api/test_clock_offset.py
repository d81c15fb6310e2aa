"""The student's clock against the server's: the median of the quickest exchanges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.clock_offset import ClockSample, measured
from exam_api.domain.errors import InvalidRequest

T = 1_790_000_000_000.0


def exchange(ahead, out, back, at=T):
    """A question ``out`` ms on its way, an answer ``back`` ms, to a clock that is ``ahead``."""
    return ClockSample(at + ahead, at + out, at + ahead + out + back)


def test_slow_exchanges_do_not_count():
    samples = [exchange(2500, 5, 5), exchange(2500, 6, 6), exchange(2500, 4, 6)]
    spoiled = [*samples, exchange(2500, 900, 5), exchange(2500, 5, 4000)]
    found = measured(spoiled)
    assert (found.offset_ms, found.round_trip_ms, found.samples) == (2500, 10, 5)


@given(
    st.floats(-1e9, 1e9),
    st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=3, max_size=20),
)
def test_the_error_is_at_most_half_of_a_trusted_round_trip(ahead, ways):
    found = measured([exchange(ahead, out, back) for out, back in ways])
    third = sorted(out + back for out, back in ways)[2]
    assert abs(found.offset_ms - ahead) <= third / 2 + 1


@pytest.mark.parametrize(
    "samples",
    [
        [exchange(0, 1, 1)] * 2,
        [exchange(0, 1, 1)] * 21,
        [exchange(0, 1, 1), exchange(0, 1, 1), ClockSample(T, T, T - 1)],
    ],
)
def test_what_says_nothing_is_refused(samples):
    with pytest.raises(InvalidRequest):
        measured(samples)
