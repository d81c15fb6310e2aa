"""A recording as MP4: asked for, made in the background, fetched while it is kept."""

from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Query, Request, Response, status
from pydantic import BaseModel

from capture.contracts import TrackKind
from exam_api.domain.errors import ExportNotReady, ExportUnavailable, SittingNotOver
from exam_api.services.exports import Exports, ExportView
from exam_api.web.api.ids import PathId
from exam_api.web.api.review_ranges import ranged_video
from exam_api.web.auth import CurrentActor
from exam_api.web.files import PRIVATE
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1/sittings/{sitting_id}", tags=["review"])

_MP4: Final = "video/mp4"


def _of(request: Request) -> Exports:
    return cast("Exports", request.app.state.core.exports)


Exporting = Annotated[Exports, Depends(_of)]


class ExportBody(BaseModel):
    track: TrackKind = TrackKind.CAMERA


@router.post(
    "/exports",
    status_code=status.HTTP_202_ACCEPTED,
    responses=refuses(SittingNotOver, ExportUnavailable),
)
async def ask(
    sitting_id: PathId,
    body: ExportBody,
    response: Response,
    actor: CurrentActor,
    exports: Exporting,
) -> ExportView:
    """``Location`` says how far it is. Asked again it is the same; a failed one is tried again."""
    view = await exports.ask(actor, sitting_id, body.track)
    response.headers["Location"] = f"/api/v1/sittings/{sitting_id}/exports/{body.track}"
    return view


@router.get("/exports/{track}")
async def state(
    sitting_id: PathId, track: TrackKind, actor: CurrentActor, exports: Exporting
) -> ExportView:
    return await exports.state(actor, sitting_id, track)


@router.get("/recording.mp4", responses=refuses(ExportNotReady))
async def video(
    *,
    sitting_id: PathId,
    request: Request,
    actor: CurrentActor,
    exports: Exporting,
    track: Annotated[TrackKind, Query()] = TrackKind.CAMERA,
) -> Response:
    stored = await exports.video(actor, sitting_id, track)
    headers = {**PRIVATE, "Content-Disposition": f'inline; filename="{sitting_id}-{track}.mp4"'}
    return ranged_video(stored, request.headers.get("range", ""), _MP4, headers)
