"""People from a file: choose it, see what it would change, take all of it or nothing.

The preview carries the file along, so that nothing of it is kept until it is taken.
"""

import base64
import binascii
import csv
import io
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from exam_api.adapters.sheets import MOST_BYTES
from exam_api.domain.errors import Forbidden
from exam_api.domain.people import may_list_people
from exam_api.domain.people_columns import COLUMNS
from exam_api.domain.roles import Actor
from exam_api.domain.sheets import SheetUnreadable
from exam_api.services.people_import import (
    Change,
    GivenPassword,
    ImportOutdated,
    ImportPlan,
    ImportRefused,
)
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.pages.forms import text_of
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(include_in_schema=False)
_SHOWN = 200
_EXAMPLE = (
    ("aigerim.n", "Нұрланова Айгерім Серікқызы", "student", "АЖ-25-1", "6B06102", "1"),
    ("s.petrov", "Петров Сергей Николаевич", "proctor; member", "", "", ""),
)


@router.get("/people/import")
async def choose(request: Request, actor: CurrentActor) -> Response:
    _require(actor)
    return _page(request, actor)


@router.get("/people/import/template.csv")
async def template(actor: CurrentActor) -> Response:
    """With a byte order mark: Excel then reads Kazakh letters rightly."""
    _require(actor)
    order = ("login", "full_name", "roles", "group", "programme", "course")
    rest = [column for column in COLUMNS if column not in order]
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=";")
    writer.writerows([[*order, *rest], *_EXAMPLE])
    headers = {"Content-Disposition": 'attachment; filename="people-template.csv"'}
    content = lines.getvalue().encode("utf-8-sig")
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/people/import")
async def preview(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    _require(actor)
    async with request.form() as form:
        file = form.get("file")
        content = await file.read(MOST_BYTES + 1) if isinstance(file, UploadFile) else b""
    try:
        plan = await core.people_import.preview(actor, content)
    except SheetUnreadable as error:
        return _page(request, actor, unreadable=error)
    return _page(request, actor, plan=plan, content=content)


@router.post("/people/import/take")
async def take(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    """No redirect after it: the one-time passwords are shown here and nowhere else."""
    _require(actor)
    form = await request.form(max_part_size=MOST_BYTES * 2)
    content = b""
    try:
        content = _content(text_of(form, "content"))
        done = await core.people_import.apply(actor, content, text_of(form, "plan"))
    except SheetUnreadable as error:
        return _page(request, actor, unreadable=error)
    except (ImportRefused, ImportOutdated) as error:
        return _page(request, actor, plan=error.plan, content=content, refused=error.code)
    return TEMPLATES.page(
        request,
        "people/imported.html",
        actor,
        plan=done.plan,
        changes=list(Change),
        passwords=done.passwords,
        download=_download(done.passwords),
    )


def _content(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise SheetUnreadable("sheet_malformed") from None


def _download(passwords: Sequence[GivenPassword]) -> str:
    """A file that the browser makes of the page itself: the server keeps none."""
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=";")
    writer.writerow(("login", "full_name", "password"))
    writer.writerows((one.login, one.full_name, one.password) for one in passwords)
    return base64.b64encode(lines.getvalue().encode("utf-8-sig")).decode()


def _require(actor: Actor) -> None:
    if not may_list_people(actor):
        raise Forbidden


def _page(
    request: Request,
    actor: Actor,
    *,
    plan: ImportPlan | None = None,
    content: bytes = b"",
    unreadable: SheetUnreadable | None = None,
    refused: str = "",
) -> Response:
    wrong = unreadable is not None or (plan is not None and (plan.problems or refused))
    return TEMPLATES.page(
        request,
        "people/import.html",
        actor,
        status=422 if wrong else 200,
        plan=plan,
        changes=list(Change),
        content=base64.b64encode(content).decode(),
        unreadable=unreadable,
        refused=refused,
        shown=_SHOWN,
    )
