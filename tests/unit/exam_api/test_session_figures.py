"""Means, bars, the normal curve, and what an item's answers say of it."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.grading import GRADES, grade_of
from exam_api.domain.statistics import (
    histogram,
    item_figures,
    letters,
    normal_curve,
    summary,
)

POINTS = st.lists(st.integers(0, 100), max_size=60)


def test_a_known_group() -> None:
    found = summary([50, 60, 70, 80, 90])
    assert (found.count, found.mean, found.median) == (5, 70, 70)
    assert found.deviation == pytest.approx(math.sqrt(200))


def test_nobody_has_no_mean() -> None:
    assert summary([]) == summary(())
    assert summary([]).mean is None
    assert normal_curve([]) == ()
    assert normal_curve([70, 70]) == ()  # no deviation, no curve


@given(POINTS)
def test_every_student_stands_in_one_bar_and_one_letter(points: list[int]) -> None:
    bars = histogram(points)
    assert sum(bar.count for bar in bars) == len(points)
    for bar in bars:
        assert bar.count == sum(bar.least <= each <= bar.most for each in points)
    counted = letters(grade_of(each).letter for each in points)
    assert sum(counted.values()) == len(points)
    assert list(counted) == [grade.letter for grade in GRADES]
    assert sum(letters([""]).values()) == 0, "no grade yet"


@given(st.lists(st.integers(0, 100), min_size=2, max_size=60))
def test_the_curve_expects_as_many_students_as_there_are(points: list[int]) -> None:
    bars = histogram(points)
    if len(set(points)) > 1:
        assert sum(bar.expected for bar in bars) == pytest.approx(len(points))
        mean = statistics.fmean(points)
        top = max(normal_curve(points), key=lambda place: place[1])[0]
        assert abs(top - mean) <= 1 + 1e-9
    else:
        assert {bar.expected for bar in bars} == {0.0}


def test_an_item_that_the_better_students_know_discriminates() -> None:
    """Classical: item 1 is known by the two best, item 2 by everybody, item 3 by the weakest."""
    credits_of = {
        "a": {"1": 100, "2": 100, "3": 0, "4": 100, "5": 100},
        "b": {"1": 100, "2": 100, "3": 0, "4": 100, "5": 0},
        "c": {"1": 0, "2": 100, "3": 0, "4": 0, "5": 0},
        "d": {"1": 0, "2": 100, "3": 100, "4": 0, "5": 0},
    }
    found = item_figures(credits_of)
    assert found["1"].difficulty == 0.5
    rests = [sum(earned.values()) - earned["1"] for earned in credits_of.values()]
    own = [earned["1"] for earned in credits_of.values()]
    assert found["1"].discrimination == pytest.approx(statistics.correlation(own, rests))
    assert found["1"].discrimination > 0.5
    assert found["3"].discrimination < 0
    assert (found["2"].difficulty, found["2"].discrimination) == (1.0, None)


@given(
    st.dictionaries(
        st.text("ab", min_size=1, max_size=3),
        st.dictionaries(st.sampled_from("12345"), st.integers(0, 100), min_size=1),
        max_size=8,
    )
)
def test_any_credits_give_figures_within_their_bounds(credits_of) -> None:
    for figures in item_figures(credits_of).values():
        assert 0 <= figures.difficulty <= 1
        assert figures.discrimination is None or -1.0001 <= figures.discrimination <= 1.0001
