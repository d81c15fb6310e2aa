"""A phone's flag does not come at once: what its entry time costs and what it buys."""

import random
from dataclasses import replace

from benchmarks.flag_waits import Runs, delays, measure, phone_rule, sitting


def test_errors_take_their_share_of_the_time() -> None:
    runs = Runs(0.3, random.Random(1))
    on = sum(runs.at(number / 10) for number in range(40_000)) / 40_000
    assert 0.25 < on < 0.35


def test_a_detector_that_never_errs_waits_for_the_entry_time_and_no_longer() -> None:
    sure = replace(phone_rule(), p1=1 - 1e-9, p0=1e-9)
    entry_s = sure.timing.enter_ms / 1000
    alert_s = sure.timing.alert_ms / 1000
    for waits in delays(sure, 20):
        assert waits.hit_s <= 0.5
        assert entry_s <= round(waits.sign_s - waits.hit_s, 3) <= entry_s + 0.5
        assert alert_s <= round(waits.alert_s - waits.hit_s, 3) <= alert_s + 0.5


def test_who_waits_longer_accuses_wrongly_less_often() -> None:
    rule = phone_rule()
    hasty = replace(rule, timing=replace(rule.timing, alert_ms=0))
    seconds = 1.5 * 3600
    of_hasty = sitting(hasty, seconds, float("inf"), random.Random(1)).alerts_s
    of_policy = sitting(rule, seconds, float("inf"), random.Random(1)).alerts_s
    assert len(of_hasty) > 1.5 * len(of_policy)


def test_the_same_is_found_again() -> None:
    assert measure(5, 0.1) == measure(5, 0.1)
