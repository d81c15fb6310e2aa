"""Pages for acts that people draw up: a sitting's acts, and the forms 1, 2 and 3 to fill in."""

from collections.abc import Mapping
from datetime import date, datetime, time
from enum import IntEnum
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from acts.contracts import Form1Item
from exam_api.domain.errors import ActIncomplete, NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor, Role
from exam_api.services.drawn_acts import Setting
from exam_api.services.drawn_documents import (
    Breach,
    BreachOrder,
    Capacity,
    Order,
    OutsiderOrder,
    RefusalOrder,
    Signatory,
)
from exam_api.services.identity_ports import PhotoKind
from exam_api.services.review_ports import WatchedSitting
from exam_api.web.api.ids import PathId, QueryId
from exam_api.web.api.proctoring_services import Proctoring
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.i18n import request_language
from exam_api.web.pages.forms import Filled, text_of, typed
from exam_api.web.pages.rendering import TEMPLATES
from exam_api.web.pages.wiring import Lists

router = APIRouter(include_in_schema=False)

_SEATS: Final = 5  # rows for the commission; empty ones are left out
_WITNESSES: Final = 2
_REFUSAL: Final = 2
_CAPACITY: Final = {
    Role.PROCTOR: Capacity.PROCTOR,
    Role.TESTING_CENTRE: Capacity.TESTING_CENTRE,
    Role.DEAN_OFFICE: Capacity.DEAN_OFFICE,
}


class Drawable(IntEnum):
    """The forms that begin with a sitting; form 2 begins with the act that was not signed."""

    BREACH = 1
    OUTSIDER = 3


FormNumber = Annotated[Drawable, Query(alias="form")]


@router.get("/review/{sitting_id}/acts")
async def listed(
    request: Request, actor: CurrentActor, lists: Lists, services: Proctoring, sitting_id: PathId
) -> Response:
    return TEMPLATES.page(
        request,
        "acts/sitting.html",
        actor,
        sitting=await lists.sitting(actor, sitting_id),
        review=await services.reviewing.review(actor, sitting_id),
        drawn=await services.drawn.of(actor, sitting_id),
        may_draw=actor.has(Role.PROCTOR, Role.TESTING_CENTRE),
        may_refuse=actor.has(Role.PROCTOR, Role.TESTING_CENTRE, Role.MEMBER, Role.DEAN_OFFICE),
    )


@router.get("/review/{sitting_id}/acts/new")
async def blank(
    *,
    request: Request,
    actor: CurrentActor,
    services: Proctoring,
    sitting_id: PathId,
    form: FormNumber = Drawable.BREACH,
    replaces: QueryId | None = None,
    flag: QueryId | None = None,
) -> Response:
    """Form 1 or 3; ``flag``: whose frame shows the outsider."""
    setting = await services.drawn.setting(actor, sitting_id, form)
    enrolled = min(map(str, setting.photos), default="")
    values = {**_first(actor), "flag": flag or "", "enrolled": enrolled}
    if replaces:
        act, document = await services.drawn.document(actor, replaces)
        if (act.sitting_id, act.form) != (sitting_id, form):
            raise NotFound
        values |= _corrected(document)
    shown = Filled({**values, "act_id": new_id(), "replaces": replaces or ""})
    return _page(request, actor, setting, form, shown)


@router.post("/review/{sitting_id}/acts/new")
async def make(
    *,
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    services: Proctoring,
    sitting_id: PathId,
    form: FormNumber = Drawable.BREACH,
) -> Response:
    setting = await services.drawn.setting(actor, sitting_id, form)
    sent = await request.form()
    try:
        order = _order(form, sent, setting.watched, core.results.zone)
        replaces = text_of(sent, "replaces") or None
        await services.drawn.make(actor, sitting_id, text_of(sent, "act_id"), order, replaces)
    except ActIncomplete as error:
        shown = typed(sent, error.problems, "item")
        return _page(request, actor, setting, form, shown, status=error.status)
    return RedirectResponse(f"/review/{sitting_id}/acts", 303)


@router.post("/review/{sitting_id}/acts/draft.pdf")
async def draft(
    *,
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    services: Proctoring,
    sitting_id: PathId,
    form: FormNumber = Drawable.BREACH,
) -> Response:
    """What was typed so far, as a draft in a window of its own."""
    setting = await services.drawn.setting(actor, sitting_id, form)
    order = _order(form, await request.form(), setting.watched, core.results.zone)
    return await _draft(request, actor, services, sitting_id, order)


@router.get("/acts/{act_id}/refusal")
async def refusal_blank(
    *,
    request: Request,
    actor: CurrentActor,
    services: Proctoring,
    act_id: PathId,
    replaces: QueryId | None = None,
) -> Response:
    values = _first(actor)
    if replaces:
        values |= _corrected((await services.drawn.document(actor, replaces))[1])
    shown = Filled({**values, "act_id": new_id(), "replaces": replaces or ""})
    return await _refusal_page(request, actor, services, act_id, shown)


@router.post("/acts/{act_id}/refusal")
async def refuse(
    request: Request, actor: CurrentActor, services: Proctoring, act_id: PathId
) -> Response:
    sent = await request.form()
    replaces = text_of(sent, "replaces") or None
    act = await services.drawn.refusable(actor, act_id, replaces)
    try:
        order = _refusal(sent, act_id)
        await services.drawn.make(actor, act.sitting_id, text_of(sent, "act_id"), order, replaces)
    except ActIncomplete as error:
        shown = typed(sent, error.problems)
        return await _refusal_page(request, actor, services, act_id, shown, status=error.status)
    return RedirectResponse(f"/review/{act.sitting_id}/acts", 303)


@router.post("/acts/{act_id}/refusal/draft.pdf")
async def refusal_draft(
    request: Request, actor: CurrentActor, services: Proctoring, act_id: PathId
) -> Response:
    sent = await request.form()
    replaces = text_of(sent, "replaces") or None
    act = await services.drawn.refusable(actor, act_id, replaces)
    order = _refusal(sent, act_id)
    return await _draft(request, actor, services, act.sitting_id, order, replaces=replaces)


async def _draft(
    request: Request,
    actor: Actor,
    services: Proctoring,
    sitting_id: str,
    order: Order,
    *,
    replaces: str | None = None,
) -> Response:
    language = request_language(request, actor.language)
    pdf = await services.drawn.draft(actor, sitting_id, order, language, replaces)
    headers = {"Cache-Control": "no-store", "Content-Disposition": "inline; filename=draft.pdf"}
    return Response(pdf, media_type="application/pdf", headers=headers)


def _page(
    request: Request,
    actor: Actor,
    setting: Setting,
    form: Drawable,
    shown: Filled,
    *,
    status: int = 200,
) -> Response:
    return TEMPLATES.page(
        request,
        "acts/form3.html" if form is Drawable.OUTSIDER else "acts/form1.html",
        actor,
        status=status,
        setting=setting,
        shown=shown,
        items=list(Form1Item),
        capacities=list(Capacity),
        seats=range(_SEATS),
    )


async def _refusal_page(
    request: Request,
    actor: Actor,
    services: Proctoring,
    act_id: str,
    shown: Filled,
    *,
    status: int = 200,
) -> Response:
    act = await services.drawn.refusable(actor, act_id, shown.value("replaces") or None)
    return TEMPLATES.page(
        request,
        "acts/form2.html",
        actor,
        status=status,
        act=act,
        setting=await services.drawn.setting(actor, act.sitting_id, _REFUSAL),
        shown=shown,
        capacities=list(Capacity),
        seats=range(1 + _WITNESSES),
    )


def _first(actor: Actor) -> dict[str, str]:
    """Whoever fills the form in stands in its first row."""
    capacity = next((own for role, own in _CAPACITY.items() if actor.has(role)), Capacity.PROCTOR)
    own = {"name": actor.full_name, "capacity": str(capacity)}
    return {f"{field}.0": value for field, value in own.items()}


def _corrected(document: Mapping[str, Any]) -> dict[str, str]:
    """The people of the revision that is corrected; what they saw is written anew."""
    people = document.get("authors") or [document["author"], *document["witnesses"]]
    values = {"outsider": str(document.get("outsider", ""))}
    for place, one in enumerate(people):
        values |= {
            f"name.{place}": one["full_name"],
            f"capacity.{place}": one["capacity"],
            f"position.{place}": one["position"],
        }
    return values


def _signatory(sent: FormData, place: int) -> Signatory:
    capacity = text_of(sent, f"capacity.{place}")
    if capacity not in list(Capacity):
        raise ActIncomplete({f"person.{place}": "name_missing"})
    name, position = text_of(sent, f"name.{place}"), text_of(sent, f"position.{place}")
    return Signatory(name, Capacity(capacity), position)


def _refusal(sent: FormData, act_id: str) -> RefusalOrder:
    author, *witnesses = [_signatory(sent, place) for place in range(1 + _WITNESSES)]
    return RefusalOrder(author, tuple(witnesses), act_id)


def _order(form: Drawable, sent: FormData, watched: WatchedSitting, zone: ZoneInfo) -> Order:
    places = [place for place in range(_SEATS) if text_of(sent, f"name.{place}").strip()]
    commission = tuple(_signatory(sent, place) for place in places)
    if form is Drawable.OUTSIDER:
        enrolled = text_of(sent, "enrolled")
        known = enrolled if enrolled in list(PhotoKind) else None
        return OutsiderOrder(
            commission, text_of(sent, "outsider").strip(), text_of(sent, "flag") or None, known
        )
    chosen = set(sent.getlist("item"))
    opened = watched.sitting.began_at or watched.exam.opens_at
    day = opened.astimezone(zone).date()
    breaches = tuple(
        Breach(item, _at(sent, item, day, zone), text_of(sent, f"words.{item}"))
        for item in Form1Item
        if str(item) in chosen
    )
    return BreachOrder(commission, breaches)


def _at(sent: FormData, item: Form1Item, day: date, zone: ZoneInfo) -> datetime | None:
    written = text_of(sent, f"at.{item}")
    if not written:
        return None
    try:
        return datetime.combine(day, time.fromisoformat(written), zone)
    except ValueError as error:
        raise ActIncomplete({"breaches": "time"}) from error
