"""Seeding again keeps what happened, and leaves an exam that is open now."""

import pytest
from sqlalchemy import func, select

from exam_api.adapters.sql.tables import Base, Exam, ExamProctor, Sitting
from exam_api.services.seeding import SeedReport, seed_demo
from exam_api.web.container import Core

pytestmark = pytest.mark.integration


async def _again(core: Core) -> SeedReport:
    return await seed_demo(core.database, core.clock, core.accounts.hasher)


async def _counts(core: Core) -> dict[str, int]:
    async with core.database.read() as unit:
        return {
            table.name: await unit.session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


async def test_a_second_run_changes_nothing(core: Core, exam_id: str) -> None:
    before = await _counts(core)
    report = await _again(core)
    assert report.exam_id == exam_id
    assert await _counts(core) == before
    assert before["item"] == 25
    assert before["sitting"] == 3


async def test_a_test_that_began_outlives_a_restart(begun, core: Core) -> None:
    questions = await begun.questions()
    await begun.answer(questions[0]["id"], questions[0]["choices"][0]["id"], 1)
    await _again(core)
    given = {"kind": "single", "choice": questions[0]["choices"][0]["id"]}
    assert (await begun.questions())[0]["answer"] == given


async def test_a_window_that_has_passed_unused_is_moved(core: Core, exam_id: str, clock) -> None:
    clock.pass_time(hours=11, minutes=30)  # less than an hour is left
    report = await _again(core)
    assert report.exam_id == exam_id
    async with core.database.read() as unit:
        exam = await unit.session.get_one(Exam, exam_id)
    assert exam.opens_at <= clock.now()
    assert (exam.closes_at - clock.now()).total_seconds() == 12 * 3600


async def test_an_exam_that_somebody_sat_stays_and_a_new_one_opens(
    begun, core: Core, exam_id: str, clock
) -> None:
    await begun.finish()
    before = await _counts(core)
    clock.pass_time(days=1)
    report = await _again(core)
    assert report.exam_id != exam_id
    after = await _counts(core)
    assert after["exam"] == before["exam"] + 1
    assert after["sitting"] == before["sitting"] + 3
    assert after["item"] == before["item"]
    async with core.database.read() as unit:
        old = await unit.session.get_one(Sitting, begun.id)
        proctors = select(func.count()).where(ExamProctor.exam_id == report.exam_id)
        assert await unit.session.scalar(proctors) == 2
    assert old.state == "submitted"


async def test_every_seeded_person_can_log_in(client_of, core: Core) -> None:
    report = await _again(core)
    for person in report.people:
        http = await client_of(person.login)
        shown = (await http.get("/api/v1/session")).json()
        assert shown["full_name"] == person.full_name
        assert set(shown["roles"]) == set(person.roles)
