"""Admission, talk, pauses, breaks, lost time: by both sides' API, on record, and by the clock."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from exam_api.adapters.sql.tables import Enrolment, Exam, NoticeRow, Sitting
from exam_api.domain.judging import ConfirmedAct, UpheldAppeal
from exam_api.domain.policy import Admit, ExamPolicy, LateEntry, Outage
from exam_api.services import exam_clock, testing
from exam_api.services.judging import annul, restore
from exam_api.web.container import Core

pytestmark = pytest.mark.integration


@pytest.fixture
async def proctor(client_of):
    return await client_of("proctor1")


@pytest.fixture
def policy(core: Core, exam_id: str):
    """Give the exam other settings (and a window as long as the test)."""

    async def give(window_min: int = 60, **settings: object) -> None:
        wanted = ExamPolicy(**settings)
        async with core.database.write() as unit:
            opens_at = await unit.session.scalar(select(Exam.opens_at).where(Exam.id == exam_id))
            closes_at = opens_at + timedelta(minutes=window_min)
            change = update(Exam).where(Exam.id == exam_id)
            await unit.session.execute(change.values(policy=wanted.to_json(), closes_at=closes_at))

    return give


def does(http, sitting_id: str):
    async def act(path: str, **body: object):
        return await http.post(f"/api/v1/sittings/{sitting_id}/{path}", json=body)

    return act


async def seen(student) -> dict:
    return (await student.call("GET", "")).json()


async def course(http, student) -> dict:
    return (await http.get(f"/api/v1/sittings/{student.id}/course")).json()


async def states(database) -> list[str]:
    """Of all three students' sittings."""
    async with database.read() as unit:
        return sorted(await unit.session.scalars(select(Sitting.state)))


def code_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code")


class TestAdmission:
    async def test_a_proctor_lets_the_student_in(self, student, proctor, core, policy) -> None:
        await policy(admit=Admit.BY_PROCTOR)
        await student.publish(core)
        assert code_of(await student.begin()) == (409, "awaiting_admission")
        assert (await seen(student))["state"] == "checking", "nothing is half done"
        assert (await student.call("POST", "/ready")).json()["state"] == "waiting"
        assert code_of(await student.begin()) == (409, "awaiting_admission")
        assert (await course(proctor, student))["can"][:2] == ["admit", "message"]
        admitted = await does(proctor, student.id)("admit")
        assert [entry["kind"] for entry in admitted.json()["log"]] == ["admitted"]
        assert (await student.begin()).json()["state"] == "in_progress"

    async def test_who_is_late_needs_the_permission(
        self, student, proctor, core, policy, clock
    ) -> None:
        await policy(late=LateEntry.ASK)
        clock.pass_time(minutes=20)
        await student.publish(core)
        assert (await student.call("POST", "/ready")).json()["admitted_at"] is None
        await does(proctor, student.id)("admit", reason="The bus broke down")
        begun = (await student.begin()).json()
        assert begun["deadline_at"] == begun["exam"]["closes_at"], "T-4.10: the end does not move"
        async with core.database.read() as unit:
            kinds = (await unit.session.scalars(select(NoticeRow.kind))).all()
        assert list(kinds) == ["late"]

    async def test_after_30_minutes_nobody_comes_in(
        self, student, proctor, core, policy, clock
    ) -> None:
        await policy()
        clock.pass_time(minutes=20)
        await student.publish(core)
        await student.call("POST", "/ready")
        clock.pass_time(minutes=10, seconds=1)
        assert code_of(await does(proctor, student.id)("admit")) == (409, "too_late")

    async def test_a_policy_may_refuse_the_late(self, student, core, policy, clock) -> None:
        await policy(late=LateEntry.REFUSE)
        clock.pass_time(minutes=6)
        await student.publish(core)
        assert code_of(await student.call("POST", "/ready")) == (409, "too_late")
        assert code_of(await student.begin()) == (409, "too_late")

    async def test_who_is_refused_sits_no_more(self, student, proctor, core, live) -> None:
        await student.publish(core)
        refused = await does(proctor, student.id)("refuse", reason="Not the person on the card")
        assert refused.json()["state"] == "not_admitted"
        assert live.ended == [student.id]
        assert code_of(await student.begin()) == (409, "illegal_transition")

    async def test_who_does_not_come_is_absent(self, student, core, policy, clock) -> None:
        await policy()
        clock.pass_time(minutes=60)
        await core.exam_clock.tick()
        assert (await seen(student))["state"] == "absent"
        await core.exam_clock.tick()
        async with core.database.read() as unit:
            kinds = (await unit.session.scalars(select(NoticeRow.kind))).all()
        assert set(kinds) == {"absent"}

    async def test_one_broken_sitting_keeps_nobody_from_the_end(
        self, begun, core, database, clock, monkeypatch
    ) -> None:
        """T-4.4, S-9: it is logged, and ends with the tick that can end it."""
        scored = testing.scored

        async def broken(_unit: object, _sitting: object) -> None:
            raise KeyError("an item is lost")

        monkeypatch.setattr(testing, "scored", broken)
        clock.pass_time(hours=13)
        await core.exam_clock.tick()
        assert await states(database) == ["absent", "absent", "in_progress"]
        monkeypatch.setattr(testing, "scored", scored)
        await core.exam_clock.tick()
        assert await states(database) == ["absent", "absent", "expired"]

    async def test_later_dates_of_own_keep_nobody_waiting(
        self, core, database, clock, monkeypatch
    ) -> None:
        """T-4.11: however many have them, and by however many minutes the end has moved."""
        monkeypatch.setattr(exam_clock, "_AT_ONCE", 1)
        later = clock.now() + timedelta(days=2)
        async with database.write() as unit:
            ids = await unit.seeds.ids(["student1", "student2"])
            one, two = (
                update(Enrolment).where(Enrolment.student_id == who) for who in ids.values()
            )
            dates = {"opens_at": later - timedelta(hours=2), "closes_at": later}
            await unit.session.execute(one.values(**dates))
            await unit.session.execute(two.values(extra_min=120))
        clock.pass_time(hours=13)
        await core.exam_clock.tick()
        assert await states(database) == ["absent", "scheduled", "scheduled"]
        clock.pass_time(hours=2)
        await core.exam_clock.tick()
        assert await states(database) == ["absent", "absent", "scheduled"]

    async def test_who_waited_in_vain_was_not_admitted(self, student, core, policy, clock) -> None:
        await policy(admit=Admit.BY_PROCTOR)
        await student.publish(core)
        await student.call("POST", "/ready")
        clock.pass_time(minutes=60)
        await core.exam_clock.tick()
        assert (await seen(student))["state"] == "not_admitted"


class TestTalk:
    async def test_both_sides_talk_and_it_stays_on_record(self, begun, proctor) -> None:
        await does(proctor, begun.id)("messages", text="  Please move the lamp. ")
        talk = (await seen(begun))["talk"]
        assert [(one["kind"], one["mine"], one["text"]) for one in talk] == [
            ("message", False, "Please move the lamp.")
        ]
        await begun.call("POST", "/replies", json={"text": "Done"})
        log = (await course(proctor, begun))["log"]
        assert [(entry["kind"], entry["text"]) for entry in log] == [
            ("message", "Please move the lamp."),
            ("reply", "Done"),
        ]

    async def test_a_warning_waits_until_it_is_acknowledged(self, begun, proctor) -> None:
        await does(proctor, begun.id)("warnings", text="Eyes on the screen")
        (warning,) = (await seen(begun))["talk"]
        assert warning["open"]
        path = f"/warnings/{warning['id']}/acknowledge"
        for _ in range(2):
            talk = (await begun.call("POST", path)).json()["talk"]
            assert [one["open"] for one in talk] == [False, False], "twice changes nothing"
        stranger = path.replace(warning["id"], begun.id)
        assert (await begun.call("POST", stranger)).status_code == 404

    @pytest.mark.parametrize("text", ["", "   ", "x" * 501, "a\0b"])
    async def test_empty_or_endless_words_are_refused(self, begun, proctor, text) -> None:
        assert (await does(proctor, begun.id)("messages", text=text)).status_code == 422
        assert (await begun.call("POST", "/replies", json={"text": text})).status_code == 422

    async def test_only_the_tab_that_holds_the_sitting_speaks(self, begun, second_tab) -> None:
        said = await second_tab.call("POST", "/replies", json={"text": "Hello"})
        assert code_of(said) == (409, "open_elsewhere")


class TestClock:
    async def test_a_pause_gives_back_exactly_what_it_took(self, begun, proctor, clock) -> None:
        act = does(proctor, begun.id)
        question = (await begun.questions())[0]
        choice = question["choices"][0]["id"]
        before = (await seen(begun))["deadline_at"]
        assert (await act("pause", reason="Fire alarm")).json()["state"] == "paused"
        refused = await begun.answer(question["id"], choice, 1)
        assert code_of(refused) == (409, "sitting_paused")
        assert refused.json()["retryable"], "the page keeps it and sends it again"
        assert code_of(await begun.call("GET", "/questions")) == (409, "sitting_paused")
        assert code_of(await begun.finish()) == (409, "sitting_paused")
        clock.pass_time(minutes=4)
        resumed = (await act("resume", reason="False alarm")).json()
        assert _minutes(before, resumed["deadline_at"]) == 4
        assert (await begun.answer(question["id"], choice, 1)).status_code == 200

    async def test_a_pause_ends_by_itself_even_if_the_server_was_down(
        self, begun, proctor, clock, core
    ) -> None:
        before = (await seen(begun))["deadline_at"]
        await does(proctor, begun.id)("pause", reason="Fire alarm")
        clock.pass_time(minutes=40)
        await core.exam_clock.tick()
        view = await seen(begun)
        assert view["state"] == "in_progress"
        assert _minutes(before, view["deadline_at"]) == 15, "what the policy provides, no more"
        again = await does(proctor, begun.id)("pause", reason="Once more")
        assert code_of(again) == (409, "beyond_policy")

    async def test_a_long_outage_of_the_server_gains_nobody_time(
        self, begun, proctor, clock, core
    ) -> None:
        await does(proctor, begun.id)("pause", reason="Fire alarm")
        clock.pass_time(hours=5)
        await begun.log_in_again()
        await core.exam_clock.tick()
        await core.exam_clock.tick()
        view = await seen(begun)
        assert (view["state"], view["finished_at"]) == ("expired", view["deadline_at"])
        assert _minutes(view["began_at"], view["deadline_at"]) == 75

    async def test_an_extension_is_bounded(self, begun, proctor) -> None:
        act = does(proctor, begun.id)
        before = (await seen(begun))["deadline_at"]
        extended = (await act("extend", minutes=10, reason="Camera trouble")).json()
        assert _minutes(before, extended["deadline_at"]) == 10
        assert code_of(await act("extend", minutes=6, reason="x")) == (409, "beyond_policy")
        assert (await act("extend", minutes=0, reason="x")).status_code == 422
        assert (await act("extend", minutes=5, reason=" ")).status_code == 422

    async def test_a_break_is_the_policys(self, student, core, policy, clock) -> None:
        await policy(breaks=1, break_min=5)
        await student.publish(core)
        await student.begin()
        before = await seen(student)
        assert before["breaks_left"] == 1
        on_break = (await student.call("POST", "/break")).json()
        assert (on_break["state"], on_break["pause"]["kind"]) == ("paused", "break")
        clock.pass_time(minutes=3)
        back = (await student.call("POST", "/break/end")).json()
        assert back["deadline_at"] == before["deadline_at"], "time ran on"
        assert code_of(await student.call("POST", "/break")) == (409, "beyond_policy")

    async def test_without_a_policy_there_is_no_break(self, begun) -> None:
        assert code_of(await begun.call("POST", "/break")) == (409, "beyond_policy")

    async def test_lost_time_is_asked_for_and_given_back(
        self, student, proctor, core, policy
    ) -> None:
        await policy(outage=Outage.PAUSE_WITH_APPROVAL, window_min=120)
        await student.publish(core)
        before = (await student.begin()).json()
        assert before["may_ask_time"]
        act = does(proctor, student.id)
        assert (await act("time-requests/grant", minutes=3, reason="x")).status_code == 404
        asking = {"reason": "The power failed for 3 minutes"}
        await student.call("POST", "/time-requests", json=asking)
        twice = await student.call("POST", "/time-requests", json=asking)
        assert code_of(twice) == (409, "conflict")
        granted = (await act("time-requests/grant", minutes=3, reason="Seen")).json()
        assert _minutes(before["deadline_at"], granted["deadline_at"]) == 3
        await student.call("POST", "/time-requests", json=asking)
        refused = await act("time-requests/refuse", reason="Nothing was lost")
        assert refused.json()["log"][-1]["kind"] == "time_refused"

    async def test_by_default_the_clock_runs_on_in_an_outage(self, begun) -> None:
        asked = await begun.call("POST", "/time-requests", json={"reason": "Power cut"})
        assert code_of(asked) == (409, "beyond_policy")

    async def test_the_clients_clock_is_nowhere_asked(self, begun, clock) -> None:
        """Whatever date a client claims, the server's own decides."""
        question = (await begun.questions())[0]
        url = f"/api/v1/sittings/{begun.id}/answers/{question['id']}"
        response = {"kind": "single", "choice": question["choices"][0]["id"]}
        given = {"response": response, "client_seq": 1}
        clock.pass_time(minutes=60)
        headers = {"X-Client-Id": begun.tab, "Date": "Sun, 22 Nov 2026 04:10:00 GMT"}
        late = await begun.http.put(
            url, json=given | {"at": "2026-11-22T04:10:00Z"}, headers=headers
        )
        assert code_of(late) in {(409, "time_over"), (422, "invalid_request")}
        assert (await seen(begun))["answered"] == 0


@pytest.mark.parametrize(
    "path",
    ["admit", "refuse", "messages", "warnings", "pause", "resume", "extend", "remove"],
)
@pytest.mark.parametrize(
    ("login", "status"), [("student2", 404), ("member", 403), ("registrar", 403)]
)
async def test_only_the_proctor_acts(begun, client_of, path, login, status) -> None:
    body = {"reason": "x", "text": "x", "minutes": 1}
    http = await client_of(login)
    assert (await does(http, begun.id)(path, **body)).status_code == status
    assert (await seen(begun))["state"] == "in_progress"


async def test_only_documents_annul_and_restore_and_they_stay_on_record(
    begun, proctor, core: Core, clock
) -> None:
    for number, question in enumerate(await begun.questions()):
        await begun.answer(question["id"], question["choices"][0]["id"], number + 1)
    result = (await begun.finish()).json()["result"]
    async with core.database.write() as unit:
        by = (await unit.people.credentials("dean")).actor.id
        told = {"at": clock.now(), "by": by, "reason": "Breach confirmed"}
        annulled = await annul(unit, begun.id, ConfirmedAct("17"), **told)
        assert annulled.result.points == 0
    view = await seen(begun)
    assert (view["state"], view["result"]["letter"]) == ("annulled", "F")
    async with core.database.write() as unit:
        told["reason"] = "Appeal upheld"
        await restore(unit, begun.id, UpheldAppeal("4"), **told)
    view = await seen(begun)
    assert (view["state"], view["result"]) == ("submitted", result)
    references = [row["reference"] for row in (await course(proctor, begun))["transitions"]]
    assert references[-2:] == ["act:17", "appeal:4"]


async def test_what_an_upheld_question_earned_outlives_an_annulment(
    begun, core: Core, clock
) -> None:
    """S-20, T-5.6."""
    questions = await begun.questions()
    await begun.finish()
    async with core.database.write() as unit:
        by = (await unit.people.credentials("dean")).actor.id
        told = {"at": clock.now(), "by": by, "reason": "x"}
        kept = dict(await unit.answers.credits(begun.id))
        assert set(kept.values()) == {0}
        await unit.answers.keep_credits(begun.id, kept | {questions[0]["id"]: 100})
        await annul(unit, begun.id, ConfirmedAct("17"), **told)
    async with core.database.write() as unit:
        restored = await restore(unit, begun.id, UpheldAppeal("4"), **told)
    assert (restored.result.score, restored.result.points) == (1, 4)


async def test_the_record_outlives_the_server(begun, proctor, core: Core) -> None:
    await does(proctor, begun.id)("pause", reason="Fire alarm")
    async with core.database.read() as unit:
        row = await unit.session.get(Sitting, begun.id)
    assert row.pause["kind"] == "proctor"
    assert (await seen(begun))["pause"]["stops_clock"] is True


def _minutes(before: str, after: str) -> float:
    return (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds() / 60
