"""Files of the test bank: import with a preview, export, and the pictures of items."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from exam_api.adapters.interchange.pictures import checked_picture
from exam_api.domain.errors import InvalidRequest
from exam_api.domain.item_rules import ItemInvalid
from exam_api.domain.items import ItemState
from exam_api.domain.languages import LANGUAGES, Language, language_or
from exam_api.domain.roles import Actor
from exam_api.services.interchange import FILE_LIMIT, FileFormat, FileRefused, Refusal
from exam_api.web.api.ids import PathId
from exam_api.web.api.pictures import PictureName, picture_response
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.container import Core
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(prefix="/bank", include_in_schema=False)
_SHOWN: Final = 200


@router.get("/{discipline_id}/import")
async def choose_file(
    request: Request, actor: CurrentActor, core: CoreDep, discipline_id: PathId
) -> Response:
    return await _import_page(request, actor, core, discipline_id)


@router.post("/{discipline_id}/import")
async def read_file(
    request: Request, actor: CurrentActor, core: CoreDep, discipline_id: PathId
) -> Response:
    """Reads the file and leads to its preview; nothing is in the bank yet."""
    async with request.form() as form:
        form_name, language = _text(form, "format"), language_or(_text(form, "language"))
        name, data = await _uploaded(form)
    try:
        import_id = await core.files.read(
            actor,
            discipline_id,
            form=_format(form_name),
            language=language,
            file_name=name,
            data=data,
        )
    except FileRefused as error:
        return await _import_page(request, actor, core, discipline_id, problem=error.reason)
    return RedirectResponse(f"/bank/imports/{import_id}", 303)


async def _import_page(
    request: Request, actor: Actor, core: Core, discipline_id: str, *, problem: str = ""
) -> Response:
    discipline, _ = await core.items.editor(actor, discipline_id)
    return TEMPLATES.page(
        request,
        "bank/import.html",
        actor,
        status=FileRefused.status if problem else 200,
        discipline=discipline,
        formats=FileFormat,
        problem=problem,
    )


@router.get("/imports/{import_id}")
async def preview(
    request: Request, actor: CurrentActor, core: CoreDep, import_id: PathId
) -> Response:
    discipline, found = await core.files.look(actor, import_id)
    return TEMPLATES.page(
        request,
        "bank/preview.html",
        actor,
        discipline=discipline,
        found=found,
        most=_SHOWN,
        item_languages=LANGUAGES,
    )


@router.post("/imports/{import_id}")
async def take(actor: CurrentActor, core: CoreDep, import_id: PathId) -> Response:
    """All or nothing."""
    discipline_id = await core.files.take(actor, import_id)
    return RedirectResponse(f"/bank/{discipline_id}?state=draft", 303)


@router.get("/imports/{import_id}/pictures/{name}")
async def preview_picture(
    actor: CurrentActor, core: CoreDep, import_id: PathId, name: PictureName
) -> Response:
    _, found = await core.files.look(actor, import_id)
    bodies = [one.content.body for one in found.items]
    return picture_response(name, await core.pictures.of(bodies, name))


@router.get("/{discipline_id}/export")
async def export(
    *,
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    discipline_id: PathId,
    form: Annotated[FileFormat, Query(alias="format")],
    language: Annotated[Language, Query()] = "kk",
    state: Annotated[ItemState, Query()] = ItemState.APPROVED,
) -> Response:
    """The items of a state as a file; a page that says why where the format cannot hold them."""
    written = await core.files.write(
        actor, discipline_id, form=form, language=language, state=state
    )
    if written.refused:
        return _refused_page(request, actor, discipline_id, written.refused)
    name = f"items-{form.value}.{written.extension}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(written.data, media_type=written.media_type, headers=headers)


def _refused_page(
    request: Request, actor: Actor, discipline_id: str, refused: tuple[Refusal, ...]
) -> Response:
    return TEMPLATES.page(
        request,
        "bank/export_refused.html",
        actor,
        status=FileRefused.status,
        discipline_id=discipline_id,
        refused=refused,
        most=_SHOWN,
    )


# --- pictures -------------------------------------------------------------------------------------


@router.get("/items/{item_id}/pictures/{name}")
async def picture(
    actor: CurrentActor, core: CoreDep, item_id: PathId, name: PictureName
) -> Response:
    return picture_response(name, await core.pictures.of_item(actor, item_id, name))


@router.post("/items/{item_id}/pictures")
async def add_picture(
    request: Request, actor: CurrentActor, core: CoreDep, item_id: PathId
) -> Response:
    async with request.form() as form:
        words = _text(form, "words")
        _, data = await _uploaded(form)
    try:
        saved = await core.pictures.add(actor, item_id, data, words, checked_picture)
    except ItemInvalid as error:
        return RedirectResponse(f"/bank/items/{item_id}?problem={error.problems[0].code}", 303)
    return RedirectResponse(f"/bank/items/{saved}", 303)


async def _uploaded(form: FormData) -> tuple[str, bytes]:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        return "", b""
    return file.filename or "", await file.read(FILE_LIMIT + 1)


def _format(name: str) -> FileFormat:
    try:
        return FileFormat(name)
    except ValueError as error:
        raise InvalidRequest("no such format") from error


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
