"""Pages of loaded tests: a teacher loads one, the testing centre checks it (S-4, S-6)."""

from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from exam_api.domain.bank_tests import ControlType, Share
from exam_api.domain.errors import InvalidRequest
from exam_api.domain.item_rules import DIFFICULTIES
from exam_api.domain.languages import LANGUAGES
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Actor
from exam_api.services.bank_checks import NewTest
from exam_api.services.bank_items import ItemPage
from exam_api.services.bank_ports import ItemFilter
from exam_api.services.paging import PageAsk
from exam_api.web.api.ids import PathId
from exam_api.web.auth import CoreDep, CurrentActor
from exam_api.web.container import Core
from exam_api.web.pages.rendering import TEMPLATES

router = APIRouter(prefix="/bank", include_in_schema=False)
_SHARES: Final = 8


@dataclass
class TestForm:
    """As typed; ``shares``: (topic id, difficulty, count)."""

    code: str = ""
    name: str = ""
    control: str = ControlType.EXAM.value
    languages: list[str] = field(default_factory=lambda: list(LANGUAGES))
    questions: str = ""
    shares: list[tuple[str, str, str]] = field(default_factory=list)


@router.get("/{discipline_id}/tests/new")
async def new_test(
    request: Request, actor: CurrentActor, core: CoreDep, discipline_id: PathId
) -> Response:
    page = await _about(core, actor, discipline_id)
    exam = page.discipline.next_exam
    questions = str(exam.questions if exam else ExamPolicy().questions)
    form = TestForm(
        code=page.discipline.code,
        name=page.discipline.title["kk"],
        questions=questions,
        shares=[("", "", questions)],
    )
    return _form_page(request, actor, page, form)


@router.post("/{discipline_id}/tests/new")
async def load_test(
    request: Request, actor: CurrentActor, core: CoreDep, discipline_id: PathId
) -> Response:
    form = await _sent(request)
    try:
        await core.tests.load(actor, discipline_id, _test_of(form))
    except InvalidRequest as error:
        page = await _about(core, actor, discipline_id)
        return _form_page(request, actor, page, form, status=error.status)
    return RedirectResponse(f"/bank/{discipline_id}#tests", 303)


@router.post("/tests/{test_id}/decide")
async def decide(request: Request, actor: CurrentActor, core: CoreDep, test_id: PathId) -> Response:
    """The testing centre accepts, or returns with the error (S-6)."""
    async with request.form() as form:
        action, remark = str(form.get("action", "")), str(form.get("remark", ""))
    await core.tests.decide(actor, test_id, accept=action == "accept", remark=remark)
    return RedirectResponse("/bank#waiting", 303)


async def _about(core: Core, actor: Actor, discipline_id: str) -> ItemPage:
    await core.items.editor(actor, discipline_id)  # Forbidden to those who do not load
    return await core.items.page(actor, discipline_id, ItemFilter(), PageAsk(1))


async def _sent(request: Request) -> TestForm:
    async with request.form() as sent:
        found = {name: str(text) for name, text in sent.items()}
        languages = [str(one) for one in sent.getlist("language")]
    rows = [
        (found.get(f"s{n}-topic", ""), found.get(f"s{n}-difficulty", ""), found.get(f"s{n}", ""))
        for n in range(1, _SHARES + 1)
    ]
    return TestForm(
        found.get("code", ""),
        found.get("name", ""),
        found.get("control", ""),
        languages,
        found.get("questions", ""),
        [row for row in rows if row[2].strip()],
    )


def _test_of(form: TestForm) -> NewTest:
    """InvalidRequest where a number is none."""
    try:
        return NewTest(
            discipline_code=form.code,
            name=form.name,
            control=ControlType(form.control),
            languages=tuple(one for one in LANGUAGES if one in form.languages),
            questions=int(form.questions),
            shares=tuple(
                Share(int(count), topic or None, int(difficulty) if difficulty else None)
                for topic, difficulty, count in form.shares
            ),
        )
    except ValueError as error:
        raise InvalidRequest("a number of questions is a whole number") from error


def _form_page(
    request: Request, actor: Actor, page: ItemPage, form: TestForm, *, status: int = 200
) -> Response:
    rows = [*form.shares, *[("", "", "")] * (_SHARES - len(form.shares))]
    return TEMPLATES.page(
        request,
        "bank/test_form.html",
        actor,
        status=status,
        page=page,
        form=form,
        rows=rows[:_SHARES],
        controls=ControlType,
        difficulties=DIFFICULTIES,
    )
