"""The blind second reviewer: who it is, what is not shown, and that no act goes on without."""

import pytest

from exam_api.adapters.sql import tables
from exam_api.domain.act_course import ActPolicy
from exam_api.domain.errors import Forbidden, InvalidRequest, NotFound, SecondReviewMissing
from exam_api.domain.ids import new_id
from exam_api.services.act_desk import ActDesk
from exam_api.services.proctoring_ports import Verdict
from exam_api.services.second_reviews import SecondOpinion, SecondReviews
from exam_api.services.seeding import DEMO_PASSWORD

pytestmark = pytest.mark.integration


@pytest.fixture
def reviews(core) -> SecondReviews:
    policy = ActPolicy(second_review=True)
    core.act_desk = ActDesk(core.database, core.clock, core.blobs, policy)
    return SecondReviews(core.database, core.clock, policy)


@pytest.fixture
async def dismissed(made_act, core) -> str:
    """A second flag, which the first proctor dismissed."""
    now = core.clock.now()
    flag = tables.FlagRow(
        id=new_id(), sitting_id=made_act.sitting_id, kind="absence", severity="alert",
        start_ms=9000, end_ms=9900, confidence=0.6, models=[], thresholds={}, scores=[], boxes=[],
        opened_at=now,
    )  # fmt: skip
    decision = tables.DecisionRow(
        id=new_id(), flag_id=flag.id, verdict="dismissed", comment="құпия пікір", at=now,
        by_user=made_act.users["proctor1"],
    )  # fmt: skip
    async with core.database.write() as unit:
        for row in (flag, decision):
            unit.session.add(row)
            await unit.session.flush()
    return flag.id


async def actor(core, login: str):
    return (await core.accounts.log_in(login, DEMO_PASSWORD, "x")).actor


async def test_the_second_sees_all_decided_flags_and_no_decision(
    reviews, made_act, dismissed, core
) -> None:
    second = await actor(core, "proctor2")
    (task,) = await reviews.waiting(second)
    assert task.act_id == made_act.act_id
    before = await reviews.get(second, made_act.act_id)
    assert [flag.id for flag in before.flags] == [made_act.flag_id, dismissed]
    assert {flag.first for flag in before.flags} == {None}
    assert "құпия пікір" not in repr(before)
    with pytest.raises(InvalidRequest):
        await reviews.give(second, made_act.act_id, [SecondOpinion(dismissed, Verdict.CONFIRMED)])
    own = [SecondOpinion(one, Verdict.CONFIRMED) for one in (made_act.flag_id, dismissed)]
    await reviews.give(second, made_act.act_id, own)
    after = await reviews.get(second, made_act.act_id)
    assert [(flag.verdict, flag.first) for flag in after.flags] == [
        ("confirmed", "confirmed"),
        ("confirmed", "dismissed"),
    ]
    assert await reviews.waiting(second) == ()
    with pytest.raises(NotFound):  # for good
        await reviews.give(second, made_act.act_id, own)
    (group,) = await reviews.agreement(await actor(core, "member"))
    assert (group.flags, group.agreed, group.kappa) == (2, 1, 0)
    assert group.group == (await actor(core, "member")).full_name


@pytest.mark.parametrize("login", ["proctor1", "member", "dean", "admin", "student1", "commission"])
async def test_who_watches_the_student_is_not_blind(reviews, made_act, core, login) -> None:
    who = await actor(core, login)
    assert await reviews.waiting(who) == ()
    with pytest.raises(NotFound):
        await reviews.get(who, made_act.act_id)


async def test_no_act_goes_on_without_its_second_review(reviews, made_act, core) -> None:
    with pytest.raises(SecondReviewMissing):
        await made_act.take("member", "forward")
    second = await actor(core, "proctor2")
    opinion = SecondOpinion(made_act.flag_id, Verdict.DISMISSED, "телефон емес")
    await reviews.give(second, made_act.act_id, [opinion])
    await made_act.take("member", "forward")
    way = await core.act_desk.way(await actor(core, "commission"), made_act.act_id)
    assert way.evidence[0].second == opinion
    with pytest.raises(Forbidden):
        await reviews.agreement(second)
