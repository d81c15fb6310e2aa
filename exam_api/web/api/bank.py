"""The test bank for programs: what is in it and how far, approval, loaded tests, files (T-6.4)."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Request, Response, status
from pydantic import BaseModel, Field

from exam_api.domain.bank_tests import ControlType, Share, Step, TestProblem, TestState
from exam_api.domain.item_rules import ItemInvalid
from exam_api.domain.items import ItemKind, ItemState
from exam_api.domain.languages import LANGUAGES, Language
from exam_api.services.bank_checks import CODE_LIMIT, CheckedTest, NewTest, TestChecked
from exam_api.services.bank_items import REMARK_LIMIT, ItemMoved
from exam_api.services.bank_ports import (
    BankDiscipline,
    BankRight,
    ItemFilter,
    ItemImport,
    Loader,
    StoredItem,
)
from exam_api.services.interchange import FILE_LIMIT, FileFormat, FileRefused, Refusal
from exam_api.services.paging import page_after
from exam_api.web.api.ids import BodyId, PathId
from exam_api.web.api.paging import PAGED, AskedPage, linked
from exam_api.web.api.people import NewId
from exam_api.web.api.texts import plain
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.openapi import refuses

router = APIRouter(prefix="/api/v1/bank", tags=["test bank"])

Remark = Annotated[str, plain(REMARK_LIMIT)]
Difficulty = Annotated[int, Field(ge=1, le=3)]
_BINARY = "application/octet-stream"


class DeadlineAnswer(BaseModel):
    """S-4, row 2: what is due before the next exam."""

    step: Step
    due_at: datetime
    done_at: datetime | None
    late: bool


class DisciplineAnswer(BaseModel):
    """``rights``: the caller's; ``items``: how many of each state."""

    id: str
    code: str
    title: dict[Language, str]
    department: str
    rights: list[BankRight]
    items: dict[ItemState, int]
    next_exam_at: datetime | None
    deadlines: list[DeadlineAnswer]


class ItemAnswer(BaseModel):
    """What it asks and how far it is. What is right is told by the export only."""

    id: str
    version: int
    state: ItemState
    kind: ItemKind
    stem: dict[Language, str]
    languages: list[Language]
    topic: str
    difficulty: int
    author: str | None
    changed_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    remark: str

    @classmethod
    def of(cls, item: StoredItem) -> "ItemAnswer":
        content = item.content
        return cls(
            id=item.id,
            version=item.version,
            state=item.state,
            kind=content.kind,
            stem=dict(content.body.stem),
            languages=list(content.languages),
            topic=content.topic,
            difficulty=content.difficulty,
            author=item.author,
            changed_at=item.changed_at,
            decided_by=item.decided_by,
            decided_at=item.decided_at,
            remark=item.remark,
        )


class ItemsBody(BaseModel):
    """``remark``: the reason, where items are returned."""

    item_ids: Annotated[list[BodyId], Field(min_length=1, max_length=1000)]
    remark: Remark = ""


class ShareBody(BaseModel):
    """``topic_id``, ``difficulty``: null takes any."""

    count: Annotated[int, Field(ge=1, le=200)]
    topic_id: BodyId | None = None
    difficulty: Difficulty | None = None


class TestBody(BaseModel):
    """S-6: what the teacher declares when loading."""

    __test__ = False  # no test of pytest's

    discipline_code: Annotated[str, plain(CODE_LIMIT)]
    name: Annotated[str, plain(200)]
    control: ControlType = ControlType.EXAM
    languages: Annotated[list[Language], Field(max_length=len(LANGUAGES))]
    questions: Annotated[int, Field(ge=1, le=200)]
    shares: Annotated[list[ShareBody], Field(min_length=1, max_length=100)]


class TestAnswer(BaseModel):
    """``problems``: what the technical check finds by itself; a person decides (S-6)."""

    __test__ = False

    id: str
    discipline_id: str
    discipline_code: str
    name: str
    control: ControlType
    languages: list[Language]
    questions: int
    shares: list[ShareBody]
    state: TestState
    loaded_at: datetime
    remark: str
    checked_at: datetime | None
    problems: list[TestProblem]

    @classmethod
    def of(cls, found: CheckedTest) -> "TestAnswer":
        test = found.test
        return cls(
            id=test.id,
            discipline_id=test.discipline_id,
            discipline_code=test.discipline_code,
            name=test.name,
            control=test.control,
            languages=list(test.languages),
            questions=test.questions,
            shares=[
                ShareBody(count=one.count, topic_id=one.topic_id, difficulty=one.difficulty)
                for one in test.shares
            ],
            state=test.state,
            loaded_at=test.loaded_at,
            remark=test.remark,
            checked_at=test.checked_at,
            problems=list(found.found),
        )


class TestDecision(BaseModel):
    """Accepted, or returned with the error, of which the teacher is told."""

    __test__ = False

    accept: bool
    remark: Remark = ""


class LoadersBody(BaseModel):
    teacher_ids: Annotated[list[BodyId], Field(max_length=500)]


class ReadItemAnswer(BaseModel):
    """``place`` as the file's author finds it: a line, a name, a row."""

    place: str
    kind: ItemKind
    stem: dict[Language, str]
    dropped: list[str]


class ImportAnswer(BaseModel):
    """What taking the file would add. With any ``refused`` it is never taken."""

    id: str
    discipline_id: str
    items: list[ReadItemAnswer]
    refused: list[Refusal]

    @classmethod
    def of(cls, found: ItemImport) -> "ImportAnswer":
        return cls(
            id=found.id,
            discipline_id=found.discipline_id,
            items=[
                ReadItemAnswer(
                    place=one.place,
                    kind=one.content.kind,
                    stem=dict(one.content.body.stem),
                    dropped=list(one.dropped),
                )
                for one in found.items
            ],
            refused=list(found.refused),
        )


class Taken(BaseModel):
    discipline_id: str


# --- disciplines and items ------------------------------------------------------------------------


@router.get("/disciplines", responses=PAGED)
async def disciplines(
    *, request: Request, response: Response, ask: AskedPage, actor: CurrentActor, core: CoreDep
) -> tuple[DisciplineAnswer, ...]:
    """Those in whose bank the caller has any right."""
    found = [one for one, _ in await core.items.disciplines(actor)]
    page = page_after(found, ask, lambda one: (one.id,))

    def shown(one: BankDiscipline) -> DisciplineAnswer:
        due = core.items.deadlines(one)
        return DisciplineAnswer(
            id=one.id,
            code=one.code,
            title=dict(one.title),
            department=one.department["kk"] if one.department else "",
            rights=sorted(one.rights),
            items=dict(one.items),
            next_exam_at=one.next_exam.opens_at if one.next_exam else None,
            deadlines=[
                DeadlineAnswer(
                    step=step.step, due_at=step.due_at, done_at=step.done_at, late=step.late
                )
                for step in due
            ],
        )

    return linked(request, response, page.shown(shown))


@router.get("/disciplines/{discipline_id}/items", responses=PAGED)
async def items(
    *,
    discipline_id: PathId,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    core: CoreDep,
    state: Annotated[ItemState | None, Query()] = None,
    kind: Annotated[ItemKind | None, Query()] = None,
    topic_id: Annotated[BodyId | None, Query()] = None,
    difficulty: Annotated[Difficulty | None, Query()] = None,
) -> tuple[ItemAnswer, ...]:
    """Newest first, retired ones only where asked for; to the testing centre none (T-6.4)."""
    wanted = ItemFilter(state, kind, topic_id, difficulty)
    found = await core.items.page(actor, discipline_id, wanted, ask)
    return linked(request, response, found.items.shown(ItemAnswer.of))


@router.post(
    "/disciplines/{discipline_id}/items/{action}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(ItemMoved, ItemInvalid),
)
async def act_on_items(
    discipline_id: PathId,
    action: Literal["submit", "approve", "return", "withdraw"],
    given: ItemsBody,
    actor: CurrentActor,
    core: CoreDep,
) -> None:
    """S-4, all or none: loaders submit and withdraw, the department's head approves and returns.

    409 ``item_moved`` where one is in another state by now.
    """
    desk, ids = core.items, given.item_ids
    match action:
        case "submit":
            await desk.submit(actor, discipline_id, ids)
        case "approve":
            await desk.approve(actor, discipline_id, ids)
        case "return":
            await desk.give_back(actor, discipline_id, ids, given.remark)
        case "withdraw":
            await desk.withdraw(actor, discipline_id, ids)


@router.get("/disciplines/{discipline_id}/loaders", responses=PAGED)
async def loaders(
    *,
    discipline_id: PathId,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    core: CoreDep,
) -> tuple[Loader, ...]:
    """The department's teachers; ``given_at`` is null for those who may not load (row 2)."""
    found = await core.items.loaders(actor, discipline_id)
    return linked(request, response, page_after(found, ask, lambda one: (one.teacher_id,)))


@router.put("/disciplines/{discipline_id}/loaders", status_code=status.HTTP_204_NO_CONTENT)
async def set_loaders(
    discipline_id: PathId, given: LoadersBody, actor: CurrentActor, core: CoreDep
) -> None:
    """Exactly these may load from now on. 404 for a teacher of another department."""
    await core.items.set_loaders(actor, discipline_id, given.teacher_ids)


# --- loaded tests ---------------------------------------------------------------------------------


@router.get("/disciplines/{discipline_id}/tests", responses=PAGED)
async def tests(
    *,
    discipline_id: PathId,
    request: Request,
    response: Response,
    ask: AskedPage,
    actor: CurrentActor,
    core: CoreDep,
) -> tuple[TestAnswer, ...]:
    found = await core.tests.of(actor, discipline_id)
    page = page_after(found, ask, lambda one: (one.test.id,))
    return linked(request, response, page.shown(TestAnswer.of))


@router.post("/disciplines/{discipline_id}/tests", status_code=status.HTTP_201_CREATED)
async def load_test(
    discipline_id: PathId, given: TestBody, actor: CurrentActor, core: CoreDep
) -> NewId:
    """S-4: by a teacher whom the department named."""
    new = NewTest(
        discipline_code=given.discipline_code,
        name=given.name,
        control=given.control,
        languages=tuple(one for one in LANGUAGES if one in given.languages),
        questions=given.questions,
        shares=tuple(Share(one.count, one.topic_id, one.difficulty) for one in given.shares),
    )
    return NewId(id=await core.tests.load(actor, discipline_id, new))


@router.post(
    "/tests/{test_id}/decision",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(TestChecked),
)
async def decide(test_id: PathId, given: TestDecision, actor: CurrentActor, core: CoreDep) -> None:
    """S-6, by the testing centre. A test with problems is returned, not accepted."""
    await core.tests.decide(actor, test_id, accept=given.accept, remark=given.remark)


# --- files ----------------------------------------------------------------------------------------


@router.post(
    "/disciplines/{discipline_id}/imports",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(FileRefused),
)
async def read_file(  # noqa: PLR0917 - what comes with the file
    discipline_id: PathId,
    data: Annotated[bytes, Body(media_type=_BINARY, max_length=FILE_LIMIT)],
    actor: CurrentActor,
    core: CoreDep,
    form: Annotated[FileFormat, Query(alias="format")],
    language: Annotated[Language, Query()] = "kk",
    name: Annotated[str, Query(max_length=200)] = "",
) -> ImportAnswer:
    """Reads a test file; nothing is in the bank until it is taken, within a week."""
    import_id = await core.files.read(
        actor, discipline_id, form=form, language=language, file_name=name, data=data
    )
    return ImportAnswer.of((await core.files.look(actor, import_id))[1])


@router.get("/imports/{import_id}")
async def look(import_id: PathId, actor: CurrentActor, core: CoreDep) -> ImportAnswer:
    return ImportAnswer.of((await core.files.look(actor, import_id))[1])


@router.post("/imports/{import_id}/take")
async def take(import_id: PathId, actor: CurrentActor, core: CoreDep) -> Taken:
    """Every item becomes a draft, or none does."""
    return Taken(discipline_id=await core.files.take(actor, import_id))


@router.get("/disciplines/{discipline_id}/export")
async def export(
    *,
    discipline_id: PathId,
    actor: CurrentActor,
    core: CoreDep,
    form: Annotated[FileFormat, Query(alias="format")],
    language: Annotated[Language, Query()] = "kk",
    state: Annotated[ItemState, Query()] = ItemState.APPROVED,
) -> Response:
    """The items of a state as a file; 422 where the format cannot hold one of them. Audited."""
    written = await core.files.write(
        actor, discipline_id, form=form, language=language, state=state
    )
    if written.refused:
        raise FileRefused(written.refused[0].reason)
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="items-{form}.{written.extension}"',
    }
    return Response(written.data, media_type=written.media_type, headers=headers)
