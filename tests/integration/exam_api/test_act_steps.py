"""The steps of an act within a unit, on both databases: each once, with all that it leads to."""

import pytest
from sqlalchemy import select

from exam_api.adapters.sql import tables
from exam_api.domain.act_course import ActPolicy, ActState
from exam_api.domain.errors import Forbidden, IllegalTransition, NotFound
from exam_api.domain.ids import new_id
from exam_api.services.act_course import forward, record_refusal
from exam_api.services.seeding import DEMO_PASSWORD

pytestmark = pytest.mark.integration
POLICY = ActPolicy()


async def actor(core, login: str):
    return (await core.accounts.log_in(login, DEMO_PASSWORD, "x")).actor


async def forwarded(core, made_act, login: str = "member"):
    who = await actor(core, login)
    async with core.database.write() as unit:
        return await forward(
            unit,
            who,
            [made_act.sitting_id],
            at=core.clock.now(),
            policy=POLICY,
            reason="тексерілді",
        )


async def told(core, kind: str) -> list[tuple[str, str]]:
    """(log-in, subject's kind) of those told, and whether a mail waits for each with an address."""
    async with core.database.read() as unit:
        rows = await unit.session.execute(
            select(tables.User.login, tables.NoticeRow.kind)
            .join(tables.NoticeReader, tables.NoticeReader.user_id == tables.User.id)
            .join(tables.NoticeRow, tables.NoticeRow.id == tables.NoticeReader.notice_id)
            .where(tables.NoticeRow.kind == kind)
        )
        return sorted(tuple(row) for row in rows)


async def test_forwarding_again_changes_nothing(core, made_act) -> None:
    first, again = await forwarded(core, made_act), await forwarded(core, made_act)
    assert (first.acts, first.waiting) == ((made_act.act_id,), ())
    assert again.acts == ()
    assert [login for login, _ in await told(core, "act_forwarded")] == [
        "commission",
        "commission2",
        "commission3",
        "dean",
        "registrar",
    ]
    async with core.database.read() as unit:
        act = await unit.act_course.lock(made_act.act_id)
        (step,) = await unit.act_course.steps(act.course_id)
        mails = await unit.session.scalars(
            select(tables.JobRow.key).where(tables.JobRow.kind == "mail")
        )
        assert len(mails.all()) == 2  # the dean's and the registrar's: the others have no address
    assert act.due_at == core.clock.now() + POLICY.deliver
    assert (step.by_name, step.reason, step.at) == (
        (await actor(core, "member")).full_name,
        "тексерілді",
        core.clock.now(),
    )


@pytest.mark.parametrize("login", ["dean", "proctor1", "registrar", "commission", "student1"])
async def test_only_a_member_forwards(core, made_act, login) -> None:
    with pytest.raises(Forbidden):
        await forwarded(core, made_act, login)


async def test_a_member_forwards_acts_of_own_proctors_only(core, made_act) -> None:
    async with core.database.write() as unit:
        other = unit.session
        await other.execute(
            tables.ExamProctor.__table__.update()
            .where(tables.ExamProctor.proctor_id == made_act.users["proctor1"])
            .values(member_id=made_act.users["dean"])
        )
    with pytest.raises(NotFound):
        await forwarded(core, made_act)


async def test_what_no_confirmed_flag_holds_up_stays(core, made_act, clock) -> None:
    async with core.database.write() as unit:
        unit.session.add(
            tables.DecisionRow(
                id=new_id(), flag_id=made_act.flag_id, verdict="dismissed", comment="",
                by_user=made_act.users["proctor1"], at=clock.pass_time(seconds=1),
            )
        )  # fmt: skip
    assert (await forwarded(core, made_act)).acts == ()


async def test_an_act_in_the_making_is_passed_over(core, made_act) -> None:
    async with core.database.write() as unit:
        row = await unit.session.get(tables.ActRow, made_act.act_id)
        row.blobs = {}
    assert (await forwarded(core, made_act)).acts == ()


async def refused(core, made_act) -> ActState:
    async with core.database.write() as unit:
        return await record_refusal(
            unit,
            made_act.act_id,
            "form-2",
            at=core.clock.now(),
            by=made_act.users["proctor1"],
            policy=POLICY,
        )


async def test_a_refusal_in_the_room_is_on_record_and_the_act_goes_on(core, made_act) -> None:
    assert await refused(core, made_act) is ActState.MADE
    assert (await forwarded(core, made_act)).acts == (made_act.act_id,)
    async with core.database.read() as unit:
        act = await unit.act_course.lock(made_act.act_id)
        steps = await unit.act_course.steps(act.course_id)
    assert [(step.step, step.reference) for step in steps] == [
        ("refuse", "form-2"),
        ("forward", None),
    ]


async def test_a_refusal_after_the_delivery_is_the_answer(core, made_act) -> None:
    await made_act.put_on_the_way()
    assert await refused(core, made_act) is ActState.REFUSED
    with pytest.raises(IllegalTransition):
        await refused(core, made_act)
