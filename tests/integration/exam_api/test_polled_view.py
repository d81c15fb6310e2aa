"""A room that polls costs no query, and still hears of every change at its next poll."""

import pytest
from sqlalchemy import event

from exam_api.web.container import Core

pytestmark = pytest.mark.integration


class Statements:
    def __init__(self, core: Core) -> None:
        self.count = 0
        event.listen(core.database.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, *_: object) -> None:
        self.count += 1


async def test_the_second_poll_asks_the_database_nothing(begun, core: Core) -> None:
    first = (await begun.call("GET", "")).json()
    statements = Statements(core)
    second = (await begun.call("GET", "")).json()
    assert statements.count == 0
    assert second == first


async def test_an_answer_and_the_media_are_seen_at_the_next_poll(begun, live, core: Core) -> None:
    assert (await begun.call("GET", "")).json()["answered"] == 0
    question = (await begun.questions())[0]
    await begun.answer(question["id"], question["choices"][0]["id"], 1)
    statements = Statements(core)
    assert (await begun.call("GET", "")).json()["answered"] == 1
    assert statements.count == 0
    live.live.clear()
    assert (await begun.call("GET", "")).json()["recording"]["live"] is False


async def test_what_others_do_is_seen_at_the_next_poll(begun, second_tab, client_of) -> None:
    assert (await begun.call("GET", "")).json()["claimed"] == "mine"
    await second_tab.claim(take_over=True)
    assert (await begun.call("GET", "")).json()["claimed"] == "other"
    proctor = await client_of("proctor1")
    removed = await proctor.post(f"/api/v1/sittings/{begun.id}/remove", json={"reason": "phone"})
    assert removed.status_code == 200, removed.text
    assert (await begun.call("GET", "")).json()["state"] == "removed"


async def test_another_student_is_told_nothing_from_memory(begun, client_of) -> None:
    await begun.call("GET", "")
    other = await client_of("student2")
    assert (await other.get(f"/api/v1/sittings/{begun.id}")).status_code == 404
