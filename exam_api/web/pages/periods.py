"""Sessions of exams with their approvals and working groups (S-5, S-8, S-14), and rooms."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from exam_api.domain.errors import ExamError
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor
from exam_api.services.scheduling import Step
from exam_api.services.scheduling_ports import Period, Room
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.pages.forms import NOTHING_REFUSED, Filled, Refused, refused_form
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.schedule_forms import day_of, day_or_none, text_of, texts_of, whole_of

router = APIRouter(include_in_schema=False, prefix="/schedule")
_HERE: Final = "/schedule/periods"
_NEW_PERIOD: Final = "period"
_NEW_ROOM: Final = "room"


@router.get("/periods")
async def periods(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    return await _page(request, actor, core, NOTHING_REFUSED)


@router.post("/periods")
async def add_period(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    form = await request.form()
    save = partial(core.scheduling.add_period, actor)
    try:
        await _save_period(form, new_id(), save)
    except ExamError as error:
        return await _page(request, actor, core, refused_form(_NEW_PERIOD, form, error, "members"))
    return RedirectResponse(_HERE, 303)


@router.post("/periods/{period_id}")
async def change_period(
    request: Request, actor: CurrentActor, core: CoreDep, period_id: PathId
) -> Response:
    form = await request.form()
    save = partial(core.scheduling.change_period, actor)
    try:
        await _save_period(form, period_id, save)
    except ExamError as error:
        return await _page(request, actor, core, refused_form(period_id, form, error, "members"))
    return RedirectResponse(_HERE, 303)


async def _save_period(
    form: FormData, period_id: str, save: Callable[[Period], Awaitable[None]]
) -> None:
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


@router.post("/periods/{period_id}/approve/{step}")
async def approve(
    request: Request, actor: CurrentActor, core: CoreDep, period_id: PathId, step: Step
) -> Response:
    form = await request.form()
    try:
        await core.scheduling.approve(actor, period_id, step, day_of(form, "on"))
    except ExamError as error:
        wrong = refused_form(f"{step}-{period_id}", form, error)
        return await _page(request, actor, core, wrong)
    return RedirectResponse(_HERE, 303)


@router.post("/rooms")
async def add_room(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    form = await request.form()
    try:
        await core.scheduling.add_room(actor, text_of(form, "name", 80), whole_of(form, "seats"))
    except ExamError as error:
        return await _page(request, actor, core, refused_form(_NEW_ROOM, form, error))
    return RedirectResponse(f"{_HERE}#rooms", 303)


@router.post("/rooms/{room_id}")
async def change_room(
    request: Request, actor: CurrentActor, core: CoreDep, room_id: PathId
) -> Response:
    """Exams that no longer fit into it show among the conflicts."""
    form = await request.form()
    try:
        name, seats = text_of(form, "name", 80), whole_of(form, "seats")
        await core.scheduling.change_room(actor, room_id, name, seats)
    except ExamError as error:
        return await _page(request, actor, core, refused_form(room_id, form, error))
    return RedirectResponse(f"{_HERE}#rooms", 303)


async def _page(request: Request, actor: Actor, core: CoreDep, refused: Refused) -> Response:
    choices = await core.scheduling.choices(actor)
    return TEMPLATES.page(
        request,
        "schedule/periods.html",
        actor,
        status=refused.status,
        choices=choices,
        refused=refused,
        filled={
            _NEW_PERIOD: Filled(),
            _NEW_ROOM: Filled(),
            **{one.id: _period_form(one) for one in choices.periods},
            **{one.id: _room_form(one) for one in choices.rooms},
            refused.of: refused.form,
        },
        member_names={one.id: one.name for one in choices.members},
        today=core.clock.now().astimezone(core.web.zone).date(),
    )


def _period_form(period: Period) -> Filled:
    values = {
        "title": period.title,
        "starts_on": period.starts_on.isoformat(),
        "ends_on": period.ends_on.isoformat(),
        "order_number": period.order_number,
        "order_date": period.order_date.isoformat() if period.order_date else "",
        "summer": "on" if period.summer else "",
    }
    return Filled(values, {}, {"members": period.members})


def _room_form(room: Room) -> Filled:
    return Filled({"name": room.name, "seats": str(room.seats)})
