"""What a proctor does to a sitting, and the record of its states."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from exam_api.services.proctor_actions import REASON_LIMIT, TransitionView
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor

router = APIRouter(prefix="/api/v1/sittings/{sitting_id}", tags=["proctor's actions"])


class Removal(BaseModel):
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_LIMIT)
    ]


@router.post("/remove")
async def remove(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId, given: Removal
) -> tuple[TransitionView, ...]:
    """T-4.9: ends the sitting with 0 points and F. 409 where it has ended already."""
    return await core.actions.remove(actor, sitting_id, given.reason)


@router.get("/transitions")
async def transitions(
    core: CoreDep, actor: CurrentActor, sitting_id: PathId
) -> tuple[TransitionView, ...]:
    return await core.actions.history(actor, sitting_id)
