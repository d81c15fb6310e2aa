"""The long benchmark's measures: when a level rises."""

from benchmarks.long_measures import onsets


def test_a_rise_counts_once_and_only_after_quiet():
    levels = [0.0] * 10 + [1.0] * 3 + [0.0] * 2 + [1.0] + [0.0] * 10 + [1.0]
    assert onsets(((n * 100.0, level) for n, level in enumerate(levels)), 0.5) == [1000.0, 2600.0]


def test_what_is_loud_from_the_start_is_no_rise():
    assert onsets(iter([(0.0, 1.0), (100.0, 1.0)]), 0.5) == []
