"""Proctor and student in the browser: S-20, messages, a warning, a pause, more time."""

import json
import sqlite3
from contextlib import closing

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def act(page, action: str, words: str, minutes: str | None = None) -> None:
    page.click(f"sitting-course [data-action={action}]")
    if minutes:
        page.fill("sitting-course input[name=minutes]", minutes)
    page.fill("sitting-course textarea", words)
    page.click("sitting-course form button:not([type=button])")
    page.wait_for_selector("sitting-course form", state="hidden")


def give_back_outages(data) -> None:
    with closing(sqlite3.connect(data / "app.db")) as database, database:
        for exam, policy in database.execute("select id, policy from exam").fetchall():
            wanted = {**json.loads(policy), "outage": "pause_with_approval"}
            database.execute("update exam set policy = ? where id = ?", (json.dumps(wanted), exam))


def seconds_left(page) -> int:
    parts = [int(part) for part in page.inner_text(".left").split(":")]
    return sum(part * 60**place for place, part in enumerate(reversed(parts)))


def test_time_that_an_outage_took_is_asked_for_and_given_back(visit, own_server):
    give_back_outages(own_server.data)
    student, proctor = visit(base=own_server.url), visit(base=own_server.url)
    student.sign_in("student1")
    room = student.enter_test()
    student.context.set_offline(True)
    room.keyboard.press("1")
    room.wait_for_selector("#banner:has-text('no connection to the server')")
    student.context.set_offline(False)
    room.wait_for_selector(".saved-all:has-text('All answers are saved')")

    room.click("#talk summary")
    room.click("[data-act=ask-time]")
    student.check_page("ask-time")
    room.fill("#talk textarea", "The router restarted")
    room.click("#talk form .primary")
    room.wait_for_selector("[data-act=ask-time]", state="hidden")  # one request at a time

    proctor.sign_in("proctor1")
    wall = proctor.page
    wall.click("a.primary[href^='/console/']")
    wall.click("[data-filter=asking]")
    wall.click("exam-tile .act:visible")
    wall.wait_for_selector("sitting-course li:has-text('The router restarted')")
    proctor.check_page("time-asked")
    before = seconds_left(room)
    act(wall, "grant_time", "As the gap shows", minutes="4")
    room.wait_for_selector("#talk li:has-text('As the gap shows')")
    gained = seconds_left(room) - before
    assert 3 * 60 < gained <= 4 * 60
    wall.wait_for_selector("sitting-course [data-action=grant_time]", state="hidden")


def test_the_course_of_a_test(visit, own_server):
    student, proctor = visit(base=own_server.url), visit(base=own_server.url)
    student.sign_in("student1")
    room = student.enter_test()

    # S-20, on the question itself.
    room.click("test-player .appeal button")
    room.fill("#appeal-dialog textarea", "Two choices are right")
    student.check_page("appeal")
    room.click("#appeal-dialog .primary")
    room.wait_for_selector("test-player .appeal .badge")

    # The proctor acts from the wall, without leaving it.
    proctor.sign_in("proctor1")
    wall = proctor.open("/console")
    wall.click("a[href^='/console/']")
    wall.click("exam-tile .act:visible")
    wall.wait_for_selector("sitting-course [data-action=message]")
    act(wall, "message", "Please move the lamp")
    room.wait_for_selector("#talk-notice:has-text('move the lamp')")
    room.click("#talk summary")
    room.wait_for_selector("#talk-notice", state="hidden")
    room.fill("#talk textarea", "Done")
    room.click("#talk form .primary")
    wall.wait_for_selector("sitting-course li:has-text('Done')")
    proctor.check_page("wall-actions")

    act(wall, "warn", "Eyes on the screen")
    room.wait_for_selector("#warning-dialog[open]")
    room.keyboard.press("Escape")
    assert room.is_visible("#warning-dialog"), "it must be acknowledged"
    student.check_page("warning")
    room.click("[data-act=warning-read]")
    wall.wait_for_selector("sitting-course li:has-text('acknowledged')")

    act(wall, "pause", "Fire alarm")
    room.wait_for_selector("[data-step=paused]:visible")
    assert not room.is_visible("test-player fieldset")
    student.check_page("paused")
    act(wall, "resume", "False alarm")
    room.wait_for_selector("test-player fieldset:visible")
    act(wall, "extend", "The alarm", minutes="5")
    room.wait_for_selector("#talk li:has-text('5 min')")
    student.check_page("talk")

    room.click("test-player .finish")
    room.click("[data-act=finish-yes]")
    room.wait_for_selector("#result-appeals li:has-text('Two choices are right')")
    student.check_page("result-with-appeal")
