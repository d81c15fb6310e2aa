"""Only who is enrolled and admitted sits (T-4.1), on own dates (T-4.11), with own time."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from exam_api.adapters.sql.tables import Enrolment, Exam, NoticeRow, Sitting
from exam_api.domain.grades import Remark

pytestmark = pytest.mark.integration


async def change(database, student_id: str, **values: object) -> None:
    async with database.write() as unit:
        which = update(Enrolment).where(Enrolment.student_id == student_id)
        await unit.session.execute(which.values(**values))


@pytest.fixture
async def student_id(database) -> str:
    async with database.read() as unit:
        return (await unit.seeds.ids(["student1"]))["student1"]


async def test_who_is_not_enrolled_finds_no_exam(client_of, database, exam_id, student_id):
    async with database.write() as unit:
        await unit.session.execute(delete(Sitting).where(Sitting.student_id == student_id))
        await unit.session.execute(delete(Enrolment).where(Enrolment.student_id == student_id))
    outsider = await client_of("student1")
    assert (await outsider.get("/api/v1/exams")).json() == []
    opened = await outsider.post(f"/api/v1/exams/{exam_id}/sittings")
    assert (opened.status_code, opened.json()["code"]) == (404, "not_found")
    enrolled = await client_of("student2")
    assert [card["exam"]["id"] for card in (await enrolled.get("/api/v1/exams")).json()] == [
        exam_id
    ]


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"rating_points": None}, "rating_missing"),
        ({"rating_points": 49}, "rating_too_low"),
        ({"debt": True}, "debt_unpaid"),
    ],
)
async def test_who_is_not_admitted_gets_no_further_than_the_door(
    student, database, student_id, known, code
):
    await change(database, student_id, **known)
    refused = await student.call("POST", "/publish-token")
    assert (refused.status_code, refused.json()["code"]) == (409, code)


@pytest.mark.parametrize("known", [{"rating_points": None}, {"rating_points": 49}, {"debt": True}])
async def test_who_may_not_sit_is_not_admitted_and_not_absent(  # noqa: PLR0917 - fixtures
    student, core, database, student_id, known, clock
):
    """T-4.1: so it stands in cabinet, statement and journal, and nobody is told of absence."""
    await change(database, student_id, **known)
    clock.pass_time(hours=13)
    await core.exam_clock.tick()
    await student.log_in_again()
    (card,) = (await student.http.get("/api/v1/exams")).json()
    assert card["state"] == "not_admitted"
    async with database.read() as unit:
        registrar = (await unit.people.credentials("registrar")).actor
        told = await unit.session.scalars(select(NoticeRow.student_id))
        assert student_id not in set(told)
        exam = (await unit.results.exam(student.exam_id, registrar)).exam
        rows = await unit.results.rows(exam, registrar)
    remarks = {row.student_id: row.grade.remark for row in rows}
    assert remarks.pop(student_id) is Remark.NOT_ADMITTED
    assert set(remarks.values()) == {Remark.ABSENT}


@pytest.mark.parametrize("known", [{"rating_points": 50}, {"rating_points": 100}])
async def test_half_of_the_rating_is_enough(student, database, student_id, known):
    await change(database, student_id, **known)
    assert (await student.call("POST", "/publish-token")).status_code == 200


async def test_a_decision_admits_in_place_of_the_rating(student, database, student_id, clock):
    await change(database, student_id, rating_points=None, admitted_at=clock.now())
    assert (await student.call("POST", "/publish-token")).status_code == 200


async def test_a_policy_may_ask_for_no_rating(student, database, student_id, exam_id):
    await change(database, student_id, rating_points=None)
    async with database.write() as unit:
        which = update(Exam).where(Exam.id == exam_id)
        await unit.session.execute(which.values(policy={"admission": "enrolled"}))
    assert (await student.call("POST", "/publish-token")).status_code == 200


async def test_individual_dates_stand_in_place_of_the_window(student, database, student_id, clock):
    tomorrow = clock.now() + timedelta(days=1)
    until = tomorrow + timedelta(hours=2)
    await change(database, student_id, opens_at=tomorrow, closes_at=until)
    refused = await student.call("POST", "/publish-token")
    assert (refused.status_code, refused.json()["code"]) == (409, "exam_not_open")
    clock.pass_time(days=1)
    await student.log_in_again()
    assert (await student.call("POST", "/publish-token")).status_code == 200
    shown = (await student.http.get("/api/v1/exams")).json()[0]["exam"]
    assert shown["closes_at"] == until.isoformat().replace("+00:00", "Z")


async def test_extra_time_lengthens_the_test_and_moves_its_end(
    student, core, database, student_id, clock
):
    """Begun 56 min before the end of the window: 60 + 20 min, of which it leaves 56 + 20."""
    await change(database, student_id, extra_min=20)
    async with database.write() as unit:  # who is late needs nobody's permission
        await unit.session.execute(update(Exam).values(policy={"late": "allow"}))
    clock.pass_time(hours=11, minutes=4)
    await student.log_in_again()
    await student.publish(core)
    begun = (await student.begin()).json()
    assert begun["exam"]["duration_min"] == 80
    assert begun["deadline_at"] == (clock.now() + timedelta(minutes=76)).isoformat().replace(
        "+00:00", "Z"
    )
