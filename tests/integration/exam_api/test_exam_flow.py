"""From the log-in to the letter grade through the JSON API, on both databases."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from exam_api.adapters.sql.tables import AnswerLog, EventRow, Exam, Item, ItemCredit
from exam_api.adapters.sql.tables import Sitting as SittingRow
from exam_api.domain.items import FULL
from exam_api.web.container import Core

pytestmark = pytest.mark.integration


def code_of(response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()["code"]


async def correct_choices(core: Core) -> dict[str, str]:
    """Only the test may look: item → its correct choice."""
    async with core.database.read() as unit:
        rows = await unit.session.execute(select(Item.id, Item.key))
        return {
            item_id: choice
            for item_id, key in rows
            for choice, weight in key["weights"].items()
            if weight == FULL
        }


async def test_a_student_sits_the_whole_test_and_sees_the_grade_at_once(
    student, core: Core, clock
) -> None:
    await student.publish(core)
    begun = (await student.begin()).json()
    assert begun["state"] == "in_progress"
    assert begun["deadline_at"] == "2026-11-22T05:00:00Z"  # T-4.4
    questions = await student.questions()
    assert len(questions) == begun["total"] == 25  # T-4.5
    correct = await correct_choices(core)
    for seq, question in enumerate(questions[:22], start=1):
        saved = await student.answer(question["id"], correct[question["id"]], seq)
        assert (saved.status_code, saved.json()["answered"]) == (200, seq)
    clock.pass_time(minutes=20)
    finished = (await student.finish()).json()
    assert finished["state"] == "submitted"
    assert finished["finish_reason"] == "student"
    assert finished["result"] == {  # T-4.12
        "score": 22,
        "total": 25,
        "points": 88,
        "letter": "B+",
        "gpa": 3.33,
        "passed": True,
    }
    assert core.live.ended == [student.id]


async def test_only_chosen_correct_answers_count(begun, core: Core) -> None:
    correct = await correct_choices(core)
    for seq, question in enumerate(await begun.questions(), start=1):
        wrong = next(c["id"] for c in question["choices"] if c["id"] != correct[question["id"]])
        right = seq % 2
        await begun.answer(question["id"], correct[question["id"]] if right else wrong, seq)
    assert (await begun.finish()).json()["result"]["score"] == 13
    async with core.database.read() as unit:
        rows = await unit.session.execute(select(ItemCredit.item_id, ItemCredit.hundredths))
        earned = dict(rows.all())
    assert sorted(earned.values()) == [0] * 12 + [100] * 13


async def test_what_is_correct_never_leaves(begun) -> None:
    served = await begun.call("GET", "/questions?lang=kk")
    assert "correct" not in served.text
    question = served.json()["questions"][0]
    assert set(question) == {
        "id",
        "position",
        "kind",
        "stem",
        "choices",
        "targets",
        "formulas",
        "answer",
        "client_seq",
    }
    assert set(question["choices"][0]) == {"id", "text"}


async def test_questions_come_in_three_languages_in_one_order(begun) -> None:
    papers = {lang: await begun.questions(lang) for lang in ("kk", "ru", "en")}
    orders = {
        lang: [(q["id"], [c["id"] for c in q["choices"]]) for q in paper]
        for lang, paper in papers.items()
    }
    assert orders["kk"] == orders["ru"] == orders["en"]
    stems = {lang: {q["stem"] for q in paper} for lang, paper in papers.items()}
    assert all(len(texts) == 25 for texts in stems.values())
    assert not stems["kk"] & stems["ru"]
    assert not stems["ru"] & stems["en"]


async def test_the_order_is_stored_and_another_students_differs(
    begun, client_of, core: Core, live
) -> None:
    first = [question["id"] for question in await begun.questions()]
    assert [question["id"] for question in await begun.questions()] == first
    other = type(begun)(await client_of("student2"), live, begun.exam_id, "tab-x")
    await other.open()
    await other.agree()
    await other.claim()
    await other.publish(core)
    await other.begin()
    theirs = [question["id"] for question in await other.questions()]
    assert sorted(theirs) == sorted(first)
    assert theirs != first
    async with core.database.read() as unit:
        row = await unit.session.get_one(SittingRow, begun.id)
        assert [item["item"] for item in row.item_order["items"]] == first
        assert isinstance(row.item_order["seed"], int)


class TestRecordingFirst:
    """S-10: the proctoring system runs, and then the test."""

    async def test_the_test_does_not_begin_before_the_camera(self, student) -> None:
        refused = await student.begin()
        assert (refused.status_code, code_of(refused)) == (409, "recording_not_live")

    async def test_a_token_alone_is_no_recording(self, student, core: Core, live) -> None:
        await student.publish(core)
        live.live.clear()
        assert code_of(await student.begin()) == "recording_not_live"

    async def test_questions_stop_with_the_recording_but_answers_are_taken(
        self, begun, live
    ) -> None:
        question = (await begun.questions())[0]
        live.live.clear()
        refused = await begun.call("GET", "/questions")
        assert (refused.status_code, code_of(refused)) == (409, "recording_not_live")
        assert refused.json()["retryable"] is True
        saved = await begun.answer(question["id"], question["choices"][0]["id"], 1)
        assert saved.status_code == 200

    async def test_no_questions_before_the_test_begins(self, student, core: Core) -> None:
        await student.publish(core)
        refused = await student.call("GET", "/questions")
        assert (refused.status_code, code_of(refused)) == (409, "not_in_progress")


class TestTime:
    async def test_nothing_is_taken_from_the_deadline_on(self, begun, clock) -> None:
        question = (await begun.questions())[0]
        clock.pass_time(minutes=59, seconds=59.999)
        assert (await begun.answer(question["id"], question["choices"][0]["id"], 1)).is_success
        clock.pass_time(milliseconds=1)
        late = await begun.answer(question["id"], question["choices"][1]["id"], 2)
        assert (late.status_code, code_of(late)) == (409, "time_over")
        assert code_of(await begun.call("GET", "/questions")) == "time_over"

    async def test_the_clock_submits_at_zero(self, begun, core: Core, clock) -> None:
        question = (await begun.questions())[0]
        correct = await correct_choices(core)
        await begun.answer(question["id"], correct[question["id"]], 1)
        assert await core.testing.expire_due() == 0
        clock.pass_time(minutes=90)  # the tick comes late: the end is the deadline all the same
        assert await core.testing.expire_due() == 1
        assert await core.testing.expire_due() == 0
        shown = (await begun.call("GET", "")).json()
        assert shown["state"] == "expired"
        assert shown["finish_reason"] == "time"
        assert shown["finished_at"] == "2026-11-22T05:00:00Z"
        assert shown["result"]["points"] == 4
        assert begun.id in core.live.ended

    async def test_finishing_after_the_end_gains_no_time(self, begun, clock) -> None:
        clock.pass_time(minutes=90)
        done = (await begun.finish()).json()
        assert (done["state"], done["finished_at"]) == ("expired", "2026-11-22T05:00:00Z")

    async def test_the_window_cuts_the_hour_short(self, student, core: Core, clock) -> None:
        async with core.database.write() as unit:  # who is late needs nobody's permission
            await unit.session.execute(update(Exam).values(policy={"late": "allow"}))
        clock.pass_time(hours=11, minutes=4)  # 56 min of the window are left
        await student.log_in_again()
        await student.publish(core)
        assert (await student.begin()).json()["deadline_at"] == "2026-11-22T16:00:00Z"

    async def test_a_closed_exam_is_not_begun(self, student, core: Core, clock) -> None:
        await student.publish(core)
        clock.pass_time(hours=12)
        await student.log_in_again()
        assert code_of(await student.begin()) == "exam_closed"
        assert code_of(await student.call("POST", "/publish-token")) == "exam_closed"

    async def test_the_camera_is_checked_15_minutes_ahead_and_no_earlier(
        self, student, core: Core, clock
    ) -> None:
        """T-4.2."""
        clock.pass_time(minutes=-16)
        assert code_of(await student.call("POST", "/publish-token")) == "exam_not_open"
        clock.pass_time(minutes=1)
        await student.publish(core)
        assert code_of(await student.begin()) == "exam_not_open"
        clock.pass_time(minutes=15)
        assert (await student.begin()).status_code == 200


class TestOneTab:
    async def test_a_second_tab_is_told_and_may_take_over(
        self, begun, second_tab, core: Core
    ) -> None:
        refused = await second_tab.claim()
        assert (refused.status_code, code_of(refused)) == (409, "open_elsewhere")
        assert (await second_tab.call("GET", "")).json()["claimed"] == "other"
        taken = (await second_tab.claim(take_over=True)).json()
        assert taken["claimed"] == "mine"
        # S-10: the camera of the other place is none of this one's.
        assert taken["recording"]["live"] is False
        assert code_of(await second_tab.call("GET", "/questions")) == "recording_not_live"
        await second_tab.publish(core)
        question = (await second_tab.questions())[0]
        lost = await begun.answer(question["id"], question["choices"][0]["id"], 1)
        assert (lost.status_code, code_of(lost)) == (409, "open_elsewhere")
        assert code_of(await begun.finish()) == "open_elsewhere"

    async def test_a_refresh_of_the_same_tab_goes_on(self, begun) -> None:
        question = (await begun.questions())[3]
        await begun.answer(question["id"], question["choices"][2]["id"], 7)
        assert (await begun.claim()).json()["claimed"] == "mine"
        assert (await begun.begin()).json()["state"] == "in_progress"
        served = (await begun.call("GET", "/questions")).json()
        assert served["questions"][3]["answer"]["choice"] == question["choices"][2]["id"]
        assert served["last_seq"] == 7

    async def test_taking_over_ends_the_other_tabs_right_to_publish(
        self, student, second_tab, core: Core
    ) -> None:
        token = (await student.call("POST", "/publish-token")).json()["token"]
        await second_tab.claim(take_over=True)
        with pytest.raises(Exception, match="token_invalid"):
            await core.desk.authorize_publish(token)

    async def test_a_call_must_say_its_tab(self, begun) -> None:
        refused = await begun.http.post(f"/api/v1/sittings/{begun.id}/begin")
        assert (refused.status_code, code_of(refused)) == (400, "client_id_missing")


class TestPublishing:
    async def test_the_timelines_zero_is_set_once(self, student, core: Core, clock) -> None:
        token = (await student.call("POST", "/publish-token")).json()
        assert token["whip_url"] == "/whip"
        first = await core.desk.authorize_publish(token["token"])
        assert first.origin == clock.now()
        clock.pass_time(minutes=5)
        again = await core.desk.authorize_publish(token["token"])
        assert again == first

    async def test_a_token_expires(self, student, core: Core, clock) -> None:
        token = (await student.call("POST", "/publish-token")).json()["token"]
        clock.pass_time(minutes=10)
        with pytest.raises(Exception, match="token_expired"):
            await core.desk.authorize_publish(token)

    @pytest.mark.parametrize("token", ["", "nonsense", "\ud800", "x" * 5000])
    async def test_an_unknown_token_is_invalid(self, core: Core, token: str) -> None:
        with pytest.raises(Exception, match="token_invalid"):
            await core.desk.authorize_publish(token)

    async def test_a_finished_sitting_publishes_no_more(self, begun, core: Core) -> None:
        token = (await begun.call("POST", "/publish-token")).json()["token"]
        await begun.finish()
        with pytest.raises(Exception, match="token_invalid"):
            await core.desk.authorize_publish(token)
        assert code_of(await begun.call("POST", "/publish-token")) == "not_in_progress"


class TestAnswers:
    async def test_the_highest_client_seq_counts_whatever_comes_last(self, begun) -> None:
        question = (await begun.questions())[0]
        one, two, three = (choice["id"] for choice in question["choices"][:3])
        await begun.answer(question["id"], two, 2)
        late = (await begun.answer(question["id"], one, 1)).json()
        assert (late["applied"], late["response"]["choice"], late["client_seq"]) == (False, two, 2)
        again = (await begun.answer(question["id"], two, 2)).json()
        assert again["response"] == {"kind": "single", "choice": two}
        newest = (await begun.answer(question["id"], three, 3)).json()
        assert newest["response"]["choice"] == three
        assert (newest["applied"], newest["answered"]) == (True, 1)

    async def test_every_accepted_answer_stays_in_the_log(self, begun, core: Core) -> None:
        question = (await begun.questions())[0]
        ids = [choice["id"] for choice in question["choices"]]
        for seq, choice in ((1, ids[0]), (2, ids[1]), (2, ids[1]), (1, ids[2])):
            await begun.answer(question["id"], choice, seq)
        async with core.database.read() as unit:
            rows = (await unit.session.scalars(select(AnswerLog).order_by(AnswerLog.id))).all()
        assert [(row.client_seq, row.response["choice"]) for row in rows] == [
            (1, ids[0]),
            (2, ids[1]),
        ]
        assert len({row.client_id for row in rows}) == 1

    async def test_a_choice_of_another_question_is_not_found(self, begun) -> None:
        first, second = (await begun.questions())[:2]
        crossed = await begun.answer(first["id"], second["choices"][0]["id"], 1)
        assert (crossed.status_code, code_of(crossed)) == (404, "not_found")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"response": "x", "client_seq": 1},
            {"response": None, "client_seq": 1},
            {"response": {"kind": "essay", "text": "x"}, "client_seq": 1},
            {"response": {"kind": "single", "choice": None}, "client_seq": 1},
            {"response": {"kind": "single"}, "client_seq": 1},
            {"response": {"kind": "multiple", "choices": ["a", "a"]}, "client_seq": 1},
            {"response": {"kind": "text", "text": "x" * 501}, "client_seq": 1},
            {"response": {"kind": "text", "text": "\u0000"}, "client_seq": 1},
            {"response": {"kind": "single", "choice": "a"}, "client_seq": -1},
            {"response": {"kind": "single", "choice": "a"}, "client_seq": 2**53},
            {"response": {"kind": "single", "choice": "a"}, "client_seq": "many"},
        ],
    )
    async def test_a_malformed_answer_is_refused_with_its_place(self, begun, body) -> None:
        question = (await begun.questions())[0]
        refused = await begun.call("PUT", f"/answers/{question['id']}", json=body)
        assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
        assert all(found["loc"].startswith("body.") for found in refused.json()["errors"])


class TestTheEnd:
    async def test_a_finished_test_does_not_come_back(self, begun, clock) -> None:
        question = (await begun.questions())[0]
        first = (await begun.finish()).json()
        assert (await begun.finish()).json()["result"] == first["result"]
        assert code_of(await begun.begin()) == "illegal_transition"
        late = await begun.answer(question["id"], question["choices"][0]["id"], 9)
        assert code_of(late) == "not_in_progress"
        assert code_of(await begun.call("GET", "/questions")) == "not_in_progress"
        assert (await begun.open())["state"] == "submitted"

    async def test_the_second_tab_of_a_finished_test_sees_the_result(
        self, begun, second_tab
    ) -> None:
        result = (await begun.finish()).json()["result"]
        assert (await second_tab.finish()).json()["result"] == result


async def test_consoles_hear_of_each_step(begun, core: Core, exam_id: str) -> None:
    await begun.finish()
    async with core.database.read() as unit:
        rows = (await unit.session.scalars(select(EventRow).order_by(EventRow.id))).all()
    mine = [row for row in rows if row.sitting_id == begun.id]
    assert [row.payload["state"] for row in mine] == [
        "checking",
        "waiting",
        "in_progress",
        "submitted",
    ]
    assert {(row.exam_id, row.kind) for row in mine} == {(exam_id, "sitting.changed")}


async def test_listeners_are_called_after_a_commit_with_events_only(begun, core: Core) -> None:
    heard: list[int] = []
    core.database.listeners.append(lambda: heard.append(1))
    question = (await begun.questions())[0]
    await begun.answer(question["id"], question["choices"][0]["id"], 1)
    assert heard == []
    await begun.finish()
    assert heard == [1]


async def test_a_test_with_too_few_questions_is_not_begun(
    student, core: Core, exam_id: str
) -> None:
    async with core.database.write() as unit:
        exam = await unit.session.get_one(Exam, exam_id)
        exam.policy = {**exam.policy, "questions": 26}
    await student.publish(core)
    assert code_of(await student.begin()) == "exam_not_ready"


async def test_opening_twice_gives_the_same_sitting(
    student, client_of: Callable, core: Core
) -> None:
    before = student.id
    assert (await student.open())["id"] == before
    assert (await student.http.get("/api/v1/exams")).json()[0]["sitting_id"] == before


async def logged(core: Core, sitting_id: str) -> list[tuple[str, str]]:
    async with core.database.read() as unit:
        entries = [named.entry for named in await unit.log.of(sitting_id)]
    return [(entry.kind.value, entry.text) for entry in entries]


async def test_late_answers_are_refused_and_stay_on_record(begun, core: Core, clock) -> None:
    """S-9."""
    questions = await begun.questions()
    clock.pass_time(hours=1)
    for number in (2, 4, 2):
        question = questions[number]
        late = await begun.answer(question["id"], question["choices"][0]["id"], 9)
        assert code_of(late) == "time_over"
    assert await logged(core, begun.id) == [("late_answer", "3"), ("late_answer", "5")]
    assert (await begun.call("GET", "")).json()["talk"] == [], "nobody said it to the student"
    strange = await begun.answer(begun.exam_id, questions[0]["choices"][0]["id"], 9)
    assert strange.status_code == 409
    assert len(await logged(core, begun.id)) == 2


async def test_who_asks_for_the_sitting_elsewhere_is_on_record(
    begun, second_tab, core: Core
) -> None:
    """S-11."""
    assert (await second_tab.claim()).status_code == 409
    assert (await second_tab.claim(take_over=True)).status_code == 200
    assert await logged(core, begun.id) == [("open_elsewhere", ""), ("taken_over", "")]
    for _ in range(25):
        await begun.claim()
    assert len(await logged(core, begun.id)) == 21, "a page that insists says nothing new"
