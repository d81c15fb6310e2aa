"""The way of a check list by plain forms, and the same through the API."""

import base64
import re
from io import BytesIO
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from acts.form4 import render_form4_xlsx
from acts.form4_html import render_form4_html
from acts.form4_pdf import render_form4_pdf
from exam_api.adapters.sheets import read_sheet
from exam_api.adapters.sql import tables
from exam_api.services.act_documents import Place
from exam_api.services.check_list_papers import Form4Makers, Form4Papers
from exam_api.services.check_lists import CheckListDesk
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.web.api import check_lists
from exam_api.web.app import create_app
from exam_api.web.pages import install_pages

pytestmark = pytest.mark.integration
API = "/api/v1/check-lists"


@pytest.fixture
async def people(core, database, exam_id):
    """Member and proctor1, who has student1 and whose test is over."""
    makers = Form4Makers(render_form4_xlsx, render_form4_pdf, render_form4_html, render_form4_pdf)
    papers = Form4Papers(core.blobs, Place("http://exam.test", ZoneInfo("UTC")), makers)
    desk = CheckListDesk(core.database, core.clock, papers, read_sheet, core.act_policy)
    core.proctoring = SimpleNamespace(check_lists=desk)
    async with database.write() as unit:
        ids = await unit.seeds.ids(["proctor1", "student1"])
        await unit.session.execute(update(tables.Sitting).values(proctor_id=None))
        await unit.session.execute(
            update(tables.Sitting)
            .where(tables.Sitting.student_id == ids["student1"])
            .values(proctor_id=ids["proctor1"], state="submitted")
        )
    app = create_app(core, routers=(check_lists.router,), install_pages=install_pages)
    opened = {}
    for login in ("member", "proctor1"):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exam.test")
        given = {"login": login, "password": DEMO_PASSWORD}
        assert (await client.post("/api/v1/session", json=given)).status_code == 200
        opened[login] = client
    yield SimpleNamespace(**opened, proctor_id=ids["proctor1"], exam_id=exam_id)
    for client in opened.values():
        await client.aclose()


@pytest.fixture
async def page(people) -> str:
    """A list that the member made by the page and sent."""
    proposed = await people.member.get("/check-lists")
    assert f'value="{people.exam_id}" checked' in proposed.text
    wanted = {"proctor_id": people.proctor_id, "exams": people.exam_id}
    made = await people.member.post("/check-lists", data=wanted)
    assert made.status_code == 303
    path = made.headers["location"]
    sent = await people.member.post(f"{path}/steps", data={"step": "send"})
    assert (sent.status_code, sent.headers["location"]) == (303, path)
    return path


async def sitting_of(database, people) -> str:
    async with database.read() as unit:
        query = select(tables.Sitting.id).where(tables.Sitting.proctor_id == people.proctor_id)
        return await unit.session.scalar(query)


async def filled(people, page: str, word: str, **more: str) -> bytes:
    sheet = await people.proctor1.get(f"/api/v1{page}/form4.xlsx")
    book = load_workbook(BytesIO(sheet.content))
    book.active["H2"] = word
    for cell, value in more.items():
        book.active[cell] = value
    out = BytesIO()
    book.save(out)
    return out.getvalue()


async def test_a_list_goes_its_way_by_plain_forms(people, page):
    file = {"file": ("form4.xlsx", await filled(people, page, "жасалмады", B2="Басқа"))}
    shown = await people.proctor1.post(f"{page}/file", files=file)
    assert shown.status_code == 200
    assert "Басқа" in shown.text
    carried = dict(re.findall(r'name="(content|compared)" value="([^"]+)"', shown.text))
    assert base64.b64decode(carried["content"]) == file["file"][1]
    taken = await people.proctor1.post(f"{page}/file/take", data=carried)
    assert (taken.status_code, taken.headers["location"]) == (303, page)
    again = await people.proctor1.post(f"{page}/file/take", data=carried)
    assert again.status_code == 422
    handed_in = await people.proctor1.post(f"{page}/steps", data={"step": "hand_in"})
    assert handed_in.status_code == 303
    refused = await people.member.post(f"{page}/steps", data={"step": "give_back"})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    for step in ("sign", "forward"):
        answer = await people.member.post(f"{page}/steps", data={"step": step})
        assert answer.status_code == 303
    last = await people.member.get(page)
    (digest,) = re.findall(r"<code>([0-9a-f]{64})</code>", last.text)
    assert digest in (await people.member.get(f"/api/v1{page}")).text


async def test_an_answer_against_the_record_stands_beside_its_row(people, page, database):
    sitting = await sitting_of(database, people)
    refused = await people.proctor1.post(f"{page}/findings", data={sitting: "act_made"})
    assert refused.status_code == 409
    assert f'id="wrong-{sitting}"' in refused.text
    assert '<option value="act_made" selected>' in refused.text
    kept = await people.proctor1.post(f"{page}/findings", data={sitting: "nothing"})
    assert kept.status_code == 303
    nonsense = await people.proctor1.post(f"{page}/findings", data={sitting: "maybe"})
    assert nonsense.status_code == 422


async def test_a_file_that_cannot_be_read_is_said_on_the_page(people, page):
    answer = await people.proctor1.post(f"{page}/file", files={"file": ("x.xlsx", b"PK\x03\x04x")})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    rotten = await filled(people, page, "жасалмады", G2="http://exam.test/review/another")
    answer = await people.proctor1.post(f"{page}/file", files={"file": ("x.xlsx", rotten)})
    assert answer.status_code == 422
    assert 'name="compared"' not in answer.text


async def test_the_api_does_the_same(people, database):
    (proposal,) = (await people.member.get(f"{API}/proposals")).json()
    wanted = {"proctor_id": proposal["proctor"]["id"], "exam_ids": [proposal["exams"][0]["id"]]}
    made = (await people.member.post(API, json=wanted)).json()
    url = f"{API}/{made['sheet']['id']}"
    assert (await people.member.post(API, json=wanted)).json()["code"] == "check_list_empty"
    sent = await people.member.post(f"{url}/steps", json={"step": "send"})
    assert sent.json()["sheet"]["state"] == "sent"
    content = await filled(people, url.removeprefix("/api/v1"), "жасалмады")
    typed = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    compared = (await people.proctor1.post(f"{url}/file", content=content, headers=typed)).json()
    assert (compared["takes"], len(compared["check"]["changes"])) == (True, 1)
    take = f"{url}/file?compared={compared['digest']}"
    taken = await people.proctor1.put(take, content=content, headers=typed)
    assert [row["finding"] for row in taken.json()["rows"]] == ["nothing"]
    assert taken.json()["rows"][0]["problem"] is None
    sitting = await sitting_of(database, people)
    given = {"findings": {sitting: "act_made"}}
    refused = await people.proctor1.put(f"{url}/findings", json=given)
    assert (refused.status_code, refused.json()["code"]) == (409, "check_list_unsound")
    handed_in = await people.proctor1.post(f"{url}/steps", json={"step": "hand_in"})
    assert handed_in.json()["may"] == ["take_back"]
    assert [one["id"] for one in (await people.member.get(API)).json()] == [made["sheet"]["id"]]
    sheet = await people.member.get(f"/api/v1/members/{made['sheet']['member']['id']}/form4.pdf")
    assert sheet.content.startswith(b"%PDF")


async def test_a_list_that_is_late_stands_in_the_overviews(people, page, database, clock):
    """S-17, S-18; a verification gives nobody more time, and is taken back with a reason."""
    late = "/check-lists/overdue"

    async def seen(login: str, path: str) -> str:
        client = getattr(people, login)
        await client.post("/api/v1/session", json={"login": login, "password": DEMO_PASSWORD})
        return (await client.get(path)).text

    async def step(login: str, **data: str) -> None:
        assert (await getattr(people, login).post(f"{page}/steps", data=data)).status_code == 303

    assert late not in await seen("member", "/acts")
    clock.pass_time(days=3, seconds=1)
    for login in ("member", "proctor1"):
        assert all([late in await seen(login, path) for path in ("/acts", "/check-lists")])
        assert page in await seen(login, late)
    found = await people.proctor1.get(f"{API}/{page.rsplit('/', 1)[1]}")
    assert found.json()["sheet"]["overdue"] is True
    assert (await people.proctor1.post(f"{page}/findings", data={"follow": "1"})).is_redirect
    await step("proctor1", step="hand_in")
    assert "белгіленген тәртіппен" in await seen("proctor1", page)
    assert page not in await seen("member", late)
    clock.pass_time(days=2)
    await seen("member", page)
    await step("member", step="verify", sample=await sitting_of(database, people))
    clock.pass_time(days=1, seconds=1)
    assert page in await seen("member", late)
    refused = await people.member.post(f"{page}/steps", data={"step": "unverify"})
    assert refused.status_code == 422
    await step("member", step="unverify", reason="басқа жазба қаралды")
    assert page in await seen("member", late)
    found = await people.member.get(f"{API}/{page.rsplit('/', 1)[1]}")
    assert (found.json()["sheet"]["state"], found.json()["sheet"]["overdue"]) == ("handed_in", True)


@pytest.mark.parametrize("text", ["\0", "x" * 40, "x" * 10_000], ids=["nul", "long", "endless"])
async def test_what_no_database_holds_is_refused(people, text) -> None:
    """PostgreSQL stores no NUL: the asker is told, nothing breaks."""
    for proctor_id, exam in ((text, people.exam_id), (people.proctor_id, text)):
        form = {"proctor_id": proctor_id, "exams": exam}
        on_the_page = await people.member.post("/check-lists", data=form)
        assert on_the_page.status_code in {409, 422}
        body = {"proctor_id": proctor_id, "exam_ids": [exam]}
        asked = await people.member.post("/api/v1/check-lists", json=body)
        assert (asked.status_code, asked.json()["code"]) == (422, "invalid_request")
    assert (await people.member.get("/api/v1/check-lists")).json() == []
