"""S-20: a question is sent to appeal during the test, on the question itself, losing no time.

One press is enough: grounds may be written at once or after the test, once. From the press on it
is an appeal like any other (services.appeals); the question itself is shown after the test.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from exam_api.domain.errors import Conflict, NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sitting import Sitting
from exam_api.services.appeal_steps import tell_step
from exam_api.services.appeals_ports import AppealsUnit, AppealsUnits
from exam_api.services.course import stated
from exam_api.services.ports import Clock, Unit
from exam_api.services.question_appeal_ports import QuestionAppeal
from exam_api.services.sittings import SITTING_NOTED


@dataclass(frozen=True, slots=True)
class QuestionAppealView:
    """``position``: of the question on the sitting's paper. Its text stays in the test (T-6.4)."""

    item_id: str
    position: int
    text: str
    at: datetime


class QuestionAppealDesk:
    def __init__(self, units: AppealsUnits, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def send(
        self, actor: Actor, sitting_id: str, client_id: str, item_id: str, text: str
    ) -> tuple[QuestionAppealView, ...]:
        """Within the test's time. The same again changes nothing; other grounds are a Conflict."""
        text = stated(text, needed=False)
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            sitting.require_claimed(client_id)
            now = self._clock.now()
            if sitting.running_paper(now).item(item_id) is None:
                raise NotFound
            await self._put(
                unit, actor, sitting, QuestionAppeal(sitting.id, item_id, text, None, now)
            )
            return await _views(unit, sitting)

    async def _put(
        self, unit: AppealsUnit, actor: Actor, sitting: Sitting, new: QuestionAppeal
    ) -> None:
        sent = await _sent(unit, sitting.id, new.item_id)
        if sent is not None:
            await _explained(unit, sent, new.text)
            return
        given = {answer.item_id: answer.response for answer in await unit.answers.of(sitting.id)}
        await unit.question_appeals.add(replace(new, response=given.get(new.item_id)))
        appeal_id = new_id()
        await unit.appeals.add(appeal_id, sitting.id, "", new.at, item_id=new.item_id)
        await tell_step(unit, appeal_id, actor, roles=(Role.REGISTRAR,))
        told = {"kind": "question_appeal"}
        await unit.events.append(sitting.exam_id, sitting.id, SITTING_NOTED, told)

    async def explain(
        self, actor: Actor, sitting_id: str, item_id: str, text: str
    ) -> tuple[QuestionAppealView, ...]:
        """Grounds for a question that was sent without, also after the test. NotFound, Conflict."""
        text = stated(text)
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            sent = await _sent(unit, sitting_id, item_id)
            if sent is None:
                raise NotFound
            await _explained(unit, sent, text)
            return await _views(unit, sitting)

    async def listed(self, actor: Actor, sitting_id: str) -> tuple[QuestionAppealView, ...]:
        """For the student, and for those who watch the exam."""
        async with self._units.read() as unit:
            sitting = await unit.sittings.get(sitting_id, actor)
            return await _views(unit, sitting)


async def _sent(unit: Unit, sitting_id: str, item_id: str) -> QuestionAppeal | None:
    sent = await unit.question_appeals.of(sitting_id)
    return next((appeal for appeal in sent if appeal.item_id == item_id), None)


async def _explained(unit: Unit, sent: QuestionAppeal, text: str) -> None:
    if sent.text and text not in {"", sent.text}:
        raise Conflict
    if text and not sent.text:
        await unit.question_appeals.explain(sent, text)


async def _views(unit: Unit, sitting: Sitting) -> tuple[QuestionAppealView, ...]:
    paper = sitting.require_begun()
    return tuple(
        QuestionAppealView(appeal.item_id, paper.position(appeal.item_id), appeal.text, appeal.at)
        for appeal in await unit.question_appeals.of(sitting.id)
    )
