"""S-17: another's face is confirmed and nobody has drawn up form 3: who decides further sees it."""

import pytest
from sqlalchemy import select

from exam_api.adapters.sql import tables
from exam_api.adapters.sql.check_list_rows import rows_of
from exam_api.domain.ids import new_id

pytestmark = pytest.mark.integration
WORDS = "3 үлгі (бөгде адам) жасалмаған"


async def _confirm_another_face(made_act, clock, verdict: str = "confirmed") -> str:
    async with made_act.core.database.write() as unit:
        flag = tables.FlagRow(
            id=new_id(), sitting_id=made_act.sitting_id, kind="identity_mismatch",
            severity="alert", start_ms=500, end_ms=900, confidence=0.9, models=[], thresholds={},
            scores=[], boxes=[], opened_at=clock.now(), evidence_key="x.jpg",
        )  # fmt: skip
        unit.session.add(flag)
        await unit.session.flush()
        unit.session.add(
            tables.DecisionRow(
                id=new_id(), flag_id=flag.id, verdict=verdict, comment="",
                by_user=made_act.users["proctor1"], at=clock.now(),
            )
        )  # fmt: skip
    return flag.id


async def _row(made_act):
    """The sitting as a row of its proctor's check list."""
    member, proctor = made_act.users["member"], made_act.users["proctor1"]
    async with made_act.core.database.write() as unit:
        listed = await unit.session.get(tables.CheckListSitting, made_act.sitting_id)
        if listed is None:
            row = tables.CheckListRow(
                id=new_id(), member_id=member, proctor_id=proctor, state="sent",
                made_at=made_act.core.clock.now(),
            )  # fmt: skip
            unit.session.add(row)
            await unit.session.flush()
            listed = tables.CheckListSitting(sitting_id=made_act.sitting_id, list_id=row.id)
            unit.session.add(listed)
            await unit.session.flush()
        (found,) = await rows_of(unit.session, tables.CheckListRow.id == listed.list_id)
    return found


async def test_act_and_list_ask_for_form_3_until_it_is_on_record(
    made_act, browser_of, clock
) -> None:
    flag_id = await _confirm_another_face(made_act, clock)
    page = f"/acts/{made_act.act_id}"
    start = f"/review/{made_act.sitting_id}/acts/new?form=3&amp;flag={flag_id}"
    proctor, member = await browser_of("proctor1"), await browser_of("member")
    assert start in (await proctor.get(page)).text
    seen = (await member.get(page)).text
    assert WORDS in seen
    assert start not in seen  # who may not draw it up reads who does
    assert (await _row(made_act)).form3_missing == flag_id
    await _draw_up(made_act)
    assert WORDS not in (await member.get(page)).text
    assert (await _row(made_act)).form3_missing is None


async def _draw_up(made_act) -> None:
    async with made_act.core.database.write() as unit:
        act = await unit.session.scalar(select(tables.ActRow))
        unit.session.add(
            tables.ActRow(
                id=new_id(), sitting_id=act.sitting_id, source="people", form=3, number="3-1",
                year=2026, seq=1, revision=1, made_at=act.made_at, made_by=act.made_by,
                document_sha256={}, blobs={}, document={},
            )
        )  # fmt: skip


async def test_neither_a_face_nobody_confirmed_nor_the_student_is_told(
    made_act, client_of, clock
) -> None:
    await made_act.put_on_the_way()
    await _confirm_another_face(made_act, clock, "dismissed")
    way = f"/api/v1/acts/{made_act.act_id}/way"
    member = await client_of("member")
    assert (await member.get(way)).json()["form3_missing"] is None
    flag_id = await _confirm_another_face_later(made_act, clock)
    assert (await member.get(way)).json()["form3_missing"] == flag_id
    student = await client_of("student1")
    assert (await student.get(way)).json()["form3_missing"] is None


async def _confirm_another_face_later(made_act, clock) -> str:
    """The newest decision on the same flag counts."""
    async with made_act.core.database.write() as unit:
        query = select(tables.FlagRow).where(tables.FlagRow.kind == "identity_mismatch")
        flag = await unit.session.scalar(query)
        unit.session.add(
            tables.DecisionRow(
                id=new_id(), flag_id=flag.id, verdict="confirmed", comment="",
                by_user=made_act.users["proctor1"], at=clock.now(),
            )
        )  # fmt: skip
        return flag.id
