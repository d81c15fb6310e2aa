"""S-20: questions sent to appeal during the test."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from exam_api.services.paging import page_after
from exam_api.services.question_appeals import QuestionAppealView
from exam_api.web.api.ids import PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.api.texts import OptionalText, Text
from exam_api.web.auth import ClientId, CoreDep, CurrentActor

router = APIRouter(prefix="/api/v1/sittings/{sitting_id}/question-appeals", tags=["room"])


class MaybeGrounds(BaseModel):
    text: OptionalText = ""


class Grounds(BaseModel):
    text: Text


@router.get("", responses=PAGED)
async def listed(
    *,
    request: Request,
    response: Response,
    ask: AskedPage,
    core: CoreDep,
    actor: CurrentActor,
    sitting_id: PathId,
) -> tuple[QuestionAppealView, ...]:
    """In the order of the questions."""
    found = await core.question_appeals.listed(actor, sitting_id)
    return linked(request, response, page_after(found, ask, lambda one: (one.position,)))


@router.put("/{item_id}")
async def send(
    *,
    core: CoreDep,
    actor: CurrentActor,
    sitting_id: PathId,
    item_id: PathId,
    client_id: ClientId,
    given: MaybeGrounds,
) -> tuple[QuestionAppealView, ...]:
    """During the test; grounds may follow. 409 where other grounds were given already."""
    return await core.question_appeals.send(actor, sitting_id, client_id, item_id, given.text)


@router.post("/{item_id}/grounds")
async def explain(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, item_id: PathId, given: Grounds
) -> tuple[QuestionAppealView, ...]:
    """For a question that was sent without, also after the test."""
    return await core.question_appeals.explain(actor, sitting_id, item_id, given.text)
