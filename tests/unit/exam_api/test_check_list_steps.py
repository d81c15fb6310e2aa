"""S-16 … S-18 as a table: no step is skipped, none undone without a counter-step and its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.check_lists import (
    COUNTER_STEPS,
    TRANSITIONS,
    WITH_REASON,
    Finding,
    ListState,
    ListStep,
    RowProblem,
    SittingFacts,
    following,
    next_state,
    problem_of,
    role_of,
    sample_of,
    steps_from,
)
from exam_api.domain.errors import IllegalTransition, ReasonMissing
from exam_api.domain.roles import Role
from exam_api.domain.states import SittingState

IN_ORDER = [ListStep.SEND, ListStep.HAND_IN, ListStep.SIGN, ListStep.FORWARD]
OVER = SittingFacts(SittingState.SUBMITTED, "p", flags=0, undecided=0, act_made=False)
FACTS = st.builds(
    SittingFacts,
    state=st.sampled_from(SittingState),
    proctor_id=st.sampled_from(["p", "q", None]),
    flags=st.integers(0, 3),
    undecided=st.integers(0, 3),
    act_made=st.booleans(),
    act_due=st.booleans(),
)


@given(st.lists(st.tuples(st.sampled_from(ListStep), st.sampled_from(["", "why"])), max_size=30))
def test_whoever_tries_whatever_forwarding_follows_sending_answers_and_signature(tries):
    state, standing = ListState.DRAFTED, []
    for step, reason in tries:
        try:
            state = next_state(state, step, reason)
        except IllegalTransition:
            assert (state, step) not in TRANSITIONS
            continue
        except ReasonMissing:
            assert (step in WITH_REASON, reason) == (True, "")
            continue
        if step is ListStep.UNVERIFY:
            assert reason
        elif step in COUNTER_STEPS:
            assert reason
            standing = standing[: standing.index(COUNTER_STEPS[step])]
        elif step is ListStep.TAKE_OVER:
            assert reason
            standing = standing[:2]  # another member's signature falls
        elif step in IN_ORDER:
            standing.append(step)
        assert standing == IN_ORDER[: len(standing)], "a step was skipped or left standing"
    if state is ListState.FORWARDED:
        assert standing == IN_ORDER


def test_every_step_has_its_way_back_but_a_discarded_draft():
    for step in IN_ORDER:
        (after,) = {state for (_, one), state in TRANSITIONS.items() if one is step}
        assert any(COUNTER_STEPS.get(back) is step for back in steps_from(after)), step
    assert steps_from(ListState.DISCARDED) == ()
    assert {after for (_, step), after in TRANSITIONS.items() if step is ListStep.DISCARD} == {
        ListState.DISCARDED
    }


def test_the_proctor_hands_in_and_the_member_does_the_rest():
    proctors = {step for step in ListStep if role_of(step) is Role.PROCTOR}
    assert proctors == {ListStep.HAND_IN, ListStep.TAKE_BACK}
    assert {role_of(step) for step in ListStep} == {Role.PROCTOR, Role.MEMBER}


@pytest.mark.parametrize(
    ("finding", "facts", "problem"),
    [
        (Finding.NOTHING, {}, None),
        (Finding.NO_ACT, {}, None),
        (Finding.NO_ACT, {"flags": 2}, None),
        (Finding.ACT_MADE, {"flags": 2, "act_made": True}, None),
        (None, {}, RowProblem.UNANSWERED),
        (Finding.NOTHING, {"state": SittingState.ABSENT}, None),
        (Finding.NOTHING, {"state": SittingState.IN_PROGRESS}, RowProblem.SITTING_OPEN),
        (Finding.NOTHING, {"proctor_id": "q"}, RowProblem.OTHER_PROCTOR),
        (Finding.NO_ACT, {"flags": 2, "undecided": 1}, RowProblem.FLAGS_UNDECIDED),
        (Finding.ACT_MADE, {"flags": 2}, RowProblem.ACT_MISSING),
        (Finding.NO_ACT, {"flags": 2, "act_due": True}, RowProblem.ACT_UNMADE),
        (Finding.ACT_MADE, {"flags": 2, "act_made": True, "act_due": True}, RowProblem.ACT_UNMADE),
        (Finding.NO_ACT, {"flags": 2, "act_made": True}, RowProblem.ACT_STANDS),
        (Finding.NOTHING, {"act_made": True}, RowProblem.ACT_STANDS),
        (Finding.NOTHING, {"flags": 2}, RowProblem.FLAGS_THERE),
    ],
)
def test_a_row_says_only_what_the_record_bears_out(finding, facts, problem):
    known = {name: getattr(OVER, name) for name in OVER.__slots__}
    assert problem_of(finding, SittingFacts(**{**known, **facts}), "p") is problem


@given(FACTS)
def test_what_follows_of_the_decisions_is_never_contradicted_by_them(facts):
    early = {
        RowProblem.OTHER_PROCTOR,
        RowProblem.SITTING_OPEN,
        RowProblem.FLAGS_UNDECIDED,
        RowProblem.ACT_UNMADE,
    }
    assert problem_of(following(facts), facts, "p") in {None, *early}


@given(st.sets(st.integers(0, 400), max_size=120), st.sampled_from("ab"))
def test_a_sample_has_every_act_and_one_in_ten_of_the_others_always_the_same(numbers, list_id):
    sittings = [(str(number), number % 7 == 0) for number in sorted(numbers)]
    sample = sample_of(list_id, sittings)
    acts = [sitting for sitting, act_made in sittings if act_made]
    assert set(acts) <= set(sample) <= {sitting for sitting, _ in sittings}
    assert len(sample) == len(set(sample)) == len(acts) + -(-(len(sittings) - len(acts)) // 10)
    assert sample_of(list_id, sittings[::-1])[len(acts) :] == sample[len(acts) :]
