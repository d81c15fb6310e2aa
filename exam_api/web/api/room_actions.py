"""What a student does in the room besides answering."""

from fastapi import APIRouter
from pydantic import BaseModel

from exam_api.services.views import SittingView
from exam_api.web.api.ids import PathId
from exam_api.web.api.texts import Text
from exam_api.web.auth import ClientId, CoreDep, CurrentActor

router = APIRouter(prefix="/api/v1/sittings/{sitting_id}", tags=["room"])


class Said(BaseModel):
    text: Text


class Asked(BaseModel):
    reason: Text


@router.post("/ready")
async def ready(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, client_id: ClientId
) -> SittingView:
    """The device check is done (T-4.3). 409 ``too_late`` for who is (T-4.10)."""
    return await core.admission.ready(actor, sitting_id, client_id)


@router.post("/replies")
async def reply(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, client_id: ClientId, given: Said
) -> SittingView:
    """A word to the proctor."""
    return await core.room.reply(actor, sitting_id, client_id, given.text)


@router.post("/warnings/{warning_id}/acknowledge")
async def acknowledge(
    core: CoreDep,
    actor: CurrentActor,
    sitting_id: PathId,
    warning_id: PathId,
    client_id: ClientId,
) -> SittingView:
    return await core.room.acknowledge(actor, sitting_id, client_id, warning_id)


@router.post("/break")
async def begin_break(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, client_id: ClientId
) -> SittingView:
    """409 ``beyond_policy`` where none is left."""
    return await core.room.begin_break(actor, sitting_id, client_id)


@router.post("/break/end")
async def end_break(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, client_id: ClientId
) -> SittingView:
    return await core.room.end_break(actor, sitting_id, client_id)


@router.post("/time-requests")
async def ask_time(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, client_id: ClientId, given: Asked
) -> SittingView:
    """Time that an outage took. 409 ``beyond_policy`` where the policy gives none back."""
    return await core.room.ask_time(actor, sitting_id, client_id, given.reason)
