"""Who watches whom: never over the capacity, never uneven without need, always the same."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.assignment import distribute

LOADS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 8), max_size=6)


@given(count=st.integers(0, 40), loads=LOADS, capacity=st.integers(1, 8))
def test_sittings_are_spread_evenly_within_the_capacity(count, loads, capacity):
    sittings = [f"s{number:02}" for number in range(count)]
    found = distribute(sittings, loads, capacity)
    assert list(found) == sittings
    taken = Counter(proctor for proctor in found.values() if proctor is not None)
    after = {proctor: load + taken[proctor] for proctor, load in loads.items()}
    assert all(after[proctor] <= capacity for proctor in taken)
    # Who got somebody is at most one above the least loaded proctor that still has room.
    if taken:
        least = min(after.values())
        assert max(after[proctor] for proctor in taken) <= least + 1
    room = sum(max(0, capacity - load) for load in loads.values())
    assert sum(taken.values()) == min(count, room)
    assert distribute(sittings, loads, capacity) == found
