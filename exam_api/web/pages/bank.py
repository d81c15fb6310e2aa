"""Pages of the test bank: disciplines, items, their approval, and who may load them (T-6.4)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from exam_api.domain.item_rules import DIFFICULTIES, ItemInvalid, Problem
from exam_api.domain.items import ItemKind, ItemState
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.roles import Actor
from exam_api.services.bank_items import ItemChanged, ItemMoved, ItemPage
from exam_api.services.bank_ports import BankDiscipline, ItemFilter
from exam_api.services.interchange import FileFormat
from exam_api.services.paging import PageAsk
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.container import Core
from exam_api.web.pages.bank_form import ItemForm, content_of, empty_form, form_of, read_form
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(prefix="/bank", include_in_schema=False)
_ROWS_MORE = 5
_MOST_FIELDS = 1000
_PAGE = 50


@dataclass(frozen=True, slots=True)
class Moved:
    """Why a form was not saved, and where what somebody else saved is."""

    code: str
    newest_id: str


@router.get("")
async def disciplines(request: Request, actor: CurrentActor, core: CoreDep) -> Response:
    return TEMPLATES.page(
        request,
        "bank/disciplines.html",
        actor,
        rows=await core.items.disciplines(actor),
        waiting=await core.tests.waiting(actor),
    )


@router.get("/{discipline_id}")
async def items(
    *,
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    discipline_id: PathId,
    state: Annotated[ItemState | Literal[""], Query()] = "",
    kind: Annotated[ItemKind | Literal[""], Query()] = "",
    topic: Annotated[str, Query(max_length=36)] = "",
    difficulty: Annotated[Literal["", "1", "2", "3"], Query()] = "",
    text: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str, Query(max_length=36)] = "",
) -> Response:
    wanted = ItemFilter(
        state or None,
        kind or None,
        topic or None,
        int(difficulty) if difficulty else None,
        text.replace("\0", "").strip(),
    )
    ask = PageAsk(_PAGE, (after,) if after else None)
    return await _items_page(request, actor, core, discipline_id, wanted=wanted, ask=ask)


async def _items_page(
    request: Request,
    actor: Actor,
    core: Core,
    discipline_id: str,
    *,
    wanted: ItemFilter = ItemFilter(),  # noqa: B008 - frozen value
    ask: PageAsk = PageAsk(_PAGE),  # noqa: B008 - frozen value
    status: int = 200,
    problem: str = "",
) -> Response:
    page = await core.items.page(actor, discipline_id, wanted, ask)
    return TEMPLATES.page(
        request,
        "bank/items.html",
        actor,
        status=status,
        page=page,
        tests=await core.tests.of(actor, discipline_id),
        wanted=wanted,
        states=ItemState,
        kinds=ItemKind,
        difficulties=DIFFICULTIES,
        formats=FileFormat,
        next_href=_next(request, page),
        problem=problem,
    )


def _next(request: Request, page: ItemPage) -> str | None:
    if page.items.next is None:
        return None
    url = request.url.include_query_params(after=page.items.next[0])
    return f"{url.path}?{url.query}"


@router.post("/{discipline_id}/act")
async def act(
    request: Request, actor: CurrentActor, core: CoreDep, discipline_id: PathId
) -> Response:
    """What is done with the ticked items: submit, approve, return, withdraw."""
    async with request.form(max_fields=_MOST_FIELDS) as form:
        ids = [ref for ref in form.getlist("item") if isinstance(ref, str)]
        action, remark = _text(form, "action"), _text(form, "remark")
    desk = core.items
    try:
        match action:
            case "submit":
                await desk.submit(actor, discipline_id, ids)
            case "approve":
                await desk.approve(actor, discipline_id, ids)
            case "return":
                await desk.give_back(actor, discipline_id, ids, remark)
            case "withdraw":
                await desk.withdraw(actor, discipline_id, ids)
    except ItemInvalid as error:
        return await _items_page(
            request,
            actor,
            core,
            discipline_id,
            status=error.status,
            problem=error.problems[0].code,
        )
    return RedirectResponse(f"/bank/{discipline_id}", 303)


@router.post("/{discipline_id}/loaders")
async def loaders(
    request: Request, actor: CurrentActor, core: CoreDep, discipline_id: PathId
) -> Response:
    async with request.form(max_fields=_MOST_FIELDS) as form:
        teachers = {ref for ref in form.getlist("teacher") if isinstance(ref, str)}
    await core.items.set_loaders(actor, discipline_id, teachers)
    return RedirectResponse(f"/bank/{discipline_id}#loaders", 303)


# --- one item -------------------------------------------------------------------------------------


@router.get("/{discipline_id}/new")
async def new_item(
    *,
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    discipline_id: PathId,
    kind: Annotated[ItemKind, Query()] = ItemKind.SINGLE,
) -> Response:
    discipline, topics = await core.items.editor(actor, discipline_id)
    return _form_page(request, actor, discipline, topics, empty_form(kind))


@router.post("/{discipline_id}/new")
async def add_item(
    request: Request, actor: CurrentActor, core: CoreDep, discipline_id: PathId
) -> Response:
    form, more = await _sent(request)
    discipline, topics = await core.items.editor(actor, discipline_id)
    if more:
        return _form_page(request, actor, discipline, topics, form)
    try:
        (item_id,) = await core.items.add(actor, discipline_id, [content_of(form)])
    except ItemInvalid as error:
        return _form_page(request, actor, discipline, topics, form, problems=error.problems)
    return RedirectResponse(f"/bank/items/{item_id}", 303)


@router.get("/items/{item_id}")
async def item(
    *,
    request: Request,
    actor: CurrentActor,
    core: CoreDep,
    item_id: PathId,
    problem: Annotated[Literal["", "words_missing", "picture_bad"], Query()] = "",
) -> Response:
    """The preview in three languages, what is right, and the versions."""
    detail = await core.items.detail(actor, item_id)
    return TEMPLATES.page(
        request,
        "bank/item.html",
        actor,
        detail=detail,
        problem=problem,
        item_languages=detail.item.content.languages,
    )


@router.get("/items/{item_id}/edit")
async def edit_item(
    request: Request, actor: CurrentActor, core: CoreDep, item_id: PathId
) -> Response:
    detail = await core.items.detail(actor, item_id)
    discipline, topics = await core.items.editor(actor, detail.discipline.id)
    form = form_of(detail.item.content)
    form.fields["seen"] = detail.item.revision
    return _form_page(request, actor, discipline, topics, form, item_id=item_id)


@router.post("/items/{item_id}/edit")
async def save_item(
    request: Request, actor: CurrentActor, core: CoreDep, item_id: PathId
) -> Response:
    form, more = await _sent(request)
    detail = await core.items.detail(actor, item_id)
    discipline, topics = await core.items.editor(actor, detail.discipline.id)
    problems: tuple[Problem, ...] = ()
    moved: Moved | None = None
    if not more:
        try:
            saved = await core.items.save(actor, item_id, content_of(form), form["seen"])
        except ItemInvalid as error:
            problems = error.problems
        except (ItemChanged, ItemMoved) as error:
            newest = (await core.items.detail(actor, item_id)).versions[0]
            form.fields["seen"] = newest.revision
            moved = Moved(error.code, newest.id)
        else:
            return RedirectResponse(f"/bank/items/{saved}", 303)
    return _form_page(
        request, actor, discipline, topics, form, item_id=item_id, problems=problems, moved=moved
    )


async def _sent(request: Request) -> tuple[ItemForm, bool]:
    """The form as it was typed, and whether only more rows are wanted."""
    async with request.form(max_fields=_MOST_FIELDS) as sent:
        form = read_form({name: text for name, text in sent.items() if isinstance(text, str)})
    more = form["action"] == "more"
    if more:
        form.rows = min(form.rows + _ROWS_MORE, 50)
    return form, more


def _form_page(
    request: Request,
    actor: Actor,
    discipline: BankDiscipline,
    topics: list[str],
    form: ItemForm,
    *,
    item_id: str | None = None,
    problems: tuple[Problem, ...] = (),
    moved: Moved | None = None,
) -> Response:
    refused = ItemChanged.status if moved else 200
    return TEMPLATES.page(
        request,
        "bank/item_form.html",
        actor,
        status=ItemInvalid.status if problems else refused,
        moved=moved,
        discipline=discipline,
        topics=topics,
        form=form,
        item_id=item_id,
        problems=problems,
        kinds=ItemKind,
        difficulties=DIFFICULTIES,
        item_languages=LANGUAGES,
    )


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
