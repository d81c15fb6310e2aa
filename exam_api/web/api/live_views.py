"""Live views for those who look over an exam, and the phone that is a student's second camera."""

from typing import Annotated

from fastapi import APIRouter, Header, Query

from capture.contracts import TrackKind
from capture.endpoint import bearer_token
from exam_api.domain.errors import NotFound, NotInProgress, OpenElsewhere
from exam_api.services.media_tokens import PhoneLinkView, PhoneView, WatchTokenView
from exam_api.services.views import PublishTokenView
from exam_api.web.api.ids import PathId
from exam_api.web.auth import ClientId, CoreDep, CurrentActor
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1", tags=["live"])
Authorization = Annotated[str | None, Header(max_length=300)]


@router.post("/sittings/{sitting_id}/watch-token", responses=refuses(NotFound, NotInProgress))
async def watch_token(
    sitting_id: PathId,
    actor: CurrentActor,
    core: CoreDep,
    track: Annotated[TrackKind, Query()] = TrackKind.CAMERA,
) -> WatchTokenView:
    """For one live view by WHEP; a track that does not arrive answers 409 there."""
    return await core.live_views.token(actor, sitting_id, track)


@router.post(
    "/sittings/{sitting_id}/second-camera/link",
    responses=refuses(NotFound, NotInProgress, OpenElsewhere),
)
async def phone_link(
    sitting_id: PathId, actor: CurrentActor, client_id: ClientId, core: CoreDep
) -> PhoneLinkView:
    """The page that the QR code opens on the student's phone."""
    return await core.second_camera.link(actor, sitting_id, client_id, core.web.address)


@router.post("/second-camera/open")
async def open_phone(core: CoreDep, authorization: Authorization = None) -> PhoneView:
    """With the link's token (Bearer): the phone's own token."""
    return await core.second_camera.opened(bearer_token(authorization))


@router.post("/second-camera/publish-token")
async def phone_publish_token(
    core: CoreDep, authorization: Authorization = None
) -> PublishTokenView:
    """With the phone's token (Bearer): a token for one connection."""
    return await core.second_camera.publish_token(bearer_token(authorization))
