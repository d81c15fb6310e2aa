"""The test itself: begin, questions, answers, finish, and the clock that ends it."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from exam_api.domain.bank_tests import draw_test
from exam_api.domain.errors import RecordingNotLive, TimeOver
from exam_api.domain.grading import Result, result_of
from exam_api.domain.ids import new_id
from exam_api.domain.items import Body
from exam_api.domain.languages import Language, in_language
from exam_api.domain.notices import NoticeKind
from exam_api.domain.paper import Paper, PaperItem, draw
from exam_api.domain.responses import Response
from exam_api.domain.roles import Actor
from exam_api.domain.scoring import HUNDREDTHS, credit
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.sitting_log import LogEntry, LogKind
from exam_api.domain.states import RUNNING, SittingState
from exam_api.services.admission import make_ready
from exam_api.services.answering import Answering, Offered
from exam_api.services.one_by_one import one_by_one
from exam_api.services.ports import Clock, GivenAnswer, LiveMedia, Unit, Units
from exam_api.services.sitting_notices import tell
from exam_api.services.sitting_views import SittingViewer
from exam_api.services.sittings import advance, end_media, note
from exam_api.services.tracks import require_beside
from exam_api.services.views import (
    AnswerView,
    ChoiceView,
    QuestionsView,
    QuestionView,
    SittingView,
)

_DUE_AT_ONCE = 50


class Testing:
    def __init__(self, units: Units, clock: Clock, live: LiveMedia) -> None:
        self._units = units
        self._clock = clock
        self._live = live
        self._viewer = SittingViewer(clock, live)
        self._answering = Answering(units, clock)

    async def begin(self, actor: Actor, sitting_id: str, client_id: str) -> SittingView:
        """S-10, T-4.4, T-4.5. Beginning what runs already changes nothing (a refresh)."""
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            sitting.require_claimed(client_id)
            if sitting.state not in RUNNING:
                sitting = await self._begun(unit, sitting)
            return await self._viewer.show(unit, sitting, actor, client_id)

    async def _begun(self, unit: Unit, sitting: Sitting) -> Sitting:
        exam = await unit.exams.of(sitting)
        media = self._live.state(sitting.id)
        now = self._clock.now()
        if sitting.state in {SittingState.SCHEDULED, SittingState.CHECKING}:
            sitting = await make_ready(unit, sitting, exam, now, media)
        paper = await self._draw(unit, exam)
        begun = sitting.begun(now, exam, paper, live=media.live)
        require_beside(exam.policy, media.tracks)
        await advance(unit, sitting, begun, now, by=sitting.student_id)
        if begun.came_late(exam):
            await tell(unit, NoticeKind.LATE, begun)
        return begun

    async def _draw(self, unit: Unit, exam: Exam) -> Paper:
        """T-4.5: as many as the exam says, from the accepted test, without one from the bank."""
        seed = secrets.randbits(31)
        count = exam.policy.questions
        test = await unit.tests.accepted(exam.discipline_id, count)
        if test is not None:
            bank = await unit.tests.drawable(exam.discipline_id, test.languages)
            return draw_test(bank, test, count, seed)
        items = [one.item for one in await unit.tests.drawable(exam.discipline_id, ())]
        return draw(items, count, seed)

    async def questions(
        self, actor: Actor, sitting_id: str, client_id: str, language: Language
    ) -> QuestionsView:
        """S-10: only while the recording runs. What is correct never leaves."""
        async with self._units.read() as unit:
            live, now = self._live, self._clock.now()
            sitting, paper = await open_paper(unit, live, now, actor, sitting_id, client_id)
            bodies = await unit.bank.bodies([item.item_id for item in paper.items])
            given = {answer.item_id: answer for answer in await unit.answers.of(sitting_id)}
        assert sitting.deadline_at is not None
        return QuestionsView(
            lang=language,
            server_now=self._clock.now(),
            deadline_at=sitting.deadline_at,
            last_seq=max((answer.client_seq for answer in given.values()), default=0),
            questions=_questions(paper, bodies, given, language),
        )

    async def answer(
        self,
        actor: Actor,
        sitting_id: str,
        client_id: str,
        *,
        item_id: str,
        response: Response,
        client_seq: int,
    ) -> AnswerView:
        """Taken within time even where the recording is down: an answer is never lost to that."""
        offered = Offered(actor.id, sitting_id, client_id, item_id, response, client_seq)
        try:
            return await self._answering.take(offered)
        except TimeOver:
            await self._note_late(actor, sitting_id, item_id)
            raise

    async def _note_late(self, actor: Actor, sitting_id: str, item_id: str) -> None:
        """S-9: once a question, for whoever reviews the sitting or hears an appeal."""
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            paper = sitting.require_begun()
            if paper.item(item_id) is None:
                return
            kind, question = LogKind.LATE_ANSWER, str(paper.position(item_id))
            log = [named.entry for named in await unit.log.of(sitting_id)]
            if not any(one.kind is kind and one.text == question for one in log):
                now = self._clock.now()
                entry = LogEntry(new_id(), sitting_id, kind, now, actor.id, question)
                await note(unit, sitting, entry)

    async def finish(self, actor: Actor, sitting_id: str, client_id: str) -> SittingView:
        """T-4.6, T-4.12: the result at once. Finishing what is finished shows it again."""
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            if not sitting.completed:
                sitting.require_claimed(client_id)
                sitting = await self._finished(unit, sitting, by=actor.id)
            view = await self._viewer.show(unit, sitting, actor, client_id)
        await end_media(self._live, sitting_id)
        return view

    async def expire_due(self) -> int:
        """End every sitting whose time is over; how many ended. T-4.4."""
        async with self._units.read() as unit:
            due = await unit.sittings.due(self._clock.now(), _DUE_AT_ONCE)
        return await one_by_one(due, self.expire)

    async def expire(self, sitting_id: str) -> bool:
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock(sitting_id)
            if sitting is None or not sitting.is_due(self._clock.now()):
                return False  # the student finished in between
            await self._finished(unit, sitting, by=None)
        await end_media(self._live, sitting_id)
        return True

    async def _finished(self, unit: Unit, sitting: Sitting, *, by: str | None) -> Sitting:
        result = await scored(unit, sitting)
        now = self._clock.now()
        finished = sitting.submitted(now, result)
        ended_by = by if finished.state is SittingState.SUBMITTED else None
        await advance(unit, sitting, finished, now, by=ended_by)
        return finished


async def scored(unit: Unit, sitting: Sitting) -> Result:
    """Each answer by the rules of its kind; what each earned is kept beside the sum."""
    paper = sitting.require_begun()
    keys = await unit.bank.keys([item.item_id for item in paper.items])
    given = {answer.item_id: answer.response for answer in await unit.answers.of(sitting.id)}
    earned = {ref: credit(key, given.get(ref)) for ref, key in keys.items()}
    await unit.answers.keep_credits(sitting.id, earned)
    return result_of(Fraction(sum(earned.values()), HUNDREDTHS), len(paper.items))


async def earned(unit: Unit, sitting: Sitting) -> Result:
    """What the credits on record add up to, an upheld question's among them (S-20, T-5.6).

    A sitting whose answers were never scored, because a removal ended it, is scored now.
    """
    kept = await unit.answers.credits(sitting.id)
    if not kept:
        return await scored(unit, sitting)
    total = len(sitting.require_begun().items)
    return result_of(Fraction(sum(kept.values()), HUNDREDTHS), total)


async def open_paper(  # noqa: PLR0917 - what any reading of it needs
    unit: Unit, live: LiveMedia, now: datetime, actor: Actor, sitting_id: str, client_id: str
) -> tuple[Sitting, Paper]:
    """T-6.4, S-10: by its own student, in the tab that holds it, in time, while it is recorded."""
    sitting = await unit.sittings.get(sitting_id, actor)
    sitting.require_own(actor.id)
    sitting.require_claimed(client_id)
    paper = sitting.running_paper(now)
    if not live.state(sitting_id).live:
        raise RecordingNotLive
    return sitting, paper


def _questions(
    paper: Paper,
    bodies: Mapping[str, Body],
    given: Mapping[str, GivenAnswer],
    language: Language,
) -> tuple[QuestionView, ...]:
    return tuple(
        question_view(position, item, bodies[item.item_id], given.get(item.item_id), language)
        for position, item in enumerate(paper.items, start=1)
    )


def question_view(
    position: int,
    item: PaperItem,
    body: Body,
    given: GivenAnswer | None,
    language: Language,
) -> QuestionView:
    texts = {option.id: option.text for option in (*body.choices, *body.targets)}

    def in_order(refs: Sequence[str]) -> tuple[ChoiceView, ...]:
        return tuple(ChoiceView(ref, in_language(texts[ref], language)) for ref in refs)

    return QuestionView(
        id=item.item_id,
        position=position,
        kind=item.kind,
        stem=in_language(body.stem, language),
        choices=in_order(item.choice_ids),
        targets=in_order(item.target_ids),
        formulas=body.formulas,
        answer=given.response if given and not given.response.blank else None,
        client_seq=given.client_seq if given else 0,
    )
