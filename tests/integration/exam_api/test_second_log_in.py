"""One live exam session a student: a second log-in asks which to keep, and stays on record."""

import pytest

from exam_api.adapters.sql.review_store import SqlReviewStore
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.web.container import Core

pytestmark = pytest.mark.integration
THERE = "192.0.2.7"


async def second(core: Core):
    return await core.accounts.log_in("student1", DEMO_PASSWORD, THERE, "Firefox")


async def on_record(core: Core, sitting_id: str) -> list[tuple[str, str, str]]:
    async with core.database.read() as unit:
        proctor = (await unit.people.credentials("proctor1")).actor
    found = await core.log_ins.second_log_ins(proctor, sitting_id)
    return [(one.address, one.agent, one.outcome) for one in found]


async def test_a_log_in_beside_a_running_exam_is_held(begun, core: Core, client_of) -> None:
    log_in = await second(core)
    actor = await core.accounts.who(log_in.cookie)
    assert actor
    assert actor.must_choose_session
    other = await client_of(None)
    other.cookies.set("baqylau", log_in.cookie)
    refused = await other.get(f"/api/v1/sittings/{begun.id}")
    assert (refused.status_code, refused.json()["code"]) == (403, "session_choice_required")
    assert (await begun.call("GET", "")).status_code == 200  # the first one goes on
    assert await on_record(core, begun.id) == [(THERE, "Firefox", "asked")]


async def test_the_student_goes_on_at_the_new_place(begun, core: Core) -> None:
    log_in = await second(core)
    actor = await core.accounts.who(log_in.cookie)
    kept = await core.log_ins.choose(actor, log_in.cookie, "here")
    assert kept
    assert kept.cookie != log_in.cookie  # a new id for new rights
    assert not (await core.accounts.who(kept.cookie)).must_choose_session
    assert await core.accounts.who(log_in.cookie) is None
    assert (await begun.call("GET", "")).status_code == 401
    assert await on_record(core, begun.id) == [(THERE, "Firefox", "here")]


async def test_who_goes_on_at_the_new_place_is_not_asked_again(
    begun, core: Core, client_of
) -> None:
    """The sitting is let go of with the choice; a tab of another log-in never holds it."""
    log_in = await second(core)
    there = await client_of(None, **{"X-Client-Id": "the-new-tab"})
    there.cookies.set("baqylau", log_in.cookie)
    path = f"/api/v1/sittings/{begun.id}"
    chosen = await there.post("/account/session-choice", data={"keep": "here"})
    assert chosen.status_code == 303
    assert not core.live.state(begun.id).live  # S-10: the other place's camera is no longer taken
    assert (await there.get(path)).json()["claimed"] is None
    refused = await there.get(f"{path}/questions?lang=kk")
    assert (refused.status_code, refused.json()["code"]) == (409, "open_elsewhere")
    claim = await there.post(f"{path}/claim", json={"client_id": "the-new-tab"})
    assert (claim.status_code, claim.json()["claimed"]) == (200, "mine")
    copied = await there.post(f"{path}/claim", json={"client_id": begun.tab})
    assert copied.json()["code"] == "open_elsewhere"
    async with core.database.read() as unit:
        kinds = [named.entry.kind for named in await unit.log.of(begun.id)]
    assert kinds == ["taken_over", "open_elsewhere"]


async def test_the_student_stays_at_the_old_place(begun, core: Core) -> None:
    log_in = await second(core)
    actor = await core.accounts.who(log_in.cookie)
    assert await core.log_ins.choose(actor, log_in.cookie, "other") is None
    assert await core.accounts.who(log_in.cookie) is None
    assert (await begun.call("GET", "")).json()["claimed"] == "mine"
    assert core.live.state(begun.id).live
    assert await on_record(core, begun.id) == [(THERE, "Firefox", "other")]


async def test_a_session_from_before_the_test_is_held_when_it_begins(
    student, core: Core, client_of
) -> None:
    """Logged in before the camera check; it reads no question, and the proctor sees it."""
    log_in = await second(core)
    helper = await client_of(None)
    helper.cookies.set("baqylau", log_in.cookie)
    assert (await helper.get(f"/api/v1/sittings/{student.id}")).status_code == 200
    await student.publish(core)
    for _ in range(2):  # a refresh
        assert (await student.begin()).status_code == 200
    questions = f"/api/v1/sittings/{student.id}/questions"
    refused = await helper.get(questions, headers={"X-Client-Id": student.tab})
    assert (refused.status_code, refused.json()["code"]) == (403, "session_choice_required")
    assert await student.questions()
    assert await on_record(core, student.id) == [(THERE, "Firefox", "held")]
    actor = await core.accounts.who(log_in.cookie)
    assert await core.log_ins.choose(actor, log_in.cookie, "other") is None
    assert await on_record(core, student.id) == [(THERE, "Firefox", "other")]


async def test_a_copied_tab_is_another_one_in_another_session(
    student, core: Core, client_of
) -> None:
    """It neither publishes nor goes on in place of the other, and its try is on record (S-11)."""
    log_in = await second(core)
    helper = await client_of(None, **{"X-Client-Id": student.tab})
    helper.cookies.set("baqylau", log_in.cookie)
    path = f"/api/v1/sittings/{student.id}"
    assert (await helper.get(path)).json()["claimed"] == "other"
    claim = await helper.post(f"{path}/claim", json={"client_id": student.tab})
    assert (claim.status_code, claim.json()["code"]) == (409, "open_elsewhere")
    assert (await helper.post(f"{path}/publish-token")).json()["code"] == "open_elsewhere"
    assert (await student.call("GET", "")).json()["claimed"] == "mine"
    async with core.database.read() as unit:
        assert [named.entry.kind for named in await unit.log.of(student.id)] == ["open_elsewhere"]


async def test_before_and_after_the_exam_nothing_is_asked(student, core: Core) -> None:
    assert not (await second(core)).actor.must_choose_session
    assert await on_record(core, student.id) == []


async def test_a_changed_password_ends_the_other_sessions(core: Core) -> None:
    here, there = [await core.accounts.log_in("dean", DEMO_PASSWORD, THERE) for _ in range(2)]
    done = await core.log_ins.change_password(
        here.actor, here.cookie, DEMO_PASSWORD, "another long secret"
    )
    assert await core.accounts.who(done.cookie)
    assert await core.accounts.who(here.cookie) is None  # the same session, under a new id
    assert await core.accounts.who(there.cookie) is None
    assert (await core.log_ins.own(here.actor, done.cookie))[0].this_one


async def test_a_session_is_ended_from_the_list(core: Core) -> None:
    here, there = [await core.accounts.log_in("dean", DEMO_PASSWORD, THERE) for _ in range(2)]
    own = await core.log_ins.own(here.actor, here.cookie)
    (other,) = (one.session.id for one in own if not one.this_one)
    await core.log_ins.end_own(here.actor, other)
    assert await core.accounts.who(there.cookie) is None
    assert await core.accounts.who(here.cookie)


async def test_the_wall_marks_the_student(begun, core: Core) -> None:
    async def marked() -> set[str]:
        async with core.database.read() as unit:
            return set(await SqlReviewStore(unit, core.clock).second_log_ins([begun.id]))

    assert await marked() == set()
    await second(core)
    assert await marked() == {begun.id}
