"""A student's way to the test."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, StringConstraints

from capture.contracts import TrackKind
from exam_api.services.views import ExamCard, PublishTokenView, SittingView
from exam_api.web.api.ids import PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.auth import ClientId, CoreDep, CurrentActor, MaybeClientId, within_session

router = APIRouter(prefix="/api/v1", tags=["sittings"])


class Claim(BaseModel):
    client_id: Annotated[
        str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    ]
    take_over: bool = False


@router.get("/exams", responses=PAGED)
async def exams(
    *, request: Request, response: Response, ask: AskedPage, core: CoreDep, actor: CurrentActor
) -> tuple[ExamCard, ...]:
    """Those that concern the caller, the latest window first."""
    return linked(request, response, await core.desk.exams_after(actor, ask))


@router.get("/exams/{exam_id}")
async def exam(core: CoreDep, actor: CurrentActor, exam_id: PathId) -> ExamCard:
    return await core.desk.exam(actor, exam_id)


@router.post("/exams/{exam_id}/sittings")
async def open_sitting(core: CoreDep, actor: CurrentActor, exam_id: PathId) -> SittingView:
    """The student's own sitting, made at the first call."""
    return await core.desk.open(actor, exam_id)


@router.get("/sittings/{sitting_id}")
async def sitting(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, client_id: MaybeClientId
) -> SittingView:
    return await core.desk.view(actor, sitting_id, client_id)


@router.post("/sittings/{sitting_id}/claim")
async def claim(
    request: Request, core: CoreDep, actor: CurrentActor, sitting_id: PathId, wanted: Claim
) -> SittingView:
    """409 ``open_elsewhere`` where another tab holds it, unless ``take_over``.

    The same id in another log-in session is another tab.
    """
    client_id = within_session(request, wanted.client_id)
    return await core.desk.claim(actor, sitting_id, client_id, take_over=wanted.take_over)


@router.post("/sittings/{sitting_id}/publish-token")
async def publish_token(
    core: CoreDep,
    actor: CurrentActor,
    sitting_id: PathId,
    client_id: ClientId,
    track: Annotated[TrackKind, Query()] = TrackKind.CAMERA,
) -> PublishTokenView:
    return await core.desk.publish_token(actor, sitting_id, client_id, track)
