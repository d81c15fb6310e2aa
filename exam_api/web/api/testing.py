"""The test: begin, questions, answers, finish."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from exam_api.domain.errors import NotInProgress, OpenElsewhere, TimeOver
from exam_api.domain.languages import Language
from exam_api.domain.responses import Response
from exam_api.services.views import AnswerView, QuestionsView, SittingView
from exam_api.web.api.ids import PathId
from exam_api.web.auth import ClientId, CoreDep, CurrentActor, required_cookie
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1/sittings/{sitting_id}", tags=["test"])

# What a JavaScript number holds exactly.
_MOST = 2**53 - 1


class Answer(BaseModel):
    """``response`` by the kind of the question: a choice, choices, pairs, a text, an order."""

    response: Annotated[Response, Field(discriminator="kind")]
    client_seq: Annotated[int, Field(ge=0, le=_MOST)]


@router.post("/begin")
async def begin(
    request: Request, core: CoreDep, actor: CurrentActor, sitting_id: PathId, client_id: ClientId
) -> SittingView:
    """409 ``recording_not_live`` unless the recording runs (S-10).

    Other log-in sessions of the student are held, as one that begins later is (S-11).
    """
    view = await core.testing.begin(actor, sitting_id, client_id)
    await core.log_ins.hold_others(actor, required_cookie(request), sitting_id)
    return view


@router.get("/questions")
async def questions(
    core: CoreDep,
    actor: CurrentActor,
    sitting_id: PathId,
    client_id: ClientId,
    lang: Annotated[Language | None, Query()] = None,
) -> QuestionsView:
    return await core.testing.questions(actor, sitting_id, client_id, lang or actor.language)


@router.put("/answers/{item_id}", responses=refuses(OpenElsewhere, NotInProgress, TimeOver))
async def answer(
    *,
    core: CoreDep,
    actor: CurrentActor,
    sitting_id: PathId,
    item_id: PathId,
    client_id: ClientId,
    given: Answer,
) -> AnswerView:
    """Idempotent; the highest ``client_seq`` counts. 409 ``time_over`` after the deadline."""
    return await core.testing.answer(
        actor,
        sitting_id,
        client_id,
        item_id=item_id,
        response=given.response,
        client_seq=given.client_seq,
    )


@router.post("/finish")
async def finish(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, client_id: ClientId
) -> SittingView:
    """The result at once (T-4.12)."""
    return await core.testing.finish(actor, sitting_id, client_id)
