"""What was mailed, what waits, what failed: for the administrator."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from exam_api.domain.errors import ExamError
from exam_api.domain.roles import Actor
from exam_api.services.bounces import BounceUnreadable
from exam_api.services.numbered_pages import PageWanted
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.container import Core
from exam_api.web.files import document
from exam_api.web.pages.forms import PageNumber, pager
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)


@router.get("/mail")
async def outbox(
    request: Request, actor: CurrentActor, core: CoreDep, page: PageNumber = 1
) -> Response:
    return await _outbox(request, actor, core, page)


async def _outbox(
    request: Request, actor: Actor, core: Core, page: int = 1, refused: ExamError | None = None
) -> Response:
    """``refused``: why a report of a mail that came back was not taken."""
    found = await core.outbox.deliveries(actor, PageWanted(page))
    return TEMPLATES.page(
        request,
        "notices/mail.html",
        actor,
        status=refused.status if refused else 200,
        listed=found.rows,
        pager=pager(request, found, "/mail"),
        problem=refused.code if refused else "",
    )


@router.post("/mail/returned")
async def returned(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    async with request.form() as form:
        file = form.get("file")
        report = await file.read() if isinstance(file, UploadFile) else b""
    try:
        await core.outbox.returned(actor, report)
    except BounceUnreadable as error:
        return await _outbox(request, actor, core, refused=error)
    return RedirectResponse("/mail", 303)


@router.get("/mail/{notice_id}/{user_id}.eml")
async def message(
    actor: CurrentActor, core: CoreDep, notice_id: PathId, user_id: PathId
) -> Response:
    eml = await core.outbox.message(actor, notice_id, user_id)
    return document(eml, "message/rfc822", "notice-mail.eml")


@router.post("/mail/{notice_id}/{user_id}/retry")
async def retry(
    *,
    actor: CurrentActor,
    core: CoreDep,
    notice_id: PathId,
    user_id: PathId,
    page: PageNumber = 1,
) -> Response:
    await core.outbox.retry(actor, notice_id, user_id)
    return RedirectResponse(f"/mail?page={page}", 303)
