"""Faculties, departments, programmes, groups and disciplines; and the audit log."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from exam_api.domain.errors import NotFound
from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.roles import Actor
from exam_api.services.directory import InvalidRecord
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.people_ports import Place, PlaceData, PlaceKind
from exam_api.services.structure import PARENT_OF
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.container import Core
from exam_api.web.pages.forms import Filled, PageNumber, pager, text_of, typed
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)
_FORMATS: Final = {one.value: one for one in ExamFormat}


@router.get("/structure")
async def structure(actor: CurrentActor, core: CoreDep) -> Response:
    await core.structure.places(actor, PlaceKind.FACULTY)
    return RedirectResponse(f"/structure/{PlaceKind.FACULTY}", 303)


@router.get("/structure/{kind}")
async def places(request: Request, actor: CurrentActor, core: CoreDep, kind: PlaceKind) -> Response:
    return await _page(request, actor, core, kind, Filled())


@router.post("/structure/{kind}")
async def create(request: Request, actor: CurrentActor, core: CoreDep, kind: PlaceKind) -> Response:
    form = await request.form()
    try:
        await core.structure.create(actor, _data(kind, form))
    except InvalidRecord as error:
        return await _page(request, actor, core, kind, typed(form, error.problems))
    return RedirectResponse(f"/structure/{kind}", 303)


@router.get("/structure/{kind}/{place_id}")
async def edit_form(
    request: Request, actor: CurrentActor, core: CoreDep, kind: PlaceKind, place_id: PathId
) -> Response:
    place = await _one(core, actor, kind, place_id)
    return await _edit(request, actor, core, place, _filled(place))


@router.post("/structure/{kind}/{place_id}")
async def change(
    request: Request, actor: CurrentActor, core: CoreDep, kind: PlaceKind, place_id: PathId
) -> Response:
    form = await request.form()
    try:
        await core.structure.change(actor, place_id, _data(kind, form))
    except InvalidRecord as error:
        place = await _one(core, actor, kind, place_id)
        return await _edit(request, actor, core, place, typed(form, error.problems))
    return RedirectResponse(f"/structure/{kind}", 303)


@router.post("/structure/{kind}/{place_id}/status")
async def set_status(
    actor: CurrentActor,
    core: CoreDep,
    kind: PlaceKind,
    place_id: PathId,
    disabled: Annotated[bool, Form()],
) -> Response:
    await core.structure.set_disabled(actor, kind, place_id, disabled=disabled)
    return RedirectResponse(f"/structure/{kind}", 303)


@router.get("/audit")
async def audit(
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    what: Annotated[str, Query(max_length=40)] = "",
    page: PageNumber = 1,
) -> Response:
    what = what.replace("\0", "")
    found, kinds = await core.audit.page(actor, PageWanted(page), what=what)
    return TEMPLATES.page(
        request,
        "people/audit.html",
        actor,
        found=found,
        pager=pager(request, found),
        kinds=kinds,
        what=what,
    )


def _data(kind: PlaceKind, form: FormData) -> PlaceData:
    course = text_of(form, "course")
    return PlaceData(
        kind=kind,
        name={lang: text_of(form, f"name_{lang}") for lang in LANGUAGES},
        code=text_of(form, "code"),
        course=int(course) if course.isdecimal() and len(course) == 1 else None,
        parent_id=text_of(form, "parent") or None,
        exam_format=_FORMATS.get(text_of(form, "exam_format")),
    )


def _filled(place: Place) -> Filled:
    data = place.data
    values = {
        **{f"name_{lang}": text for lang, text in data.name.items()},
        "code": data.code,
        "course": str(data.course or ""),
        "parent": data.parent_id or "",
        "exam_format": data.exam_format or "",
    }
    return Filled(values)


async def _one(core: Core, actor: Actor, kind: PlaceKind, place_id: str) -> Place:
    """NotFound."""
    for place in (await core.structure.places(actor, kind))[kind]:
        if place.id == place_id:
            return place
    raise NotFound


async def _page(
    request: Request, actor: Actor, core: Core, kind: PlaceKind, filled: Filled
) -> Response:
    parent = PARENT_OF.get(kind)
    found = await core.structure.places(actor, *([kind, parent] if parent else [kind]))
    return TEMPLATES.page(
        request,
        "people/structure.html",
        actor,
        status=422 if filled.problems else 200,
        kinds=list(PlaceKind),
        kind=kind,
        places=found[kind],
        parents=found[parent] if parent else (),
        parent=parent,
        formats=list(ExamFormat),
        form=filled,
    )


async def _edit(
    request: Request, actor: Actor, core: Core, place: Place, filled: Filled
) -> Response:
    kind = place.data.kind
    parent = PARENT_OF.get(kind)
    parents = (await core.structure.places(actor, parent))[parent] if parent else ()
    return TEMPLATES.page(
        request,
        "people/place.html",
        actor,
        status=422 if filled.problems else 200,
        kind=kind,
        place=place,
        parents=parents,
        parent=parent,
        formats=list(ExamFormat),
        form=filled,
    )
