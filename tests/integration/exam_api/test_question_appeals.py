"""S-20: a question is sent to appeal during the test, on the question, losing no time."""

import pytest

from exam_api.web.container import Core

pytestmark = pytest.mark.integration


async def send(student, item_id: str, text: str = ""):
    return await student.call("PUT", f"/question-appeals/{item_id}", json={"text": text})


async def explain(student, item_id: str, text: str):
    return await student.call("POST", f"/question-appeals/{item_id}/grounds", json={"text": text})


async def test_the_answer_of_that_moment_is_kept_and_the_test_goes_on(
    begun, core: Core, clock
) -> None:
    question = (await begun.questions())[3]
    first, second = (choice["id"] for choice in question["choices"][:2])
    await begun.answer(question["id"], first, 1)
    before = (await begun.call("GET", "")).json()
    at = clock.pass_time(minutes=2)
    (sent,) = (await send(begun, question["id"], "Both choices are right")).json()
    assert (sent["position"], sent["text"]) == (4, "Both choices are right")
    assert sent["at"] == at.isoformat().replace("+00:00", "Z")
    await begun.answer(question["id"], second, 2)
    async with core.database.read() as unit:
        (kept,) = await unit.question_appeals.of(begun.id)
    assert (kept.item_id, kept.response.choice) == (question["id"], first)
    assert (await begun.call("GET", "")).json()["deadline_at"] == before["deadline_at"]


async def test_one_press_is_enough_and_grounds_may_follow_after_the_test(begun) -> None:
    question = (await begun.questions())[0]["id"]
    assert (await send(begun, question)).status_code == 200
    await begun.finish()
    (sent,) = (await explain(begun, question, "The picture is missing")).json()
    assert sent["text"] == "The picture is missing"
    assert (await begun.call("GET", "/question-appeals")).json() == [sent]


async def test_grounds_once_given_stay(begun) -> None:
    question = (await begun.questions())[0]["id"]
    for _ in range(2):
        assert (await send(begun, question, "Two are right")).status_code == 200
    assert (await send(begun, question)).json()[0]["text"] == "Two are right"
    assert (await send(begun, question, "None is right")).status_code == 409
    assert (await explain(begun, question, "None is right")).status_code == 409


async def test_only_within_the_time_and_only_own_questions(begun, second_tab, clock) -> None:
    first, second = (await begun.questions())[:2]
    assert (await send(begun, begun.id)).status_code == 404
    assert (await send(second_tab, first["id"])).json()["code"] == "open_elsewhere"
    assert (await send(begun, first["id"], "x" * 501)).status_code == 422
    clock.pass_time(minutes=60)
    assert (await send(begun, first["id"])).json()["code"] == "time_over"
    assert (await explain(begun, second["id"], "Too late")).status_code == 404


@pytest.mark.parametrize(("login", "status"), [("proctor1", 200), ("student2", 404)])
async def test_who_watches_the_exam_sees_them(begun, client_of, login, status) -> None:
    question = (await begun.questions())[0]["id"]
    await send(begun, question)
    http = await client_of(login)
    path = f"/api/v1/sittings/{begun.id}/question-appeals"
    assert (await http.get(path)).status_code == status
    own = await http.put(f"{path}/{question}", json={}, headers={"X-Client-Id": "tab-one"})
    assert own.status_code == 404
