"""How many notices wait to be read: every page shows it."""

from fastapi import APIRouter
from pydantic import BaseModel

from exam_api.web.auth import CoreDep, CurrentActor

router = APIRouter(prefix="/api/v1/notices", tags=["notices"])


class Unread(BaseModel):
    unread: int


@router.get("/unread")
async def unread(core: CoreDep, actor: CurrentActor) -> Unread:
    return Unread(unread=await core.inbox.unread(actor))
