"""What goes to the commission is the newest there is, and will not change on the way (S-18)."""

import pytest
from sqlalchemy import update

from exam_api.adapters.sql import tables
from exam_api.domain.errors import ActUnsettled, FlagsUndecided
from exam_api.domain.ids import new_id

pytestmark = pytest.mark.integration


async def add_flag(made_act, severity: str = "alert", kind: str = "absence") -> str:
    flag = tables.FlagRow(
        id=new_id(), sitting_id=made_act.sitting_id, kind=kind, severity=severity,
        start_ms=9000, end_ms=9900, confidence=0.9, models=[], thresholds={}, scores=[], boxes=[],
        opened_at=made_act.core.clock.now(),
    )  # fmt: skip
    async with made_act.core.database.write() as unit:
        unit.session.add(flag)
    return flag.id


async def decide(made_act, flag_id: str, verdict: str, clock) -> None:
    decision = tables.DecisionRow(
        id=new_id(), flag_id=flag_id, verdict=verdict, comment="",
        by_user=made_act.users["proctor1"], at=clock.pass_time(seconds=1),
    )  # fmt: skip
    async with made_act.core.database.write() as unit:
        unit.session.add(decision)


async def add_revision(made_act) -> None:
    """Drafted, not readable yet."""
    async with made_act.core.database.write() as unit:
        old = await unit.session.get_one(tables.ActRow, made_act.act_id)
        act = tables.ActRow(
            id=new_id(), sitting_id=old.sitting_id, source=old.source, form=1, number=old.number,
            year=old.year, seq=old.seq, revision=2, made_at=old.made_at, made_by=old.made_by,
            document_sha256={}, blobs={}, document=old.document,
        )  # fmt: skip
        unit.session.add(act)


@pytest.mark.parametrize("source", ["flags", "people"])
async def test_while_a_revision_is_being_made_the_old_one_does_not_go(made_act, source) -> None:
    async with made_act.core.database.write() as unit:
        await unit.session.execute(update(tables.ActRow).values(source=source))
    await add_revision(made_act)
    with pytest.raises(ActUnsettled):
        await made_act.take("member", "forward")
    assert (await made_act.state())[0] == "made"


async def test_an_act_that_lags_behind_its_decisions_does_not_go(made_act, clock) -> None:
    flag_id = await add_flag(made_act)
    await decide(made_act, flag_id, "confirmed", clock)
    with pytest.raises(ActUnsettled):
        await made_act.take("member", "forward")
    await decide(made_act, flag_id, "dismissed", clock)
    await made_act.take("member", "forward")


async def test_with_open_flags_an_act_does_not_go(made_act, clock, client_of) -> None:
    """Else the proctor could decide them no more, and never hand the check list in."""
    await add_flag(made_act, "technical", "camera_covered")
    await add_flag(made_act, "sign", "phone")
    flag_id = await add_flag(made_act)
    with pytest.raises(FlagsUndecided):
        await made_act.take("member", "forward")
    page = await (await client_of("member")).post(
        f"/acts/{made_act.act_id}/steps", data={"step": "forward"}
    )
    assert page.status_code == 409
    assert "Шешімі жоқ белгілер бар" in page.text
    await decide(made_act, flag_id, "dismissed", clock)
    await made_act.take("member", "forward")


async def test_an_act_on_its_way_says_what_came_late(made_act, clock, client_of) -> None:
    """The commission votes knowing it; the student is told of what is in the act."""

    async def late(login: str) -> tuple[int, int]:
        http = await client_of(login)
        way = (await http.get(f"/api/v1/acts/{made_act.act_id}/way")).json()["late"]
        return way["confirmed"], way["undecided"]

    await made_act.take("member", "forward")
    await made_act.take("dean", "deliver")
    assert await late("commission") == (0, 0)
    flag_id = await add_flag(made_act)
    assert await late("commission") == (0, 1)
    page = await (await client_of("commission")).get(f"/acts/{made_act.act_id}")
    assert "проктор әлі шешпеген белгілер: 1" in page.text
    await decide(made_act, flag_id, "confirmed", clock)
    assert await late("commission") == (1, 0)
    page = await (await client_of("commission")).get(f"/acts/{made_act.act_id}")
    assert "акт жолданғаннан кейін расталған белгілер: 1" in page.text
    assert await late("student1") == (0, 0)
