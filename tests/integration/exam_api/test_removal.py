"""T-4.9: removed from the exam — 0 points, F, for good; who did it, when and why stays."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from capture.errors import TokenInvalid
from exam_api.adapters.sql.tables import EventRow, TransitionRow
from exam_api.domain.errors import Forbidden, InvalidRequest
from exam_api.domain.roles import Role
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.web.container import Core

pytestmark = pytest.mark.integration

REASON = "Шпаргалка, 12:40"


@pytest.fixture
async def proctor(client_of):
    return await client_of("proctor1")


async def remove(http, sitting_id: str, reason: str = REASON):
    return await http.post(f"/api/v1/sittings/{sitting_id}/remove", json={"reason": reason})


async def test_a_removed_student_gets_0_points_and_f(begun, proctor, clock) -> None:
    for question in await begun.questions():
        await begun.answer(question["id"], question["choices"][0]["id"], 1)
    at = clock.pass_time(minutes=12)
    assert (await remove(proctor, begun.id)).status_code == 200
    seen = (await begun.call("GET", "")).json()
    assert (seen["state"], seen["finish_reason"]) == ("removed", "removed")
    assert seen["finished_at"] == at.isoformat().replace("+00:00", "Z")
    expected = {"score": 0, "total": 25, "points": 0, "letter": "F", "gpa": 0.0, "passed": False}
    assert seen["result"] == expected


async def test_the_record_tells_who_when_and_why(begun, proctor, core: Core, clock) -> None:
    clock.pass_time(minutes=12)
    history = (await remove(proctor, begun.id, f"  {REASON} ")).json()["transitions"]
    changes = [(row["before"], row["after"]) for row in history]
    assert changes == [
        ("scheduled", "checking"),
        ("checking", "waiting"),
        ("waiting", "in_progress"),
        ("in_progress", "removed"),
    ]
    async with core.database.read() as unit:
        name = (await unit.people.credentials("proctor1")).actor.full_name
    assert (history[-1]["by"], history[-1]["reason"]) == (name, REASON)
    assert (await proctor.get(f"/api/v1/sittings/{begun.id}/transitions")).json() == history


async def test_consoles_hear_of_it_and_the_recording_ends(begun, proctor, core: Core, live) -> None:
    await remove(proctor, begun.id)
    assert live.ended == [begun.id]
    async with core.database.read() as unit:
        newest = select(EventRow).where(EventRow.sitting_id == begun.id).order_by(EventRow.id)
        event = (await unit.session.scalars(newest)).all()[-1]
    # The reason is for the record: an event goes to every console of the exam.
    assert event.payload == {"state": "removed", "reason": "removed"}


async def test_nothing_is_taken_from_a_removed_student(begun, proctor) -> None:
    question = (await begun.questions())[0]
    await remove(proctor, begun.id)
    refused = [
        await begun.answer(question["id"], question["choices"][0]["id"], 1),
        await begun.begin(),
        await begun.call("GET", "/questions"),
        await begun.call("POST", "/publish-token"),
        await remove(proctor, begun.id),
    ]
    assert [one.status_code for one in refused] == [409] * 5
    finished = await begun.finish()
    assert finished.json()["state"] == "removed"


async def test_a_token_of_before_lets_no_camera_back(begun, proctor, core: Core) -> None:
    token = (await begun.call("POST", "/publish-token")).json()["token"]
    await remove(proctor, begun.id)
    with pytest.raises(TokenInvalid):
        await core.desk.authorize_publish(token)


async def test_before_the_test_a_student_may_be_removed_too(student, proctor, core: Core) -> None:
    assert (await remove(proctor, student.id)).json()["code"] == "illegal_transition"
    await student.publish(core)
    assert (await remove(proctor, student.id)).status_code == 200
    assert (await student.call("GET", "")).json()["result"]["letter"] == "F"


@pytest.mark.parametrize("end", ["finish", "time"])
async def test_who_has_ended_is_not_removed_any_more(begun, proctor, clock, core, end) -> None:
    if end == "finish":
        await begun.finish()
    else:
        clock.pass_time(minutes=60)  # the clock's tick has not come yet
    refused = await remove(proctor, begun.id)
    assert refused.status_code == 409
    await core.testing.expire_due()
    assert (await begun.call("GET", "")).json()["state"] in {"submitted", "expired"}


@pytest.mark.parametrize(
    ("login", "status"),
    [
        (None, 401),
        ("student1", 403),
        ("student2", 404),
        ("member", 403),
        ("dean", 403),
        ("registrar", 403),
        ("testing", 403),
        ("admin", 403),
        ("proctor1", 200),
    ],
)
async def test_only_a_proctor_of_the_exam_removes(begun, client_of, login, status) -> None:
    http = await client_of(login)
    assert (await remove(http, begun.id)).status_code == status
    state = (await begun.call("GET", "")).json()["state"]
    assert state == ("removed" if status == 200 else "in_progress")


@pytest.mark.parametrize(
    ("login", "status"), [("student1", 404), ("student2", 404), ("member", 200), ("dean", 200)]
)
async def test_the_record_is_for_those_who_watch(begun, client_of, login, status) -> None:
    http = await client_of(login)
    seen = await http.get(f"/api/v1/sittings/{begun.id}/transitions")
    assert seen.status_code == status


async def test_a_proctor_does_not_act_on_the_own_sitting(begun, core: Core) -> None:
    """A person may hold both roles."""
    async with core.database.write() as unit:
        student = (await unit.people.credentials("student1")).actor
        sitting = await unit.sittings.lock(begun.id)
        await unit.seeds.assign(sitting.exam_id, [student.id], [])
    proctor = replace(student, roles=student.roles | {Role.PROCTOR})
    with pytest.raises(Forbidden):
        await core.actions.remove(proctor, begun.id, REASON)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
async def test_a_removal_states_its_reason(begun, proctor, reason) -> None:
    assert (await remove(proctor, begun.id, reason)).status_code == 422


async def test_a_reason_no_database_holds_is_refused(begun, core: Core) -> None:
    async with core.database.read() as unit:
        proctor = (await unit.people.credentials("proctor1")).actor
    with pytest.raises(InvalidRequest):
        await core.actions.remove(proctor, begun.id, "a\0b")


async def test_a_removal_that_races_the_finish_leaves_one_end(begun, proctor, core: Core) -> None:
    await asyncio.gather(begun.finish(), remove(proctor, begun.id), core.testing.expire_due())
    async with core.database.read() as unit:
        rows = await unit.session.scalars(
            select(TransitionRow.after).where(TransitionRow.sitting_id == begun.id)
        )
        ends = [after for after in rows if after not in {"checking", "waiting", "in_progress"}]
    assert ends == [(await begun.call("GET", "")).json()["state"]]


async def test_the_clock_s_end_has_no_author(begun, proctor, clock, core: Core) -> None:
    clock.pass_time(minutes=60)
    await core.testing.expire_due()
    clock.pass_time(seconds=timedelta(hours=3).total_seconds())
    await proctor.post("/api/v1/session", json={"login": "proctor1", "password": DEMO_PASSWORD})
    history = (await proctor.get(f"/api/v1/sittings/{begun.id}/transitions")).json()
    assert (history[-1]["after"], history[-1]["by"], history[-1]["reason"]) == ("expired", None, "")
