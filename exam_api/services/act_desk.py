"""The way of an act for those on it: what each sees, the step each takes, and what is overdue."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from exam_api.domain.act_course import (
    DECIDED,
    DECIDING,
    WHO,
    WITH_REASON,
    ActPolicy,
    ActState,
    ActStep,
    decision_of,
    next_act_state,
    possible_steps,
)
from exam_api.domain.errors import (
    ActAnswerLate,
    ActOwnStep,
    Forbidden,
    IllegalTransition,
    InvalidRequest,
    NotFound,
    SecondReviewMissing,
)
from exam_api.domain.languages import Texts
from exam_api.domain.roles import Actor, Role
from exam_api.services.act_course import (
    due_of,
    forward,
    lacks_second,
    step_key,
    student_key,
    take_step,
)
from exam_api.services.act_course_ports import (
    ActCount,
    ActCourseUnit,
    ActCourseUnits,
    ActsWanted,
    CourseAct,
    CourseStep,
    OverdueAt,
    Taken,
)
from exam_api.services.act_documents import decisions_in
from exam_api.services.jobs import JobRun
from exam_api.services.notices_ports import Delivery
from exam_api.services.numbered_pages import NumberedPage, PageWanted
from exam_api.services.paging import Page, PageAsk, page_of
from exam_api.services.ports import Blobs, Clock
from exam_api.services.second_reviews import SecondOpinion

TEXT_LIMIT: Final = 2000
_BY_STUDENT: Final = frozenset({ActStep.OPEN, ActStep.AGREE, ActStep.DISAGREE})
_BALLOT: Final = frozenset({ActStep.VOTE, ActStep.UNVOTE})
_DELIVERING: Final = frozenset({ActStep.DELIVER, ActStep.REOPEN})
_SENDING: Final = _DELIVERING | {ActStep.FORWARD}


@dataclass(frozen=True, slots=True)
class ActLine:
    """An act in a list. ``withdrawn``: by the commission, or nothing in it is confirmed any more.

    ``waits_for_second``: the blind second reviewer comes first.
    """

    id: str
    number: str
    form: int
    revision: int
    made_at: datetime
    sitting_id: str
    exam: Texts
    student: str
    group: str
    faculty: str
    proctor: str
    state: ActState
    since: datetime
    due_at: datetime | None
    overdue: bool
    withdrawn: bool
    waits_for_second: bool


@dataclass(frozen=True, slots=True)
class GroupCount:
    """Acts of one faculty, or of one proctor, by state."""

    name: str
    by_state: Mapping[ActState, int]
    overdue: int
    total: int


@dataclass(frozen=True, slots=True)
class ActsOverview:
    by_state: Mapping[ActState, int]
    overdue: int
    faculties: tuple[GroupCount, ...]
    proctors: tuple[GroupCount, ...]


@dataclass(frozen=True, slots=True)
class ActEvidence:
    """``regions``: where in the frame, as shares of its width and height: x0, y0, x1, y1.

    ``second``: what the blind second reviewer says; for those who judge the act.
    """

    flag_id: str
    kind: str
    item: str | None
    start_ms: int
    end_ms: int
    confidence: float
    comment: str
    has_frame: bool
    has_clip: bool
    regions: tuple[tuple[float, float, float, float], ...]
    second: SecondOpinion | None


@dataclass(frozen=True, slots=True)
class StepLine:
    """``by`` is None where the clock took the step.

    ``reference``: the id of form 2; of a vote, the step that it is for.
    """

    step: ActStep
    before: ActState
    after: ActState
    at: datetime
    by: str | None
    reason: str
    reference: str | None
    revision: int


@dataclass(frozen=True, slots=True)
class LateFlags:
    """Of the sitting, that came while the act was on its way: ``confirmed``, and not in it, or
    ``undecided`` still. For those who judge the act.
    """  # noqa: D205 - one thought

    confirmed: int = 0
    undecided: int = 0


@dataclass(frozen=True, slots=True)
class ActWay:
    """``can``: the steps that are the asking person's now.

    ``mails``: how those fare that the act was forwarded and delivered with. ``votes`` of the
    commission stand, ``quorum`` are needed (S-12); the student sees them once it is decided.
    ``form3_missing``: the confirmed flag of another face, while the sitting has no form 3.
    """

    act: ActLine
    own: bool
    steps: tuple[StepLine, ...]
    evidence: tuple[ActEvidence, ...]
    can: tuple[ActStep, ...]
    mails: tuple[Delivery, ...]
    votes: int
    quorum: int
    late: LateFlags
    form3_missing: str | None


class ActDesk:
    def __init__(
        self, units: ActCourseUnits, clock: Clock, blobs: Blobs, policy: ActPolicy
    ) -> None:
        self._units = units
        self._clock = clock
        self._blobs = blobs
        self.policy = policy

    # --- reading ----------------------------------------------------------------------------

    async def page(
        self, actor: Actor, ask: PageAsk, state: ActState | None = None
    ) -> Page[ActLine]:
        """Newest first."""
        async with self._units.read() as unit:
            found = await unit.act_course.page(actor, ask, state)
        return page_of(found, ask, lambda act: (act.id,)).shown(self._line)

    async def listed(
        self, actor: Actor, wanted: ActsWanted, page: PageWanted
    ) -> tuple[NumberedPage[ActLine], ActsOverview]:
        """One page of what is wanted, newest first, and the numbers of all."""
        at = self._overdue_at()
        async with self._units.read() as unit:
            counts = await unit.act_course.counted(actor, at)
            found = await unit.act_course.listed(actor, at, wanted, page)
        total = sum(one.acts for one in counts if _is_wanted(one, wanted))
        return NumberedPage([self._line(act) for act in found], total, page), _overview_of(counts)

    async def overview(self, actor: Actor) -> ActsOverview:
        async with self._units.read() as unit:
            return _overview_of(await unit.act_course.counted(actor, self._overdue_at()))

    def _overdue_at(self) -> OverdueAt:
        now = self._clock.now()
        return OverdueAt(now, made_before=now - self.policy.forward)

    async def faculty_names(self) -> Mapping[str, Texts]:
        """By the name that an ``ActLine`` has, as documents do."""
        async with self._units.read() as unit:
            return await unit.act_course.faculty_names()

    async def own(self, actor: Actor) -> tuple[ActLine, ...]:
        """S-19: what was delivered to the student's own cabinet."""
        as_student = replace(actor, roles=actor.roles & {Role.STUDENT})
        async with self._units.read() as unit:
            found = await unit.act_course.visible(as_student)
        return tuple(self._line(act) for act in found)

    async def way(self, actor: Actor, act_id: str) -> ActWay:
        """NotFound. A student who sees the own act for the first time has opened it."""
        async with self._units.read() as unit:
            act = await unit.act_course.get(act_id, actor)
            steps = await _steps(unit, act)
        if act.student_id == actor.id and _unopened(act, steps):
            with suppress(IllegalTransition):  # another tab was quicker
                await self.step(actor, act_id, ActStep.OPEN, "")
        async with self._units.read() as unit:
            act = await unit.act_course.get(act_id, actor)
            return await self._way(unit, act, actor)

    async def _way(self, unit: ActCourseUnit, act: CourseAct, actor: Actor) -> ActWay:
        steps = await _steps(unit, act)
        document = await unit.act_course.document(act.id)
        own = act.student_id == actor.id
        mails = () if own else await _mails(unit, steps)
        second = {} if own else await unit.act_course.second_opinions(act.id)
        votes = _votes(steps)
        not_now = {ActStep.OPEN, *(DECIDING if actor.id in votes else {ActStep.UNVOTE})}
        if not _refusals(steps):
            not_now.add(ActStep.UNREFUSE)
        can = [step for step in possible_steps(act.state, actor.roles) if step not in not_now]
        allowed = [step for step in can if await _may(unit, actor, act, step)]
        hidden = _BALLOT if own and act.state not in DECIDED else frozenset()
        return ActWay(
            act=self._line(act),
            own=own,
            steps=tuple(_step_line(step) for step in steps if step.step not in hidden),
            evidence=tuple(_evidence(entry, second) for entry in document.get("evidence", ())),
            can=tuple(allowed),
            mails=mails,
            votes=0 if own else len(votes),
            quorum=self.policy.quorum,
            late=LateFlags() if own else await _late(unit, act, document),
            form3_missing=None if own else await unit.act_course.form3_missing(act),
        )

    async def frame(self, actor: Actor, act_id: str, flag_id: str) -> bytes:
        """JPEG of one piece of evidence of an act the actor may see. NotFound."""
        return await self._piece(actor, act_id, flag_id, "evidence_key")

    async def clip(self, actor: Actor, act_id: str, flag_id: str) -> bytes:
        """WebM, as frame."""
        return await self._piece(actor, act_id, flag_id, "clip_key")

    async def _piece(self, actor: Actor, act_id: str, flag_id: str, name: str) -> bytes:
        async with self._units.read() as unit:
            act = await unit.act_course.get(act_id, actor)
            document = await unit.act_course.document(act.id)
        for entry in document.get("evidence", ()):
            if entry["flag_id"] == flag_id and entry.get(name):
                return await self._blobs.get(entry[name])
        raise NotFound

    def _line(self, act: CourseAct) -> ActLine:
        due_at = due_of(act, self.policy)
        withdrawn = act.state is ActState.WITHDRAWN or not act.stands
        return ActLine(
            id=act.id,
            number=act.number,
            form=act.form,
            revision=act.revision,
            made_at=act.made_at,
            sitting_id=act.sitting_id,
            exam=act.title,
            student=act.student,
            group=act.group,
            faculty=act.faculty,
            proctor=act.proctor,
            state=act.state,
            since=act.since,
            due_at=due_at,
            overdue=not withdrawn and due_at is not None and due_at < self._clock.now(),
            withdrawn=withdrawn,
            waits_for_second=act.state is ActState.MADE and lacks_second(act, self.policy),
        )

    # --- stepping ---------------------------------------------------------------------------

    async def step(self, actor: Actor, act_id: str, step: ActStep, text: str) -> None:
        """One person's step. NotFound, Forbidden, ActOwnStep; IllegalTransition, ActAnswerLate,
        SecondReviewMissing; InvalidRequest where a reason is missing or too long.
        """  # noqa: D205 - one thought
        text = _stated(step, text)
        now = self._clock.now()
        async with self._units.write() as unit:
            act = await unit.act_course.lock(act_id)
            await _require(unit, actor, act, step)
            if step is ActStep.FORWARD:
                await self._forward(unit, actor, act, text)
                return
            if step in DECIDING:
                await self._vote(unit, act, step, Taken(now, actor.id, text))
                return
            if step is ActStep.UNVOTE and actor.id not in _votes(await _steps(unit, act)):
                raise IllegalTransition("there is no vote to take back")
            refusals = _refusals(await _steps(unit, act)) if step is ActStep.UNREFUSE else []
            if step is ActStep.UNREFUSE and not refusals:
                raise IllegalTransition("no form 2 is on record to take back")
            form2 = refusals[-1].reference if refusals else None
            due_at = act.due_at
            if step in _BY_STUDENT - {ActStep.OPEN} and due_at is not None and now >= due_at:
                raise ActAnswerLate
            await take_step(unit, act, step, Taken(now, actor.id, text, form2), self.policy)

    async def _vote(self, unit: ActCourseUnit, act: CourseAct, step: ActStep, taken: Taken) -> None:
        """S-12: a vote; with enough of them the step itself, with what its voters stated."""
        next_act_state(act.state, step)
        if taken.by in _votes(await _steps(unit, act)):
            raise IllegalTransition("this member has voted")
        vote = replace(taken, reference=step.value)
        await take_step(unit, act, ActStep.VOTE, vote, self.policy)
        votes = _votes(await _steps(unit, act)).values()
        decision = decision_of([ActStep(str(one.reference)) for one in votes], self.policy.quorum)
        if decision is not None:
            stated = [one.reason for one in votes if one.reference == decision]
            reason = "\n".join(dict.fromkeys(stated))
            await take_step(unit, act, decision, replace(taken, reason=reason), self.policy)

    async def _forward(
        self, unit: ActCourseUnit, actor: Actor, act: CourseAct, reason: str
    ) -> None:
        next_act_state(act.state, ActStep.FORWARD)
        done = await forward(
            unit,
            actor,
            [act.sitting_id],
            at=self._clock.now(),
            policy=self.policy,
            reason=reason,
            only=act.id,
        )
        if done.waiting:
            raise SecondReviewMissing
        if not done.acts:
            raise IllegalTransition("nothing in this act is confirmed any more")


class AnswerDueJob:
    """The day to answer is over (S-19): on record as a step of the clock's."""

    def __init__(self, units: ActCourseUnits, clock: Clock, policy: ActPolicy) -> None:
        self._units = units
        self._clock = clock
        self._policy = policy

    async def __call__(self, run: JobRun) -> None:
        """Nothing where it was answered, taken back, or given another day meanwhile."""
        now = self._clock.now()
        async with self._units.write() as unit:
            act = await unit.act_course.lock(run.job.payload["act_id"])
            waits = act.state in {ActState.DELIVERED, ActState.OPENED}
            if waits and act.due_at is not None and act.due_at <= now:
                await take_step(unit, act, ActStep.LAPSE, Taken(now, None), self._policy)


async def _require(unit: ActCourseUnit, actor: Actor, act: CourseAct, step: ActStep) -> None:
    """NotFound where the act is not to be seen; Forbidden where the step is another's."""
    if not await _as_role(unit, actor, act, step):
        await unit.act_course.get(act.id, actor)
        raise Forbidden
    if step in DECIDING and actor.id in await _earlier(unit, act):
        raise ActOwnStep


async def _may(unit: ActCourseUnit, actor: Actor, act: CourseAct, step: ActStep) -> bool:
    try:
        await _require(unit, actor, act, step)
    except Forbidden:
        return False
    return True


async def _as_role(unit: ActCourseUnit, actor: Actor, act: CourseAct, step: ActStep) -> bool:
    """The right to a step comes by the role that takes it, not by another of the same person."""
    if step in _BY_STUDENT and act.student_id != actor.id:
        return False
    held = WHO.get(step, frozenset()) & actor.roles
    try:
        await unit.act_course.get(act.id, replace(actor, roles=held))
    except NotFound:
        return False
    return True


async def _earlier(unit: ActCourseUnit, act: CourseAct) -> set[str | None]:
    """Who made, reviewed or forwarded it."""
    steps = await _steps(unit, act)
    sent = {step.by for step in steps if step.step is ActStep.FORWARD}
    return sent | {act.made_by, act.second_reviewer}


async def _steps(unit: ActCourseUnit, act: CourseAct) -> Sequence[CourseStep]:
    return await unit.act_course.steps(act.course_id) if act.course_id else ()


async def _mails(unit: ActCourseUnit, steps: Sequence[CourseStep]) -> tuple[Delivery, ...]:
    """Of the newest forwarding and the newest delivery."""
    newest = {step.step in _DELIVERING: step.id for step in steps if step.step in _SENDING}
    keys = [
        student_key(step) if to_student else step_key(step) for to_student, step in newest.items()
    ]
    return tuple([mail for key in keys for mail in await unit.act_course.told(key)])


async def _late(unit: ActCourseUnit, act: CourseAct, document: Mapping[str, Any]) -> LateFlags:
    if act.state is ActState.MADE or not act.of_flags:
        return LateFlags()
    basis = await unit.act_course.basis(act)
    return LateFlags(len(basis.confirmed - decisions_in(document)), basis.undecided)


def _votes(steps: Sequence[CourseStep]) -> dict[str | None, CourseStep]:
    """By member: those given since the act came where it is, and not taken back."""
    votes: dict[str | None, CourseStep] = {}
    for step in steps:
        if step.before is not step.after:
            votes.clear()
        elif step.step is ActStep.VOTE:
            votes[step.by] = step
        elif step.step is ActStep.UNVOTE:
            votes.pop(step.by, None)
    return votes


def _refusals(steps: Sequence[CourseStep]) -> list[CourseStep]:
    """Forms 2 put on record before the answer, and not taken back since."""
    standing: list[CourseStep] = []
    for step in steps:
        if step.step is ActStep.REFUSE and step.before is step.after:
            standing.append(step)
        elif step.step is ActStep.UNREFUSE:
            standing.pop()
    return standing


def _unopened(act: CourseAct, steps: Sequence[CourseStep]) -> bool:
    """Not opened since it was delivered last."""
    if act.state not in {ActState.DELIVERED, ActState.UNANSWERED}:
        return False
    last = [step.step for step in steps if step.step in {ActStep.OPEN, *_DELIVERING}]
    return last[-1:] != [ActStep.OPEN]


def _stated(step: ActStep, text: str) -> str:
    text = text.strip()
    if len(text) > TEXT_LIMIT or "\0" in text:
        raise InvalidRequest(f"a text has at most {TEXT_LIMIT} characters")
    if step in WITH_REASON and not text:
        raise InvalidRequest("a reason must be given")
    return text


def _is_wanted(one: ActCount, wanted: ActsWanted) -> bool:
    return (
        wanted.state in {None, one.state}
        and wanted.faculty in {None, one.faculty}
        and wanted.proctor in {None, one.proctor}
        and (one.overdue or not wanted.overdue)
    )


def _overview_of(counts: Sequence[ActCount]) -> ActsOverview:
    return ActsOverview(
        by_state=_by_state(counts),
        overdue=_overdue(counts),
        faculties=_grouped(counts, lambda one: one.faculty),
        proctors=_grouped(counts, lambda one: one.proctor),
    )


def _grouped(
    counts: Sequence[ActCount], name_of: Callable[[ActCount], str]
) -> tuple[GroupCount, ...]:
    groups: dict[str, list[ActCount]] = {}
    for one in counts:
        groups.setdefault(name_of(one), []).append(one)
    return tuple(
        GroupCount(name, _by_state(own), _overdue(own), sum(one.acts for one in own))
        for name, own in sorted(groups.items())
    )


def _by_state(counts: Sequence[ActCount]) -> Mapping[ActState, int]:
    found: Counter[ActState] = Counter()
    for one in counts:
        found[one.state] += one.acts
    return found


def _overdue(counts: Sequence[ActCount]) -> int:
    return sum(one.acts for one in counts if one.overdue)


def _step_line(step: CourseStep) -> StepLine:
    return StepLine(
        step=step.step,
        before=step.before,
        after=step.after,
        at=step.at,
        by=step.by_name,
        reason=step.reason,
        reference=step.reference,
        revision=step.revision,
    )


def _evidence(entry: Mapping[str, Any], second: Mapping[str, SecondOpinion]) -> ActEvidence:
    return ActEvidence(
        flag_id=entry["flag_id"],
        kind=entry["kind"],
        item=entry["item"],
        start_ms=entry["start_ms"],
        end_ms=entry["end_ms"],
        confidence=entry["confidence"],
        comment=entry["comment"],
        has_frame=bool(entry["evidence_key"]),
        has_clip=bool(entry["clip_key"]),
        regions=tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in entry["regions"]),
        second=second.get(entry["flag_id"]),
    )
