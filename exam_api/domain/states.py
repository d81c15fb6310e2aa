"""A sitting's states as data: a table and one pure function. Stored, never translated here."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from exam_api.domain.errors import IllegalTransition


class SittingState(StrEnum):
    SCHEDULED = "scheduled"
    CHECKING = "checking"
    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    REMOVED = "removed"
    ANNULLED = "annulled"
    ABSENT = "absent"
    NOT_ADMITTED = "not_admitted"


class SittingEvent(StrEnum):
    CHECK = "check"  # the camera's first publish: the device check (S-10)
    READY = "ready"  # the device check is done: waiting to be admitted (T-4.3)
    REFUSE = "refuse"  # T-4.1, T-4.3: not let in
    MISS = "miss"  # S-9: the window closed before the test was begun
    BEGIN = "begin"
    PAUSE = "pause"
    RESUME = "resume"
    SUBMIT = "submit"  # T-4.6: the student may finish early
    EXPIRE = "expire"  # T-4.4: the time ran out
    REMOVE = "remove"  # T-4.9: a proctor ends it; 0 points, F
    ANNUL = "annul"  # S-12: by a confirmed act
    RESTORE_SUBMITTED = "restore_submitted"  # T-5.6: by an upheld appeal
    RESTORE_EXPIRED = "restore_expired"
    RESCHEDULE = "reschedule"  # T-4.11: individual dates for who never came, by their document


TRANSITIONS: Final[Mapping[tuple[SittingState, SittingEvent], SittingState]] = {
    (SittingState.SCHEDULED, SittingEvent.CHECK): SittingState.CHECKING,
    (SittingState.SCHEDULED, SittingEvent.REFUSE): SittingState.NOT_ADMITTED,
    (SittingState.SCHEDULED, SittingEvent.MISS): SittingState.ABSENT,
    (SittingState.CHECKING, SittingEvent.READY): SittingState.WAITING,
    (SittingState.CHECKING, SittingEvent.REFUSE): SittingState.NOT_ADMITTED,
    (SittingState.CHECKING, SittingEvent.MISS): SittingState.ABSENT,
    (SittingState.CHECKING, SittingEvent.REMOVE): SittingState.REMOVED,
    (SittingState.WAITING, SittingEvent.BEGIN): SittingState.IN_PROGRESS,
    (SittingState.WAITING, SittingEvent.REFUSE): SittingState.NOT_ADMITTED,
    (SittingState.WAITING, SittingEvent.MISS): SittingState.ABSENT,
    (SittingState.WAITING, SittingEvent.REMOVE): SittingState.REMOVED,
    (SittingState.IN_PROGRESS, SittingEvent.PAUSE): SittingState.PAUSED,
    (SittingState.IN_PROGRESS, SittingEvent.SUBMIT): SittingState.SUBMITTED,
    (SittingState.IN_PROGRESS, SittingEvent.EXPIRE): SittingState.EXPIRED,
    (SittingState.IN_PROGRESS, SittingEvent.REMOVE): SittingState.REMOVED,
    (SittingState.PAUSED, SittingEvent.RESUME): SittingState.IN_PROGRESS,
    (SittingState.PAUSED, SittingEvent.EXPIRE): SittingState.EXPIRED,
    (SittingState.PAUSED, SittingEvent.REMOVE): SittingState.REMOVED,
    (SittingState.SUBMITTED, SittingEvent.ANNUL): SittingState.ANNULLED,
    (SittingState.EXPIRED, SittingEvent.ANNUL): SittingState.ANNULLED,
    (SittingState.ANNULLED, SittingEvent.RESTORE_SUBMITTED): SittingState.SUBMITTED,
    (SittingState.ANNULLED, SittingEvent.RESTORE_EXPIRED): SittingState.EXPIRED,
    (SittingState.REMOVED, SittingEvent.RESTORE_SUBMITTED): SittingState.SUBMITTED,
    (SittingState.ABSENT, SittingEvent.RESCHEDULE): SittingState.SCHEDULED,
    (SittingState.NOT_ADMITTED, SittingEvent.RESCHEDULE): SittingState.SCHEDULED,
}

COMPLETED: Final = frozenset(
    {
        SittingState.SUBMITTED,
        SittingState.EXPIRED,
        SittingState.REMOVED,
        SittingState.ANNULLED,
        SittingState.ABSENT,
        SittingState.NOT_ADMITTED,
    }
)
# The only ways out of a completed state; each needs the document that orders it. Nobody who has
# begun the test comes back to it by any of them.
BY_DOCUMENT: Final = frozenset(
    {
        SittingEvent.ANNUL,
        SittingEvent.RESTORE_SUBMITTED,
        SittingEvent.RESTORE_EXPIRED,
        SittingEvent.RESCHEDULE,
    }
)
NOT_BEGUN: Final = frozenset({SittingState.SCHEDULED, SittingState.CHECKING, SittingState.WAITING})
RUNNING: Final = frozenset({SittingState.IN_PROGRESS, SittingState.PAUSED})


def next_state(state: SittingState, event: SittingEvent) -> SittingState:
    """The state after the event. IllegalTransition where the table has none."""
    found = TRANSITIONS.get((state, event))
    if found is None:
        raise IllegalTransition(f"a sitting that is {state} refuses {event}")
    return found


def is_completed(state: SittingState) -> bool:
    return state in COMPLETED
