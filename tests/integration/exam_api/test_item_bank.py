"""The test bank by its pages: who may load, approve and check, and what an exam then draws."""

import html
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import select

from exam_api.adapters.sql.tables import Discipline, Exam, Item, LoadingRight
from exam_api.adapters.sql.tables import Sitting as SittingRow
from exam_api.web.app import create_app
from exam_api.web.container import Core
from exam_api.web.pages import install_pages
from exam_api.web.pages.errors import error_page

from .conftest import log_in

pytestmark = pytest.mark.integration

Visit = Callable[[str], Awaitable[httpx.AsyncClient]]
SINGLE = {
    "kind": "single",
    "rows": "3",
    "stem-kk": "2 + 2 нешеге тең? \\(2+2\\)",
    "stem-ru": "Сколько будет 2 + 2? \\(2+2\\)",
    "c1-kk": "4",
    "c1-ru": "4",
    "c2-kk": "5",
    "c2-ru": "5",
    "right": "1",
    "topic": "Арифметика",
    "difficulty": "1",
    "shuffle": "on",
    "partial": "on",
}
KINDS = {
    "single": SINGLE,
    "multiple": {**SINGLE, "kind": "multiple", "c1-right": "on", "c3-kk": "IV", "c3-ru": "IV"},
    "matching": {
        **SINGLE,
        "kind": "matching",
        "t1-kk": "төрт",
        "t1-ru": "четыре",
        "t2-kk": "бес",
        "t2-ru": "пять",
    },
    "ordering": {**SINGLE, "kind": "ordering"},
    "text": {**SINGLE, "kind": "text", "a1": "төрт", "a2": "четыре", "a2-weight": "50"},
    "number": {**SINGLE, "kind": "number", "a1": "4,0", "a1-tolerance": "5", "a1-relative": "on"},
}


@pytest.fixture
async def client_of(core: Core):
    """As in conftest, with the pages."""
    app = create_app(core, install_pages=install_pages, error_page=error_page)
    opened: list[httpx.AsyncClient] = []

    async def make(login: str, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(
            transport=transport, base_url="http://exam.test", headers=headers
        )
        opened.append(client)
        await log_in(client, login)
        return client

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
def visit(client_of) -> Visit:
    return lambda login: client_of(login, accept="text/html")


@pytest.fixture
async def discipline_id(core: Core) -> str:
    async with core.database.read() as unit:
        return (await unit.session.scalars(select(Discipline.id))).one()


@pytest.fixture
async def bank(visit: Visit, discipline_id: str) -> str:
    return f"/bank/{discipline_id}"


async def added(http: httpx.AsyncClient, bank: str, fields: dict[str, str]) -> str:
    sent = await http.post(f"{bank}/new", data=fields)
    assert sent.status_code == 303, sent.text
    return sent.headers["location"].rpartition("/")[2]


async def edited(http: httpx.AsyncClient, item_id: str, fields: dict[str, str]) -> httpx.Response:
    """By the form, which knows what it was filled from."""
    path = f"/bank/items/{item_id}/edit"
    seen = seen_in((await http.get(path)).text)
    return await http.post(path, data={**fields, "seen": seen})


def seen_in(form: str) -> str:
    (found,) = re.findall(r'name="seen" value="([^"]*)"', form)
    return html.unescape(found)


async def acted(http: httpx.AsyncClient, bank: str, action: str, *ids: str, **more: str):
    return await http.post(f"{bank}/act", data={"action": action, "item": list(ids), **more})


async def approved(visit: Visit, bank: str, fields: dict[str, str]) -> str:
    teacher, head = await visit("teacher"), await visit("head")
    item_id = await added(teacher, bank, fields)
    assert (await acted(teacher, bank, "submit", item_id)).status_code == 303
    assert (await acted(head, bank, "approve", item_id)).status_code == 303
    return item_id


async def state_of(core: Core, item_id: str) -> str:
    async with core.database.read() as unit:
        return (await unit.items.item(item_id)).state.value


@pytest.mark.parametrize("kind", KINDS)
async def test_an_item_of_each_kind_is_written_shown_and_edited(visit, bank, core, kind) -> None:
    teacher = await visit("teacher")
    item_id = await added(teacher, bank, KINDS[kind])
    for language in ("kk", "ru", "en"):
        teacher.cookies.set("lang", language)
        shown = await teacher.get(f"/bank/items/{item_id}")
        assert shown.status_code == 200
        assert "data:image/svg+xml" in shown.text, "the formula is a picture"
    form = await teacher.get(f"/bank/items/{item_id}/edit")
    assert "Арифметика" in form.text
    async with core.database.read() as unit:
        before = (await unit.items.item(item_id)).content
    again = await edited(teacher, item_id, KINDS[kind])
    assert again.headers["location"] == f"/bank/items/{item_id}", "a draft stays the same version"
    async with core.database.read() as unit:
        after = (await unit.items.item(item_id)).content
    assert (after.kind, after.topic, after.difficulty) == (kind, "Арифметика", 1)
    assert after.languages == before.languages == ("kk", "ru")


async def test_what_is_wrong_is_said_beside_the_form_and_nothing_is_lost(visit, bank) -> None:
    teacher = await visit("teacher")
    wrong = {**SINGLE, "right": "", "c2-ru": ""}
    refused = await teacher.post(f"{bank}/new", data=wrong)
    assert refused.status_code == 422
    assert "Сколько будет 2 + 2?" in refused.text
    assert refused.text.count("<li>") >= 2
    bad = await teacher.post(f"{bank}/new", data={**SINGLE, "stem-kk": r"\(\nosuch{x}\)"})
    assert bad.status_code == 422
    more = await teacher.post(f"{bank}/new", data={**SINGLE, "action": "more"})
    assert 'name="c8-kk"' in more.text


async def test_approval_goes_from_the_teacher_to_the_head(visit, bank, core) -> None:
    """S-4."""
    teacher, head = await visit("teacher"), await visit("head")
    item_id = await added(teacher, bank, SINGLE)
    assert (await acted(teacher, bank, "approve", item_id)).status_code == 403
    assert (await acted(head, bank, "approve", item_id)).status_code == 409, "not submitted yet"
    await acted(teacher, bank, "submit", item_id)
    assert (await teacher.post(f"/bank/items/{item_id}/edit", data=SINGLE)).status_code == 409
    assert (await acted(head, bank, "return", item_id)).status_code == 422, "say why"
    await acted(head, bank, "return", item_id, remark="Нақтылаңыз")
    assert "Нақтылаңыз" in (await teacher.get(bank)).text
    await acted(teacher, bank, "submit", item_id)
    await acted(head, bank, "approve", item_id)
    assert await state_of(core, item_id) == "approved"


async def test_an_approved_item_never_changes_a_new_version_takes_its_place(
    visit, bank, core
) -> None:
    first = await approved(visit, bank, SINGLE)
    teacher, head = await visit("teacher"), await visit("head")
    other = {**SINGLE, "stem-ru": "Сколько будет два и два?"}
    second = (await edited(teacher, first, other)).headers["location"].rpartition("/")[2]
    assert second != first
    assert (await state_of(core, first), await state_of(core, second)) == ("approved", "draft")
    async with core.database.read() as unit:
        kept = (await unit.items.item(first)).content.body.stem["ru"]
    assert kept == SINGLE["stem-ru"]
    await acted(teacher, bank, "submit", second)
    await acted(head, bank, "approve", second)
    assert (await state_of(core, first), await state_of(core, second)) == ("retired", "approved")


async def test_two_who_write_one_draft_lose_neither_text(visit, bank, core) -> None:
    """The second is told, keeps the text typed, and may compare before saving again."""
    teacher = await visit("teacher")
    item_id = await added(teacher, bank, SINGLE)
    path = f"/bank/items/{item_id}/edit"
    seen = seen_in((await teacher.get(path)).text)
    core.clock.pass_time(seconds=1)
    first = {**SINGLE, "stem-ru": "Первый текст?", "seen": seen}
    assert (await teacher.post(path, data=first)).status_code == 303
    second = {**SINGLE, "stem-ru": "Второй текст?", "seen": seen}
    refused = await teacher.post(path, data=second)
    assert refused.status_code == 409
    assert "Второй текст?" in refused.text
    assert f'href="/bank/items/{item_id}"' in refused.text
    async with core.database.read() as unit:
        assert (await unit.items.item(item_id)).content.body.stem["ru"] == "Первый текст?"
    again = await teacher.post(path, data={**second, "seen": seen_in(refused.text)})
    assert again.status_code == 303
    core.clock.pass_time(seconds=1)
    await acted(teacher, bank, "submit", item_id)
    late = await teacher.post(path, data={**second, "seen": seen_in(refused.text)})
    assert (late.status_code, "Второй текст?" in late.text) == (409, True)


async def test_an_item_is_found_by_the_code_that_the_statistics_show(visit, bank) -> None:
    teacher = await visit("teacher")
    first, second = await added(teacher, bank, SINGLE), await added(teacher, bank, SINGLE)
    shown = await teacher.get(bank, params={"text": first[-8:].upper()})
    assert f">{first[-8:]}</code>" in shown.text
    assert second not in shown.text


async def test_all_or_none_of_the_ticked_items_move(visit, bank, core) -> None:
    teacher = await visit("teacher")
    first, second = await added(teacher, bank, SINGLE), await added(teacher, bank, SINGLE)
    await acted(teacher, bank, "submit", first)
    assert (await acted(teacher, bank, "submit", first, second)).status_code == 409
    assert await state_of(core, second) == "draft"


@pytest.mark.parametrize(
    "login",
    ["student1", "proctor1", "member", "dean", "registrar", "testing", "admin", "appeals"],
)
async def test_items_are_for_those_who_load_or_approve_them(visit, bank, core, login) -> None:
    """T-6.4."""
    item_id = await added(await visit("teacher"), bank, SINGLE)
    http = await visit(login)
    for path in (f"/bank/items/{item_id}", f"/bank/items/{item_id}/edit", f"{bank}/new"):
        assert (await http.get(path)).status_code in {403, 404}, path
    for path, data in (
        (f"{bank}/new", SINGLE),
        (f"/bank/items/{item_id}/edit", SINGLE),
        (f"{bank}/act", {"action": "approve", "item": item_id}),
        (f"{bank}/loaders", {}),
    ):
        assert (await http.post(path, data=data)).status_code in {403, 404}, path
    listed = await http.get(bank)
    assert listed.status_code == (200 if login == "testing" else 404)
    assert "Сколько будет" not in listed.text


async def test_the_head_names_who_may_load(visit, bank, core) -> None:
    """Row 2: what was taken away shows nothing any more."""
    head, teacher = await visit("head"), await visit("teacher")
    assert (await head.post(f"{bank}/loaders", data={})).status_code == 303
    assert (await teacher.get(bank)).status_code == 404
    async with core.database.read() as unit:
        assert (await unit.session.scalars(select(LoadingRight))).all() == []
        somebody = await unit.people.credentials("teacher")
        stranger = await unit.people.credentials("student1")
    refused = await head.post(f"{bank}/loaders", data={"teacher": stranger.actor.id})
    assert refused.status_code == 404
    await head.post(f"{bank}/loaders", data={"teacher": somebody.actor.id})
    assert (await teacher.get(bank)).status_code == 200
    # The head approves and names, but does not load.
    assert (await head.post(f"{bank}/new", data=SINGLE)).status_code == 403


async def test_the_list_is_filtered_and_paged(visit, bank) -> None:
    teacher = await visit("teacher")
    await added(teacher, bank, SINGLE)
    assert (await teacher.get(bank)).text.count('name="item"') == 26
    drafts = await teacher.get(f"{bank}?state=draft")
    assert drafts.text.count('name="item"') == 1
    assert (await teacher.get(f"{bank}?kind=number")).text.count('name="item"') == 0
    assert (await teacher.get(f"{bank}?text=БУДЕТ 2")).text.count('name="item"') in {0, 1}
    found = await teacher.get(f"{bank}?text=будет 2")
    assert found.text.count('name="item"') == 1
    assert (await teacher.get(f"{bank}?text=%25")).text.count('name="item"') == 0


def loading(code: str = "IKT1105", questions: int = 25, shares: int = 25) -> dict[str, object]:
    return {
        "code": code,
        "name": "ИКТ",
        "control": "exam",
        "language": ["kk", "ru", "en"],
        "questions": str(questions),
        "s1": str(shares),
    }


async def with_questions(core: Core, exam_id: str, questions: int) -> None:
    async with core.database.write() as unit:
        exam = await unit.session.get_one(Exam, exam_id)
        exam.policy = {**exam.policy, "questions": questions}


class TestLoadedTests:
    async def test_the_testing_centre_checks_and_the_exam_draws_from_it(
        self, visit, bank, core, student, exam_id
    ) -> None:
        """S-6."""
        teacher, centre = await visit("teacher"), await visit("testing")
        loaded = await teacher.post(f"{bank}/tests/new", data=loading(questions=10, shares=10))
        assert loaded.status_code == 303
        await with_questions(core, exam_id, 10)
        async with core.database.read() as unit:
            (test,) = await unit.tests.waiting()
        page = await centre.get("/bank")
        assert "IKT1105" in page.text
        for _ in range(2):
            decided = await centre.post(f"/bank/tests/{test.id}/decide", data={"action": "accept"})
            assert decided.status_code in {303, 409}
        await student.publish(core)
        assert (await student.begin()).json()["total"] == 10
        async with core.database.read() as unit:
            row = await unit.session.get_one(SittingRow, student.id)
        assert row.item_order["test"] == test.id

    async def test_the_exam_s_number_rules_and_the_sheet_says_what_is_amiss(
        self, visit, bank, core, student, exam_id
    ) -> None:
        """T-4.5: 20 questions, though the accepted test has 10; S-6 is skipped unsaid no more."""
        teacher, centre = await visit("teacher"), await visit("testing")
        sheet = f"/schedule/exams/{exam_id}"
        assert "Осы сессияға тест қабылданбаған" in (await centre.get(sheet)).text
        assert "Осы сессияға тест қабылданбаған" in (await (await visit("head")).get(bank)).text
        await with_questions(core, exam_id, 10)
        await teacher.post(f"{bank}/tests/new", data=loading(questions=10, shares=10))
        async with core.database.read() as unit:
            (test,) = await unit.tests.waiting()
        await centre.post(f"/bank/tests/{test.id}/decide", data={"action": "accept"})
        said = (await centre.get(sheet)).text
        assert "қабылданбаған" not in said
        await with_questions(core, exam_id, 26)
        said = (await centre.get(sheet)).text
        assert "сұрақ саны емтихандағыдан бөлек" in said
        assert "емтиханға жетпейді" in said, "25 are approved"
        await with_questions(core, exam_id, 20)
        assert "емтиханға жетпейді" not in (await centre.get(sheet)).text
        await student.publish(core)
        assert (await student.begin()).json()["total"] == 20

    @pytest.mark.parametrize(
        "form",
        [loading(code="IKT1106"), loading(shares=24), loading(questions=24, shares=24)],
    )
    async def test_a_test_with_errors_is_returned_with_the_error(
        self, visit, bank, core, form
    ) -> None:
        teacher, centre = await visit("teacher"), await visit("testing")
        await teacher.post(f"{bank}/tests/new", data=form)
        async with core.database.read() as unit:
            (test,) = await unit.tests.waiting()
        path = f"/bank/tests/{test.id}/decide"
        assert (await centre.post(path, data={"action": "accept"})).status_code == 422
        assert (await centre.post(path, data={"action": "return"})).status_code == 422
        assert (await teacher.post(path, data={"action": "accept"})).status_code == 403
        back = await centre.post(path, data={"action": "return", "remark": "Код қате"})
        assert back.status_code == 303
        assert "Код қате" in (await teacher.get(bank)).text

    @pytest.mark.parametrize(
        "change",
        [{"questions": "many"}, {"s1": "0"}, {"s1": ""}, {"control": "final"}, {"s1-topic": "x"}],
    )
    async def test_a_senseless_test_is_not_loaded(self, visit, bank, core, change) -> None:
        teacher = await visit("teacher")
        refused = await teacher.post(f"{bank}/tests/new", data={**loading(), **change})
        assert refused.status_code == 422
        assert "ИКТ" in refused.text
        async with core.database.read() as unit:
            assert await unit.tests.waiting() == []


async def test_only_approved_items_are_drawn(visit, bank, core, student) -> None:
    teacher = await visit("teacher")
    await added(teacher, bank, SINGLE)
    await student.publish(core)
    assert (await student.begin()).json()["total"] == 25
    async with core.database.read() as unit:
        row = await unit.session.get_one(SittingRow, student.id)
        drawn = [item["item"] for item in row.item_order["items"]]
        states = await unit.session.scalars(select(Item.state).where(Item.id.in_(drawn)))
    assert set(states) == {"approved"}
