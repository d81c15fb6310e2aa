"""Acts on their way (S-18, S-19): what each sees of them, and the step that is theirs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from exam_api.domain.act_course import ActState, ActStep
from exam_api.domain.errors import (
    ActAnswerLate,
    ActOwnStep,
    IllegalTransition,
    SecondReviewMissing,
)
from exam_api.services.act_desk import TEXT_LIMIT, ActLine, ActsOverview, ActWay
from exam_api.web.api.ids import PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.api.review_ranges import ranged
from exam_api.web.api.texts import plain
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.files import PRIVATE
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1/acts", tags=["acts"])
Text = Annotated[str, plain(TEXT_LIMIT)]


class StepTaken(BaseModel):
    """``text``: the reason; of the student, what is said to the act."""

    step: ActStep
    text: Text = ""


@router.get("", responses=PAGED)
async def listed(
    *,
    request: Request,
    response: Response,
    ask: AskedPage,
    core: CoreDep,
    actor: CurrentActor,
    state: Annotated[ActState | None, Query()] = None,
) -> tuple[ActLine, ...]:
    """Newest first: those that the caller may see, all or those in one state."""
    return linked(request, response, await core.act_desk.page(actor, ask, state))


@router.get("/summary")
async def summary(core: CoreDep, actor: CurrentActor) -> ActsOverview:
    """Acts by state, what is overdue, by faculty and by proctor."""
    return await core.act_desk.overview(actor)


@router.get("/{act_id}/way")
async def way(act_id: PathId, core: CoreDep, actor: CurrentActor) -> ActWay:
    """The act with its steps, its evidence, and what the caller may do now."""
    return await core.act_desk.way(actor, act_id)


@router.post(
    "/{act_id}/steps",
    responses=refuses(IllegalTransition, ActAnswerLate, ActOwnStep, SecondReviewMissing),
)
async def step(act_id: PathId, given: StepTaken, core: CoreDep, actor: CurrentActor) -> ActWay:
    """Forward, deliver, open, agree, disagree, confirm, withdraw; counter-steps with a reason."""
    await core.act_desk.step(actor, act_id, given.step, given.text)
    return await core.act_desk.way(actor, act_id)


@router.get("/{act_id}/evidence/{flag_id}.jpg")
async def frame(act_id: PathId, flag_id: PathId, core: CoreDep, actor: CurrentActor) -> Response:
    jpeg = await core.act_desk.frame(actor, act_id, flag_id)
    return Response(jpeg, media_type="image/jpeg", headers=PRIVATE)


@router.get("/{act_id}/evidence/{flag_id}.webm")
async def clip(
    act_id: PathId, flag_id: PathId, request: Request, core: CoreDep, actor: CurrentActor
) -> Response:
    data = await core.act_desk.clip(actor, act_id, flag_id)
    return ranged(data, request.headers.get("range", ""), "video/webm", PRIVATE)
