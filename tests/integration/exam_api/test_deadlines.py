"""Approvals and statements that are due are told of once, to whom they concern."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.sql.tables import Enrolment, Exam
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NoticeKind
from exam_api.services.deadlines import Deadlines
from exam_api.services.identity import Identity
from exam_api.services.scheduling_ports import Period
from exam_api.web.i18n import catalogue
from exam_api.web.notice_texts import words_of

pytestmark = pytest.mark.integration


@pytest.fixture
def deadlines(database, clock, tmp_path: Path) -> Deadlines:
    return Deadlines(database, clock, Identity(database, clock, LocalBlobs(tmp_path / "blobs")))


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
    await core.scheduling.save_period(planner, period)
    await deadlines.look()
    assert await inbox(database, "registrar") == []
    clock.pass_time(days=1)
    await deadlines.look()
    await deadlines.look()
    (notice,) = await inbox(database, "registrar")
    assert notice.kind is NoticeKind.APPROVAL_DUE
    text = words_of(notice, catalogue("en")).text
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
