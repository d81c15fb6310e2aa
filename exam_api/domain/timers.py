"""The server's clock rules as pure functions: the caller brings the time."""

from datetime import datetime

from exam_api.domain.errors import ExamClosed, ExamNotOpen, TooLate
from exam_api.domain.policy import ExamPolicy, LateEntry


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


def require_admission_window(
    now: datetime, opens_at: datetime, closes_at: datetime, policy: ExamPolicy
) -> None:
    """Students are admitted from 10 min before the window on (T-4.3)."""
    if now < opens_at - policy.admit_lead:
        raise ExamNotOpen
    if now >= closes_at:
        raise ExamClosed


def require_open(now: datetime, opens_at: datetime, closes_at: datetime) -> None:
    if now < opens_at:
        raise ExamNotOpen
    if now >= closes_at:
        raise ExamClosed


def start_of(opens_at: datetime, closes_at: datetime, policy: ExamPolicy) -> datetime:
    """The latest beginning that leaves the whole time.

    In a window as long as the test that is its opening; in a long one (S-8) people come when they
    like, and are late only once the whole time no longer fits.
    """
    return max(opens_at, closes_at - policy.duration)


def is_late(arrived_at: datetime, start: datetime, policy: ExamPolicy) -> bool:
    """T-4.10, S-9."""
    return arrived_at > start + policy.late_grace


def require_entry(now: datetime, start: datetime, policy: ExamPolicy) -> None:
    """T-4.10 for one who is late: not where the policy refuses, never after 30 min."""
    if policy.late is LateEntry.REFUSE or now > start + policy.late_most:
        raise TooLate
