"""Appeals (T-5.3 … T-5.6, S-21): lodged, visaed, voted on, decided; a grade is corrected once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from acts.contracts import Language
from exam_api.domain.appeals import (
    GROUNDS_LIMIT,
    AppealCause,
    Appealed,
    AppealPolicy,
    AppealState,
    AppealStep,
    Vote,
    appealed,
    is_upheld,
    next_step,
)
from exam_api.domain.errors import (
    AppealExists,
    AppealNotPossible,
    CommissionInvalid,
    CommissionMissing,
    Forbidden,
    InvalidRequest,
    NotFound,
)
from exam_api.domain.grades import GradeChange
from exam_api.domain.grading import Result, grade_of
from exam_api.domain.ids import new_id
from exam_api.domain.judging import UpheldAppeal
from exam_api.domain.languages import LANGUAGES, Texts, in_language
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sitting import Sitting
from exam_api.domain.states import SittingState
from exam_api.services.admitting import RATING_CHANGED
from exam_api.services.appeal_steps import tell_step
from exam_api.services.appealed_questions import (
    AppealedQuestion,
    answer_lines,
    appealed_question,
    credited,
)
from exam_api.services.appeals_ports import (
    Appeal,
    AppealsUnit,
    AppealsUnits,
    Commission,
    Named,
    NewCommission,
)
from exam_api.services.judging import hand_on, restore
from exam_api.services.paging import Page, PageAsk, page_of
from exam_api.services.ports import Blobs, Clock
from exam_api.services.protocol_papers import Documents, ProtocolPapers, Render, document_of

# An upheld appeal takes these back to what the answers are worth.
_CANCELLED: Final = frozenset({SittingState.REMOVED, SittingState.ANNULLED})
_APPEALABLE: Final = _CANCELLED | {SittingState.SUBMITTED, SittingState.EXPIRED}
_ORDER_MOST: Final = 40


@dataclass(frozen=True, slots=True)
class SheetLine:
    """T-5.5: a line of the answer sheet. ``stem`` and ``given`` are for the commission (T-6.4).

    ``given``: the student's answer in each language, as the lines a person reads.
    """

    position: int
    stem: Texts
    given: Mapping[Language, tuple[str, ...]]
    answered: bool
    answered_at: datetime | None
    hundredths: int


@dataclass(frozen=True, slots=True)
class AppealChance:
    """Whether a student may appeal on a sitting, till which day, or the appeal there is."""

    last_day: date
    open: bool
    appeal_id: str | None


class AppealDesk:
    def __init__(
        self,
        units: AppealsUnits,
        clock: Clock,
        blobs: Blobs,
        renders: Mapping[str, Render],
        policy: AppealPolicy = AppealPolicy(),  # noqa: B008 - frozen value
    ) -> None:
        self._units = units
        self._clock = clock
        self._papers = ProtocolPapers(blobs, renders)
        self._policy = policy

    # --- the student --------------------------------------------------------------------------

    async def chance(self, actor: Actor, sitting_id: str) -> AppealChance:
        """NotFound; AppealNotPossible while there is no grade to appeal on."""
        async with self._units.read() as unit:
            sitting = await unit.sittings.get(sitting_id, actor)
            sitting.require_own(actor.id)
            about, graded_at = await _given(unit, sitting)
            known = await unit.appeals.of_sitting(sitting_id, about)
        last_day = self._policy.last_day(graded_at)
        today = self._clock.now().astimezone(self._policy.zone).date()
        return AppealChance(last_day, known is None and today <= last_day, known)

    async def lodge(self, actor: Actor, sitting_id: str, grounds: str) -> str:
        """T-5.4: on the day of the grade, with grounds; the appeal's id. Each annulment is another.

        AppealLate, AppealExists, AppealNotPossible.
        """
        grounds = _stated(grounds)
        now = self._clock.now()
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            about, graded_at = await _given(unit, sitting)
            self._policy.require_in_time(graded_at, now)
            appeal_id = new_id()
            if not await unit.appeals.add(appeal_id, sitting_id, grounds, now, about=about):
                raise AppealExists
            await tell_step(unit, appeal_id, actor, roles=(Role.REGISTRAR,))
        return appeal_id

    # --- everybody whom it concerns -----------------------------------------------------------

    async def page(self, actor: Actor, ask: PageAsk) -> Page[Appeal]:
        async with self._units.read() as unit:
            found = await unit.appeals.page(actor, ask)
        return page_of(found, ask, lambda appeal: (appeal.id,))

    async def get(self, actor: Actor, appeal_id: str) -> Appeal:
        """Others' votes and notes are the commission's until it has decided."""
        async with self._units.read() as unit:
            appeal = await unit.appeals.get(appeal_id, actor)
        if appeal.decided_at is None and not _is_member(appeal, actor):
            return replace(appeal, votes=())
        return appeal

    async def answer_sheet(self, actor: Actor, appeal_id: str) -> tuple[SheetLine, ...]:
        """For the registrar and the commission: the student's answers and what each earned."""
        async with self._units.read() as unit:
            _, sitting = await _judged(unit, actor, appeal_id)
            return await _answer_sheet(unit, sitting)

    async def question(self, actor: Actor, appeal_id: str, language: Language) -> AppealedQuestion:
        """S-20: for the registrar and the commission, after the test. NotFound: on no question."""
        async with self._units.read() as unit:
            appeal, sitting = await _judged(unit, actor, appeal_id)
            return await appealed_question(unit, appeal, sitting, language)

    async def protocol(
        self, actor: Actor, appeal_id: str, language: Language, kind: str = "pdf"
    ) -> tuple[str, bytes]:
        """The number and the paper, of what was decided, as it was first made. NotFound.

        ``kind``: pdf, sealed and kept, since people sign it; or html.
        """
        async with self._units.read() as unit:
            appeal = await unit.appeals.get(appeal_id, actor)
        if appeal.decided_at is None:
            raise NotFound
        paper = await self._papers.kept(appeal_id, language, kind)
        if paper is None:
            documents = await self._documents(appeal)
            paper = await self._papers.made(appeal_id, language, kind, documents)
        return appeal.protocol_number, paper

    async def _documents(self, appeal: Appeal) -> Documents:
        frozen = await self._papers.frozen(appeal.id)
        if frozen is not None:
            return frozen
        async with self._units.read() as unit:
            lines = await _answer_sheet(unit, await unit.appeals.sitting(appeal))
        sheet = tuple((line.position, line.answered, line.hundredths) for line in lines)
        zone = self._policy.zone
        documents = {one: document_of(appeal, sheet, zone, one) for one in LANGUAGES}
        return await self._papers.freeze(appeal.id, documents)

    # --- the registrar ------------------------------------------------------------------------

    async def visa(self, actor: Actor, appeal_id: str, *, grant: bool, note: str) -> None:
        """T-5.5: passes it to the newest commission, due the next working day; or returns it.

        AppealNotPossible before the end, and on a question while the whole result is cancelled: no
        credit could be given for it. CommissionMissing; InvalidRequest where a return gives no
        reason.
        """
        if not actor.has(Role.REGISTRAR):
            raise Forbidden
        note = _noted(note) if grant else _stated(note)
        now = self._clock.now()
        async with self._units.write() as unit:
            appeal = await unit.appeals.lock(appeal_id, actor)
            step = AppealStep.VISA if grant else AppealStep.RETURN
            state = next_step(appeal.state, step)
            judged = _APPEALABLE if appeal.item_id is None else _APPEALABLE - _CANCELLED
            if grant and (await unit.appeals.sitting(appeal)).state not in judged:
                raise AppealNotPossible
            commission = await unit.appeals.newest_commission() if grant else None
            if grant and commission is None:
                raise CommissionMissing
            await unit.appeals.set_visa(
                appeal_id,
                state,
                by=actor.id,
                at=now,
                note=note,
                commission_id=commission.id if commission else None,
                due_on=self._policy.due_on(now) if grant else None,
            )
            members = [member.id for member in commission.members] if commission else []
            await tell_step(unit, appeal_id, actor, people=[appeal.student.id, *members])

    async def name_commission(
        self,
        actor: Actor,
        order_number: str,
        order_date: date | None,
        chair_id: str,
        members: list[str],
    ) -> None:
        """By order: a chair and members, all with the commission's role. CommissionInvalid."""
        if not actor.has(Role.REGISTRAR, Role.ADMINISTRATOR):
            raise Forbidden
        number = order_number.strip()
        chosen = tuple(dict.fromkeys((chair_id, *members)))
        async with self._units.write() as unit:
            known = {person.id for person in await unit.appeals.candidates()}
            named = 0 < len(number) <= _ORDER_MOST and number.isprintable()
            if order_date is None or not named or not known.issuperset(chosen):
                raise CommissionInvalid
            now = self._clock.now()
            await unit.appeals.add_commission(
                NewCommission(new_id(), number, order_date, chair_id, chosen, now, actor.id)
            )

    async def commissions(self, actor: Actor) -> tuple[tuple[Commission, ...], tuple[Named, ...]]:
        """Those named so far, and who may be."""
        if not actor.has(Role.REGISTRAR, Role.ADMINISTRATOR):
            raise Forbidden
        async with self._units.read() as unit:
            named = tuple(await unit.appeals.commissions())
            return named, tuple(await unit.appeals.candidates())

    # --- the commission -----------------------------------------------------------------------

    async def vote(self, actor: Actor, appeal_id: str, *, uphold: bool, note: str) -> None:
        """A member's own vote; may be changed until the decision."""
        note = _noted(note)
        async with self._units.write() as unit:
            appeal = await unit.appeals.lock(appeal_id, actor)
            _require_member(appeal, actor)
            next_step(appeal.state, AppealStep.UPHOLD)
            at = self._clock.now()
            await unit.appeals.vote(appeal_id, actor.id, uphold=uphold, note=note, at=at)

    async def decide(
        self, actor: Actor, appeal_id: str, *, reasons: str, points: int | None
    ) -> None:
        """T-5.6: the chair closes the vote; an upheld appeal sets the exam's points, once.

        One on a question gives the question's whole mark instead (S-20).

        AppealVotesMissing; InvalidRequest where an upheld appeal names no points.
        """
        reasons = _stated(reasons)
        now = self._clock.now()
        async with self._units.write() as unit:
            appeal = await unit.appeals.lock(appeal_id, actor)
            commission = _require_member(appeal, actor)
            if commission.chair.id != actor.id:
                raise Forbidden
            votes = [Vote(vote.member.id, vote.uphold) for vote in appeal.votes]
            members = [member.id for member in commission.members]
            step = AppealStep.REJECT
            if appeal.state is AppealState.VISAED and is_upheld(votes, members, actor.id):
                step = AppealStep.UPHOLD
            state = next_step(appeal.state, step)
            corrected = None
            if step is AppealStep.UPHOLD:
                whole = appeal.item_id is None
                corrected = _points(points) if whole else await credited(unit, appeal)
            protocol = await unit.appeals.decide(
                appeal,
                state,
                at=now,
                reasons=reasons,
                points_before=appeal.points,
                points_after=appeal.points if corrected is None else corrected,
            )
            if corrected is not None:
                number = f"{commission.order_number}/{protocol}"
                await self._correct(unit, appeal, corrected, number, actor)
            await tell_step(
                unit, appeal_id, actor, people=[appeal.student.id], roles=(Role.REGISTRAR,)
            )

    async def _correct(
        self, unit: AppealsUnit, appeal: Appeal, points: int, number: str, actor: Actor
    ) -> None:
        """The sitting's result, its history, and the journal where it has the grade already."""
        now = self._clock.now()
        sitting = await unit.sittings.lock(appeal.sitting_id)
        if sitting is None or sitting.state not in _APPEALABLE:
            raise AppealNotPossible
        if sitting.state in _CANCELLED:
            by_appeal = UpheldAppeal(appeal.id)
            sitting = await restore(unit, sitting.id, by_appeal, at=now, by=actor.id, reason=number)
        assert sitting.result is not None
        if sitting.result.points != points:
            await _regrade(
                unit,
                sitting,
                points,
                GradeChange(
                    sitting.id, "appeal", sitting.result.points, points, now, actor.id, number
                ),
            )
        await hand_on(unit, sitting, at=now, by=actor.id)


async def _regrade(unit: AppealsUnit, sitting: Sitting, points: int, change: GradeChange) -> None:
    assert sitting.result is not None
    grade = grade_of(points)
    before = sitting.result
    result = Result(before.score, before.total, points, grade.letter, grade.gpa)
    await unit.sittings.save(replace(sitting, result=result))
    await unit.grades.add(change)


async def _given(unit: AppealsUnit, sitting: Sitting) -> tuple[Appealed, datetime]:
    """What may be appealed on now, and when that was given: by the test, a removal or an act."""
    if sitting.state not in _APPEALABLE or sitting.result is None or sitting.paper is None:
        raise AppealNotPossible
    course = [named.transition for named in await unit.transitions.of(sitting.id)]
    annulments = [change.at for change in course if change.after is SittingState.ANNULLED]
    about = appealed(sitting.state, len(annulments))
    if about.cause is AppealCause.ANNULMENT and annulments:
        return about, annulments[-1]
    changes = [named.change for named in await unit.grades.of_sitting(sitting.id)]
    of_exam = [change for change in changes if change.cause != RATING_CHANGED]
    if of_exam:
        return about, of_exam[-1].at
    if sitting.finished_at is None:
        raise AppealNotPossible
    return about, sitting.finished_at


def _stated(text: str) -> str:
    text = _noted(text)
    if not text:
        raise InvalidRequest("a reason must be given")
    return text


def _noted(text: str) -> str:
    text = text.strip()
    if len(text) > GROUNDS_LIMIT or "\0" in text:
        raise InvalidRequest(f"a text has at most {GROUNDS_LIMIT} characters")
    return text


def _points(points: int | None) -> int:
    if points is None or not 0 <= points <= 100:
        raise InvalidRequest("an upheld appeal sets points from 0 to 100")
    return points


def _is_member(appeal: Appeal, actor: Actor) -> bool:
    return appeal.commission is not None and actor.id in {
        member.id for member in appeal.commission.members
    }


def _require_member(appeal: Appeal, actor: Actor) -> Commission:
    """Nobody judges the own appeal, and only by role and order together."""
    own = appeal.student.id == actor.id
    if appeal.commission is None or own or not _is_member(appeal, actor):
        raise Forbidden
    if not actor.has(Role.APPEAL_COMMISSION):
        raise Forbidden
    return appeal.commission


async def _judged(unit: AppealsUnit, actor: Actor, appeal_id: str) -> tuple[Appeal, Sitting]:
    """T-6.4: questions only after the test. Forbidden, AppealNotPossible."""
    appeal = await unit.appeals.get(appeal_id, actor)
    if not (actor.has(Role.REGISTRAR) or _is_member(appeal, actor)):
        raise Forbidden
    sitting = await unit.appeals.sitting(appeal)
    if sitting.state not in _APPEALABLE:
        raise AppealNotPossible
    return appeal, sitting


async def _answer_sheet(unit: AppealsUnit, sitting: Sitting) -> tuple[SheetLine, ...]:
    paper = sitting.require_begun()
    ids = [item.item_id for item in paper.items]
    bodies = await unit.bank.bodies(ids)
    given = {answer.item_id: answer for answer in await unit.answers.of(sitting.id)}
    credits_of = await unit.answers.credits(sitting.id)
    return tuple(
        SheetLine(
            position=position,
            stem={one: in_language(bodies[item_id].stem, one) for one in LANGUAGES},
            given={
                one: answer_lines(bodies[item_id], given.get(item_id), one) for one in LANGUAGES
            },
            answered=item_id in given and not given[item_id].response.blank,
            answered_at=given[item_id].saved_at if item_id in given else None,
            hundredths=credits_of.get(item_id, 0),
        )
        for position, item_id in enumerate(ids, 1)
    )
