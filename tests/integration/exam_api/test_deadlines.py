"""Approvals and statements that are due are told of once, to whom they concern."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update

from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.sql.tables import Enrolment, Exam, Item, LoadedTestRow, LoadingRight
from exam_api.domain.bank_tests import ControlType, LoadedTest, Share, Step, TestState
from exam_api.domain.ids import new_id
from exam_api.domain.items import ItemState
from exam_api.domain.notices import NoticeKind
from exam_api.services.deadlines import Deadlines
from exam_api.services.erasures import Erasures
from exam_api.services.scheduling_ports import Period
from exam_api.web.i18n import catalogue
from exam_api.web.notice_texts import words_of

pytestmark = pytest.mark.integration
ZONE = ZoneInfo("Asia/Almaty")


@pytest.fixture
def deadlines(database, clock, tmp_path: Path) -> Deadlines:
    erasures = Erasures(database, clock, LocalBlobs(tmp_path / "blobs"), ZONE)
    return Deadlines(database, clock, erasures, ZONE)


async def inbox(database, login: str):
    async with database.read() as unit:
        return await unit.notices.inbox((await unit.seeds.ids([login]))[login], 50)


@pytest.mark.parametrize("session", [(False, 21), (True, 14)], ids=["winter", "summer"])
async def test_a_session_that_nears_unapproved_is_warned_of_once(
    core, database, clock, deadlines, session
):
    summer, days = session
    async with database.read() as unit:
        planner = (await unit.people.credentials("testing")).actor
    starts_on = clock.now().date() + timedelta(days=days + 1)
    period = Period(new_id(), "Қысқы сессия", starts_on, starts_on, summer=summer)
    await core.scheduling.add_period(planner, period)
    await deadlines.look()
    assert await inbox(database, "registrar") == []
    clock.pass_time(days=1)
    await deadlines.look()
    await deadlines.look()
    (notice,) = await inbox(database, "registrar")
    assert notice.kind is NoticeKind.APPROVAL_DUE
    text = words_of(notice, catalogue("en", ZONE)).text
    assert "the schedule, proctors and staff" in text
    await core.scheduling.approve(planner, period.id, "schedule", clock.now().date())
    await deadlines.look()
    assert len(await inbox(database, "testing")) == 2
    await core.scheduling.approve(planner, period.id, "staff", clock.now().date())
    await deadlines.look()
    assert len(await inbox(database, "testing")) == 2


async def test_a_missing_statement_is_told_by_group_before_the_exam(
    database, clock, deadlines, exam_id
):
    async with database.write() as unit:
        later = clock.now() + timedelta(days=2)
        moved = update(Exam).where(Exam.id == exam_id)
        closes = later + timedelta(hours=2)
        await unit.session.execute(moved.values(opens_at=later, closes_at=closes))
        await unit.session.execute(update(Enrolment).values(rating_points=None))
    await deadlines.look()
    await deadlines.look()
    told = await inbox(database, "dean")
    assert {notice.kind for notice in told} == {NoticeKind.NO_STATEMENT}
    assert sorted(notice.facts["count"] for notice in told) == ["1", "2"]
    assert len(await inbox(database, "registrar")) == 2


async def test_who_has_a_rating_or_sits_long_after_is_not_told_of(database, deadlines):
    await deadlines.look()
    assert await inbox(database, "dean") == []


@pytest.fixture
async def coming(database, clock, exam_id):
    """The exam is 70 days away; nobody was named, nothing approved, no test loaded."""
    opens_at = clock.now() + timedelta(days=70)
    async with database.write() as unit:
        moved = update(Exam).where(Exam.id == exam_id)
        closes_at = opens_at + timedelta(hours=2)
        await unit.session.execute(moved.values(opens_at=opens_at, closes_at=closes_at))
        for table in (LoadingRight, LoadedTestRow):
            await unit.session.execute(delete(table))
        await unit.session.execute(update(Item).values(state=ItemState.DRAFT.value))


async def test_the_bank_s_deadlines_are_told_before_and_once_more_when_they_passed(
    database, clock, deadlines, coming
):
    """S-4, row 2."""
    await deadlines.look()
    assert await inbox(database, "head") == []
    clock.pass_time(days=4)  # 66 left: approval is due at 60
    await deadlines.look()
    await deadlines.look()
    (told,) = await inbox(database, "head")
    assert (told.kind, told.facts["step"]) == (NoticeKind.BANK_DUE, "approved")
    text = words_of(told, catalogue("ru", ZONE))
    assert "2026" in text.text
    assert "approved" not in text.title
    clock.pass_time(days=7)
    await deadlines.look()
    assert len(await inbox(database, "head")) == 2, "its day has passed"
    clock.pass_time(days=40)  # 19 left: naming is due at 14
    await deadlines.look()
    assert {one.facts["step"] for one in await inbox(database, "head")} == {"approved", "named"}
    assert await inbox(database, "teacher") == [], "who was not named is not told"


async def test_named_teachers_are_told_of_the_loading_and_of_nothing_that_is_done(
    database, clock, deadlines, coming
):
    async with database.write() as unit:
        ids = await unit.seeds.ids(["teacher", "head"])
        discipline_id = await unit.session.scalar(select(Exam.discipline_id))
        await unit.items.give_right(discipline_id, ids["teacher"], ids["head"], clock.now())
        items = update(Item).values(state=ItemState.APPROVED.value, decided_at=clock.now())
        await unit.session.execute(items)
    clock.pass_time(days=65)  # 5 left: loading is due at 2
    await deadlines.look()
    for login in ("teacher", "head"):
        assert [one.facts["step"] for one in await inbox(database, login)] == ["loaded"]


async def test_one_approved_item_and_the_last_session_s_test_are_not_done(
    database, clock, deadlines, coming
):
    """S-4: for the coming exam."""
    async with database.write() as unit:
        session = unit.session
        exam = await session.scalar(select(Exam))
        one = await session.scalar(select(Item.id).limit(1))
        await session.execute(
            update(Item)
            .where(Item.id == one)
            .values(state=ItemState.APPROVED.value, decided_at=clock.now())
        )
        before = Period(new_id(), "Күзгі сессия", clock.now().date(), clock.now().date(), False)
        await unit.schedule.save_period(before)
        columns = ("discipline_id", "policy", "languages")
        session.add(
            Exam(
                **{name: getattr(exam, name) for name in columns},
                id=new_id(),
                opens_at=clock.now() - timedelta(hours=2),
                closes_at=clock.now() - timedelta(hours=1),
                period_id=before.id,
            )
        )
        loaded = LoadedTest(
            new_id(),
            exam.discipline_id,
            "IKT1105",
            "ИКТ",
            ControlType.EXAM,
            ("kk",),
            25,
            (Share(25),),
            TestState.ACCEPTED,
            (await unit.seeds.ids(["teacher"]))["teacher"],
            clock.now() - timedelta(days=3),
        )
        await unit.tests.save(loaded)
    clock.pass_time(days=65)  # 5 left: approval is late, loading is due at 2
    await deadlines.look()
    steps = {told.facts["step"] for told in await inbox(database, "head")}
    assert steps == {"approved", "named", "loaded"}
    async with database.write() as unit:
        again = replace(loaded, id=new_id(), loaded_at=clock.now())
        await unit.tests.save(again)
        await unit.session.execute(
            update(Item).values(state=ItemState.APPROVED.value, decided_at=clock.now())
        )
    async with database.read() as unit:
        (test,) = await unit.items.coming(clock.now())
    assert test.done[Step.APPROVED] == test.done[Step.LOADED] == clock.now()
    clock.pass_time(days=4)
    await deadlines.look()
    assert len(await inbox(database, "head")) == 3, "what is done is told of no more"
