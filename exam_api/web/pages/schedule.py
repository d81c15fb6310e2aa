"""The calendar of exams."""

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.errors import ExamError
from exam_api.domain.roles import Actor
from exam_api.services.scheduling import may_plan
from exam_api.services.scheduling_ports import ScheduledExam
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.schedule_forms import FieldWrong

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
    zone = core.web.zone
    today = core.clock.now().astimezone(zone).date()
    first = date.fromisoformat(f"{month}-01") if month else today.replace(day=1)
    span = _week_of(day_in(week)) if week else _month_of(first)
    since, until = span.weeks[0][0], span.weeks[-1][-1] + timedelta(days=1)
    exams = await core.scheduling.calendar(actor, _midnight(since, zone), _midnight(until, zone))
    conflicts, names = await core.scheduling.conflicts(actor) if may_plan(actor) else ((), {})
    return TEMPLATES.page(
        request,
        "schedule/calendar.html",
        actor,
        span=span,
        first=span.weeks[0][0] if week else first,
        today=today,
        days=_by_day(exams, zone),
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


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _by_day(exams: Sequence[ScheduledExam], zone: ZoneInfo) -> Mapping[date, list[ScheduledExam]]:
    """On the day on which its window opens."""
    days: dict[date, list[ScheduledExam]] = {}
    for exam in exams:
        days.setdefault(exam.opens_at.astimezone(zone).date(), []).append(exam)
    return days


def back_to(path: str, error: ExamError) -> RedirectResponse:
    """The page again, with what was wrong; what may not even be seen stays an error of its own."""
    if error.status not in {409, 422}:
        raise error
    return RedirectResponse(f"{path}?problem={error.code}", 303)
