"""What in a schedule cannot work, and nothing else, is a conflict."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.conflicts import Conflict, ConflictKind, PlannedExam, Window, both_fit
from exam_api.domain.conflicts import conflicts_of as found_in

NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def window(start_h: float, end_h: float, minutes: int = 60) -> Window:
    return Window(NINE + start_h * HOUR, NINE + end_h * HOUR, timedelta(minutes=minutes))


def exam(name: str, start_h: float = 0, end_h: float = 2, **values: object) -> PlannedExam:
    made = PlannedExam(
        id=name,
        opens_at=NINE + start_h * HOUR,
        closes_at=NINE + end_h * HOUR,
        capacity=2,
        windows={},
        watched={},
        rooms={},
    )
    return replace(made, **values)


def test_exams_apart_have_no_conflict():
    one = exam("a", windows={"s": window(0, 1)}, watched={"p": 2}, rooms={"r": 1})
    other = exam("b", 2, 4, windows={"s": window(2, 4)}, watched={"p": 2}, rooms={"r": 1})
    assert found_in([one, other]) == ()


def test_a_student_who_cannot_sit_both_is_named_with_both():
    one = exam("a", windows={"s": window(0, 1), "t": window(0, 1)})
    other = exam("b", windows={"s": window(0.5, 1.5)})
    assert found_in([one, other]) == (Conflict(ConflictKind.STUDENT_TWICE, "s", ("a", "b")),)


def test_wide_windows_that_leave_time_for_both_are_no_conflict():
    assert both_fit(window(0, 12), window(0, 12))
    assert both_fit(window(0, 12), window(3, 4))
    assert not both_fit(window(0, 1.5), window(0, 1.5))


HOURS = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 6))


@given(HOURS, HOURS)
def test_fitting_is_the_same_from_both_sides_and_found_by_trying(one_h, other_h):
    (a, b, first), (c, d, second) = one_h, other_h
    one, other = window(a, a + b, first * 60), window(c, c + d, second * 60)
    assert both_fit(one, other) == both_fit(other, one)
    tried = any(
        (x + first <= y or y + second <= x) and x + first <= a + b and y + second <= c + d
        for x in range(a, a + b + 1)
        for y in range(c, c + d + 1)
    )
    assert both_fit(one, other) == tried


def test_a_proctor_counts_over_exams_at_the_same_time():
    one, other = exam("a", watched={"p": 1}), exam("b", 1, 3, watched={"p": 2, "q": 2})
    assert found_in([one, other]) == (
        Conflict(ConflictKind.PROCTOR_OVER, "p", ("a",)),
        Conflict(ConflictKind.PROCTOR_OVER, "p", ("b",)),
    )


def test_rooms_hold_one_exam_and_as_many_as_they_have_seats():
    one = exam("a", rooms={"r": 1}, windows={"s": window(0, 2), "t": window(0, 2)})
    other = exam("b", 1, 3, rooms={"r": 1, "q": 5})
    assert found_in([one, other]) == (
        Conflict(ConflictKind.ROOM_TWICE, "r", ("a", "b")),
        Conflict(ConflictKind.ROOM_SMALL, "", ("a",)),
    )


def test_students_without_a_proctor_are_told_of():
    assert found_in([exam("a", watched={None: 1, "p": 1})]) == (
        Conflict(ConflictKind.NO_PROCTOR, "", ("a",)),
    )
