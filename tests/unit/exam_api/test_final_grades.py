"""Final = rating × 0.6 + exam × 0.4, and what stands above that sum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.errors import AlreadyPassed
from exam_api.domain.grades import FinalGrade, Remark, final_grade, final_points, require_not_passed
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.states import SittingState

POLICY = ExamPolicy()
POINTS = st.integers(0, 100)


@pytest.mark.parametrize(
    ("rating", "exam", "final", "letter"),
    [
        (74, 80, 76, "B-"),
        (100, 100, 100, "A"),
        (50, 0, 30, "FX"),
        (75, 76, 75, "B-"),
        (30, 5, 20, "F"),
    ],
)
def test_the_share_is_sixty_and_forty(rating: int, exam: int, final: int, letter: str) -> None:
    grade = final_grade(SittingState.SUBMITTED, exam, rating, POLICY)
    assert (grade.final, grade.letter) == (final, letter)


def test_the_share_is_a_setting() -> None:
    grade = final_grade(SittingState.SUBMITTED, 100, 50, ExamPolicy(rating_share=30))
    assert grade.final == 85


@given(POINTS, POINTS, POINTS)
def test_the_final_lies_between_its_parts(rating: int, exam: int, share: int) -> None:
    assert min(rating, exam) <= final_points(rating, exam, share) <= max(rating, exam)


@given(POINTS, st.integers(0, 99), POINTS)
def test_more_in_the_exam_is_never_less_in_the_end(rating: int, exam: int, share: int) -> None:
    assert final_points(rating, exam, share) <= final_points(rating, exam + 1, share)


@given(st.one_of(st.none(), POINTS), st.one_of(st.none(), POINTS))
def test_a_removal_is_an_f_whatever_the_term_was(exam: int | None, rating: int | None) -> None:
    grade = final_grade(SittingState.REMOVED, exam, rating, POLICY)
    assert grade == FinalGrade(rating, 0, 0, "F", 0.0, Remark.REMOVED)


def test_what_is_missing_is_said_and_makes_no_grade() -> None:
    absent = final_grade(None, None, 80, POLICY)
    running = final_grade(SittingState.IN_PROGRESS, None, 80, POLICY)
    unrated = final_grade(SittingState.EXPIRED, 60, None, POLICY)
    assert [each.remark for each in (absent, running, unrated)] == [
        Remark.ABSENT,
        Remark.UNFINISHED,
        Remark.NO_RATING,
    ]
    assert {(each.final, each.letter) for each in (absent, running, unrated)} == {(None, "")}


def test_a_good_grade_is_not_sat_again() -> None:
    require_not_passed(None, POLICY)
    require_not_passed(49, POLICY)
    with pytest.raises(AlreadyPassed):
        require_not_passed(50, POLICY)
