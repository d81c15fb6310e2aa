"""A student's grades and appeals; the registrar's visa; the commission's votes and decision."""

from collections.abc import Awaitable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.errors import (
    CommissionInvalid,
    Conflict,
    ExamError,
    Forbidden,
    InvalidRequest,
)
from exam_api.domain.roles import Actor, Role
from exam_api.services.appeals import AppealDesk
from exam_api.services.signatures_ports import PaperKind
from exam_api.web.api.appeals import AppealsDep
from exam_api.web.api.ids import PathId
from exam_api.web.api.paging import AskedPage, linked
from exam_api.web.api.pictures import PictureName, picture_response
from exam_api.web.api.results import ResultsDep
from exam_api.web.auth import CoreDep, CurrentActor, core_of
from exam_api.web.i18n import request_language
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)
Note = Annotated[str, Form(max_length=5000)]


@router.get("/grades")
async def grades(request: Request, actor: CurrentActor, results: ResultsDep) -> Response:
    if not actor.has(Role.STUDENT):
        raise Forbidden
    rows = [
        (row, row.appeal_id is None and row.grade.exam is not None)
        for row in await results.own(actor)
    ]
    return TEMPLATES.page(request, "appeals/grades.html", actor, rows=rows)


@router.get("/grades/{sitting_id}/appeal")
async def form(
    request: Request, actor: CurrentActor, appeals: AppealsDep, sitting_id: PathId
) -> Response:
    return await _form(request, actor, appeals, sitting_id)


@router.post("/grades/{sitting_id}/appeal")
async def lodge(
    request: Request,
    actor: CurrentActor,
    appeals: AppealsDep,
    sitting_id: PathId,
    grounds: Note = "",
) -> Response:
    try:
        appeal_id = await appeals.lodge(actor, sitting_id, grounds)
    except (Conflict, InvalidRequest) as error:
        return await _form(request, actor, appeals, sitting_id, error=error, grounds=grounds)
    return RedirectResponse(f"/appeals/{appeal_id}", 303)


async def _form(
    request: Request,
    actor: Actor,
    appeals: AppealDesk,
    sitting_id: str,
    *,
    error: ExamError | None = None,
    grounds: str = "",
) -> Response:
    return TEMPLATES.page(
        request,
        "appeals/lodge.html",
        actor,
        status=error.status if error else 200,
        chance=await appeals.chance(actor, sitting_id),
        sitting_id=sitting_id,
        problem=error.code if error else "",
        grounds=grounds,
    )


@router.get("/appeals")
async def listed(
    request: Request, actor: CurrentActor, appeals: AppealsDep, ask: AskedPage
) -> Response:
    head = Response()
    rows = linked(request, head, await appeals.page(actor, ask))
    after = head.headers.get("link", "").partition(">")[0].removeprefix("<")
    return TEMPLATES.page(request, "appeals/list.html", actor, rows=rows, after=after)


@router.get("/appeals/commissions")
async def commissions(request: Request, actor: CurrentActor, appeals: AppealsDep) -> Response:
    return await _commissions(request, actor, appeals)


@router.post("/appeals/commissions")
async def name_commission(
    *,
    request: Request,
    actor: CurrentActor,
    appeals: AppealsDep,
    order_number: Annotated[str, Form(max_length=200)] = "",
    order_date: Annotated[date | None, Form()] = None,
    chair_id: Annotated[str, Form(max_length=40)] = "",
    members: Annotated[list[str] | None, Form()] = None,
) -> Response:
    try:
        await appeals.name_commission(actor, order_number, order_date, chair_id, members or [])
    except CommissionInvalid as error:
        return await _commissions(request, actor, appeals, error)
    return RedirectResponse("/appeals/commissions", 303)


async def _commissions(
    request: Request, actor: Actor, appeals: AppealDesk, error: ExamError | None = None
) -> Response:
    named, candidates = await appeals.commissions(actor)
    return TEMPLATES.page(
        request,
        "appeals/commissions.html",
        actor,
        status=error.status if error else 200,
        named=named,
        candidates=candidates,
        problem=error.code if error else "",
    )


@router.get("/appeals/{appeal_id}")
async def appeal(
    request: Request, actor: CurrentActor, appeals: AppealsDep, appeal_id: PathId
) -> Response:
    return await _appeal(request, actor, appeals, appeal_id)


@router.get("/appeals/{appeal_id}/pictures/{name}")
async def picture(
    *,
    core: CoreDep,
    actor: CurrentActor,
    appeals: AppealsDep,
    appeal_id: PathId,
    name: PictureName,
) -> Response:
    """Of the question that is appealed on, for those who judge it."""
    asked = await appeals.question(actor, appeal_id, "kk")
    return picture_response(name, await core.pictures.of([asked.body], name))


@router.post("/appeals/{appeal_id}/visa")
async def visa(
    *,
    request: Request,
    actor: CurrentActor,
    appeals: AppealsDep,
    appeal_id: PathId,
    grant: Annotated[bool, Form()],
    note: Note = "",
) -> Response:
    step = appeals.visa(actor, appeal_id, grant=grant, note=note)
    return await _taken(request, actor, appeals, appeal_id, step)


@router.post("/appeals/{appeal_id}/vote")
async def vote(
    *,
    request: Request,
    actor: CurrentActor,
    appeals: AppealsDep,
    appeal_id: PathId,
    uphold: Annotated[bool, Form()],
    note: Note = "",
) -> Response:
    step = appeals.vote(actor, appeal_id, uphold=uphold, note=note)
    return await _taken(request, actor, appeals, appeal_id, step)


@router.post("/appeals/{appeal_id}/decision")
async def decide(
    *,
    request: Request,
    actor: CurrentActor,
    appeals: AppealsDep,
    appeal_id: PathId,
    reasons: Note = "",
    points: Annotated[str, Form(max_length=3, pattern=r"^\d*$")] = "",
) -> Response:
    chosen = int(points) if points else None
    step = appeals.decide(actor, appeal_id, reasons=reasons, points=chosen)
    return await _taken(request, actor, appeals, appeal_id, step)


async def _taken(
    request: Request, actor: Actor, appeals: AppealDesk, appeal_id: str, step: Awaitable[object]
) -> Response:
    """The appeal as it stands after the step, or with why the step was not taken."""
    try:
        await step
    except (Conflict, InvalidRequest) as error:
        return await _appeal(request, actor, appeals, appeal_id, error)
    return RedirectResponse(f"/appeals/{appeal_id}", 303)


async def _appeal(
    request: Request,
    actor: Actor,
    appeals: AppealDesk,
    appeal_id: str,
    error: ExamError | None = None,
) -> Response:
    found = await appeals.get(actor, appeal_id)
    members = {one.id for one in found.commission.members} if found.commission else set()
    votes = actor.id in members and actor.has(Role.APPEAL_COMMISSION)
    votes = votes and found.student.id != actor.id
    sees_sheet = found.points is not None and (votes or actor.has(Role.REGISTRAR))
    language = request_language(request, actor.language)
    asked = found.item_id is not None and sees_sheet
    signatures, decided = core_of(request).signatures, found.decided_at is not None
    return TEMPLATES.page(
        request,
        "appeals/appeal.html",
        actor,
        status=error.status if error else 200,
        appeal=found,
        sheet=await appeals.answer_sheet(actor, appeal_id) if sees_sheet else (),
        asked=await appeals.question(actor, appeal_id, language) if asked else None,
        may_visa=actor.has(Role.REGISTRAR) and found.state == "lodged",
        may_vote=votes and found.state == "visaed",
        signed=await signatures.of(actor, PaperKind.PROTOCOL, appeal_id) if decided else None,
        chairs=found.commission is not None and found.commission.chair.id == actor.id,
        problem=error.code if error else "",
    )
