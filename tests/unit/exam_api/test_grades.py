"""Points and letters: the table of the point-rating system, edge by edge."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.grading import GRADES, grade_of, points_of, result_of

# letter, from, to, GPA: domain.md, Grades.
TABLE = """
A 95 100 4.0 | A- 90 94 3.67 | B+ 85 89 3.33 | B 80 84 3.0 | B- 75 79 2.67 | C+ 70 74 2.33
C 65 69 2.0 | C- 60 64 1.67 | D+ 55 59 1.33 | D 50 54 1.0 | FX 25 49 0.5 | F 0 24 0
"""
ROWS = [row.split() for line in TABLE.strip().splitlines() for row in line.split("|")]


@pytest.mark.parametrize(("letter", "lowest", "highest", "gpa"), ROWS)
def test_each_letter_holds_from_its_lowest_to_its_highest_point(
    letter: str, lowest: str, highest: str, gpa: str
) -> None:
    for points in range(int(lowest), int(highest) + 1):
        assert (grade_of(points).letter, grade_of(points).gpa) == (letter, float(gpa))


def test_the_table_has_no_other_letters() -> None:
    assert [grade.letter for grade in GRADES] == [row[0] for row in ROWS]


def test_25_questions_give_4_points_each() -> None:
    assert [points_of(score, 25) for score in range(26)] == list(range(0, 101, 4))


@pytest.mark.parametrize(
    ("score", "total", "points"), [(1, 8, 13), (3, 8, 38), (1, 3, 33), (2, 3, 67)]
)
def test_halves_go_up(score: int, total: int, points: int) -> None:
    assert points_of(score, total) == points


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_points_are_the_nearest_whole_percent(pair: tuple[int, int]) -> None:
    score, total = pair
    exact = Fraction(100 * score, total)
    assert abs(points_of(score, total) - exact) <= Fraction(1, 2)
    assert 0 <= result_of(score, total).points <= 100


@given(st.integers(1, 200), st.data())
def test_more_correct_answers_never_give_less(total: int, data: st.DataObject) -> None:
    score = data.draw(st.integers(0, total - 1))
    assert result_of(score, total).points <= result_of(score + 1, total).points
    assert result_of(score, total).gpa <= result_of(score + 1, total).gpa


@pytest.mark.parametrize(("score", "total"), [(-1, 25), (26, 25), (0, 0)])
def test_an_impossible_score_is_refused(score: int, total: int) -> None:
    with pytest.raises(ValueError, match="score"):
        points_of(score, total)


@pytest.mark.parametrize("points", [-1, 101])
def test_impossible_points_are_refused(points: int) -> None:
    with pytest.raises(ValueError, match="points"):
        grade_of(points)
