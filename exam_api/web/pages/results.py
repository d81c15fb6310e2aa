"""Final grades for those who answer for them, and the machines that may read the journal."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.errors import InvalidRequest, StatementEarly
from exam_api.domain.roles import Actor
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.results import Results
from exam_api.services.scheduling import may_plan
from exam_api.web.api.ids import PathId
from exam_api.web.api.results import ResultsDep
from exam_api.web.auth import CurrentActor
from exam_api.web.pages.forms import PageNumber, pager
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)


@router.get("/results")
async def exams(
    request: Request, actor: CurrentActor, results: ResultsDep, page: PageNumber = 1
) -> Response:
    found = await results.exams(actor, PageWanted(page))
    return TEMPLATES.page(
        request, "results/exams.html", actor, rows=found.rows, pager=pager(request, found)
    )


@router.get("/results/{exam_id}")
async def sheet(
    request: Request, actor: CurrentActor, results: ResultsDep, exam_id: PathId, taken: int = -1
) -> Response:
    found = await results.sheet(actor, exam_id)
    return TEMPLATES.page(
        request,
        "results/sheet.html",
        actor,
        sheet=found,
        plans=may_plan(actor),
        taken=taken,
        problem="",
    )


@router.post("/results/{exam_id}/import")
async def import_grades(
    request: Request, actor: CurrentActor, results: ResultsDep, exam_id: PathId
) -> Response:
    try:
        taken = await results.import_grades(actor, exam_id)
    except StatementEarly as error:
        found = await results.sheet(actor, exam_id)
        return TEMPLATES.page(
            request,
            "results/sheet.html",
            actor,
            status=error.status,
            sheet=found,
            plans=may_plan(actor),
            taken=-1,
            problem=error.code,
        )
    return RedirectResponse(f"/results/{exam_id}?taken={taken}", 303)


@router.get("/results/{exam_id}/{sitting_id}")
async def history(
    request: Request, actor: CurrentActor, results: ResultsDep, exam_id: PathId, sitting_id: PathId
) -> Response:
    found = await results.sheet(actor, exam_id)
    changes = await results.history(actor, exam_id, sitting_id)
    row = next(row for row in found.rows if row.sitting_id == sitting_id)
    return TEMPLATES.page(
        request, "results/history.html", actor, exam=found.exam, row=row, changes=changes
    )


@router.get("/clients")
async def clients(request: Request, actor: CurrentActor, results: ResultsDep) -> Response:
    return await _clients(request, actor, results)


@router.post("/clients")
async def add_client(
    request: Request,
    actor: CurrentActor,
    results: ResultsDep,
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The token stands on this one answer and nowhere else: no redirect could carry it."""
    try:
        token = await results.add_client(actor, name)
    except InvalidRequest as error:
        return await _clients(request, actor, results, status=error.status, problem=error.code)
    return await _clients(request, actor, results, token=token)


@router.post("/clients/{client_id}/revoke")
async def revoke_client(actor: CurrentActor, results: ResultsDep, client_id: PathId) -> Response:
    await results.revoke_client(actor, client_id)
    return RedirectResponse("/clients", 303)


async def _clients(
    request: Request,
    actor: Actor,
    results: Results,
    *,
    status: int = 200,
    token: str = "",
    problem: str = "",
) -> Response:
    listed = await results.clients(actor)
    return TEMPLATES.page(
        request,
        "results/clients.html",
        actor,
        status=status,
        listed=listed,
        token=token,
        problem=problem,
    )
