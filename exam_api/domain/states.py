"""A sitting's states as data: a table and one pure function. Stored, never translated here."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from exam_api.domain.errors import IllegalTransition


class SittingState(StrEnum):
    SCHEDULED = "scheduled"
    CHECKING = "checking"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    REMOVED = "removed"


class SittingEvent(StrEnum):
    CHECK = "check"  # the camera's first publish: the device check (S-10)
    BEGIN = "begin"
    SUBMIT = "submit"  # T-4.6: the student may finish early
    EXPIRE = "expire"  # T-4.4: the time ran out
    REMOVE = "remove"  # T-4.9: a proctor ends it; 0 points, F


TRANSITIONS: Final[Mapping[tuple[SittingState, SittingEvent], SittingState]] = {
    (SittingState.SCHEDULED, SittingEvent.CHECK): SittingState.CHECKING,
    (SittingState.CHECKING, SittingEvent.BEGIN): SittingState.IN_PROGRESS,
    (SittingState.IN_PROGRESS, SittingEvent.SUBMIT): SittingState.SUBMITTED,
    (SittingState.IN_PROGRESS, SittingEvent.EXPIRE): SittingState.EXPIRED,
    (SittingState.CHECKING, SittingEvent.REMOVE): SittingState.REMOVED,
    (SittingState.IN_PROGRESS, SittingEvent.REMOVE): SittingState.REMOVED,
}

COMPLETED: Final = frozenset({SittingState.SUBMITTED, SittingState.EXPIRED, SittingState.REMOVED})


def next_state(state: SittingState, event: SittingEvent) -> SittingState:
    """The state after the event. IllegalTransition where the table has none."""
    found = TRANSITIONS.get((state, event))
    if found is None:
        raise IllegalTransition(f"a sitting that is {state} refuses {event}")
    return found


def is_completed(state: SittingState) -> bool:
    return state in COMPLETED
