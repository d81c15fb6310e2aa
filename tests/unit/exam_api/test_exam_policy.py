"""The numbers of the procedures are settings with their defaults."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain import timers
from exam_api.domain.errors import ExamClosed, ExamNotOpen, InvalidRequest, TooLate
from exam_api.domain.policy import ExamPolicy, LateEntry, Outage

OPENS = datetime(2026, 11, 22, 4, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=3)
DEFAULT = ExamPolicy()


def test_defaults_are_those_of_the_procedures() -> None:
    assert DEFAULT.questions == 25  # T-4.5
    assert DEFAULT.duration == timedelta(hours=1)  # T-4.4
    assert DEFAULT.check_lead == timedelta(minutes=15)  # T-4.2
    assert DEFAULT.pass_points == 50
    assert DEFAULT.admit_lead == timedelta(minutes=10)  # T-4.3
    assert (DEFAULT.late, DEFAULT.late_most) == (LateEntry.ASK, timedelta(minutes=30))  # T-4.10
    assert DEFAULT.late_grace == timedelta(0)
    assert (DEFAULT.breaks, DEFAULT.outage) == (0, Outage.RUNS_ON)


def test_a_stored_policy_comes_back_and_what_it_lacks_takes_defaults() -> None:
    policy = ExamPolicy(questions=40, duration_min=90)
    assert ExamPolicy.from_json(policy.to_json()) == policy
    assert ExamPolicy.from_json({"questions": 40, "of_a_later_version": True}) == ExamPolicy(
        questions=40
    )


@pytest.mark.parametrize(
    "stored",
    [
        {"questions": 0},
        {"duration_min": -1},
        {"questions": "25"},
        {"pass_points": 50.5},
        {"questions": True},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(stored: dict) -> None:
    with pytest.raises(InvalidRequest):
        ExamPolicy.from_json(stored)


@given(st.timedeltas(timedelta(0), timedelta(hours=3)))
def test_nobody_gets_more_than_the_hour_nor_time_past_the_window(late: timedelta) -> None:
    end = timers.deadline(OPENS + late, CLOSES, DEFAULT)
    assert end - (OPENS + late) <= DEFAULT.duration
    assert end <= CLOSES
    assert end == CLOSES or end - (OPENS + late) == DEFAULT.duration


@pytest.mark.parametrize(
    ("minutes", "over"), [(59.999, False), (60, True), (60.001, True), (1000, True)]
)
def test_the_deadline_itself_is_too_late(minutes: float, over: bool) -> None:
    end = timers.deadline(OPENS, CLOSES, DEFAULT)
    assert timers.is_over(OPENS + timedelta(minutes=minutes), end) is over


@pytest.mark.parametrize(
    ("minutes", "error"),
    [(-15.1, ExamNotOpen), (-15, None), (0, None), (179.9, None), (180, ExamClosed)],
)
def test_the_camera_is_checked_from_15_minutes_before(minutes: float, error) -> None:
    now = OPENS + timedelta(minutes=minutes)
    if error is None:
        timers.require_check_window(now, OPENS, CLOSES, DEFAULT)
    else:
        with pytest.raises(error):
            timers.require_check_window(now, OPENS, CLOSES, DEFAULT)


@pytest.mark.parametrize(
    ("minutes", "error"), [(-0.1, ExamNotOpen), (0, None), (179.9, None), (180, ExamClosed)]
)
def test_the_test_begins_within_the_window_only(minutes: float, error) -> None:
    now = OPENS + timedelta(minutes=minutes)
    if error is None:
        timers.require_open(now, OPENS, CLOSES)
    else:
        with pytest.raises(error):
            timers.require_open(now, OPENS, CLOSES)


@pytest.mark.parametrize(
    ("minutes", "error"), [(-10.1, ExamNotOpen), (-10, None), (179.9, None), (180, ExamClosed)]
)
def test_students_are_admitted_from_10_minutes_before(minutes: float, error) -> None:
    now = OPENS + timedelta(minutes=minutes)
    if error is None:
        timers.require_admission_window(now, OPENS, CLOSES, DEFAULT)
    else:
        with pytest.raises(error):
            timers.require_admission_window(now, OPENS, CLOSES, DEFAULT)


def test_in_a_long_window_nobody_is_late_while_the_whole_hour_fits() -> None:
    assert timers.start_of(OPENS, CLOSES, DEFAULT) == OPENS + timedelta(hours=2)
    assert timers.start_of(OPENS, OPENS + timedelta(hours=1), DEFAULT) == OPENS
    assert timers.start_of(OPENS, OPENS + timedelta(minutes=40), DEFAULT) == OPENS


@pytest.mark.parametrize(
    ("minutes", "grace", "late"),
    [(-3, 0, False), (0, 0, False), (0.01, 0, True), (5, 5, False), (5.01, 5, True)],
)
def test_late_is_who_comes_after_the_start_and_its_grace(
    minutes: float, grace: int, late: bool
) -> None:
    policy = ExamPolicy(late_grace_min=grace)
    assert timers.is_late(OPENS + timedelta(minutes=minutes), OPENS, policy) is late


@pytest.mark.parametrize(
    ("policy", "minutes", "refused"),
    [
        (DEFAULT, 30, False),
        (DEFAULT, 30.01, True),
        (ExamPolicy(late=LateEntry.REFUSE), 6, True),
        (ExamPolicy(late=LateEntry.ALLOW), 30, False),
        (ExamPolicy(late=LateEntry.ALLOW), 30.01, True),
        (ExamPolicy(late_most_min=10), 10.01, True),
    ],
)
def test_nobody_enters_more_than_30_minutes_late(policy, minutes: float, refused: bool) -> None:
    now = OPENS + timedelta(minutes=minutes)
    if refused:
        with pytest.raises(TooLate):
            timers.require_entry(now, OPENS, policy)
    else:
        timers.require_entry(now, OPENS, policy)
