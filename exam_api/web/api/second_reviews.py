"""The blind second review of acts, and how far first and second reviewers agree."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from exam_api.services.paging import page_after
from exam_api.services.proctoring_ports import Verdict
from exam_api.services.second_reviews import (
    COMMENT_LIMIT,
    GroupAgreement,
    SecondOpinion,
    SecondReview,
    SecondTask,
)
from exam_api.web.api.ids import BodyId, PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.api.review_ranges import ranged
from exam_api.web.api.texts import plain
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.files import PRIVATE

router = APIRouter(prefix="/api/v1/second-reviews", tags=["acts"])
Comment = Annotated[str, plain(COMMENT_LIMIT)]


class Opinion(BaseModel):
    flag_id: BodyId
    verdict: Verdict
    comment: Comment = ""


class Opinions(BaseModel):
    flags: list[Opinion] = Field(max_length=500)


@router.get("", responses=PAGED)
async def waiting(
    *, request: Request, response: Response, ask: AskedPage, core: CoreDep, actor: CurrentActor
) -> tuple[SecondTask, ...]:
    """Acts that wait for somebody who has not seen them; none where the policy asks for none."""
    found = await core.second_reviews.waiting(actor)
    return linked(request, response, page_after(found, ask, lambda one: (one.act_id,)))


@router.get("/agreement", responses=PAGED)
async def agreement(
    *, request: Request, response: Response, ask: AskedPage, core: CoreDep, actor: CurrentActor
) -> tuple[GroupAgreement, ...]:
    """Cohen's kappa by proctor group."""
    found = await core.second_reviews.agreement(actor)
    return linked(request, response, page_after(found, ask, lambda one: (one.group,)))


@router.get("/{act_id}")
async def review(act_id: PathId, core: CoreDep, actor: CurrentActor) -> SecondReview:
    """Without the first's verdicts until the own ones are given."""
    return await core.second_reviews.get(actor, act_id)


@router.post("/{act_id}")
async def give(act_id: PathId, given: Opinions, core: CoreDep, actor: CurrentActor) -> SecondReview:
    """On every flag at once, for good."""
    opinions = [SecondOpinion(one.flag_id, one.verdict, one.comment) for one in given.flags]
    await core.second_reviews.give(actor, act_id, opinions)
    return await core.second_reviews.get(actor, act_id)


@router.get("/{act_id}/flags/{flag_id}.jpg")
async def frame(
    act_id: PathId, flag_id: PathId, core: CoreDep, services: Proctoring, actor: CurrentActor
) -> Response:
    flag = await core.second_reviews.flag(actor, act_id, flag_id)
    jpeg = await services.reviewing.frame_of(flag)
    return Response(jpeg, media_type="image/jpeg", headers=PRIVATE)


@router.get("/{act_id}/flags/{flag_id}.webm")
async def clip(
    *,
    act_id: PathId,
    flag_id: PathId,
    request: Request,
    core: CoreDep,
    services: Proctoring,
    actor: CurrentActor,
) -> Response:
    flag = await core.second_reviews.flag(actor, act_id, flag_id)
    data = await services.reviewing.clip_of(flag)
    return ranged(data, request.headers.get("range", ""), "video/webm", PRIVATE)
