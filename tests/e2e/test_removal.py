"""T-4.9 in the browser: a proctor removes a student by keyboard, and the student is told."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

REASON = "Cheat sheet on the desk"


def test_a_proctor_removes_a_student_by_keyboard(visit, own_server):
    student, proctor = visit(base=own_server.url), visit(base=own_server.url)
    student.sign_in("student1")
    room = student.enter_test()
    sitting_id = room.url.rstrip("/").rsplit("/", 1)[-1]

    proctor.sign_in("proctor1")
    review = proctor.open(f"/review/{sitting_id}")
    review.wait_for_selector("sitting-course li:has-text('in progress')")
    review.focus("sitting-course [data-action=remove]")
    review.keyboard.press("Enter")
    review.keyboard.type(REASON)
    proctor.check_page("removal")
    review.keyboard.press("Tab")
    review.keyboard.press("Enter")
    review.wait_for_selector(f"sitting-course li:has-text('{REASON}')")
    assert review.inner_text("#state") == "removed"
    assert review.is_hidden("sitting-course [data-action=remove]")
    assert review.evaluate("document.activeElement.getAttribute('role')") == "status"
    proctor.check_page("removed")

    room.wait_for_selector("[data-step=result]:visible")
    assert "removed" in room.inner_text("#result-reason")
    assert room.inner_text("#result-letter") == "F"
    assert REASON not in room.content()
    student.check_page("result")


def test_a_student_goes_on_at_another_place_and_with_another_proctor(visit, own_server):
    """Each is asked or told once: where the test goes on, and who watches it."""
    first, there = visit(base=own_server.url), visit(base=own_server.url)
    first.sign_in("student1")
    first.enter_test()
    proctor, planner = visit(base=own_server.url), visit(base=own_server.url)
    wall = proctor.sign_in("proctor1")
    wall.click("a.primary[href^='/console/']")
    wall.wait_for_selector("exam-tile:has-text('in progress')")
    console = wall.url

    there.sign_in("student1")  # and keeps the exam here
    room = there.open("/cabinet")
    room.click("form[action$='/enter'] button")
    room.wait_for_selector("fieldset:visible, [data-act=take-over]:visible")
    assert room.is_hidden("[data-act=take-over]")

    sheet = planner.sign_in("testing")
    planner.open(f"/schedule/exams/{console.rsplit('/', 1)[-1]}")
    row = sheet.locator("#proctors tr", has_text="Жұмабекова")
    row.locator("summary").click()
    row.locator("[name=reason]").fill("Power cut")
    row.locator("button").click()
    wall.wait_for_selector("#ended:visible")
    assert wall.locator("exam-tile").count() == 0
    assert wall.locator("#feed li").count() == 0
    proctor.check_page("console-ended")
