"""One exam of the schedule: its window and rules, who sits it, who watches."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.errors import ExamError
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.policy_rules import Rule, rules_of
from exam_api.domain.roles import Actor
from exam_api.services.scheduling import ReferenceUnknown, WindowOver
from exam_api.services.scheduling_ports import ScheduledExam
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.schedule import Problem, back_to
from exam_api.web.pages.schedule_forms import draft_of, local_value, text_of, texts_of

router = APIRouter(include_in_schema=False, prefix="/schedule/exams")


@dataclass(frozen=True, slots=True)
class Enrolling:
    """The form that enrols, as it was filled in. ``unknown``: what of ``field`` is not there."""

    logins: str = ""
    groups: Sequence[str] = ()
    problem: str = ""
    field: str = ""
    unknown: Sequence[str] = ()


@router.get("/new")
async def new_exam(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    return await _form(request, actor, core, None, ExamPolicy())


@router.post("/new")
async def add_exam(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    form = await request.form()
    try:
        exam_id = await core.scheduling.save_exam(
            actor, None, draft_of(form, ExamPolicy(), core.web.zone)
        )
    except ExamError as error:
        return await _refused(request, actor, core, None, error)
    return RedirectResponse(f"/schedule/exams/{exam_id}", 303)


@router.get("/{exam_id}/edit")
async def edit_exam(
    request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId
) -> Response:
    exam = (await core.scheduling.sheet(actor, exam_id)).exam
    return await _form(request, actor, core, exam, exam.policy)


@router.post("/{exam_id}/edit")
async def change_exam(
    request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId
) -> Response:
    form = await request.form()
    exam = (await core.scheduling.sheet(actor, exam_id)).exam
    try:
        await core.scheduling.save_exam(actor, exam_id, draft_of(form, exam.policy, core.web.zone))
    except ExamError as error:
        return await _refused(request, actor, core, exam, error)
    return RedirectResponse(f"/schedule/exams/{exam_id}", 303)


async def _refused(
    request: Request, actor: Actor, core: CoreDep, exam: ScheduledExam | None, error: ExamError
) -> Response:
    """The form again as it was filled in, with what is wrong."""
    if error.status not in {409, 422}:
        raise error
    form = await request.form()
    given = {name: form.getlist(name) for name in form}
    policy = exam.policy if exam else ExamPolicy()
    return await _form(request, actor, core, exam, policy, error=error, given=given)


async def _form(
    request: Request,
    actor: Actor,
    core: CoreDep,
    exam: ScheduledExam | None,
    policy: ExamPolicy,
    *,
    error: ExamError | None = None,
    given: Mapping[str, object] | None = None,
) -> Response:
    return TEMPLATES.page(
        request,
        "schedule/exam_form.html",
        actor,
        status=error.status if error else 200,
        exam=exam,
        values=given if given is not None else _values(exam, policy, core.web.zone),
        choices=await core.scheduling.choices(actor),
        rules=_rules(),
        problem=error.code if error else None,
        field=getattr(error, "field", None),
    )


def _rules() -> Mapping[str, tuple[str, Rule]]:
    """By setting: the kind of its field, and its rule."""
    return {name: (type(rule).__name__, rule) for name, rule in rules_of(ExamPolicy).items()}


def _values(exam: ScheduledExam | None, policy: ExamPolicy, zone: ZoneInfo) -> Mapping[str, object]:
    """What the fields hold, each a list as a form gives it."""
    values: dict[str, object] = {"languages": ["kk", "ru", "en"]}
    if exam is not None:
        values = {
            "discipline": [exam.discipline_id],
            "period": [exam.period_id or ""],
            "opens_at": [local_value(exam.opens_at, zone)],
            "closes_at": [local_value(exam.closes_at, zone)],
            "languages": list(exam.languages),
            "rooms": [room.id for room in exam.rooms],
        }
    for name, value in policy.to_json().items():
        values[f"policy.{name}"] = value if isinstance(value, list) else [value]
    return values


@router.get("/{exam_id}")
async def sheet(
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    exam_id: PathId,
    problem: Problem = None,
) -> Response:
    return await _sheet(request, actor, core, exam_id, problem=problem)


async def _sheet(
    request: Request,
    actor: Actor,
    core: CoreDep,
    exam_id: str,
    *,
    problem: str | None = None,
    enrolling: Enrolling = Enrolling(),
) -> Response:
    return TEMPLATES.page(
        request,
        "schedule/exam.html",
        actor,
        status=422 if enrolling.problem else 200,
        sheet=await core.scheduling.sheet(actor, exam_id),
        choices=await core.scheduling.choices(actor),
        rules=_rules(),
        problem=problem,
        enrolling=enrolling,
    )


@router.post("/{exam_id}/enrol")
async def enrol(request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId) -> Response:
    """Where a log-in is no student's, the form comes back as it was filled in and names it."""
    form = await request.form()
    groups = texts_of(form, "groups")
    try:
        typed = text_of(form, "logins", 20_000)
        logins = [one for one in re.split(r"[\s,;]+", typed) if one]
        await core.scheduling.enrol(actor, exam_id, groups, logins)
    except ReferenceUnknown as error:
        wrong = Enrolling(typed, groups, error.code, error.field, error.unknown)
        return await _sheet(request, actor, core, exam_id, enrolling=wrong)
    except WindowOver as error:
        wrong = Enrolling(typed, groups, error.code)
        return await _sheet(request, actor, core, exam_id, enrolling=wrong)
    except ExamError as error:
        return back_to(f"/schedule/exams/{exam_id}", error)
    return RedirectResponse(f"/schedule/exams/{exam_id}#students", 303)


@router.post("/{exam_id}/students/{student_id}/withdraw")
async def withdraw(
    actor: CurrentActor, core: CoreDep, exam_id: PathId, student_id: PathId
) -> Response:
    try:
        await core.scheduling.withdraw(actor, exam_id, student_id)
    except ExamError as error:
        return back_to(f"/schedule/exams/{exam_id}", error)
    return RedirectResponse(f"/schedule/exams/{exam_id}#students", 303)


@router.post("/{exam_id}/proctors")
async def appoint(
    request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId
) -> Response:
    form = await request.form()
    try:
        member_id = text_of(form, "member", 36) or None
        await core.scheduling.appoint(actor, exam_id, texts_of(form, "proctors"), member_id)
    except ExamError as error:
        return back_to(f"/schedule/exams/{exam_id}", error)
    return RedirectResponse(f"/schedule/exams/{exam_id}#proctors", 303)


@router.post("/{exam_id}/proctors/{proctor_id}/drop-out")
async def drop_out(
    request: Request, actor: CurrentActor, core: CoreDep, exam_id: PathId, proctor_id: PathId
) -> Response:
    form = await request.form()
    try:
        await core.scheduling.drop_out(actor, exam_id, proctor_id, text_of(form, "reason", 500))
    except ExamError as error:
        return back_to(f"/schedule/exams/{exam_id}", error)
    return RedirectResponse(f"/schedule/exams/{exam_id}#proctors", 303)
