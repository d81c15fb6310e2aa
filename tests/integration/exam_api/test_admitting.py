"""Statements all or nothing, dates and accommodations granted with a document, before the test."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from exam_api.adapters.sql.tables import AuditRow, Rating
from exam_api.domain.admission import Admission, Allowances
from exam_api.domain.errors import (
    ExamBegun,
    Forbidden,
    InvalidRequest,
    NotFound,
    SittingOver,
)
from exam_api.domain.states import SittingState
from exam_api.services.admitting import Statement, StatementRefused

pytestmark = pytest.mark.integration
GOOD = Statement("zhr.csv", b"login,points,debt\nstudent1,81,no\nstudent2,49,no\nstudent3,90,yes\n")
WRONG = Statement("zhr.csv", b"login,points\nstudent1,81\nnobody,50\n")


@pytest.fixture
async def people(database) -> dict[str, object]:
    async with database.read() as unit:
        logins = ("registrar", "dean", "proctor1", "student1", "admin")
        return {login: (await unit.people.credentials(login)).actor for login in logins}


async def sheet_of(core, people, exam_id):
    students = (await core.scheduling.sheet(people["registrar"], exam_id)).students
    return {one.student_id: one for one in students}


async def test_a_statement_is_previewed_and_taken_whole(core, people, exam_id, database):
    planner = people["registrar"]
    preview = await core.admitting.preview(planner, exam_id, GOOD)
    assert [(one.before, one.points) for one in preview.changes] == [(74, 81), (74, 49), (74, 90)]
    assert (await sheet_of(core, people, exam_id))[people["student1"].id].rating == 74
    await core.admitting.take(planner, exam_id, GOOD)
    students = await sheet_of(core, people, exam_id)
    assert sorted((one.rating, one.admission) for one in students.values()) == [
        (49, Admission.LOW_RATING),
        (81, Admission.ADMITTED),
        (90, Admission.DEBT),
    ]
    async with database.read() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(Rating)) == 3
        audited = await unit.session.scalars(select(AuditRow.what))
        assert "statement.taken" in list(audited)


async def test_one_wrong_row_takes_nothing(core, people, exam_id):
    planner = people["registrar"]
    preview = await core.admitting.preview(planner, exam_id, WRONG)
    assert [one.row for one in preview.errors] == [3]
    with pytest.raises(StatementRefused):
        await core.admitting.take(planner, exam_id, WRONG)
    assert (await sheet_of(core, people, exam_id))[people["student1"].id].rating == 74


async def test_what_is_granted_needs_a_document_and_is_shown_as_allowed_only(
    core, people, exam_id, clock
):
    planner, student = people["registrar"], people["student1"].id
    granted = Allowances(
        extra_min=20,
        break_min=5,
        excused=frozenset({"looking_away"}),
        opens_at=clock.now() + timedelta(hours=1),
        closes_at=clock.now() + timedelta(hours=3),
    )
    with pytest.raises(InvalidRequest) as refused:
        await core.admitting.grant(planner, exam_id, student, granted, " ")
    assert refused.value.code == "document_missing"
    await core.admitting.grant(planner, exam_id, student, granted, "анықтама № 7")
    kept = (await sheet_of(core, people, exam_id))[student]
    assert (kept.allowances, kept.document) == (granted, "анықтама № 7")
    with pytest.raises(NotFound):
        await core.admitting.grant(planner, exam_id, people["dean"].id, granted, "№ 7")


async def test_dates_that_are_over_are_refused(core, people, exam_id, clock):
    planner, student = people["registrar"], people["student1"].id
    past = Allowances(
        opens_at=clock.now() - timedelta(days=365), closes_at=clock.now() - timedelta(days=364)
    )
    with pytest.raises(InvalidRequest) as refused:
        await core.admitting.grant(planner, exam_id, student, past, "анықтама № 7")
    assert (refused.value.code, refused.value.field) == ("window_over", "closes_at")
    assert (await sheet_of(core, people, exam_id))[student].allowances == Allowances()


async def test_a_reason_that_is_too_long_is_said_to_be_that(core, people, exam_id):
    planner, student = people["registrar"], people["student1"].id
    with pytest.raises(InvalidRequest) as refused:
        await core.admitting.admit(planner, exam_id, student, "x" * 501)
    assert refused.value.code == "reason_too_long"


async def test_a_decision_admits_and_can_be_taken_back(core, people, exam_id):
    planner, student = people["registrar"], people["student1"].id
    await core.admitting.take(planner, exam_id, Statement("a.csv", b"login,points\nstudent1,10\n"))
    for reason, admission in (("rector's order 5", "admitted"), ("", "low_rating")):
        await core.admitting.admit(planner, exam_id, student, reason)
        assert (await sheet_of(core, people, exam_id))[student].admission == admission


async def test_nothing_is_granted_once_the_test_runs(core, people, exam_id, begun):
    with pytest.raises(ExamBegun):
        await core.admitting.grant(
            people["registrar"], exam_id, people["student1"].id, Allowances(extra_min=5), "№ 7"
        )


async def of_student1(core, people, exam_id):
    async with core.database.read() as unit:
        return await unit.sittings.of_student(exam_id, people["student1"].id)


@pytest.mark.parametrize("known", [GOOD, Statement("zhr.csv", b"login,points\nstudent1,10\n")])
async def test_dates_after_the_exam_lead_who_never_came_back_to_it(  # noqa: PLR0917 - fixtures
    core, people, exam_id, student, clock, known
):
    """T-4.11: the certificate of an illness comes afterwards. On record, by whom and by what."""
    planner, own = people["registrar"], people["student1"].id
    await core.admitting.take(planner, exam_id, known)
    clock.pass_time(hours=13)
    await core.exam_clock.tick()
    missed = (await of_student1(core, people, exam_id)).state
    assert missed in {SittingState.ABSENT, SittingState.NOT_ADMITTED}
    for useless in (
        core.admitting.grant(planner, exam_id, own, Allowances(extra_min=5), "№ 7"),
        core.admitting.admit(planner, exam_id, own, "rector's order 5"),
    ):
        with pytest.raises(SittingOver):
            await useless
    opens = clock.now() + timedelta(hours=1)
    dates = Allowances(opens_at=opens, closes_at=opens + timedelta(hours=2))
    await core.admitting.grant(planner, exam_id, own, dates, "анықтама № 7")
    await core.admitting.admit(planner, exam_id, own, "rector's order 5")
    clock.pass_time(hours=1)
    await core.exam_clock.tick()
    await student.log_in_again()
    assert (await student.claim()).status_code == 200
    await student.publish(core)
    assert (await student.begin()).json()["state"] == "in_progress"
    async with core.database.read() as unit:
        made = [named.transition for named in await unit.transitions.of(student.id)]
    assert [(one.before, one.after) for one in made[:2]] == [
        ("scheduled", missed), (missed, "scheduled"),
    ]  # fmt: skip
    assert (made[1].by, made[1].reference, made[1].reason) == (planner.id, "T-4.11", "")


async def test_who_came_before_the_camera_needs_another_exam(core, people, exam_id, student, clock):
    """No timeline begins twice."""
    await student.publish(core)
    clock.pass_time(hours=13)
    await core.exam_clock.tick()
    opens = clock.now() + timedelta(hours=1)
    dates = Allowances(opens_at=opens, closes_at=opens + timedelta(hours=2))
    with pytest.raises(SittingOver):
        await core.admitting.grant(
            people["registrar"], exam_id, people["student1"].id, dates, "№ 7"
        )
    kept = (await sheet_of(core, people, exam_id))[people["student1"].id]
    assert (kept.state, kept.allowances) == (SittingState.ABSENT, Allowances())


async def test_a_rating_that_comes_after_the_test_changes_the_grade_on_record(
    core, people, exam_id, begun
):
    """S-22: the journal hears of it, where it has the grade already."""
    planner, own = people["registrar"], people["student1"].id
    await begun.finish()
    async with core.database.write() as unit:
        grade = await unit.results.of_student(exam_id, own)
        first = {"revision": 1, "grade": grade, "at": core.clock.now(), "by": planner.id}
        await unit.results.add_entry(exam_id=exam_id, student_id=own, **first)
    for _ in range(2):  # the second time nothing changes
        await core.admitting.take(planner, exam_id, GOOD)
    async with core.database.read() as unit:
        *_, told = [named.change for named in await unit.grades.of_sitting(begun.id)]
        assert len(await unit.grades.of_sitting(begun.id)) == 2
        revision, handed_on = (await unit.results.imported(exam_id))[own]
        now = await unit.results.of_student(exam_id, own)
    assert (told.cause, told.before, told.after) == ("rating", grade.final, now.final)
    assert (told.by, told.reason) == (planner.id, GOOD.name)
    assert (revision, handed_on) == (2, now)
    assert now.rating == 81


async def test_the_kinds_excused_reach_the_analysis_and_only_for_that_sitting(
    core, people, exam_id, database, student
):
    from exam_api.adapters.sql.proctoring_store import SqlProctoringStore

    excused = Allowances(excused=frozenset({"looking_away", "phone"}))
    await core.admitting.grant(
        people["registrar"], exam_id, people["student1"].id, excused, "анықтама № 7"
    )
    async with database.read() as unit:
        store = SqlProctoringStore(unit, core.clock)
        assert sorted(await store.excused(student.id)) == ["looking_away", "phone"]
        assert list(await store.excused("another")) == []


@pytest.mark.parametrize("login", ["dean", "proctor1", "student1"])
async def test_only_planners_admit(core, people, exam_id, login):
    for refused in (
        core.admitting.preview(people[login], exam_id, GOOD),
        core.admitting.take(people[login], exam_id, GOOD),
        core.admitting.admit(people[login], exam_id, people["student1"].id, "no"),
    ):
        with pytest.raises(Forbidden):
            await refused
