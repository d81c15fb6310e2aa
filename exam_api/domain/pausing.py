"""A sitting's clock stopped, moved or let run on; each within what the exam's policy provides.

Nothing else moves a deadline. All of it happens before the deadline: what has ended stays ended.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from exam_api.domain.clockwork import Granted, Pause, PauseKind, ms_of
from exam_api.domain.errors import BeyondPolicy, NotInProgress, TimeOver
from exam_api.domain.policy import ExamPolicy, Outage
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.states import RUNNING, SittingEvent, next_state

_MINUTE_MS = 60_000


def paused(sitting: Sitting, now: datetime, policy: ExamPolicy) -> Sitting:
    """A proctor stops the test, for as long as the policy still provides. BeyondPolicy."""
    left_ms = policy.pause_most_min * _MINUTE_MS - sitting.granted.paused_ms
    if left_ms <= 0:
        raise BeyondPolicy
    until = now + timedelta(milliseconds=left_ms)
    return _stopped(sitting, now, Pause(PauseKind.PROCTOR, now, until, stops_clock=True))


def on_break(sitting: Sitting, now: datetime, exam: Exam) -> Sitting:
    """The student declares a break: one of the policy's, then of the own. BeyondPolicy."""
    policy, granted = exam.policy, sitting.granted
    if granted.breaks < policy.breaks:
        kind, length = PauseKind.BREAK, timedelta(minutes=policy.break_min)
        granted = replace(granted, breaks=granted.breaks + 1)
    else:
        kind, length = PauseKind.OWN_BREAK, own_breaks_left(sitting, exam)
    if length <= timedelta(0):
        raise BeyondPolicy
    pause = Pause(kind, now, now + length, stops_clock=policy.break_stops_clock)
    return replace(_stopped(sitting, now, pause), granted=granted)


def own_breaks_left(sitting: Sitting, exam: Exam) -> timedelta:
    """Of the student's accommodation (T-4.11)."""
    provided_ms = exam.allowances.break_min * _MINUTE_MS
    return timedelta(milliseconds=max(0, provided_ms - sitting.granted.own_breaks_ms))


def breaks_left(sitting: Sitting, exam: Exam) -> int:
    """How many more the student may declare; what is left of the own ones counts as one."""
    own = 1 if own_breaks_left(sitting, exam) else 0
    return max(0, exam.policy.breaks - sitting.granted.breaks) + own


def _stopped(sitting: Sitting, now: datetime, pause: Pause) -> Sitting:
    state = next_state(sitting.state, SittingEvent.PAUSE)
    _require_time(sitting, now)
    return replace(sitting, state=state, pause=pause)


def is_pause_over(sitting: Sitting, now: datetime) -> bool:
    return sitting.pause is not None and now >= sitting.pause.until


def resumed(sitting: Sitting, now: datetime) -> Sitting:
    """The test goes on. Where the clock stood, the deadline moves by as long as it stood."""
    state = next_state(sitting.state, SittingEvent.RESUME)
    assert sitting.pause is not None
    _require_time(sitting, now)
    length_ms = ms_of(sitting.pause.length(now))
    granted = _with_pause(sitting.granted, sitting.pause.kind, length_ms)
    going = replace(sitting, state=state, pause=None)
    return _moved(going, length_ms if sitting.pause.stops_clock else 0, granted)


def _with_pause(granted: Granted, kind: PauseKind, length_ms: int) -> Granted:
    if kind is PauseKind.PROCTOR:
        return replace(granted, paused_ms=granted.paused_ms + length_ms)
    if kind is PauseKind.OWN_BREAK:
        return replace(granted, own_breaks_ms=granted.own_breaks_ms + length_ms)
    return granted


def extended(sitting: Sitting, now: datetime, minutes: int, policy: ExamPolicy) -> Sitting:
    """A proctor adds minutes. BeyondPolicy, TimeOver."""
    added_ms = minutes * _MINUTE_MS
    total_ms = sitting.granted.extended_ms + added_ms
    _require_within(minutes, total_ms, policy.extend_most_min)
    _require_time(sitting, now)
    return _moved(sitting, added_ms, replace(sitting.granted, extended_ms=total_ms))


def may_ask_time(sitting: Sitting, policy: ExamPolicy) -> bool:
    """Whether the time of an outage may be asked for, as long as the test runs."""
    left = policy.outage_most_min * _MINUTE_MS > sitting.granted.outage_ms
    return policy.outage is Outage.PAUSE_WITH_APPROVAL and left and sitting.state in RUNNING


def outage_approved(sitting: Sitting, now: datetime, minutes: int, policy: ExamPolicy) -> Sitting:
    """A proctor gives back what an outage took. BeyondPolicy, TimeOver."""
    if policy.outage is not Outage.PAUSE_WITH_APPROVAL:
        raise BeyondPolicy
    added_ms = minutes * _MINUTE_MS
    total_ms = sitting.granted.outage_ms + added_ms
    _require_within(minutes, total_ms, policy.outage_most_min)
    _require_time(sitting, now)
    return _moved(sitting, added_ms, replace(sitting.granted, outage_ms=total_ms))


def _require_within(minutes: int, total_ms: int, most_min: int) -> None:
    if minutes <= 0 or total_ms > most_min * _MINUTE_MS:
        raise BeyondPolicy


def _require_time(sitting: Sitting, now: datetime) -> None:
    if sitting.state not in RUNNING:
        raise NotInProgress
    if sitting.is_due(now):
        raise TimeOver


def _moved(sitting: Sitting, by_ms: int, granted: Granted) -> Sitting:
    assert sitting.deadline_at is not None
    moved = sitting.deadline_at + timedelta(milliseconds=by_ms)
    return replace(sitting, deadline_at=moved, granted=granted)
