"""The way of an act after it is made (S-18, S-19, T-4.9): a table, one pure function, its dates.

No step is skipped, and none is undone but by a counter-step, which is a step on record too.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from exam_api.domain.errors import IllegalTransition
from exam_api.domain.roles import Role


class ActState(StrEnum):
    """Stored codes."""

    MADE = "made"
    FORWARDED = "forwarded"
    DELIVERED = "delivered"
    OPENED = "opened"
    AGREED = "agreed"
    DISAGREED = "disagreed"
    REFUSED = "refused"  # by form 2
    UNANSWERED = "unanswered"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    RECONSIDERED = "reconsidered"


class ActStep(StrEnum):
    FORWARD = "forward"  # S-18: the member verified and signed
    DELIVER = "deliver"  # S-19: to the student's cabinet and e-mail
    OPEN = "open"
    AGREE = "agree"
    DISAGREE = "disagree"
    REFUSE = "refuse"  # form 2 is on record
    LAPSE = "lapse"  # the day to answer is over
    VOTE = "vote"  # S-12: a member of the commission is for one of the three that follow
    CONFIRM = "confirm"  # T-4.9: the result is annulled
    WITHDRAW = "withdraw"
    UNVOTE = "unvote"  # counter-steps from here on
    UNREFUSE = "unrefuse"  # form 2 was recorded in error before the answer
    RECALL = "recall"
    TAKE_BACK = "take_back"
    REOPEN = "reopen"
    RECONSIDER = "reconsider"


_DELIVERED: Final = (ActState.DELIVERED, ActState.OPENED)
ANSWERED: Final = frozenset(
    {ActState.AGREED, ActState.DISAGREED, ActState.REFUSED, ActState.UNANSWERED}
)
DECIDED: Final = frozenset({ActState.CONFIRMED, ActState.WITHDRAWN})
COUNTER_STEPS: Final = frozenset(
    {
        ActStep.UNVOTE,
        ActStep.UNREFUSE,
        ActStep.RECALL,
        ActStep.TAKE_BACK,
        ActStep.REOPEN,
        ActStep.RECONSIDER,
    }
)
# The commission's, taken by its votes together.
DECIDING: Final = frozenset({ActStep.CONFIRM, ActStep.WITHDRAW, ActStep.RECONSIDER})
# The student may see the act (S-19).
SHOWN: Final = frozenset(ActState) - {ActState.MADE, ActState.FORWARDED}

TRANSITIONS: Final[Mapping[tuple[ActState, ActStep], ActState]] = {
    (ActState.MADE, ActStep.FORWARD): ActState.FORWARDED,
    (ActState.FORWARDED, ActStep.DELIVER): ActState.DELIVERED,
    (ActState.DELIVERED, ActStep.OPEN): ActState.OPENED,
    (ActState.OPENED, ActStep.AGREE): ActState.AGREED,
    (ActState.OPENED, ActStep.DISAGREE): ActState.DISAGREED,
    **{(state, ActStep.LAPSE): ActState.UNANSWERED for state in _DELIVERED},
    (ActState.UNANSWERED, ActStep.OPEN): ActState.UNANSWERED,  # late, but on record
    # A refusal in the room is on record at once; the copy is delivered all the same.
    (ActState.MADE, ActStep.REFUSE): ActState.MADE,
    (ActState.FORWARDED, ActStep.REFUSE): ActState.FORWARDED,
    **{
        (state, ActStep.UNREFUSE): state
        for state in (ActState.MADE, ActState.FORWARDED, *_DELIVERED)
    },
    **{(state, ActStep.REFUSE): ActState.REFUSED for state in (*_DELIVERED, ActState.UNANSWERED)},
    **{
        (state, step): after
        for state in (*ANSWERED, ActState.RECONSIDERED)
        for step, after in (
            (ActStep.CONFIRM, ActState.CONFIRMED),
            (ActStep.WITHDRAW, ActState.WITHDRAWN),
            (ActStep.TAKE_BACK, ActState.FORWARDED),
        )
    },
    **{
        (state, step): state
        for state in (*ANSWERED, ActState.RECONSIDERED, *DECIDED)
        for step in (ActStep.VOTE, ActStep.UNVOTE)
    },
    (ActState.FORWARDED, ActStep.RECALL): ActState.MADE,
    **{(state, ActStep.TAKE_BACK): ActState.FORWARDED for state in _DELIVERED},
    **{(state, ActStep.REOPEN): ActState.DELIVERED for state in ANSWERED},
    **{(state, ActStep.RECONSIDER): ActState.RECONSIDERED for state in DECIDED},
}

# Who takes a step. A refusal comes with form 2, the day that is over with the clock, and a vote
# with the step that it is for.
WHO: Final[Mapping[ActStep, frozenset[Role]]] = {
    ActStep.FORWARD: frozenset({Role.MEMBER}),
    ActStep.RECALL: frozenset({Role.MEMBER, Role.COMMISSION}),
    ActStep.UNREFUSE: frozenset({Role.MEMBER, Role.DEAN_OFFICE}),
    ActStep.DELIVER: frozenset({Role.DEAN_OFFICE}),
    ActStep.TAKE_BACK: frozenset({Role.DEAN_OFFICE}),
    ActStep.REOPEN: frozenset({Role.DEAN_OFFICE}),
    ActStep.OPEN: frozenset({Role.STUDENT}),
    ActStep.AGREE: frozenset({Role.STUDENT}),
    ActStep.DISAGREE: frozenset({Role.STUDENT}),
    ActStep.CONFIRM: frozenset({Role.COMMISSION}),
    ActStep.WITHDRAW: frozenset({Role.COMMISSION}),
    ActStep.RECONSIDER: frozenset({Role.COMMISSION}),
    ActStep.UNVOTE: frozenset({Role.COMMISSION}),
}
# A person says why, or with what.
WITH_REASON: Final = COUNTER_STEPS | {ActStep.DISAGREE, ActStep.CONFIRM, ActStep.WITHDRAW}


def next_act_state(state: ActState, step: ActStep) -> ActState:
    """IllegalTransition where the table has none."""
    found = TRANSITIONS.get((state, step))
    if found is None:
        raise IllegalTransition(f"an act that is {state} refuses {step}")
    return found


def possible_steps(state: ActState, roles: frozenset[Role]) -> tuple[ActStep, ...]:
    """What a person with these roles may do to an act that is theirs to see."""
    return tuple(
        step
        for step, by in WHO.items()
        if not by.isdisjoint(roles) and (state, step) in TRANSITIONS
    )


def decision_of(votes: Collection[ActStep], quorum: int) -> ActStep | None:
    """S-12: what most of at least ``quorum`` members are for. None: too few yet, or a tie."""
    ranked = Counter(votes).most_common(2)
    if len(votes) < quorum or [count for _, count in ranked] == [ranked[0][1]] * 2:
        return None
    return ranked[0][0]


@dataclass(frozen=True, slots=True)
class ActPolicy:
    """How long each step of an act, and of its check list, may take, and who must look at it.

    ``hand_in``: of a list by its proctor (S-17); ``sign``: of what was handed in (S-18).
    ``second_review``: a second, blind reviewer sees every act first; ``quorum``: of the commission
    that decides; ``commission``: how many at least draw up an act on campus (S-12).
    """

    forward: timedelta = timedelta(days=2)
    deliver: timedelta = timedelta(days=2)
    answer: timedelta = timedelta(days=3)
    decide: timedelta = timedelta(days=5)
    second_review: bool = False
    quorum: int = 3
    commission: int = 3
    hand_in: timedelta = timedelta(days=3)
    sign: timedelta = timedelta(days=3)

    def due_at(self, state: ActState, since: datetime) -> datetime | None:
        """When the next step is due; None: nothing is awaited any more."""
        if state in DECIDED:
            return None
        waits = {
            ActState.MADE: self.forward,
            ActState.FORWARDED: self.deliver,
            ActState.DELIVERED: self.answer,
            ActState.OPENED: self.answer,
        }
        return since + waits.get(state, self.decide)
