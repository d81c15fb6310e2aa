"""The dates of an appeal, its table of states, and what a vote comes to."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.appeals import (
    TRANSITIONS,
    AppealPolicy,
    AppealState,
    AppealStep,
    Vote,
    is_upheld,
    next_step,
    next_working_day,
)
from exam_api.domain.errors import AppealLate, AppealVotesMissing, IllegalTransition

ALMATY = AppealPolicy()  # UTC+5
GRADED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "late"),
    [
        (datetime(2026, 11, 22, 18, 59, 59, tzinfo=UTC), False),  # 23:59:59 in Almaty
        (datetime(2026, 11, 22, 19, 0, tzinfo=UTC), True),
    ],
)
def test_the_day_of_the_grade_is_the_institutions_day(now: datetime, late: bool) -> None:
    if not late:
        ALMATY.require_in_time(GRADED, now)
        return
    with pytest.raises(AppealLate):
        ALMATY.require_in_time(GRADED, now)


def test_more_days_are_a_setting() -> None:
    policy = AppealPolicy(3, ZoneInfo("UTC"))
    policy.require_in_time(GRADED, GRADED + timedelta(days=3))
    with pytest.raises(AppealLate):
        policy.require_in_time(GRADED, GRADED + timedelta(days=4))


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 11, 23), date(2026, 11, 24)),  # Monday
        (date(2026, 11, 27), date(2026, 11, 30)),  # Friday
        (date(2026, 11, 28), date(2026, 11, 30)),  # Saturday
    ],
)
def test_it_is_considered_on_the_next_working_day(day: date, due: date) -> None:
    assert next_working_day(day) == due


@pytest.mark.parametrize("state", [AppealState.UPHELD, AppealState.REJECTED, AppealState.RETURNED])
@pytest.mark.parametrize("step", list(AppealStep))
def test_what_is_decided_never_opens_again(state: AppealState, step: AppealStep) -> None:
    with pytest.raises(IllegalTransition):
        next_step(state, step)


def test_no_appeal_is_decided_without_the_visa() -> None:
    assert {step for state, step in TRANSITIONS if state is AppealState.LODGED} == {
        AppealStep.VISA,
        AppealStep.RETURN,
    }


MEMBERS = ["chair", "b", "c", "d"]


@pytest.mark.parametrize(
    ("votes", "upheld"),
    [
        ({"chair": True, "b": True, "c": False}, True),
        ({"chair": False, "b": True, "c": False}, False),
        ({"chair": True, "b": False, "c": False, "d": True}, True),  # a tie is the chair's
        ({"chair": False, "b": True, "c": True, "d": False}, False),
    ],
)
def test_the_majority_decides(votes: dict[str, bool], upheld: bool) -> None:
    cast = [Vote(member, given) for member, given in votes.items()]
    assert is_upheld(cast, MEMBERS, "chair") is upheld


@pytest.mark.parametrize("voters", [[], ["chair"], ["chair", "b"], ["b", "c", "d"]])
def test_too_few_votes_decide_nothing(voters: list[str]) -> None:
    with pytest.raises(AppealVotesMissing):
        is_upheld([Vote(member, True) for member in voters], MEMBERS, "chair")


@given(st.lists(st.booleans(), min_size=1, max_size=5), st.lists(st.booleans(), max_size=9))
def test_strangers_votes_count_for_nothing(own: list[bool], foreign: list[bool]) -> None:
    members = [f"m{place}" for place in range(len(own))]
    votes = [Vote(member, given) for member, given in zip(members, own, strict=True)]
    strangers = [Vote(f"x{place}", given) for place, given in enumerate(foreign)]
    assert is_upheld(votes, members, "m0") == is_upheld([*strangers, *votes], members, "m0")
