"""Scores and letters: Kazakhstan's point-rating letter system (domain.md, Grades)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

Score = int | Fraction
"""Marks earned; a fraction where an answer earned a part of its mark (domain.scoring)."""


@dataclass(frozen=True, slots=True)
class Grade:
    from_points: int
    letter: str
    gpa: float


GRADES: Final[tuple[Grade, ...]] = (
    Grade(95, "A", 4.0),
    Grade(90, "A-", 3.67),
    Grade(85, "B+", 3.33),
    Grade(80, "B", 3.0),
    Grade(75, "B-", 2.67),
    Grade(70, "C+", 2.33),
    Grade(65, "C", 2.0),
    Grade(60, "C-", 1.67),
    Grade(55, "D+", 1.33),
    Grade(50, "D", 1.0),
    Grade(25, "FX", 0.5),
    Grade(0, "F", 0.0),
)


@dataclass(frozen=True, slots=True)
class Result:
    """T-4.12. ``score`` = marks earned of ``total``; ``points`` = the same out of 100."""

    score: Score
    total: int
    points: int
    letter: str
    gpa: float


def points_of(score: Score, total: int) -> int:
    """Out of 100, halves up, in exact numbers so that no rounding of floats decides a grade."""
    if not 0 <= score <= total or total == 0:
        raise ValueError("a score lies between 0 and the number of questions")
    return int(Fraction(100 * score, total) + Fraction(1, 2))


def grade_of(points: int) -> Grade:
    if not 0 <= points <= 100:
        raise ValueError("points lie between 0 and 100")
    return next(grade for grade in GRADES if points >= grade.from_points)


def result_of(score: Score, total: int) -> Result:
    points = points_of(score, total)
    grade = grade_of(points)
    return Result(score, total, points, grade.letter, grade.gpa)
