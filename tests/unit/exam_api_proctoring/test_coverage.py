"""Coverage: seconds on record of the exam's seconds, received and supplied apart (S-13)."""

from datetime import UTC, datetime, timedelta

import pytest

from capture.contracts import Gap, GapCause, Recording, Segment, SuppliedSegment
from exam_api.services.proctoring_ports import SittingTimes
from exam_api.services.review_rules import coverage

ORIGIN = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def times(began_s, finished_s):
    finished = None if finished_s is None else ORIGIN + timedelta(seconds=finished_s)
    return SittingTimes("s", "e", ORIGIN, ORIGIN + timedelta(seconds=began_s), finished)


def segment(start_ms, end_ms):
    return Segment("s", 1, "000001.webm", start_ms, end_ms, 1, "", "", "vp8", None, 2, 2)


def supplied(start_ms, end_ms):
    return SuppliedSegment("p", "c000001.webm", start_ms, end_ms, 1, "", "", "vp8", None, 2, 2)


RECORDING = Recording(
    "s",
    (segment(0, 40_000), segment(60_000, 110_000)),
    (Gap(40_000, 60_000, GapCause.NETWORK),),
    supplied=(supplied(40_000, 55_000), supplied(56_000, 60_000)),
)


@pytest.mark.parametrize(
    ("began_s", "finished_s", "expected"),
    [
        (10, 110, (80_000, 19_000, 100_000)),  # the second between the pieces is lost
        (50, 58, (0, 7_000, 8_000)),  # all of it in the gap
        (10, 120, (80_000, 19_000, 110_000)),  # nothing after the last segment
    ],
)
def test_received_and_supplied_are_told_apart(began_s, finished_s, expected):
    found = coverage(times(began_s, finished_s), RECORDING, 110_000, 0)
    assert (found.recorded_ms, found.supplied_ms, found.exam_ms) == expected
    assert found.ratio == pytest.approx(sum(expected[:2]) / expected[2])


def test_a_sitting_that_runs_is_measured_up_to_now():
    found = coverage(times(100, None), RECORDING, 115_000, 116_000)
    assert (found.recorded_ms, found.exam_ms) == (15_000, 16_000)


def test_before_the_beginning_there_is_nothing_to_cover():
    assert coverage(SittingTimes("s", "e", ORIGIN, None, None), RECORDING, 0, 0).ratio is None
