"""The server's clock rules as pure functions: the caller brings the time."""

from datetime import datetime

from exam_api.domain.errors import ExamClosed, ExamNotOpen
from exam_api.domain.policy import ExamPolicy


def deadline(began_at: datetime, closes_at: datetime, policy: ExamPolicy) -> datetime:
    """T-4.4: an hour from the beginning, but never past the end of the window (T-4.10)."""
    return min(began_at + policy.duration, closes_at)


def is_over(now: datetime, deadline_at: datetime) -> bool:
    """The deadline itself is already too late."""
    return now >= deadline_at


def require_check_window(
    now: datetime, opens_at: datetime, closes_at: datetime, policy: ExamPolicy
) -> None:
    """The camera may be checked from 15 min before the window on (T-4.2)."""
    if now < opens_at - policy.check_lead:
        raise ExamNotOpen
    if now >= closes_at:
        raise ExamClosed


def require_open(now: datetime, opens_at: datetime, closes_at: datetime) -> None:
    if now < opens_at:
        raise ExamNotOpen
    if now >= closes_at:
        raise ExamClosed
