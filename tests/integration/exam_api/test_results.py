"""From the test to the journal: final grades, the statement, the history, machine readers."""

import csv
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from exam_api.adapters.sql import tables
from exam_api.adapters.sql.tables import Exam
from exam_api.web.app import create_app
from exam_api.web.container import Core
from exam_api.web.pages import install_pages

pytestmark = pytest.mark.integration


@pytest.fixture
async def finished(begun):
    question = (await begun.questions())[0]
    await begun.answer(question["id"], question["choices"][0]["id"], 1)
    done = (await begun.finish()).json()
    return begun, done["result"]["points"]


@pytest.fixture
def to_next_day(clock):
    return lambda: clock.pass_time(days=1, hours=8)


async def import_grades(client_of, exam_id: str, login: str):
    http = await client_of(login)
    return await http.post(f"/api/v1/exams/{exam_id}/journal")


async def journal(http, **headers) -> list[dict]:
    answer = await http.get("/api/v1/journal", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def nobody_named(core: Core, exam_id) -> None:
    """The department has named no teacher for the exam's discipline any longer (row 2)."""
    async with core.database.write() as unit:
        teacher = (await unit.seeds.ids(["teacher"]))["teacher"]
        discipline = (await unit.session.get_one(Exam, exam_id)).discipline_id
        await unit.items.take_right(discipline, teacher)


@pytest.mark.usefixtures("nobody_named")
@pytest.mark.parametrize(("login", "status"), [("teacher", 404), ("head", 200)])
async def test_of_a_department_only_the_head_hands_over_what_nobody_is_named_for(  # noqa: PLR0917 - fixtures
    finished, client_of, exam_id, to_next_day, login, status
) -> None:
    to_next_day()
    sheet = await (await client_of(login)).get(f"/api/v1/exams/{exam_id}/journal.csv")
    assert sheet.status_code == status
    assert (await import_grades(client_of, exam_id, login)).status_code == status


async def test_grades_go_to_the_journal_once_and_the_day_after(
    finished, client_of, exam_id, to_next_day
) -> None:
    _, points = finished
    early = await import_grades(client_of, exam_id, "teacher")
    assert (early.status_code, early.json()["code"]) == (409, "statement_early")
    to_next_day()
    taken = (await import_grades(client_of, exam_id, "teacher")).json()["taken"]
    again = (await import_grades(client_of, exam_id, "teacher")).json()["taken"]
    assert (taken > 0, again) == (True, 0)
    entries = await journal(await client_of("registrar"))
    assert len(entries) == taken
    mine = next(entry for entry in entries if entry["student_login"] == "student1")
    rating = mine["rating"]
    assert mine["exam_points"] == points
    assert mine["final_points"] == (rating * 60 + points * 40 + 50) // 100
    others = [entry for entry in entries if entry["student_login"] != "student1"]
    assert {entry["remark"] for entry in others} <= {"absent"}


@pytest.mark.parametrize("login", ["student2", "proctor1", "dean"])
async def test_others_hand_over_nothing(finished, client_of, exam_id, to_next_day, login) -> None:
    to_next_day()
    refused = await import_grades(client_of, exam_id, login)
    assert refused.status_code in {403, 404}
    assert (await (await client_of(login)).get("/api/v1/journal")).status_code == 403


async def test_the_journal_is_read_page_by_page_by_a_machine(
    finished, client_of, exam_id, to_next_day, core: Core
) -> None:
    to_next_day()
    await import_grades(client_of, exam_id, "registrar")
    from exam_api.services.results import Results

    results = Results(core.database, core.clock, {})
    admin = (await core.accounts.log_in("admin", "baqylau-demo", "x")).actor
    token = await results.add_client(admin, "Univer")
    machine = await client_of(None)
    bearer = {"Authorization": f"Bearer {token}"}
    seen, url = [], "/api/v1/journal?limit=1"
    while url:
        answer = await machine.get(url, headers=bearer)
        seen += answer.json()
        url = answer.headers.get("link", "").partition(">")[0][1:]
    assert [entry["id"] for entry in seen] == sorted({entry["id"] for entry in seen})
    assert seen == await journal(await client_of("registrar"))
    assert (await machine.get("/api/v1/journal")).status_code == 401
    wrong = await machine.get("/api/v1/journal", headers={"Authorization": "Bearer x"})
    assert wrong.status_code == 401
    client = (await results.clients(admin))[0]
    await results.revoke_client(admin, client.id)
    assert (await machine.get("/api/v1/journal", headers=bearer)).status_code == 401


async def test_a_grades_history_tells_who_and_why(finished, client_of, exam_id, core) -> None:
    student, points = finished
    async with core.database.read() as unit:
        changes = await unit.grades.of_sitting(student.id)
    assert [(one.change.cause, one.change.before, one.change.after) for one in changes] == [
        ("submitted", None, points)
    ]
    assert changes[0].change.by is not None


@pytest.mark.parametrize(("points", "refused"), [(100, True), (10, False)])
async def test_a_good_grade_is_not_sat_again(finished, core, exam_id, points, refused) -> None:
    """T-5.2: another exam of the discipline is closed to who has passed it."""
    student, _ = finished
    second = "01900000-0000-7000-8000-000000000001"
    async with core.database.write() as unit:
        first = await unit.session.get_one(tables.Exam, exam_id)
        sitting = await unit.session.get_one(tables.Sitting, student.id)
        sitting.points = points
        columns = ("discipline_id", "opens_at", "closes_at", "policy", "period_id", "languages")
        copied = {name: getattr(first, name) for name in columns}
        unit.session.add(tables.Exam(id=second, **copied))
        await unit.session.flush()
        await unit.seeds.enrol(second, [sitting.student_id], core.clock.now())
    opened = await student.http.post(f"/api/v1/exams/{second}/sittings")
    assert (opened.status_code == 409) is refused
    assert not refused or opened.json()["code"] == "already_passed"


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
async def test_files_are_for_those_who_answer_for_the_grades(
    finished, client_of, exam_id, lang
) -> None:
    head = await client_of("head")
    pdf = await head.get(f"/api/v1/exams/{exam_id}/statement.pdf?lang={lang}")
    xlsx = await head.get(f"/api/v1/exams/{exam_id}/statement.xlsx?lang={lang}")
    assert (pdf.content[:5], xlsx.content[:2]) == (b"%PDF-", b"PK")
    text = (await head.get(f"/api/v1/exams/{exam_id}/journal.csv")).content.decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))
    assert {row["student_login"] for row in rows} >= {"student1"}
    book = load_workbook(BytesIO((await head.get(f"/api/v1/exams/{exam_id}/journal.xlsx")).content))
    heading, *cells = book.active.iter_rows(values_only=True)
    as_text = [["" if cell is None else str(cell) for cell in line] for line in cells]
    assert [dict(zip(heading, line, strict=True)) for line in as_text] == rows
    student = await client_of("student1")
    refused = await student.get(f"/api/v1/exams/{exam_id}/statement.pdf")
    assert refused.status_code == 404


class TestPages:
    @pytest.fixture
    async def browse(self, core: Core, client_of):
        import httpx
        from prometheus_client import CollectorRegistry

        core.metrics = CollectorRegistry()
        app = create_app(core, install_pages=install_pages)
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://exam.test", timeout=30
        )

        async def as_person(login: str) -> httpx.AsyncClient:
            given = {"login": login, "password": "baqylau-demo"}
            assert (await http.post("/login", data=given)).status_code == 303
            return http

        yield as_person
        await http.aclose()

    async def test_a_teacher_sees_and_hands_over(
        self, finished, browse, exam_id, to_next_day
    ) -> None:
        teacher = await browse("teacher")
        assert exam_id in (await teacher.get("/results")).text
        page = await teacher.get(f"/results/{exam_id}")
        assert f"/results/{exam_id}/import" not in page.text  # not yet
        early = await teacher.post(f"/results/{exam_id}/import")
        assert early.status_code == 409
        student, _ = finished
        history = await teacher.get(f"/results/{exam_id}/{student.id}")
        assert history.status_code == 200
        to_next_day()
        teacher = await browse("teacher")
        assert f"/results/{exam_id}/import" in (await teacher.get(f"/results/{exam_id}")).text
        done = await teacher.post(f"/results/{exam_id}/import")
        assert done.status_code == 303
        assert (await teacher.get(done.headers["location"])).status_code == 200

    async def test_a_token_is_shown_once(self, browse) -> None:
        admin = await browse("admin")
        made = await admin.post("/clients", data={"name": "Univer"})
        token = made.text.split('<code class="break">')[1].split("<")[0]
        assert token not in (await admin.get("/clients")).text
        assert "Univer" in (await admin.get("/clients")).text
        nameless = await admin.post("/clients", data={"name": " "})
        assert nameless.status_code == 422
