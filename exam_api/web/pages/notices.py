"""The inbox of whoever is signed in."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.services.numbered_pages import PageWanted
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.i18n import catalogue, request_language
from exam_api.web.notice_texts import words_of
from exam_api.web.pages.forms import PageNumber, pager
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)


@router.get("/notices")
async def inbox(
    request: Request, actor: CurrentActor, core: CoreDep, page: PageNumber = 1
) -> Response:
    t = catalogue(request_language(request, actor.language), core.web.zone)
    found = await core.inbox.notices(actor, PageWanted(page))
    return TEMPLATES.page(
        request,
        "notices/inbox.html",
        actor,
        listed=[(notice, words_of(notice, t)) for notice in found.rows],
        unread=await core.inbox.unread(actor),
        pager=pager(request, found),
    )


@router.post("/notices/read")
async def read_all(actor: CurrentActor, core: CoreDep) -> Response:
    await core.inbox.mark_read(actor)
    return RedirectResponse("/notices", 303)


@router.post("/notices/{notice_id}/read")
async def read_one(
    actor: CurrentActor, core: CoreDep, notice_id: PathId, page: PageNumber = 1
) -> Response:
    await core.inbox.mark_read(actor, notice_id)
    return RedirectResponse(f"/notices?page={page}", 303)
