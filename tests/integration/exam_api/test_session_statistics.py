"""T-6.6, T-6.7: the figures of a session, for those who may see them, and the council's report."""

import httpx
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from exam_api.adapters.sql.tables import Department, Discipline, Enrolment, Exam
from exam_api.domain.grades import final_points
from exam_api.domain.grading import grade_of
from exam_api.domain.ids import new_id
from exam_api.web.app import create_app
from exam_api.web.container import Core
from exam_api.web.pages import install_pages

pytestmark = pytest.mark.integration


@pytest.fixture
async def sat(begun):
    for number, question in enumerate((await begun.questions())[:5], 1):
        await begun.answer(question["id"], question["choices"][0]["id"], number)
    begun.points = (await begun.finish()).json()["result"]["points"]
    return begun


@pytest.fixture
async def figures_for(core: Core):
    from exam_api.services.session_statistics import SessionStatistics

    desk = SessionStatistics(core.database, core.clock, {}, core.results.zone)

    async def ask(login: str):
        actor = (await core.accounts.log_in(login, "baqylau-demo", "x")).actor
        return await desk.figures(actor, None, "en")

    return ask


async def test_a_session_is_counted(sat, figures_for, database) -> None:
    figures = await figures_for("registrar")
    assert (figures.overall.figures.count, figures.overall.figures.mean) == (1, sat.points)
    assert figures.overall.enrolled == 3
    assert sum(bar.count for bar in figures.bars) == sum(figures.letters.values()) == 1
    async with database.read() as unit:
        (rating,) = set(await unit.session.scalars(select(Enrolment.rating_points)))
    final = grade_of(final_points(rating, sat.points, 60)).letter
    assert figures.letters[final] == 1, "of the final grade, as the statement has it"
    assert {line.name: line.figures.count for line in figures.lines["group"]} == {
        "АЖ-25-1": 1,
        "ЕТ-25-2": 0,
    }
    (department,) = figures.lines["department"]
    assert department.name == "Department of Information Systems"  # in the reader's language
    assert len(figures.items) == 25
    assert {line.figures.answers for line in figures.items} == {1}


async def test_disciplines_and_departments_of_one_name_are_counted_apart(
    sat, figures_for, database
) -> None:
    exam, discipline, department = new_id(), new_id(), new_id()
    async with database.write() as unit:
        held = (await unit.session.scalars(select(Exam))).one()
        known = await unit.session.get_one(Discipline, held.discipline_id)
        home = await unit.session.get_one(Department, known.department_id)
        names = {"name_ru": home.name_ru, "name_en": home.name_en}
        unit.session.add(Department(id=department, name_kk="Басқа кафедра", **names))
        await unit.session.flush()
        titles = {name: getattr(known, name) for name in ("title_kk", "title_ru", "title_en")}
        another = Discipline(id=discipline, code="TWIN-2", department_id=department, **titles)
        unit.session.add(another)
        await unit.session.flush()
        copied = {c.key: getattr(held, c.key) for c in Exam.__table__.columns}
        unit.session.add(Exam(**(copied | {"id": exam, "discipline_id": discipline})))
        await unit.session.flush()
        student = (await unit.seeds.ids(["student2"]))["student2"]
        unit.session.add(
            Enrolment(exam_id=exam, student_id=student, enrolled_at=held.opens_at, excused=[])
        )
    figures = await figures_for("registrar")
    counted = {
        line.name: (line.enrolled, line.figures.count) for line in figures.lines["discipline"]
    }
    assert counted == {
        f"{known.title_en} ({known.code})": (3, 1),
        f"{known.title_en} (TWIN-2)": (1, 0),
    }
    assert {line.discipline for line in figures.items} == {f"{known.title_en} ({known.code})"}
    departments = {line.name: line.enrolled for line in figures.lines["department"]}
    assert departments == {
        f"{home.name_en} ({home.name_kk})": 3,
        f"{home.name_en} (Басқа кафедра)": 1,
    }


@pytest.mark.parametrize(("login", "enrolled"), [("dean", 3), ("head", 3), ("teacher", 3)])
async def test_each_counts_what_is_theirs(sat, figures_for, core, login, enrolled) -> None:
    assert (await figures_for(login)).overall.enrolled == enrolled


async def test_another_facultys_dean_counts_nobody(sat, figures_for, core) -> None:
    from exam_api.adapters.sql import tables

    async with core.database.write() as unit:
        names = {"name_kk": "Басқа", "name_ru": "Другой", "name_en": "Other"}
        other = "01900000-0000-7000-8000-00000000000f"
        unit.session.add(tables.Faculty(id=other, **names))
        await unit.session.flush()
        ids = await unit.seeds.ids(["dean"])
        dean = await unit.session.get_one(tables.User, ids["dean"])
        dean.faculty_id = other
    assert (await figures_for("dean")).overall.enrolled == 0


@pytest.mark.parametrize("login", ["student1", "proctor1", "appeals"])
async def test_others_get_no_figures(sat, client_of, login) -> None:
    answer = await (await client_of(login)).get("/api/v1/statistics/report.pdf")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
async def test_the_report_is_made_and_the_page_shows_its_numbers(
    sat, core: Core, client_of, lang
) -> None:
    registrar = await client_of("registrar")
    for kind, start in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        made = await registrar.get(f"/api/v1/statistics/report.{kind}?lang={lang}")
        assert made.content.startswith(start)
    core.metrics = CollectorRegistry()
    app = create_app(core, install_pages=install_pages)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://exam.test") as http:
        http.cookies = registrar.cookies
        await http.post("/language", data={"language": lang})
        page = await http.get("/statistics")
        assert page.status_code == 200
        assert "<svg" in page.text
        assert page.text.count("<table") >= 6
