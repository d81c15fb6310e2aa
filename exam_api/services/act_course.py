"""The steps of an act on its way, for use cases that hold a unit (S-18, S-19, T-4.9).

What a step leads to is in the same unit: the notice with its mails, the day to answer as a job,
the result that is annulled or given back. So there is one of each exactly if the step was taken.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from exam_api.domain.act_course import (
    SHOWN,
    ActPolicy,
    ActState,
    ActStep,
    next_act_state,
)
from exam_api.domain.errors import ActUnsettled, FlagsUndecided, Forbidden
from exam_api.domain.judging import ConfirmedAct, ReconsideredAct
from exam_api.domain.notices import NewNotice, NoticeFile, NoticeKind
from exam_api.domain.roles import Actor, Role
from exam_api.domain.states import SittingState
from exam_api.services.act_course_ports import ActCourseUnit, Basis, CourseAct, Taken
from exam_api.services.act_documents import decisions_in
from exam_api.services.judging import annul, hand_on, restore
from exam_api.services.review_ports import MAKE_ACT

ANSWER_DUE: Final = "act_answer_due"
_ANNULLED_BY: Final = frozenset({SittingState.SUBMITTED, SittingState.EXPIRED})
_S18: Final = (Role.COMMISSION, Role.DEAN_OFFICE, Role.REGISTRAR)
_ANSWERED: Final = (Role.COMMISSION, Role.DEAN_OFFICE)
_DECIDED: Final = (Role.DEAN_OFFICE, Role.REGISTRAR)
_TOLD: Final[Mapping[ActStep, Sequence[Role]]] = {
    ActStep.FORWARD: _S18,
    ActStep.RECALL: _S18,
    ActStep.AGREE: _ANSWERED,
    ActStep.DISAGREE: _ANSWERED,
    ActStep.REFUSE: _ANSWERED,
    ActStep.UNREFUSE: _ANSWERED,
    ActStep.LAPSE: _ANSWERED,
    ActStep.CONFIRM: _DECIDED,
    ActStep.WITHDRAW: _DECIDED,
    ActStep.RECONSIDER: _DECIDED,
}
_STUDENT_IS_TOLD: Final = frozenset(
    {
        ActStep.DELIVER,
        ActStep.REOPEN,
        ActStep.TAKE_BACK,
        ActStep.LAPSE,
        ActStep.CONFIRM,
        ActStep.WITHDRAW,
        ActStep.RECONSIDER,
    }
)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Ids of the acts that moved, and of those that wait for their second reviewer."""

    acts: tuple[str, ...]
    waiting: tuple[str, ...]


def due_of(act: CourseAct, policy: ActPolicy) -> datetime | None:
    """When the next step is due, of an act that nobody has moved yet too."""
    if act.course_id is None:
        return policy.due_at(act.state, act.since)
    return act.due_at


def lacks_second(act: CourseAct, policy: ActPolicy) -> bool:
    """Flags' acts alone: what people drew up together has no machine's claim to look at."""
    return policy.second_review and act.of_flags and act.second_reviewer is None


async def forward(
    unit: ActCourseUnit,
    actor: Actor,
    sitting_ids: Collection[str],
    *,
    at: datetime,
    policy: ActPolicy,
    reason: str = "",
    only: str | None = None,
) -> Forwarded:
    """S-18: the made acts of these sittings go to the commission, copies to dean and registrar.

    Others are passed over, so that doing it again changes nothing; ``only``: all but this one.
    Forbidden, NotFound; ActUnsettled, FlagsUndecided.
    """
    if not actor.has(Role.MEMBER):
        raise Forbidden
    as_member = replace(actor, roles=frozenset({Role.MEMBER}))
    found = await unit.act_course.of_sittings(sitting_ids, as_member)
    wanted = [act for act in found if only in {None, act.id}]
    made = [act for act in wanted if act.state is ActState.MADE and act.stands]
    ready = [act for act in made if not lacks_second(act, policy)]
    for act in ready:
        await _require_settled(unit, act)
        await take_step(unit, act, ActStep.FORWARD, Taken(at, actor.id, reason), policy)
    waiting = tuple(act.id for act in made if lacks_second(act, policy))
    return Forwarded(tuple(act.id for act in ready), waiting)


async def _require_settled(unit: ActCourseUnit, act: CourseAct) -> None:
    """What goes is the newest there is, and what it rests on will not change on the way."""
    basis = await unit.act_course.basis(act)
    if act.of_flags and basis.undecided:
        raise FlagsUndecided
    if basis.newer or (act.of_flags and await _lags(unit, act, basis)):
        raise ActUnsettled


async def _lags(unit: ActCourseUnit, act: CourseAct, basis: Basis) -> bool:
    return decisions_in(await unit.act_course.document(act.id)) != basis.confirmed


async def record_refusal(
    unit: ActCourseUnit,
    act_id: str,
    form2_id: str,
    *,
    at: datetime,
    by: str,
    policy: ActPolicy,
    reason: str = "",
) -> ActState:
    """Form 2 is made: the student refuses to sign. Who may is the caller's. IllegalTransition."""
    act = await unit.act_course.lock(act_id)
    return await take_step(unit, act, ActStep.REFUSE, Taken(at, by, reason, form2_id), policy)


async def take_step(
    unit: ActCourseUnit, act: CourseAct, step: ActStep, taken: Taken, policy: ActPolicy
) -> ActState:
    """``act`` is locked, and the person is allowed to. IllegalTransition."""
    after = next_act_state(act.state, step)
    keeps_day = step is ActStep.OPEN or after is act.state
    due_at = due_of(act, policy) if keeps_day else policy.due_at(after, taken.at)
    step_id = await unit.act_course.take(act, step, after, taken, due_at)
    if after is ActState.DELIVERED:
        payload = {"act_id": act.id}
        await unit.jobs.add(f"{ANSWER_DUE}:{step_id}", ANSWER_DUE, payload, due_at=due_at)
    if step is ActStep.RECALL and act.of_flags:  # what was confirmed meanwhile comes in
        await unit.jobs.add(
            f"{MAKE_ACT}:recall:{step_id}", MAKE_ACT, {"sitting_id": act.sitting_id}
        )
    await _judged(unit, act, step, taken)
    await _tell(unit, replace(act, state=after, due_at=due_at), step, step_id)
    return after


async def _judged(unit: ActCourseUnit, act: CourseAct, step: ActStep, taken: Taken) -> None:
    """T-4.9 and its counter-step: a result is annulled once, and given back once."""
    if step not in {ActStep.CONFIRM, ActStep.RECONSIDER} or taken.by is None:
        return
    sitting = await unit.sittings.lock(act.sitting_id)
    assert sitting is not None
    if step is ActStep.CONFIRM:
        if sitting.completed and sitting.state not in _ANNULLED_BY:
            return  # removed, annulled by another act, or never begun: nothing to annul
        document = ConfirmedAct(act.id)
        after = await annul(
            unit, sitting.id, document, at=taken.at, by=taken.by, reason=taken.reason
        )
    else:
        annulled = act.state is ActState.CONFIRMED and sitting.state is SittingState.ANNULLED
        if not annulled or await unit.act_course.confirmed_others(act):
            return
        again = ReconsideredAct(act.id)
        after = await restore(
            unit, sitting.id, again, at=taken.at, by=taken.by, reason=taken.reason
        )
    await hand_on(unit, after, at=taken.at, by=taken.by)


async def _tell(unit: ActCourseUnit, act: CourseAct, step: ActStep, step_id: int) -> None:
    """Each step once, to whom it concerns; opening is seen on the act itself."""
    kind = NoticeKind.ACT_FORWARDED if step is ActStep.FORWARD else NoticeKind.ACT_STEP
    if roles := _TOLD.get(step):
        people = [act.made_by] if step is ActStep.RECALL else []
        notice = _notice(act, kind, step_key(step_id), f"/acts/{act.id}")
        await unit.notices.add(notice, roles=roles, people=people)
    if step in _STUDENT_IS_TOLD:
        delivered = act.state is ActState.DELIVERED
        kind = NoticeKind.ACT_DELIVERED if delivered else NoticeKind.ACT_STEP
        link = f"/acts/{act.id}" if act.state in SHOWN else "/cabinet"
        notice = _notice(act, kind, student_key(step_id), link)
        await unit.notices.add(notice, people=[act.student_id])


def step_key(step_id: int) -> str:
    """Of the notice that tells staff of a step."""
    return f"act_step:{step_id}"


def student_key(step_id: int) -> str:
    """Of the notice that tells the student."""
    return f"{step_key(step_id)}:student"


def _notice(act: CourseAct, kind: NoticeKind, once_key: str, link: str) -> NewNotice:
    """S-18, S-19: the copy itself goes with the mail where the act is sent to somebody."""
    facts = {"number": act.number, "state": act.state.value}
    if act.due_at is not None:
        facts["until"] = act.due_at.isoformat()
    sent = kind is not NoticeKind.ACT_STEP
    return NewNotice(
        kind,
        once_key,
        link,
        exam_id=act.exam_id,
        student_id=act.student_id,
        facts=facts,
        file=NoticeFile("act.pdf", act.files["kk"]) if sent else None,
    )
