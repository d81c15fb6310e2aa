"""The state table, printed in full: what is not listed is refused."""

from itertools import product

import pytest

from exam_api.domain.errors import IllegalTransition
from exam_api.domain.states import (
    BY_DOCUMENT,
    COMPLETED,
    NOT_BEGUN,
    RUNNING,
    TRANSITIONS,
    SittingEvent,
    SittingState,
    is_completed,
    next_state,
)

LEGAL = {
    "scheduled check checking",
    "scheduled refuse not_admitted",
    "scheduled miss absent",
    "checking ready waiting",
    "checking refuse not_admitted",
    "checking miss absent",
    "checking remove removed",
    "waiting begin in_progress",
    "waiting refuse not_admitted",
    "waiting miss absent",
    "waiting remove removed",
    "in_progress pause paused",
    "in_progress submit submitted",
    "in_progress expire expired",
    "in_progress remove removed",
    "paused resume in_progress",
    "paused expire expired",
    "paused remove removed",
    "submitted annul annulled",
    "expired annul annulled",
    "annulled restore_submitted submitted",
    "annulled restore_expired expired",
    "removed restore_submitted submitted",
    "absent reschedule scheduled",
    "not_admitted reschedule scheduled",
}


@pytest.mark.parametrize(("state", "event"), [*product(SittingState, SittingEvent)])
def test_each_state_meets_each_event(state: SittingState, event: SittingEvent) -> None:
    row = next((row for row in LEGAL if row.startswith(f"{state} {event} ")), None)
    if row is None:
        with pytest.raises(IllegalTransition):
            next_state(state, event)
    else:
        assert next_state(state, event) == row.split()[-1]


def test_only_a_document_leads_out_of_a_completed_state() -> None:
    ways_out = {event for state, event in TRANSITIONS if state in COMPLETED}
    assert ways_out == BY_DOCUMENT
    back = {row for row in TRANSITIONS.items() if row[0][0] in COMPLETED} - {
        row for row in TRANSITIONS.items() if row[1] in COMPLETED
    }
    assert {(before, after) for (before, _), after in back} == {
        (SittingState.ABSENT, SittingState.SCHEDULED),
        (SittingState.NOT_ADMITTED, SittingState.SCHEDULED),
    }
    assert not {state for state, event in TRANSITIONS if event in BY_DOCUMENT} - COMPLETED


def test_every_state_is_completed_running_or_not_begun() -> None:
    assert {state for state in SittingState if is_completed(state)} == COMPLETED
    assert set(SittingState) == COMPLETED | RUNNING | NOT_BEGUN
    assert len(COMPLETED) + len(RUNNING) + len(NOT_BEGUN) == len(SittingState)


def test_every_state_is_reached() -> None:
    assert {SittingState.SCHEDULED, *TRANSITIONS.values()} == set(SittingState)
