"""A check list is form 4 on its way (S-16 … S-18): its steps as a table, and what a row may say.

A member makes it for a proctor, the proctor answers for each sitting and hands it in, the member
checks a sample, signs and forwards. Nothing is undone but by a counter-step with its reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from exam_api.domain.act_course import ActPolicy
from exam_api.domain.errors import IllegalTransition, ReasonMissing
from exam_api.domain.roles import Role
from exam_api.domain.states import SittingState, is_completed

REASON_LIMIT: Final = 1000
_ONE_IN: Final = 10  # of the rows without an act, for the sample check


class ListState(StrEnum):
    DRAFTED = "drafted"
    SENT = "sent"
    HANDED_IN = "handed_in"
    VERIFIED = "verified"
    SIGNED = "signed"
    FORWARDED = "forwarded"
    DISCARDED = "discarded"


SIGNED: Final = frozenset({ListState.SIGNED, ListState.FORWARDED})
# The proctor answered for every row, with every flag decided: what is open now came afterwards.
ANSWERED: Final = SIGNED | {ListState.HANDED_IN, ListState.VERIFIED}


class ListStep(StrEnum):
    RENEW = "renew"  # brought up to the schedule
    SEND = "send"  # S-16: to the proctor, in the system and by mail
    RECALL = "recall"
    DISCARD = "discard"
    HAND_IN = "hand_in"  # S-17: by the proctor, every row answered
    TAKE_BACK = "take_back"
    GIVE_BACK = "give_back"  # to the proctor, with a remark
    VERIFY = "verify"  # S-18: the member may check a sample
    UNVERIFY = "unverify"
    SIGN = "sign"
    UNSIGN = "unsign"
    FORWARD = "forward"  # S-18: to the commission, copies to dean's office and registrar
    RETRIEVE = "retrieve"
    TAKE_OVER = "take_over"  # S-15: by the member who answers for the proctor now


TRANSITIONS: Final[Mapping[tuple[ListState, ListStep], ListState]] = {
    (ListState.DRAFTED, ListStep.SEND): ListState.SENT,
    (ListState.DRAFTED, ListStep.RENEW): ListState.DRAFTED,
    (ListState.DRAFTED, ListStep.DISCARD): ListState.DISCARDED,
    (ListState.SENT, ListStep.HAND_IN): ListState.HANDED_IN,
    (ListState.SENT, ListStep.RECALL): ListState.DRAFTED,
    (ListState.HANDED_IN, ListStep.VERIFY): ListState.VERIFIED,
    (ListState.HANDED_IN, ListStep.SIGN): ListState.SIGNED,
    (ListState.HANDED_IN, ListStep.TAKE_BACK): ListState.SENT,
    (ListState.HANDED_IN, ListStep.GIVE_BACK): ListState.SENT,
    (ListState.VERIFIED, ListStep.SIGN): ListState.SIGNED,
    (ListState.VERIFIED, ListStep.UNVERIFY): ListState.HANDED_IN,
    (ListState.VERIFIED, ListStep.GIVE_BACK): ListState.SENT,
    (ListState.SIGNED, ListStep.FORWARD): ListState.FORWARDED,
    (ListState.SIGNED, ListStep.UNSIGN): ListState.HANDED_IN,
    (ListState.FORWARDED, ListStep.RETRIEVE): ListState.SIGNED,
    (ListState.DRAFTED, ListStep.TAKE_OVER): ListState.DRAFTED,
    (ListState.SENT, ListStep.TAKE_OVER): ListState.SENT,
    (ListState.HANDED_IN, ListStep.TAKE_OVER): ListState.HANDED_IN,
    (ListState.VERIFIED, ListStep.TAKE_OVER): ListState.VERIFIED,
    # Whoever forwards it has signed it.
    (ListState.SIGNED, ListStep.TAKE_OVER): ListState.HANDED_IN,
}
# Each undoes the step beside it, and says why.
COUNTER_STEPS: Final[Mapping[ListStep, ListStep]] = {
    ListStep.RECALL: ListStep.SEND,
    ListStep.TAKE_BACK: ListStep.HAND_IN,
    ListStep.GIVE_BACK: ListStep.HAND_IN,
    ListStep.UNVERIFY: ListStep.VERIFY,
    ListStep.UNSIGN: ListStep.SIGN,
    ListStep.RETRIEVE: ListStep.FORWARD,
}
WITH_REASON: Final = frozenset({*COUNTER_STEPS, ListStep.TAKE_OVER})
PROCTORS_STEPS: Final = frozenset({ListStep.HAND_IN, ListStep.TAKE_BACK})
# From these states on every row is answered, and agrees with what is on record.
SOUND: Final = frozenset({ListStep.HAND_IN, ListStep.VERIFY, ListStep.SIGN, ListStep.FORWARD})


def role_of(step: ListStep) -> Role:
    return Role.PROCTOR if step in PROCTORS_STEPS else Role.MEMBER


def next_state(state: ListState, step: ListStep, reason: str) -> ListState:
    """IllegalTransition; ReasonMissing where a step that needs one gives none."""
    found = TRANSITIONS.get((state, step))
    if found is None:
        raise IllegalTransition(f"a list that is {state} refuses {step}")
    if step in WITH_REASON and not reason:
        raise ReasonMissing
    return found


# A sample that is looked at, or not, gives nobody more time.
UNTIMED: Final = frozenset({ListStep.RENEW, ListStep.VERIFY, ListStep.UNVERIFY})


def due_at(state: ListState, since: datetime, policy: ActPolicy) -> datetime | None:
    """When the next step is due; None: nobody is waited for."""
    waits = {
        ListState.SENT: policy.hand_in,
        ListState.HANDED_IN: policy.sign,
        ListState.VERIFIED: policy.sign,
        ListState.SIGNED: policy.forward,
    }
    return since + waits[state] if state in waits else None


def steps_from(state: ListState) -> tuple[ListStep, ...]:
    """The way on first, then the ways back."""
    return tuple(step for before, step in TRANSITIONS if before is state)


# --- rows -----------------------------------------------------------------------------------------


class Finding(StrEnum):
    """What the proctor states of a sitting (S-17). The form's ACT column knows made or not."""

    ACT_MADE = "act_made"
    NO_ACT = "no_act"
    NOTHING = "nothing"  # there was nothing to review


class RowProblem(StrEnum):
    """Why a row cannot be answered, or not so."""

    UNANSWERED = "unanswered"
    SITTING_OPEN = "sitting_open"
    OTHER_PROCTOR = "other_proctor"
    FLAGS_UNDECIDED = "flags_undecided"
    ACT_MISSING = "act_missing"  # stated, but there is none: confirm the flags first
    ACT_UNMADE = "act_unmade"  # a flag is confirmed, and its act cannot be read yet
    ACT_STANDS = "act_stands"  # not stated, but there is one
    FLAGS_THERE = "flags_there"  # said to be nothing to review


@dataclass(frozen=True, slots=True)
class SittingFacts:
    """What is on record. ``flags`` without technical ones and first signs, which accuse nobody.

    ``act_due``: a flag is confirmed, and the act that follows cannot be read yet.
    """

    state: SittingState
    proctor_id: str | None
    flags: int
    undecided: int
    act_made: bool
    act_due: bool = False


def problem_of(finding: Finding | None, facts: SittingFacts, proctor_id: str) -> RowProblem | None:
    """None: the row is answered, and the record agrees."""
    early = _too_early(facts, proctor_id)
    if early is not None:
        return early
    if finding is None:
        return RowProblem.UNANSWERED
    if facts.act_made != (finding is Finding.ACT_MADE):
        return RowProblem.ACT_STANDS if facts.act_made else RowProblem.ACT_MISSING
    if finding is Finding.NOTHING and facts.flags:
        return RowProblem.FLAGS_THERE
    return None


def _too_early(facts: SittingFacts, proctor_id: str) -> RowProblem | None:
    """Why nothing can be said of the sitting yet."""
    if facts.proctor_id != proctor_id:
        return RowProblem.OTHER_PROCTOR
    if not is_completed(facts.state):
        return RowProblem.SITTING_OPEN
    if facts.undecided:
        return RowProblem.FLAGS_UNDECIDED
    return RowProblem.ACT_UNMADE if facts.act_due else None


def following(facts: SittingFacts) -> Finding:
    """What the decisions on record come to; whether they are all taken is ``problem_of``'s."""
    if facts.act_made:
        return Finding.ACT_MADE
    return Finding.NO_ACT if facts.flags else Finding.NOTHING


@dataclass(frozen=True, slots=True)
class Checked:
    """A sitting in an exam's form 4. ``finding``: in its list; ``signed``: that list is (S-18)."""

    act_stands: bool = False
    finding: Finding | None = None
    signed: bool = False

    @property
    def act_made(self) -> bool | None:
        """The ACT column (S-17): None while nobody has answered, or the answer is outdated."""
        if self.act_stands:
            return True
        return None if self.finding in {None, Finding.ACT_MADE} else False


def sample_of(list_id: str, sittings: Sequence[tuple[str, bool]]) -> tuple[str, ...]:
    """S-18: (sitting, act made) → what the member is offered to look at again.

    Every sitting with an act, and one in ten of the others, the same ones each time.
    """
    acts = [sitting for sitting, act_made in sittings if act_made]
    others = [sitting for sitting, act_made in sittings if not act_made]
    others.sort(key=lambda sitting: sha256(f"{list_id}:{sitting}".encode()).digest())
    return (*acts, *others[: -(-len(others) // _ONE_IN)])
