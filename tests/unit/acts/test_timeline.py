from dataclasses import replace

import pytest

from acts.contracts import RecordingGap
from acts.timeline import Timeline, length_ms, tick_step_ms


def test_the_axis_spans_the_exam(make_act):
    assert length_ms(make_act(3, frames=False)) == 3_600_000


def test_the_axis_reaches_what_lies_beyond_the_exam(make_act):
    gap = RecordingGap(3_600_000, 4_000_000)
    assert length_ms(make_act(0, gaps=(gap,))) == 4_000_000


@pytest.mark.parametrize(
    ("total_s", "step_s"), [(1, 1), (60, 10), (3600, 600), (5400, 900), (10800, 1800)]
)
def test_ticks_are_usual_steps_and_at_most_eight(total_s, step_s):
    assert tick_step_ms(total_s * 1000) == step_s * 1000
    assert total_s / step_s <= 8


def test_ticks_of_days_stay_few():
    week_ms = 7 * 24 * 3600 * 1000
    assert week_ms / tick_step_ms(week_ms) <= 8


def test_places_are_to_scale(make_act):
    timeline = Timeline(make_act(1, frames=False), "kk")
    timeline.wrap(480, 700)
    start, middle, end = (timeline._x(ms) for ms in (0, 1_800_000, 3_600_000))
    assert middle - start == pytest.approx(end - middle)
    assert timeline._x(10**12) == end
    assert timeline._x(-5) == start


def test_a_lane_for_each_kind_in_order_of_appearance(make_act, make_evidence):
    once = make_evidence(3, frames=False)
    act = make_act(0, evidence=(*once, replace(once[0], start_ms=9, end_ms=10)))
    assert Timeline(act, "kk").kinds == ["absence", "extra_face", "phone"]
