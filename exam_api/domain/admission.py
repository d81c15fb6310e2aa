"""Who may sit an exam (T-4.1), on which dates (T-4.11), and with which accommodations."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from exam_api.domain.errors import DebtUnpaid, InvalidRequest, RatingMissing, RatingTooLow
from exam_api.domain.policy import AdmissionRule, ExamPolicy

MOST_EXTRA_MIN: Final = 240


@dataclass(frozen=True, slots=True)
class Allowances:
    """What one student has in an exam beyond the policy: shown as "allowed", never why.

    ``opens_at``/``closes_at`` stand in place of the exam's window (T-4.11). ``extra_min`` makes
    the test longer and moves the end of the window as much; ``break_min`` adds to the breaks.
    ``excused``: kinds of flags that are not watched for.
    """

    extra_min: int = 0
    break_min: int = 0
    excused: frozenset[str] = frozenset()
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.extra_min <= MOST_EXTRA_MIN and 0 <= self.break_min <= MOST_EXTRA_MIN):
            raise InvalidRequest(f"0 to {MOST_EXTRA_MIN} extra minutes", code="minutes_wrong")
        if (self.opens_at is None) != (self.closes_at is None):
            raise InvalidRequest("individual dates have two ends", code="dates_incomplete")
        if self.opens_at and self.closes_at and self.opens_at >= self.closes_at:
            raise InvalidRequest("individual dates end after they begin", code="dates_reversed")


NO_ALLOWANCES: Final = Allowances()


class Admission(StrEnum):
    ADMITTED = "admitted"
    NO_RATING = "no_rating"
    LOW_RATING = "low_rating"
    DEBT = "debt"


def admission_of(
    policy: ExamPolicy, points: int | None, *, debt: bool, by_decision: bool
) -> Admission:
    """T-4.1: at least 50 % in the admission rating and no debt; a decision stands above it."""
    if by_decision or policy.admission is AdmissionRule.ENROLLED:
        return Admission.ADMITTED
    if debt:
        return Admission.DEBT
    if points is None:
        return Admission.NO_RATING
    return Admission.ADMITTED if points >= policy.admission_points else Admission.LOW_RATING


def require_admitted(admission: Admission) -> None:
    """RatingMissing, RatingTooLow, DebtUnpaid."""
    match admission:
        case Admission.NO_RATING:
            raise RatingMissing
        case Admission.LOW_RATING:
            raise RatingTooLow
        case Admission.DEBT:
            raise DebtUnpaid
        case Admission.ADMITTED:
            return
