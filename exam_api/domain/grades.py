"""The final grade of a discipline, and every change a grade has been through."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from exam_api.domain.errors import AlreadyPassed
from exam_api.domain.grading import grade_of
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.states import SittingState


class Remark(StrEnum):
    """Why a grade is not simply the sum of rating and exam."""

    NONE = ""
    ABSENT = "absent"
    UNFINISHED = "unfinished"
    NOT_ADMITTED = "not_admitted"
    REMOVED = "removed"
    ANNULLED = "annulled"
    NO_RATING = "no_rating"


# States that say it all by themselves; any other without points is a test that has not ended.
_REMARKS = {state: Remark(state) for state in ("absent", "not_admitted", "removed", "annulled")}


@dataclass(frozen=True, slots=True)
class FinalGrade:
    """Points out of 100; None where there is none (yet). ``letter`` is empty without a grade."""

    rating: int | None
    exam: int | None
    final: int | None = None
    letter: str = ""
    gpa: float | None = None
    remark: Remark = Remark.NONE


def final_points(rating: int, exam: int, rating_share: int) -> int:
    """Rating × 0.6 + exam × 0.4 (the share is a setting), halves up, in whole numbers."""
    return (rating * rating_share + exam * (100 - rating_share) + 50) // 100


def final_grade(
    state: SittingState | None, exam: int | None, rating: int | None, policy: ExamPolicy
) -> FinalGrade:
    """T-4.9: a removal or an annulment is an F with 0 points, whatever the term's rating."""
    remark = Remark.ABSENT if state is None else _REMARKS.get(state.value, Remark.NONE)
    if remark in {Remark.REMOVED, Remark.ANNULLED}:
        return FinalGrade(rating, 0, 0, "F", 0.0, remark)
    if remark in {Remark.ABSENT, Remark.NOT_ADMITTED}:
        return FinalGrade(rating, None, remark=remark)
    if exam is None:
        return FinalGrade(rating, None, remark=Remark.UNFINISHED)
    if rating is None:
        return FinalGrade(None, exam, remark=Remark.NO_RATING)
    points = final_points(rating, exam, policy.rating_share)
    grade = grade_of(points)
    return FinalGrade(rating, exam, points, grade.letter, grade.gpa)


def require_not_passed(best_points: int | None, policy: ExamPolicy) -> None:
    """T-5.2: a good grade is not sat again to raise it. AlreadyPassed."""
    if best_points is not None and best_points >= policy.pass_points:
        raise AlreadyPassed


@dataclass(frozen=True, slots=True)
class GradeChange:
    """A sitting's grade became another. ``cause``: the state it came with, ``appeal``, ``rating``.

    By a rating it is the final grade that changed, else the exam's points.

    ``by``: a person's id; None: the exam clock.
    """

    sitting_id: str
    cause: str
    before: int | None
    after: int | None
    at: datetime
    by: str | None
    reason: str = ""
