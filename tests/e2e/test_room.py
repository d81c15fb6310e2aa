"""What may go wrong for a student: tabs, refreshes, lines, cameras. Nothing answered is lost."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def answered(page: Page) -> int:
    return page.locator(".cell.saved").count()


def answer(page: Page, key: str) -> None:
    page.keyboard.press(key)
    expect(page.locator(".saved-one")).to_contain_text("Saved at")


def seconds_left(page: Page) -> int:
    parts = [int(part) for part in page.inner_text(".left").split(":")]
    return sum(part * 60**place for place, part in enumerate(reversed(parts)))


def test_a_refresh_resumes_the_test_with_its_answers_and_its_time(visit):
    student = visit()
    student.sign_in("student2")
    page = student.enter_test()
    answer(page, "1")
    page.keyboard.press("ArrowRight")
    answer(page, "2")
    before, stem, left = answered(page), page.inner_text("legend"), seconds_left(page)
    page.reload()
    page.wait_for_selector("fieldset:visible")
    assert answered(page) == before
    assert page.inner_text("legend") == stem
    assert page.locator("input[name=choice]").nth(1).is_checked()
    assert left - 60 < seconds_left(page) <= left


def test_questions_switch_between_the_three_languages_and_keep_the_answer(visit):
    student = visit(width=390)
    student.sign_in("student2")
    page = student.enter_test()
    answer(page, "3")
    stems = {page.inner_text("legend")}
    for language in ("kk", "ru"):
        page.click(f"test-player [data-language={language}]")
        expect(page.locator("legend")).to_have_attribute("lang", language)
        stems.add(page.inner_text("legend"))
        assert page.locator("input[name=choice]").nth(2).is_checked()
    assert len(stems) == 3
    student.check_page("test-phone")


def test_a_second_tab_is_told_and_may_take_over(visit):
    student = visit()
    student.sign_in("student2")
    first = student.enter_test()
    answer(first, "4")
    kept = answered(first)
    with student.context.expect_page() as opening:
        first.evaluate("open(location.href, '_blank')")
    second = opening.value
    second.wait_for_selector("[data-step=elsewhere]:visible")
    assert second.inner_text("[data-step=elsewhere] h2") == "The exam is open elsewhere"
    second.click("[data-act=take-over]")
    second.wait_for_selector("#consent:visible, [data-step=check]:visible, fieldset:visible")
    second.wait_for_selector("fieldset:visible")
    first.wait_for_selector("[data-step=elsewhere]:visible")
    student.check_page("elsewhere")
    assert answered(second) == kept
    assert first.locator("test-player fieldset").is_hidden()


def test_a_browser_that_was_closed_goes_on_without_a_question(visit):
    """No other tab of it is there any more, so nobody else can have the exam open."""
    student = visit()
    student.sign_in("student2")
    first = student.enter_test()
    answer(first, "4")
    kept, address = answered(first), first.url
    second = student.context.new_page()
    first.close()
    second.goto(address)
    second.wait_for_selector("fieldset:visible, [data-step=elsewhere]:visible")
    assert second.is_visible("fieldset")
    assert answered(second) == kept


def test_answers_given_without_a_line_are_kept_and_sent_when_it_is_back(visit):
    student = visit()
    student.sign_in("student2")
    page = student.enter_test()
    page.click(".cell >> nth=10")
    student.context.set_offline(True)
    page.keyboard.press("1")
    expect(page.locator(".saved-all")).to_have_text("1 answer not yet saved")
    expect(page.locator("#banner")).to_contain_text("no connection to the server")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("2")
    expect(page.locator(".saved-all")).to_have_text("2 answers not yet saved")
    student.check_page("offline")
    student.context.set_offline(False)
    expect(page.locator(".saved-all")).to_have_text("All answers are saved")
    page.reload()
    page.wait_for_selector("fieldset:visible")
    assert "saved" in (page.locator(".cell").nth(10).get_attribute("class") or "")
    assert "saved" in (page.locator(".cell").nth(11).get_attribute("class") or "")


def test_the_last_minutes_are_told_calmly(visit):
    """The deadline itself is the server's; here the page is told an early one."""

    def soon(route) -> None:
        answer = route.fetch()
        sitting = answer.json()
        if sitting.get("deadline_at"):
            now = datetime.fromisoformat(sitting["server_now"])
            sitting["deadline_at"] = (now + timedelta(seconds=62)).isoformat()
        route.fulfill(response=answer, json=sitting)

    student = visit(locale="ru-RU")
    student.sign_in("student2")
    student.page.route("**/api/v1/sittings/*", soon)
    student.page.route("**/api/v1/sittings/*/claim", soon)
    student.page.route("**/api/v1/sittings/*/begin", soon)
    page = student.enter_test()
    expect(page.locator(".time-warning")).to_have_text("Осталась 1 минута.")
    assert page.locator(".countdown.soon").is_visible()
    student.check_page("last-minute")


def test_a_student_whose_browser_is_gone_is_seen_on_the_console(visit):
    student = visit()
    student.sign_in("student2")
    page = student.enter_test()
    proctor = visit()
    watch = proctor.sign_in("proctor2")
    watch.click("a.primary[href^='/console/']")
    tile = watch.locator("exam-tile:has-text('Әбдіров')")
    expect(tile.locator(".badge >> nth=0")).to_have_text("in progress")
    expect(page.locator("#self-state")).to_have_text("Recording")
    page.close()
    expect(tile.locator(".badge >> nth=0")).to_have_text("no recording")
    expect(watch.locator("[data-count=silent]")).to_have_text("1")
    watch.click("[data-filter=silent]")
    assert watch.locator("#wall li:visible").count() == 1
    watch.keyboard.press("Tab")
    proctor.check_page("console-silent")


def test_a_student_who_leaves_the_window_is_flagged(visit):
    """As the page sees it: focus is emulated in a headless browser."""
    student = visit()
    student.sign_in("student2")
    room = student.enter_test()
    proctor = visit()
    watch = proctor.sign_in("proctor2")
    watch.click("a.primary[href^='/console/']")
    room.evaluate("document.hasFocus = () => false")
    tile = watch.locator("exam-tile", has_text="Left the test window")
    expect(tile).to_have_count(1)
    room.evaluate("document.hasFocus = () => true")


def test_a_killed_server_costs_neither_answers_nor_the_sitting(visit, own_server):
    student = visit(base=own_server.url)
    student.sign_in("student1")
    page = student.enter_test()
    answer(page, "2")
    proctor = visit(base=own_server.url)
    proctor.sign_in("proctor1")
    proctor.page.click("a.primary[href^='/console/']")
    expect(proctor.page.locator("#connection")).to_have_text("Live")
    own_server.kill()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("3")
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator(".saved-all")).to_have_text("1 answer not yet saved")
    expect(proctor.page.locator("#lost")).to_be_visible()
    proctor.check_page("console-lost")
    own_server.start()
    expect(proctor.page.locator("#connection")).to_have_text("Live")
    expect(proctor.page.locator("#lost")).to_be_hidden()
    expect(page.locator(".saved-all")).to_have_text("All answers are saved")
    expect(page.locator("#self-state")).to_have_text("Recording")
    expect(page.locator("#banner")).to_be_hidden()
    # What the server could not take in the student's own computer had kept, and sends by itself.
    sitting = page.url.rstrip("/").rsplit("/", 1)[1]
    proctor.until(
        f"fetch('/api/v1/sittings/{sitting}/flags').then((answer) => answer.json())"
        ".then(({ recording }) => recording.supplied_ms > 1000)"
    )
    proctor.open(f"/review/{sitting}")
    integrity = proctor.page.locator("#integrity")
    expect(integrity).to_contain_text("the server restarted")
    expect(integrity).to_contain_text("Sent by the student's computer after a gap")


CAMERA_TEXTS = {
    "en-GB": "The camera is not allowed",
    "ru-RU": "Доступ к камере запрещён",
    "kk-KZ": "Камераға рұқсат жоқ",
}


@pytest.mark.parametrize("locale", CAMERA_TEXTS)
def test_a_denied_camera_is_explained_in_the_persons_language(visit, denying, locale: str):
    student = visit(using=denying, locale=locale, width=390)
    student.sign_in("student3")
    page = student.enter_room()
    page.wait_for_selector("#device-problem:visible")
    assert page.inner_text("#device-problem [data-title]") == CAMERA_TEXTS[locale]
    assert page.inner_text("#device-problem [data-help]")
    assert page.is_disabled("[data-act=begin]")
    assert page.is_visible("[data-act=retry]")
    student.check_page("denied")


def test_no_camera_is_explained(visit, camera_less):
    student = visit(using=camera_less)
    student.sign_in("student3")
    page = student.enter_room()
    page.wait_for_selector("#device-problem:visible")
    assert page.inner_text("#device-problem [data-title]") == "No camera was found"
    assert page.is_disabled("[data-act=begin]")


FAILING = """
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '%s'));
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("NotReadableError", "Another program is using the camera"),
        ("OverconstrainedError", "This camera does not fit"),
        ("UnknownError", "The camera did not start"),
    ],
)
def test_each_way_a_camera_fails_has_its_own_words(visit, name: str, text: str):
    student = visit()
    student.page.add_init_script(FAILING % name)
    student.sign_in("student3")
    page = student.enter_room()
    page.wait_for_selector("#device-problem:visible")
    assert page.inner_text("#device-problem [data-title]") == text


def test_a_busy_camera_that_is_freed_works_on_the_next_try(visit):
    student = visit()
    student.page.add_init_script(
        """
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        let refusals = 2; // both attempts of the first check: with sound, and the picture alone
        navigator.mediaDevices.getUserMedia = (wanted) => (refusals-- > 0
          ? Promise.reject(new DOMException('', 'NotReadableError')) : real(wanted));
        """
    )
    student.sign_in("student3")
    page = student.enter_room()
    page.click("[data-act=retry]")
    page.wait_for_selector("[data-check=camera].ok")
    page.wait_for_selector("[data-act=begin]:enabled")


def test_a_camera_without_a_microphone_is_enough(visit):
    student = visit()
    student.page.add_init_script(
        """
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) => (wanted.audio
          ? Promise.reject(new DOMException('', 'NotFoundError')) : real(wanted));
        """
    )
    student.sign_in("student3")
    page = student.enter_room()
    page.wait_for_selector("[data-check=recording].ok")
    assert "goes on without sound" in page.inner_text("[data-check=microphone]")
    page.wait_for_selector("[data-act=begin]:enabled")


def test_an_insecure_address_and_an_old_browser_are_told_apart(visit, server):
    insecure = visit(base=f"http://exam.test:{server.port}")
    insecure.sign_in("student3")
    page = insecure.enter_room()
    page.wait_for_selector("#device-problem:visible")
    assert "secure address" in page.inner_text("#device-problem [data-title]")
    old = visit()
    old.page.add_init_script("delete window.RTCPeerConnection")
    old.sign_in("student3")
    page = old.enter_room()
    page.wait_for_selector("#device-problem:visible")
    assert page.inner_text("#device-problem [data-title]") == "This browser cannot send video"


UNPLUGGED = """kind => {
  const { stream } = document.querySelector('exam-room').camera;
  const track = stream.getTracks().find((one) => one.kind === kind);
  track.stop();
  track.dispatchEvent(new Event('ended'));
}"""


def test_an_unplugged_microphone_is_told_and_taken_up_again(visit):
    student, proctor = visit(), visit()
    student.sign_in("student2")
    page = student.enter_test()
    proctor.sign_in("proctor2")
    proctor.page.click("a.primary[href^='/console/']")
    expect(proctor.page.locator("exam-tile .chips").first).to_be_attached()
    page.evaluate(UNPLUGGED, "audio")
    expect(page.locator("#banner")).to_contain_text("The microphone gives no sound")
    for place in ("exam-tile .chips", "#feed"):
        mark = proctor.page.locator(place).filter(has_text="The microphone gives no sound")
        expect(mark.first).to_be_visible()
    proctor.check_page("console-no-microphone")
    page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    expect(page.locator("#banner")).to_be_hidden()
    chips = proctor.page.locator("exam-tile .chips").filter(has_text="no sound")
    expect(chips).to_have_count(0)
    sound = "document.querySelector('exam-room').camera.stream.getAudioTracks()[0].readyState"
    assert page.evaluate(sound) == "live"
    page.evaluate(UNPLUGGED, "audio")
    silent = proctor.page.locator("exam-tile .chips").filter(has_text="no sound")
    expect(silent.first).to_be_visible()
    page.reload()  # the page that opens next finds the microphone by itself
    expect(silent).to_have_count(0)


def test_an_unplugged_camera_leaves_the_microphone_going(visit):
    student = visit()
    student.sign_in("student2")
    page = student.enter_test()
    page.evaluate(UNPLUGGED, "video")
    recording = "document.querySelector('exam-room').snapshot.recording"
    student.until(f"!{recording}.live")
    page.wait_for_timeout(7000)  # longer than the page bears a line that seems dead
    assert page.evaluate(f"{recording}.connected")
    assert not page.evaluate(f"{recording}.live")
