"""What a student's page kept while the line was down: what is lacking, and its upload in parts."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Path, Query, Request

from exam_api.domain.errors import FillClosed, NothingLacking, PieceOffset
from exam_api.services.gap_fill import AnnouncedPiece, GapFill, LackingView, PieceView
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CurrentActor
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1/sittings/{sitting_id}", tags=["sittings"])


def _of(request: Request) -> GapFill:
    return cast("GapFill", request.app.state.core.gap_fill)


Filling = Annotated[GapFill, Depends(_of)]


def _announced(
    piece_id: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")],
    size: Annotated[int, Query(ge=1, le=2**31)],
    sha256: Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")],
    start_ms: Annotated[float, Query(ge=0, le=2**53, allow_inf_nan=False)],
) -> AnnouncedPiece:
    return AnnouncedPiece(piece_id, size, sha256, start_ms)


Announced = Annotated[AnnouncedPiece, Depends(_announced)]


@router.get("/lacking", responses=refuses(FillClosed))
async def lacking(sitting_id: PathId, actor: CurrentActor, filling: Filling) -> LackingView:
    return await filling.lacking(actor, sitting_id)


@router.get("/pieces/{piece_id}", responses=refuses(FillClosed))  # noqa: FAST003 - in Announced
async def arrived(
    sitting_id: PathId, actor: CurrentActor, filling: Filling, piece: Announced
) -> PieceView:
    return await filling.arrived(actor, sitting_id, piece)


@router.patch(
    "/pieces/{piece_id}",  # noqa: FAST003 - in Announced
    responses=refuses(FillClosed, NothingLacking, PieceOffset),
    openapi_extra={"requestBody": {"content": {"video/webm": {}}}},
)
async def take(
    *,
    request: Request,
    sitting_id: PathId,
    actor: CurrentActor,
    filling: Filling,
    piece: Announced,
    upload_offset: Annotated[int, Header(ge=0, le=2**31)],
) -> PieceView:
    """The next part, beginning at ``Upload-Offset``. 409 ``piece_offset``: ask where to go on."""
    return await filling.take(actor, sitting_id, piece, upload_offset, await request.body())
