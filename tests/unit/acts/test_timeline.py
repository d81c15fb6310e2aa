from dataclasses import replace

import pytest

from acts.contracts import ExamSpan, RecordingGap
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


class Bars:
    """What a timeline paints: rectangles as (left, width)."""

    def __init__(self) -> None:
        self.rects: list[tuple[float, float]] = []

    def rect(self, x: float, _y: float, width: float, *_: float, **__: int) -> None:
        self.rects.append((x, width))

    def __getattr__(self, _name: str):
        return lambda *_args: None


def _drawn(act) -> tuple[Timeline, list[tuple[float, float]]]:
    timeline = Timeline(act, "kk")
    timeline.wrap(480, 700)
    timeline._name = lambda *_args: None
    timeline.canv = Bars()
    timeline.draw()
    return timeline, timeline.canv.rects


# The device check began the axis ten minutes before the test; all of it is on record.
WAITED = {
    "gaps": (),
    "recording_seconds": 3600.0,
    "recorded_until_ms": 4_200_000,
    "exam": ExamSpan(600_000, 4_200_000, ended=True),
}


def test_bar_and_axis_reach_the_exams_end_for_who_waited_before_it(make_act):
    timeline, bars = _drawn(make_act(0, **WAITED))
    exam, recording = bars
    assert timeline.total == 4_200_000
    assert exam == (timeline._x(600_000), timeline._x(4_200_000) - timeline._x(600_000))
    assert recording == (timeline._x(0), timeline._x(4_200_000) - timeline._x(0))


def test_the_bar_ends_where_the_recording_broke_off(make_act):
    timeline, bars = _drawn(make_act(0, **{**WAITED, "recorded_until_ms": 3_900_000}))
    assert timeline.total == 4_200_000
    assert sum(bars[1]) == pytest.approx(timeline._x(3_900_000))


def test_acts_of_earlier_versions_are_drawn_as_they_were(make_act):
    timeline, (recording, gap, _frame) = _drawn(make_act(0))
    assert sum(recording) == pytest.approx(timeline._x(3_600_000))
    assert gap[0] == timeline._x(1_200_000)
