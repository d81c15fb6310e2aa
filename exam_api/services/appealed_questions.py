"""A question that is appealed on (S-20), as the student saw it, and the credit it may be given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from exam_api.domain.errors import AppealNotPossible, NotFound
from exam_api.domain.grading import points_of
from exam_api.domain.items import Body
from exam_api.domain.languages import Language, in_language
from exam_api.domain.responses import (
    MatchingResponse,
    MultipleResponse,
    NumberResponse,
    OrderingResponse,
    Response,
    SingleResponse,
    TextResponse,
)
from exam_api.domain.scoring import HUNDREDTHS
from exam_api.domain.sitting import Sitting
from exam_api.domain.states import SittingState
from exam_api.services.appeals_ports import Appeal, AppealsUnit
from exam_api.services.ports import GivenAnswer
from exam_api.services.testing import question_view
from exam_api.services.views import QuestionView

_GRADED: Final = frozenset({SittingState.SUBMITTED, SittingState.EXPIRED})


@dataclass(frozen=True, slots=True)
class AppealedQuestion:
    """The version on the paper, its parts in the student's order; nothing tells what is right.

    ``then``: the answer when it was sent to appeal, ``counted``: the one that counts, as the lines
    a person reads; empty without an answer. ``body``: for its pictures.
    """

    view: QuestionView
    body: Body
    then: tuple[str, ...]
    counted: tuple[str, ...]
    hundredths: int


async def appealed_question(
    unit: AppealsUnit, appeal: Appeal, sitting: Sitting, language: Language
) -> AppealedQuestion:
    """NotFound for an appeal on the whole grade."""
    paper = sitting.require_begun()
    item = paper.item(appeal.item_id or "")
    if item is None:
        raise NotFound
    body = (await unit.bank.bodies([item.item_id]))[item.item_id]
    given = {answer.item_id: answer for answer in await unit.answers.of(sitting.id)}
    sent = {one.item_id: one.response for one in await unit.question_appeals.of(sitting.id)}
    answer = given.get(item.item_id)
    return AppealedQuestion(
        view=question_view(paper.position(item.item_id), item, body, answer, language),
        body=body,
        then=_read(body, sent[item.item_id], language),
        counted=answer_lines(body, answer, language),
        hundredths=(await unit.answers.credits(sitting.id)).get(item.item_id, 0),
    )


def answer_lines(body: Body, given: GivenAnswer | None, language: Language) -> tuple[str, ...]:
    """An answer as the lines a person reads; empty without one."""
    return _read(body, given.response if given else None, language)


def _read(body: Body, response: Response | None, language: Language) -> tuple[str, ...]:
    texts = {part.id: in_language(part.text, language) for part in (*body.choices, *body.targets)}
    return tuple(_lines(response, texts))


def _lines(response: Response | None, texts: Mapping[str, str]) -> Iterator[str]:
    match response:
        case SingleResponse():
            yield texts[response.choice]
        case MultipleResponse():
            yield from (texts[ref] for ref in response.choices)
        case MatchingResponse():
            yield from (f"{texts[left]} → {texts[right]}" for left, right in response.pairs.items())
        case OrderingResponse():
            yield from (texts[ref] for ref in response.order)
        case TextResponse() | NumberResponse() if not response.blank:
            yield response.text


async def credited(unit: AppealsUnit, appeal: Appeal) -> int:
    """The question's whole mark, kept; the exam's points from then on, which the caller sets.

    What an earlier appeal has added stays. AppealNotPossible while the result is cancelled.
    """
    sitting = await unit.sittings.lock(appeal.sitting_id)
    if sitting is None or sitting.result is None or sitting.state not in _GRADED:
        raise AppealNotPossible
    assert appeal.item_id is not None
    earned = dict(await unit.answers.credits(sitting.id))
    missing = HUNDREDTHS - earned.get(appeal.item_id, 0)
    await unit.answers.keep_credits(sitting.id, earned | {appeal.item_id: HUNDREDTHS})
    before = sitting.result
    score = before.score + Fraction(missing, HUNDREDTHS)
    gained = points_of(score, before.total) - points_of(before.score, before.total)
    await unit.sittings.save(replace(sitting, result=replace(before, score=score)))
    return min(before.points + gained, 100)
