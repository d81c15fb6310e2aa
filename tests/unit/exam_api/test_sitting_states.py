"""The state table, printed in full: what is not listed is refused."""

from itertools import product

import pytest

from exam_api.domain.errors import IllegalTransition
from exam_api.domain.states import (
    COMPLETED,
    TRANSITIONS,
    SittingEvent,
    SittingState,
    is_completed,
    next_state,
)

LEGAL = {
    "scheduled check checking",
    "checking begin in_progress",
    "in_progress submit submitted",
    "in_progress expire expired",
    "checking remove removed",
    "in_progress remove removed",
}


@pytest.mark.parametrize(("state", "event"), [*product(SittingState, SittingEvent)])
def test_each_state_meets_each_event(state: SittingState, event: SittingEvent) -> None:
    row = next((row for row in LEGAL if row.startswith(f"{state} {event} ")), None)
    if row is None:
        with pytest.raises(IllegalTransition):
            next_state(state, event)
    else:
        assert next_state(state, event) == row.split()[-1]


def test_completed_states_have_no_way_out() -> None:
    assert not {state for state, _ in TRANSITIONS} & COMPLETED
    assert {state for state in SittingState if is_completed(state)} == {
        SittingState.SUBMITTED,
        SittingState.EXPIRED,
        SittingState.REMOVED,
    }


def test_every_state_is_reached() -> None:
    assert {SittingState.SCHEDULED, *TRANSITIONS.values()} == set(SittingState)
