"""A full server in the browser: the queue on a phone; and what a busy one tells proctors."""

import json

import pytest

from capture.contracts import Relief

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

WAITING = "[data-check=recording]:has-text('You are number 1 in the queue')"


@pytest.fixture
def one_place(monkeypatch):
    """For the server that starts after it."""
    monkeypatch.setenv("BAQYLAU_MAX_SITTINGS", "1")


def test_a_newcomer_is_told_the_place_in_the_queue(one_place, own_server, visit):
    sitting, waiting = visit(base=own_server.url), visit(base=own_server.url, width=390)
    sitting.sign_in("student1")
    sitting.enter_test()

    waiting.sign_in("student2")
    check = waiting.enter_room()
    check.wait_for_selector(WAITING)
    assert check.is_disabled("[data-act=begin]")
    waiting.check_page("queue")

    staff = visit(base=own_server.url)
    staff.sign_in("testing")
    exam_id = staff.page.evaluate(
        "fetch('/api/v1/exams').then((answer) => answer.json()).then(([card]) => card.exam.id)"
    )
    console = staff.open(f"/console/{exam_id}")
    console.wait_for_selector("#waiting:visible:has-text('1 student waits for a place')")
    staff.check_page("waiting")


@pytest.mark.parametrize(("locale", "width"), [("kk-KZ", 1280), ("ru-RU", 390)])
def test_a_busy_server_says_what_it_does_without(visit, locale, width):
    staff = visit(locale=locale, width=width)
    staff.sign_in("testing")
    exam_id = staff.page.evaluate(
        "fetch('/api/v1/exams').then((answer) => answer.json()).then(([card]) => card.exam.id)"
    )
    relief = Relief.KEY_FRAMES_ONLY.name.lower()
    told = json.dumps({"relief": relief, "publishing": 3, "waiting": 0})
    staff.page.route("**/load", lambda route: route.fulfill(body=told))
    console = staff.open(f"/console/{exam_id}")
    console.wait_for_selector("#relief:visible")
    staff.check_page(f"busy-{width}")
    text = console.inner_text("#relief")
    assert text
    assert relief not in text
