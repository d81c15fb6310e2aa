"""What was mailed, what waits, what failed: for the administrator."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)


@router.get("/mail")
async def outbox(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    listed = await core.outbox.deliveries(actor)
    return TEMPLATES.page(request, "notices/mail.html", actor, listed=listed)


@router.get("/mail/{notice_id}/{user_id}.eml")
async def message(
    actor: CurrentActor, core: CoreDep, notice_id: PathId, user_id: PathId
) -> Response:
    eml = await core.outbox.message(actor, notice_id, user_id)
    headers = {"Content-Disposition": 'attachment; filename="notice-mail.eml"'}
    return Response(eml, media_type="message/rfc822", headers=headers)


@router.post("/mail/{notice_id}/{user_id}/retry")
async def retry(actor: CurrentActor, core: CoreDep, notice_id: PathId, user_id: PathId) -> Response:
    await core.outbox.retry(actor, notice_id, user_id)
    return RedirectResponse("/mail", 303)
