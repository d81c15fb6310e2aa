"""A full server in the browser: the queue on a phone; and what a busy one tells proctors."""

import json

import pytest

from capture.contracts import Relief

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

WAITING = "[data-check=recording]:has-text('You are number 1 in the queue')"


@pytest.fixture
def small_machine(monkeypatch):
    """For the server that starts after it: one place, and a disk below what is to be told."""
    monkeypatch.setenv("BAQYLAU_MAX_SITTINGS", "1")
    monkeypatch.setenv("BAQYLAU_DISK_WARN_GB", "1000000")


def test_a_newcomer_is_told_the_place_in_the_queue_and_gets_it(small_machine, own_server, visit):
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
    assert console.is_visible("#disk-low")
    staff.check_page("waiting")

    sitting.page.click("test-player .finish")
    sitting.page.click("[data-act=finish-yes]")
    sitting.page.wait_for_selector("[data-step=result]:visible")
    check.wait_for_selector("[data-check=recording].ok")  # by itself: it had its turn
    check.click("[data-act=begin]:enabled")
    check.wait_for_selector("fieldset:visible")
    console.wait_for_selector("#waiting", state="hidden")


@pytest.mark.parametrize(("locale", "width"), [("kk-KZ", 1280), ("ru-RU", 390)])
def test_a_busy_server_says_at_each_step_what_it_does_without(visit, locale, width):
    staff = visit(locale=locale, width=width)
    staff.sign_in("testing")
    exam_id = staff.page.evaluate(
        "fetch('/api/v1/exams').then((answer) => answer.json()).then(([card]) => card.exam.id)"
    )
    load = {"publishing": 3, "waiting": 0, "disk_low": False}
    staff.page.route("**/load", lambda route: route.fulfill(body=json.dumps(load)))
    texts = []
    for step in [one.name.lower() for one in Relief if one]:
        load["relief"] = step
        console = staff.open(f"/console/{exam_id}")
        console.wait_for_selector("#relief:visible")
        texts.append(console.inner_text("#relief"))
        assert step not in texts[-1]
    assert len(set(texts)) == len(texts) == 4
    assert console.is_hidden("#disk-low")
    staff.check_page(f"busy-{width}")
