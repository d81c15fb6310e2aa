"""The benchmarks' measures: a rising level, sound against the clock, how bad a line is."""

import numpy as np

from benchmarks import netem
from benchmarks.long_measures import Agreement, Picture, agreement, onsets, shown, splice_ms
from benchmarks.lossy_link import Weather


def test_a_rise_counts_once_and_only_after_quiet():
    levels = [0.0] * 10 + [1.0] * 3 + [0.0] * 2 + [1.0] + [0.0] * 10 + [1.0]
    assert onsets(((n * 100.0, level) for n, level in enumerate(levels)), 0.5) == [1000.0, 2600.0]


def test_what_is_loud_from_the_start_is_no_rise():
    assert onsets(iter([(0.0, 1.0), (100.0, 1.0)]), 0.5) == []


def drawn(ago_ms):
    """As long_scene.js draws it."""
    luma = np.full((480, 640), 40, np.uint8)
    for bit in range(11):
        luma[16:64, 16 + bit * 56 :][:, :48] = 235 if ago_ms >> bit & 1 else 16
    return luma


def test_the_squares_say_how_long_ago_the_beep_was():
    assert [shown(drawn(ago)) for ago in (0, 1, 1066, 1999)] == [0, 1, 1066, 1999]


def pictures(start_ms, end_ms, late_ms):
    return [Picture(at + late_ms, at % 2000) for at in range(start_ms, end_ms, 66)]


def test_sound_is_compared_with_the_clock_in_the_pictures_of_its_own_part():
    """300 ms lie between the parts; in each, sound is 12 and 45 ms after the picture."""
    seen = [*pictures(0, 10_000, 0), *pictures(10_000, 20_000, 300)]
    beeps = [at + (12 if at < 10_000 else 345) for at in range(2000, 20_000, 2000)]

    def is_first(at_ms):
        return at_ms < 10_200

    def is_second(at_ms):
        return not is_first(at_ms)

    assert agreement(beeps, seen, is_first) == Agreement(4, 12, 12)
    assert agreement(beeps, seen, is_second) == Agreement(5, 45, 45)
    assert splice_ms(seen, is_second) == 300
    assert splice_ms(seen, lambda _: False) is None
    assert agreement([], seen, is_first) == Agreement(0, None, None)


def test_the_kernels_bad_network_is_as_bad_as_the_relay():
    """20 ms and up to 30 more are 35 ms, 15 to either side."""
    words = " ".join(netem.rule(Weather(loss=0.02, delay_s=0.02, jitter_s=0.03)))
    assert words == "dev lo root netem limit 10000 loss 2.000000% delay 35ms 15ms"


def test_netem_is_for_root_only(monkeypatch):
    monkeypatch.setattr(netem.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(netem.shutil, "which", lambda name: name)
    assert not netem.works()
