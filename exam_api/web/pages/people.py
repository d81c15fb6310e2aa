"""People's records: the list, a person's card, and the forms that change it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from exam_api.domain.languages import language_or
from exam_api.domain.people import PersonData, may_keep
from exam_api.domain.roles import Actor, Role
from exam_api.services.directory import InvalidRecord, NewPassword
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.people_ports import PeopleFilter, PersonRecord, PlaceKind
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.container import Core
from exam_api.web.pages.forms import Filled, PageNumber, pager, text_of, typed
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)
_STATUS = {"": None, "active": False, "disabled": True}


@router.get("/people")
async def people(  # noqa: PLR0917 - the filter's fields
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    text: Annotated[str, Query(max_length=100)] = "",
    role: str = "",
    faculty: str = "",
    group: str = "",
    course: str = "",
    status: str = "",
    page: PageNumber = 1,
) -> Response:
    wanted = PeopleFilter(
        text=text.replace("\0", ""),
        role=Role(role) if role in set(Role) else None,
        faculty_id=faculty.replace("\0", ""),
        group_id=group.replace("\0", ""),
        course=int(course) if course.isdecimal() and len(course) < 3 else None,
        disabled=_STATUS.get(status),
    )
    found = await core.people.page(actor, wanted, PageWanted(page))
    return TEMPLATES.page(
        request,
        "people/list.html",
        actor,
        found=found,
        pager=pager(request, found),
        filter=Filled(dict(request.query_params)),
        roles=list(Role),
        places=await core.structure.places(actor, PlaceKind.FACULTY, PlaceKind.GROUP),
        administers=actor.has(Role.ADMINISTRATOR),
    )


@router.get("/people/new")
async def new_person(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    filled = Filled({"language": "kk"}, {}, {"roles": [Role.STUDENT]})
    return await _form(request, actor, core, filled)


@router.post("/people/new")
async def create(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    form = await request.form()
    try:
        made = await core.people.create(actor, _data(form))
    except InvalidRecord as error:
        return await _form(request, actor, core, typed(form, error.problems, "roles"))
    return _password_page(request, actor, made, "people.created")


@router.get("/people/{user_id}")
async def person(request: Request, actor: CurrentActor, core: CoreDep, user_id: PathId) -> Response:
    return await _card(request, actor, core, user_id)


@router.get("/people/{user_id}/edit")
async def edit_form(
    request: Request, actor: CurrentActor, core: CoreDep, user_id: PathId
) -> Response:
    found = await core.people.get(actor, user_id)
    return await _form(request, actor, core, _filled(found), found)


@router.post("/people/{user_id}/edit")
async def edit(request: Request, actor: CurrentActor, core: CoreDep, user_id: PathId) -> Response:
    form = await request.form()
    try:
        await core.people.change(actor, user_id, _data(form), text_of(form, "reason"))
    except InvalidRecord as error:
        found = await core.people.get(actor, user_id)
        filled = typed(form, error.problems, "roles")
        return await _form(request, actor, core, filled, found)
    return RedirectResponse(f"/people/{user_id}", 303)


@router.post("/people/{user_id}/status")
async def set_status(  # noqa: PLR0917 - the form's fields
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    user_id: PathId,
    disabled: Annotated[bool, Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    try:
        await core.people.set_disabled(actor, user_id, reason, disabled=disabled)
    except InvalidRecord as error:
        filled = Filled({"reason": reason}, error.problems)
        return await _card(request, actor, core, user_id, filled)
    return RedirectResponse(f"/people/{user_id}", 303)


@router.post("/people/{user_id}/password")
async def reset_password(
    request: Request, actor: CurrentActor, core: CoreDep, user_id: PathId
) -> Response:
    """The one page that is no redirect: the password is shown here and nowhere else."""
    made = await core.people.reset_password(actor, user_id)
    return _password_page(request, actor, made, "people.password_reset")


@router.post("/people/{user_id}/sessions/end")
async def end_sessions(actor: CurrentActor, core: CoreDep, user_id: PathId) -> Response:
    await core.log_ins.end_of_person(actor, user_id)
    return RedirectResponse(f"/people/{user_id}", 303)


def _data(form: FormData) -> PersonData:
    roles = {role for role in form.getlist("roles") if isinstance(role, str)}
    return PersonData(
        login=text_of(form, "login"),
        full_name=text_of(form, "full_name"),
        language=language_or(text_of(form, "language")),
        email=text_of(form, "email"),
        roles=frozenset(role for role in Role if role in roles),
        group_id=text_of(form, "group") or None,
        faculty_id=text_of(form, "faculty") or None,
        department_id=text_of(form, "department") or None,
    )


def _filled(found: PersonRecord) -> Filled:
    data = found.data
    values: Mapping[str, str] = {
        "login": data.login,
        "full_name": data.full_name,
        "language": data.language,
        "email": data.email or "",
        "group": data.group_id or "",
        "faculty": data.faculty_id or "",
        "department": data.department_id or "",
    }
    return Filled(values, {}, {"roles": sorted(data.roles)})


async def _form(
    request: Request, actor: Actor, core: Core, filled: Filled, found: PersonRecord | None = None
) -> Response:
    places = await core.structure.places(actor)
    return TEMPLATES.page(
        request,
        "people/form.html",
        actor,
        status=422 if filled.problems else 200,
        form=filled,
        person=found,
        roles=[role for role in Role if may_keep(actor, frozenset({role}))],
        places=places,
    )


async def _card(
    request: Request, actor: Actor, core: Core, user_id: str, filled: Filled | None = None
) -> Response:
    found = await core.people.get(actor, user_id)
    keeps = may_keep(actor, found.data.roles)
    return TEMPLATES.page(
        request,
        "people/person.html",
        actor,
        status=422 if filled else 200,
        person=found,
        form=filled or Filled(),
        keeps=keeps,
        sessions=await core.log_ins.of_person(actor, user_id) if keeps else (),
        history=await core.people.history(actor, user_id),
    )


def _password_page(request: Request, actor: Actor, made: NewPassword, heading: str) -> Response:
    return TEMPLATES.page(request, "people/password.html", actor, made=made, heading=heading)
