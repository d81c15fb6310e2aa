"""The way of an act: the table in full; no path skips, only a counter-step leads back."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.act_course import (
    ANSWERED,
    COUNTER_STEPS,
    DECIDED,
    SHOWN,
    TRANSITIONS,
    WHO,
    ActPolicy,
    ActState,
    ActStep,
    decision_of,
    next_act_state,
    possible_steps,
)
from exam_api.domain.errors import IllegalTransition
from exam_api.domain.roles import Role

LEGAL = {
    "made forward forwarded",
    "made refuse made",
    "forwarded deliver delivered",
    "forwarded refuse forwarded",
    "forwarded recall made",
    "delivered open opened",
    "delivered refuse refused",
    "delivered lapse unanswered",
    "delivered take_back forwarded",
    "opened agree agreed",
    "opened disagree disagreed",
    "opened refuse refused",
    "opened lapse unanswered",
    "opened take_back forwarded",
    *(f"{state} unrefuse {state}" for state in ("made", "forwarded", "delivered", "opened")),
    "unanswered open unanswered",
    "unanswered refuse refused",
    *(
        f"{state} {rest}"
        for state in ("agreed", "disagreed", "refused", "unanswered")
        for rest in (
            "confirm confirmed",
            "withdraw withdrawn",
            "take_back forwarded",
            "reopen delivered",
        )
    ),
    "confirmed reconsider reconsidered",
    "withdrawn reconsider reconsidered",
    "reconsidered confirm confirmed",
    "reconsidered withdraw withdrawn",
    "reconsidered take_back forwarded",
    *(
        f"{state} {step} {state}"
        for state in (*ANSWERED, *DECIDED, "reconsidered")
        for step in ("vote", "unvote")
    ),
}
# How far along an act is: a step on its way leads on, a counter-step leads back.
_ORDER = {
    ActState.MADE: 0,
    ActState.FORWARDED: 1,
    ActState.DELIVERED: 2,
    ActState.OPENED: 3,
    **dict.fromkeys(ANSWERED, 4),
    ActState.RECONSIDERED: 5,
    **dict.fromkeys(DECIDED, 6),
}
steps = st.lists(st.sampled_from(ActStep), max_size=60)


def driven(wanted: list[ActStep]) -> list[tuple[ActState, ActStep, ActState]]:
    """What a run of steps comes to; those that are refused change nothing."""
    state, taken = ActState.MADE, []
    for step in wanted:
        try:
            after = next_act_state(state, step)
        except IllegalTransition:
            continue
        taken.append((state, step, after))
        state = after
    return taken


@pytest.mark.parametrize(("state", "step"), [*product(ActState, ActStep)])
def test_each_state_meets_each_step(state: ActState, step: ActStep) -> None:
    row = next((row for row in LEGAL if row.startswith(f"{state} {step} ")), None)
    if row is None:
        with pytest.raises(IllegalTransition):
            next_act_state(state, step)
    else:
        assert next_act_state(state, step) == row.split()[-1]


@given(steps)
def test_only_a_counter_step_leads_back(wanted: list[ActStep]) -> None:
    for before, step, after in driven(wanted):
        if _ORDER[after] < _ORDER[before]:
            assert step in COUNTER_STEPS
        if step in COUNTER_STEPS - {ActStep.UNVOTE, ActStep.UNREFUSE}:
            assert _ORDER[after] < _ORDER[before]


@given(steps)
def test_no_way_to_a_decision_goes_past_delivery_and_answer(wanted: list[ActStep]) -> None:
    """Since the act was last made: forwarded, delivered, answered, then decided."""
    passed: set[ActState] = set()
    for _, _, after in driven(wanted):
        passed = passed if after is not ActState.MADE else set()
        passed.add(after)
        if after is ActState.FORWARDED:
            passed = {ActState.FORWARDED}
        if after in DECIDED:
            assert {ActState.FORWARDED, ActState.DELIVERED} <= passed
            assert passed & ANSWERED
        if after in {ActState.AGREED, ActState.DISAGREED}:
            assert ActState.OPENED in passed


@given(steps)
def test_a_decision_leaves_only_by_being_taken_up_again(wanted: list[ActStep]) -> None:
    for before, step, after in driven(wanted):
        assert before not in DECIDED or step is ActStep.RECONSIDER or before is after


def test_every_step_is_somebodys_but_the_clocks_and_those_that_come_with_others() -> None:
    assert set(ActStep) - set(WHO) == {ActStep.LAPSE, ActStep.REFUSE, ActStep.VOTE}
    assert {step for _, step in TRANSITIONS} == set(ActStep)


def test_who_oversees_takes_no_step() -> None:
    watching = frozenset({Role.ADMINISTRATOR, Role.REGISTRAR, Role.TESTING_CENTRE, Role.PROCTOR})
    assert all(possible_steps(state, watching) == () for state in ActState)
    member = frozenset({Role.MEMBER})
    assert possible_steps(ActState.MADE, member) == (ActStep.FORWARD, ActStep.UNREFUSE)
    assert possible_steps(ActState.AGREED, member) == ()


def test_the_student_sees_the_act_from_its_delivery_on() -> None:
    assert set(ActState) - SHOWN == {ActState.MADE, ActState.FORWARDED}


def test_each_wait_has_its_day_until_the_decision() -> None:
    since = datetime(2026, 11, 22, 9, tzinfo=UTC)
    policy = ActPolicy(answer=timedelta(days=7))
    assert policy.due_at(ActState.DELIVERED, since) == since + timedelta(days=7)
    assert {state for state in ActState if policy.due_at(state, since) is None} == DECIDED


@pytest.mark.parametrize(
    ("votes", "quorum", "decided"),
    [
        ("", 1, None),
        ("cc", 3, None),
        ("ccc", 3, "confirm"),
        ("cwc", 3, "confirm"),
        ("wwc", 3, "withdraw"),
        ("ccww", 3, None),
        ("ccwww", 3, "withdraw"),
        ("c", 1, "confirm"),
    ],
)
def test_most_of_a_quorum_decide(votes: str, quorum: int, decided: str | None) -> None:
    """S-12."""
    names = {"c": ActStep.CONFIRM, "w": ActStep.WITHDRAW}
    assert decision_of([names[vote] for vote in votes], quorum) == decided
