"""A proctor watches own students, a dean's office its faculty; asked inside the query."""

import pytest
from sqlalchemy import delete, select, update

from exam_api.adapters.sql.tables import (
    Exam,
    ExamProctor,
    Faculty,
    LoadingRight,
    Programme,
    Sitting,
    StudyGroup,
    User,
)
from exam_api.adapters.sql.visibility import (
    exams_visible_to,
    exams_watched_by,
    sittings_proctored_by,
    sittings_watched_by,
)
from exam_api.domain.ids import new_id
from exam_api.domain.roles import Actor

pytestmark = pytest.mark.integration


async def actor(database, login: str) -> Actor:
    async with database.read() as unit:
        return (await unit.people.credentials(login)).actor


async def students(database, login: str, rule=sittings_watched_by) -> set[str]:
    """Log-ins of the students whose sittings the rule shows to that person."""
    query = select(User.login).join(Sitting, Sitting.student_id == User.id)
    who = await actor(database, login)
    async with database.read() as unit:
        return set(await unit.session.scalars(query.where(rule(who))))


async def exams(database, login: str, rule=exams_watched_by) -> int:
    who = await actor(database, login)
    async with database.read() as unit:
        return len((await unit.session.scalars(select(Exam).where(rule(who)))).all())


async def change(database, *statements) -> None:
    async with database.write() as unit:
        for statement in statements:
            await unit.session.execute(statement)


EVERYBODY = {"student1", "student2", "student3"}


async def test_the_proctors_share_the_students(database) -> None:
    first, second = await students(database, "proctor1"), await students(database, "proctor2")
    assert first | second == EVERYBODY
    assert not first & second
    for login, own in (("proctor1", first), ("proctor2", second)):
        assert await students(database, login, sittings_proctored_by) == own


async def test_a_student_without_a_proctor_is_everyones(database) -> None:
    await change(database, update(Sitting).values(proctor_id=None))
    for login in ("proctor1", "proctor2"):
        assert await students(database, login) == EVERYBODY


@pytest.mark.parametrize("login", ["member", "dean", "registrar", "testing", "admin"])
async def test_who_answers_for_all_of_them_sees_all(database, login) -> None:
    assert await students(database, login) == EVERYBODY
    assert await students(database, login, sittings_proctored_by) == set()
    assert await exams(database, login) == 1


async def test_a_member_sees_students_of_own_proctors_only(database) -> None:
    other, first = await actor(database, "admin"), await actor(database, "proctor1")
    theirs = update(ExamProctor).where(ExamProctor.proctor_id == first.id)
    await change(database, theirs.values(member_id=other.id))
    own = await students(database, "proctor2")
    assert own
    assert await students(database, "member") == own


@pytest.mark.parametrize("login", ["teacher", "head", "appeals", "student1"])
async def test_others_watch_nobody(database, login) -> None:
    assert await students(database, login) == set()
    assert await exams(database, login) == 0


async def test_a_dean_sees_students_of_the_own_faculty_only(database) -> None:
    other = Faculty(id=new_id(), name_kk="Физика", name_ru="Физика", name_en="Physics")
    async with database.write() as unit:
        unit.session.add(other)
    moved = update(Programme).where(Programme.code == "6B06101").values(faculty_id=other.id)
    await change(database, moved)
    assert await students(database, "dean") == {"student1", "student2"}
    await change(database, update(User).where(User.login == "dean").values(faculty_id=other.id))
    assert await students(database, "dean") == {"student3"}
    await change(database, update(User).where(User.login == "dean").values(faculty_id=None))
    assert await students(database, "dean") == set()
    assert await exams(database, "dean") == 0


async def test_a_group_that_moves_takes_its_students_along(database) -> None:
    async with database.read() as unit:
        target = await unit.session.scalar(select(Programme.id).where(Programme.code == "6B06101"))
    await change(database, update(StudyGroup).values(programme_id=target))
    assert await students(database, "dean") == EVERYBODY


async def test_a_role_that_was_taken_away_shows_nothing(database) -> None:
    await change(database, update(User).values(roles=["teacher"]))
    for login in ("proctor1", "member", "dean"):
        assert await students(database, login) == set()


@pytest.mark.parametrize(("login", "known"), [("head", 1), ("appeals", 0)])
async def test_a_head_of_department_knows_of_exams_in_its_disciplines(
    database, login, known
) -> None:
    assert await exams(database, login, exams_visible_to) == known
    await change(database, update(User).where(User.login == login).values(department_id=None))
    assert await exams(database, login, exams_visible_to) == 0


async def test_a_teacher_who_is_named_for_nothing_sees_no_discipline_of_the_department(
    client_of, database, exam_id: str
) -> None:
    """Row 2: exams, grades, statistics and the bank are those of one's own disciplines."""
    await change(database, delete(LoadingRight))
    teacher, head = await client_of("teacher"), await client_of("head")
    paths = (f"/api/v1/exams/{exam_id}", f"/api/v1/exams/{exam_id}/statement.xlsx")
    for path in paths:
        assert (await teacher.get(path)).status_code == 404
        assert (await head.get(path)).status_code == 200
    for path in ("/api/v1/exams", "/api/v1/bank/disciplines"):
        assert (await teacher.get(path)).json() == []
        assert len((await head.get(path)).json()) == 1
