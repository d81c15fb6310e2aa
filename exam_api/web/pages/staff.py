"""Pages of those who watch, check: consoles, reviews, lists, acts."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.errors import InvalidRequest
from exam_api.domain.roles import Actor, Role
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.readiness import Duty, Readiness
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.pages.forms import PageNumber, pager, text_of
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.wiring import Identities, Lists

router = APIRouter(include_in_schema=False)


def _list_of(actor: Actor) -> str:
    """Where a person's exams are listed."""
    return "/console" if actor.has(Role.PROCTOR) else "/overview"


async def _exams(request: Request, actor: Actor, lists: Lists, page: int, heading: str) -> Response:
    found = await lists.exams(actor, PageWanted(page))
    return TEMPLATES.page(
        request,
        "exams.html",
        actor,
        rows=found.rows,
        pager=pager(request, found),
        heading=heading,
    )


@router.get("/console")
async def proctors_exams(
    request: Request, actor: CurrentActor, lists: Lists, page: PageNumber = 1
) -> Response:
    return await _exams(request, actor, lists, page, "exams.console")


@router.get("/overview")
async def all_exams(
    request: Request, actor: CurrentActor, lists: Lists, page: PageNumber = 1
) -> Response:
    return await _exams(request, actor, lists, page, "exams.overview")


@router.get("/console/{exam_id}")
async def console(
    request: Request, actor: CurrentActor, lists: Lists, core: CoreDep, exam_id: str
) -> Response:
    exam = await lists.exam(actor, exam_id)
    return TEMPLATES.page(
        request,
        "console.html",
        actor,
        exam=exam,
        list_href=_list_of(actor),
        watching=core.watching,
        duties=await Readiness(core.database).of(actor, exam_id),
    )


@router.post("/console/{exam_id}/duties")
async def tick(request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId) -> Response:
    """T-4.2, T-4.3: the proctor says that it is done."""
    form = await request.form()
    try:
        duty = Duty(text_of(form, "duty"))
    except ValueError as error:
        raise InvalidRequest("no such duty") from error
    await Readiness(core.database).tick(actor, exam_id, duty)
    return RedirectResponse(f"/console/{exam_id}#duties", 303)


@router.get("/overview/{exam_id}")
async def sittings(request: Request, actor: CurrentActor, lists: Lists, exam_id: str) -> Response:
    exam, listed = await lists.sittings(actor, exam_id)
    return TEMPLATES.page(
        request, "overview.html", actor, exam=exam, sittings=listed, list_href=_list_of(actor)
    )


@router.get("/review/{sitting_id}")
async def review(  # noqa: PLR0917 - what the page shows
    request: Request,
    actor: CurrentActor,
    lists: Lists,
    identities: Identities,
    core: CoreDep,
    sitting_id: str,
) -> Response:
    return TEMPLATES.page(
        request,
        "review.html",
        actor,
        sitting=await lists.sitting(actor, sitting_id),
        identity=await identities.of(actor, sitting_id),
        may_decide=actor.has(Role.PROCTOR),
        second_log_ins=await core.log_ins.second_log_ins(actor, sitting_id),
    )
