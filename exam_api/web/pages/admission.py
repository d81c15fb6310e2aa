"""Admission to one exam: the statement of ratings, individual dates, accommodations."""

import base64
import binascii
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from analysis.policy import DEFAULT_POLICY
from exam_api.domain.admission import Allowances, admission_of
from exam_api.domain.errors import ExamError, PayloadTooLarge
from exam_api.domain.roles import Actor
from exam_api.services.admitting import Statement
from exam_api.services.scheduling_ports import EnrolledStudent
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.pages.forms import NOTHING_REFUSED, Filled, Refused, refused_form
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.schedule import Problem, back_to
from exam_api.web.pages.schedule_forms import (
    FieldWrong,
    local_value,
    moment_of,
    text_of,
    texts_of,
    whole_of,
)

router = APIRouter(include_in_schema=False, prefix="/schedule/exams/{exam_id}/admission")
# It travels twice, the second time inside a form: together below the limit of a request.
_MOST_BYTES: Final = 120_000
_WATCHED: Final = tuple(DEFAULT_POLICY.kinds)


@router.get("")
async def admission(
    request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId, problem: Problem = None
) -> Response:
    return await _page(request, actor, core, exam_id, problem=problem)


async def _page(
    request: Request,
    actor: Actor,
    core: CoreDep,
    exam_id: str,
    *,
    problem: str | None = None,
    refused: Refused = NOTHING_REFUSED,
) -> Response:
    sheet = await core.scheduling.sheet(actor, exam_id)
    return TEMPLATES.page(
        request,
        "schedule/admission.html",
        actor,
        status=refused.status,
        sheet=sheet,
        granted={one.student_id: _grant_form(one, core.web.zone) for one in sheet.students},
        kinds=_WATCHED,
        problem=problem,
        refused=refused,
    )


def _grant_form(student: EnrolledStudent, zone: ZoneInfo) -> Filled:
    own = student.allowances
    values = {
        "opens_at": local_value(own.opens_at, zone),
        "closes_at": local_value(own.closes_at, zone),
        "extra_min": str(own.extra_min),
        "break_min": str(own.break_min),
        "document": student.document,
    }
    return Filled(values, {}, {"excused": sorted(own.excused)})


@router.post("/statement")
async def bring(request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId) -> Response:
    """Shows what the file would change; nothing is changed."""
    async with request.form() as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile) or not upload.filename:
            return back_to(_path(exam_id), FieldWrong("file"))
        data = await upload.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise PayloadTooLarge
    return await _preview(request, actor, core, exam_id, Statement(upload.filename, data))


@router.post("/statement/take")
async def take(request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId) -> Response:
    """All or nothing; where a row went wrong meanwhile, the preview is shown again."""
    form = await request.form()
    statement = Statement(text_of(form, "name"), _content(form))
    try:
        await core.admitting.take(actor, exam_id, statement)
    except ExamError as error:
        if error.code != "statement_refused":
            raise
        return await _preview(request, actor, core, exam_id, statement)
    return RedirectResponse(_path(exam_id), 303)


async def _preview(
    request: Request, actor: Actor, core: CoreDep, exam_id: str, statement: Statement
) -> Response:
    try:
        found = await core.admitting.preview(actor, exam_id, statement)
    except ExamError as error:
        return back_to(_path(exam_id), error)
    policy = (await core.scheduling.exam(actor, exam_id)).policy
    return TEMPLATES.page(
        request,
        "schedule/statement.html",
        actor,
        status=422 if found.errors else 200,
        exam_id=exam_id,
        statement=statement,
        content=base64.b64encode(statement.data).decode(),
        preview=found,
        admission={
            one.row: admission_of(policy, one.points, debt=one.debt, by_decision=False)
            for one in found.changes
        },
    )


def _content(form: FormData) -> bytes:
    try:
        return base64.b64decode(text_of(form, "content", 2 * _MOST_BYTES), validate=True)
    except binascii.Error:
        raise FieldWrong("content") from None


@router.post("/students/{student_id}/grant")
async def grant(
    request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId, student_id: PathId
) -> Response:
    form = await request.form()
    try:
        dated = bool(text_of(form, "opens_at", 20) or text_of(form, "closes_at", 20))
        allowances = Allowances(
            extra_min=whole_of(form, "extra_min"),
            break_min=whole_of(form, "break_min"),
            excused=frozenset(kind for kind in _WATCHED if kind in texts_of(form, "excused")),
            opens_at=moment_of(form, "opens_at", core.web.zone) if dated else None,
            closes_at=moment_of(form, "closes_at", core.web.zone) if dated else None,
        )
        document = text_of(form, "document", 500)
        await core.admitting.grant(actor, exam_id, student_id, allowances, document)
    except ExamError as error:
        wrong = refused_form(f"grant-{student_id}", form, error, "excused")
        return await _page(request, actor, core, exam_id, refused=wrong)
    return RedirectResponse(f"{_path(exam_id)}#student-{student_id}", 303)


@router.post("/students/{student_id}/admit")
async def admit(
    request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId, student_id: PathId
) -> Response:
    form = await request.form()
    try:
        reason = text_of(form, "reason", 500)
        await core.admitting.admit(actor, exam_id, student_id, reason)
    except ExamError as error:
        wrong = refused_form(f"admit-{student_id}", form, error)
        return await _page(request, actor, core, exam_id, refused=wrong)
    return RedirectResponse(f"{_path(exam_id)}#student-{student_id}", 303)


def _path(exam_id: str) -> str:
    return f"/schedule/exams/{exam_id}/admission"
