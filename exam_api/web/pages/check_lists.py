"""Check lists (form 4): the member makes, checks and signs them; the proctor answers."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from exam_api.adapters.sheets import MOST_BYTES
from exam_api.domain.check_lists import (
    SIGNED,
    WITH_REASON,
    Finding,
    ListStep,
    RowProblem,
    problem_of,
)
from exam_api.domain.errors import (
    CheckListUnsound,
    Conflict,
    ExamError,
    InvalidRequest,
)
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sheets import SheetUnreadable
from exam_api.services.check_lists import CheckListDesk
from exam_api.services.check_sheets import SheetCheck
from exam_api.services.signatures_ports import PaperKind
from exam_api.web.api.ids import PathId
from exam_api.web.api.paging import AskedPage, linked
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.auth import CoreDep, CurrentActor, core_of
from exam_api.web.pages.forms import text_of
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)


@router.get("/check-lists")
async def listed(
    request: Request, actor: CurrentActor, services: Proctoring, ask: AskedPage
) -> Response:
    return await _listed(request, actor, services.check_lists, ask)


@router.get("/check-lists/overdue")
async def overdue(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    rows = await core.late_lists.of(actor)
    return TEMPLATES.page(
        request,
        "check_lists/list.html",
        actor,
        rows=rows,
        late=True,
        late_lists=len(rows),
        after="",
        proposals=(),
        problem="",
    )


@router.post("/check-lists")
async def make(
    *,
    request: Request,
    actor: CurrentActor,
    services: Proctoring,
    ask: AskedPage,
    proctor_id: Annotated[str, Form(max_length=40)] = "",
    exams: Annotated[list[str] | None, Form()] = None,
) -> Response:
    try:
        made = await services.check_lists.make(actor, proctor_id, exams or [])
    except Conflict as error:
        return await _listed(request, actor, services.check_lists, ask, error)
    return RedirectResponse(f"/check-lists/{made}", 303)


async def _listed(
    request: Request,
    actor: Actor,
    desk: CheckListDesk,
    ask: AskedPage,
    error: ExamError | None = None,
) -> Response:
    head = Response()
    rows = linked(request, head, await desk.page(actor, ask))
    return TEMPLATES.page(
        request,
        "check_lists/list.html",
        actor,
        status=error.status if error else 200,
        rows=rows,
        late=False,
        late_lists=sum(row.overdue for row in rows),
        after=head.headers.get("link", "").partition(">")[0].removeprefix("<"),
        proposals=await desk.proposals(actor) if actor.has(Role.MEMBER) else (),
        problem=error.code if error else "",
    )


@router.get("/check-lists/{list_id}")
async def one(
    request: Request, actor: CurrentActor, services: Proctoring, list_id: PathId
) -> Response:
    return await _one(request, actor, services.check_lists, list_id)


@router.post("/check-lists/{list_id}/findings")
async def findings(
    request: Request, actor: CurrentActor, services: Proctoring, list_id: PathId
) -> Response:
    """``follow``: answers as the decisions on record have it, in place of those chosen."""
    form = await request.form()
    desk = services.check_lists
    chosen: dict[str, Finding] = {}
    try:
        if "follow" in form:
            await desk.follow(actor, list_id)
        else:
            chosen = _chosen({name: text_of(form, name) for name in form})
            await desk.state(actor, list_id, chosen)
    except (Conflict, InvalidRequest) as error:
        return await _one(request, actor, desk, list_id, error=error, chosen=chosen)
    return RedirectResponse(f"/check-lists/{list_id}", 303)


def _chosen(form: Mapping[str, str]) -> dict[str, Finding]:
    try:
        return {name: Finding(value) for name, value in form.items() if value}
    except ValueError:
        raise InvalidRequest("an answer is one of those offered") from None


@router.post("/check-lists/{list_id}/steps")
async def step(
    *,
    request: Request,
    actor: CurrentActor,
    services: Proctoring,
    list_id: PathId,
    step: Annotated[ListStep, Form()],
    reason: Annotated[str, Form(max_length=5000)] = "",
    sample: Annotated[list[str] | None, Form()] = None,
) -> Response:
    desk = services.check_lists
    try:
        await desk.step(actor, list_id, step, reason=reason, sample=sample or [])
    except (Conflict, InvalidRequest) as error:
        return await _one(request, actor, desk, list_id, error=error, at=step)
    after = "/check-lists" if step is ListStep.DISCARD else f"/check-lists/{list_id}"
    return RedirectResponse(after, 303)


async def _one(  # noqa: PLR0917 - what the page shows
    request: Request,
    actor: Actor,
    desk: CheckListDesk,
    list_id: str,
    error: ExamError | None = None,
    chosen: Mapping[str, Finding] | None = None,
    at: ListStep | None = None,
) -> Response:
    """``chosen``: what was typed and not taken; ``at``: the step that was refused."""
    found = await desk.get(actor, list_id)
    signatures = core_of(request).signatures
    final = found.sheet.state in SIGNED
    problems: dict[str, RowProblem] = {}
    if chosen and isinstance(error, CheckListUnsound):
        checked = {
            row.sitting_id: problem_of(chosen[row.sitting_id], row.facts, found.sheet.proctor.id)
            for row in found.rows
            if row.sitting_id in chosen
        }
        problems = {sitting: problem for sitting, problem in checked.items() if problem}
    return TEMPLATES.page(
        request,
        "check_lists/one.html",
        actor,
        status=error.status if error else 200,
        found=found,
        chosen=chosen or {},
        problems=problems,
        findings=list(Finding),
        with_reason=WITH_REASON,
        names={row.sitting_id: row.student.full_name for row in found.rows},
        late=any(row.late and row.problem for row in found.rows),
        is_own=actor.id in {found.sheet.member.id, found.sheet.proctor.id},
        problem=error.code if error else "",
        at=at,
        signed=await signatures.of(actor, PaperKind.CHECK_LIST, list_id) if final else None,
    )


# --- a filled file comes back ---------------------------------------------------------------------


@router.post("/check-lists/{list_id}/file")
async def compare(
    request: Request, actor: CurrentActor, services: Proctoring, list_id: PathId
) -> Response:
    async with request.form() as form:
        file = form.get("file")
        content = await file.read(MOST_BYTES + 1) if isinstance(file, UploadFile) else b""
    return await _compared(request, actor, services.check_lists, list_id, content)


@router.post("/check-lists/{list_id}/file/take")
async def take(
    request: Request, actor: CurrentActor, services: Proctoring, list_id: PathId
) -> Response:
    form = await request.form(max_part_size=MOST_BYTES * 2)
    try:
        content = base64.b64decode(text_of(form, "content"), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    try:
        await services.check_lists.take(actor, list_id, content, text_of(form, "compared"))
    except Conflict as error:
        return await _compared(request, actor, services.check_lists, list_id, content, error)
    except SheetUnreadable:
        return await _compared(request, actor, services.check_lists, list_id, content)
    return RedirectResponse(f"/check-lists/{list_id}", 303)


async def _compared(  # noqa: PLR0917 - what the page shows
    request: Request,
    actor: Actor,
    desk: CheckListDesk,
    list_id: str,
    content: bytes,
    refused: ExamError | None = None,
) -> Response:
    """The file goes along with the page: nothing of it is kept until it is taken."""
    check: SheetCheck | None = None
    unreadable: SheetUnreadable | None = None
    found = await desk.get(actor, list_id)
    try:
        check = await desk.compare(actor, list_id, content)
    except SheetUnreadable as error:
        unreadable = error
    wrong = unreadable is not None or refused is not None or (check and check.refusals)
    return TEMPLATES.page(
        request,
        "check_lists/file.html",
        actor,
        status=422 if wrong else 200,
        found=found,
        check=check,
        unreadable=unreadable,
        refused=refused.code if refused else "",
        content=base64.b64encode(content).decode(),
    )
