"""The calendar of exams, the sessions with their approvals, rooms and the working group."""

from calendar import Calendar
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.errors import ExamError
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor
from exam_api.services.scheduling import Step, may_plan
from exam_api.services.scheduling_ports import Period, ScheduledExam
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.i18n import FALLBACK_ZONE
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.schedule_forms import (
    FieldWrong,
    day_of,
    day_or_none,
    text_of,
    texts_of,
    whole_of,
)

router = APIRouter(include_in_schema=False)
_MONTH: Final = r"^(20\d\d)-(0[1-9]|1[0-2])$"
Month = Annotated[str | None, Query(pattern=_MONTH)]
Week = Annotated[str | None, Query(pattern=r"^20\d\d-\d\d-\d\d$")]
Problem = Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}$")]


@dataclass(frozen=True, slots=True)
class Span:
    """What the calendar shows, a month or a week: whole weeks, and where to go on."""

    weeks: Sequence[Sequence[date]]
    month: int | None
    previous: str
    following: str


@router.get("/schedule")
async def calendar(
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    month: Month = None,
    week: Week = None,
) -> Response:
    today = core.clock.now().astimezone(FALLBACK_ZONE).date()
    first = _first_day(month, core.clock.now())
    span = _week_of(day_in(week)) if week else _month_of(first)
    exams = await core.scheduling.calendar(
        actor, _midnight(span.weeks[0][0]), _midnight(span.weeks[-1][-1] + timedelta(days=1))
    )
    conflicts, names = await core.scheduling.conflicts(actor) if may_plan(actor) else ((), {})
    return TEMPLATES.page(
        request,
        "schedule/calendar.html",
        actor,
        span=span,
        first=span.weeks[0][0] if week else first,
        today=today,
        days=_by_day(exams),
        plans=may_plan(actor),
        conflicts=conflicts,
        names=names,
        titles=await _titles(core, actor) if conflicts else {},
    )


def _month_of(first: date) -> Span:
    before, after = first - timedelta(days=1), first + timedelta(days=31)
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    return Span(weeks, first.month, f"?month={before:%Y-%m}", f"?month={after:%Y-%m}")


def _week_of(day: date) -> Span:
    monday = day - timedelta(days=day.weekday())
    days = [monday + timedelta(days=number) for number in range(7)]
    step = timedelta(days=7)
    return Span([days], None, f"?week={monday - step}", f"?week={monday + step}")


def day_in(text: str) -> date:
    """FieldWrong."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FieldWrong("week") from None


async def _titles(core: CoreDep, actor: Actor) -> Mapping[str, ScheduledExam]:
    now = core.clock.now()
    coming = await core.scheduling.calendar(actor, now, now + timedelta(days=3650))
    return {exam.id: exam for exam in coming}


def _first_day(month: str | None, now: datetime) -> date:
    if month is None:
        return now.astimezone(FALLBACK_ZONE).date().replace(day=1)
    return date.fromisoformat(f"{month}-01")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), FALLBACK_ZONE).astimezone(UTC)


def _by_day(exams: Sequence[ScheduledExam]) -> Mapping[date, list[ScheduledExam]]:
    """On the day on which its window opens."""
    days: dict[date, list[ScheduledExam]] = {}
    for exam in exams:
        days.setdefault(exam.opens_at.astimezone(FALLBACK_ZONE).date(), []).append(exam)
    return days


@router.get("/schedule/periods")
async def periods(
    request: Request, actor: CurrentActor, core: CoreDep, problem: Problem = None
) -> Response:
    choices = await core.scheduling.choices(actor)
    return TEMPLATES.page(
        request,
        "schedule/periods.html",
        actor,
        choices=choices,
        problem=problem,
        member_names={one.id: one.name for one in choices.members},
        today=core.clock.now().astimezone(FALLBACK_ZONE).date(),
    )


@router.post("/schedule/periods")
async def add_period(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    return await _saved_period(request, new_id(), partial(core.scheduling.add_period, actor))


@router.post("/schedule/periods/{period_id}")
async def change_period(
    request: Request, actor: CurrentActor, core: CoreDep, period_id: PathId
) -> Response:
    return await _saved_period(request, period_id, partial(core.scheduling.change_period, actor))


async def _saved_period(
    request: Request, period_id: str, save: Callable[[Period], Awaitable[None]]
) -> RedirectResponse:
    form = await request.form()
    try:
        period = Period(
            id=period_id,
            title=text_of(form, "title"),
            starts_on=day_of(form, "starts_on"),
            ends_on=day_of(form, "ends_on"),
            summer="summer" in form,
            order_number=text_of(form, "order_number", 40),
            order_date=day_or_none(form, "order_date"),
            members=tuple(texts_of(form, "members")),
        )
        await save(period)
    except ExamError as error:
        return back_to("/schedule/periods", error)
    return RedirectResponse("/schedule/periods", 303)


@router.post("/schedule/periods/{period_id}/approve/{step}")
async def approve(
    request: Request, actor: CurrentActor, core: CoreDep, period_id: PathId, step: Step
) -> Response:
    form = await request.form()
    try:
        await core.scheduling.approve(actor, period_id, step, day_of(form, "on"))
    except ExamError as error:
        return back_to("/schedule/periods", error)
    return RedirectResponse("/schedule/periods", 303)


@router.post("/schedule/rooms")
async def add_room(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    form = await request.form()
    try:
        await core.scheduling.add_room(actor, text_of(form, "name", 80), whole_of(form, "seats"))
    except ExamError as error:
        return back_to("/schedule/periods", error)
    return RedirectResponse("/schedule/periods#rooms", 303)


def back_to(path: str, error: ExamError) -> RedirectResponse:
    """The page again, with what was wrong; what may not even be seen stays an error of its own."""
    if error.status not in {409, 422}:
        raise error
    return RedirectResponse(f"{path}?problem={error.code}", 303)
