"""Screen, phone and live view in real browsers: each track recorded, seen live, seen afterwards."""

import json
import sqlite3
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(280)]

# A stub surface: the browser's own fake display is a monitor only where a flag says so.
TAB_SURFACE = """() => {
  const real = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getDisplayMedia = async (wanted) => {
    const stream = await real(wanted);
    const [track] = stream.getVideoTracks();
    const settings = track.getSettings.bind(track);
    track.getSettings = () => ({ ...settings(), displaySurface: window.surface });
    return stream;
  };
  window.surface = "browser";
}"""


def want_all_tracks(data) -> None:
    with closing(sqlite3.connect(data / "app.db")) as database, database:
        for exam, policy in database.execute("select id, policy from exam").fetchall():
            wanted = {**json.loads(policy), "screen": True, "second_camera": True}
            database.execute("update exam set policy = ? where id = ?", (json.dumps(wanted), exam))


@pytest.fixture
def sharing(launch, clip) -> Browser:
    return launch(
        "--use-fake-device-for-media-stream=display-media-type=monitor",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
        "--auto-select-desktop-capture-source=Entire screen",
    )


def share_screen(page: Page, surface: str) -> None:
    page.evaluate("(surface) => { window.surface = surface; }", surface)
    page.click("#screen-card [data-share]")


def prepare(student, phone) -> None:
    """The device check with screen and phone: neither may be missing when the test begins."""
    page = student.page
    page.wait_for_selector("[data-check=recording].ok")
    expect(page.locator("[data-act=begin]")).to_be_disabled()
    page.evaluate(TAB_SURFACE)
    share_screen(page, "browser")
    expect(page.locator("[data-check=screen]")).to_contain_text("You chose a browser tab")
    student.check_page("check-beside")
    share_screen(page, "monitor")
    page.wait_for_selector("[data-check=screen].ok")
    address = page.get_attribute(".phone-code a", "href")
    phone.open("/second-camera/" + address.rsplit("/", 1)[1])
    phone.check_page("phone")
    phone.page.click("#start")
    expect(phone.page.locator("#phone-state.ok")).to_have_text("Live: being recorded")
    phone.check_page("phone-live")
    page.wait_for_selector("[data-check=camera2].ok")
    page.click("[data-act=begin]:enabled")
    page.wait_for_selector("fieldset:visible")


def watch_live(proctor) -> None:
    """One click on the tile; then each other track by one more."""
    page = proctor.page
    page.click("a.primary[href^='/console/']")
    for track in ("Screen: arriving", "Second camera: arriving"):
        expect(page.locator(".chips").filter(has_text=track).first).to_be_visible()
    proctor.check_page("console-tracks")
    page.locator("exam-tile .watch:visible").first.click()
    page.wait_for_selector(".live-state.on")  # how soon: benchmarks/long_session.py
    for track in ("screen", "camera2"):
        page.click(f"dialog.live [data-track={track}]")
        page.wait_for_selector(".live-state.on")
        proctor.until("document.querySelector('dialog.live video').currentTime > 0.3")
    proctor.check_page("live-view")
    page.click("dialog.live .head button")


def stop_sharing(student, proctor) -> None:
    """It is shown, asked again, and told to the proctor."""
    page = student.page
    page.evaluate(
        "() => { const t = document.querySelector('exam-room').beside.screen.stream"
        ".getVideoTracks()[0]; t.stop(); t.dispatchEvent(new Event('ended')); }"
    )
    note = page.locator("#screen-note")
    expect(note).to_contain_text("Screen sharing was stopped")
    expect(proctor.page.locator("#feed")).to_contain_text("Screen: missing")
    student.check_page("screen-stopped")
    page.click("#screen-note [data-share]")
    expect(note).to_be_hidden()
    chips = proctor.page.locator(".chips").filter(has_text="Screen: arriving")
    expect(chips.first).to_be_visible()


def review(proctor) -> None:
    """Each track plays on the one timeline, and the gap has its cause."""
    page = proctor.page
    page.click("exam-tile a.tile")
    page.wait_for_selector("#tracks [data-track=screen]:enabled")
    sitting = urlsplit(page.url).path.rstrip("/").split("/")[-1]
    # A gap is on record once it has ended: with the first picture of the screen behind it.
    proctor.until(
        f"fetch('/api/v1/sittings/{sitting}/flags').then((reply) => reply.text())"
        ".then((text) => text.includes('screen_stopped'))"
    )
    page.reload()
    expect(page.locator("#track-gaps")).to_contain_text("screen sharing stopped")
    for track in ("screen", "camera2", "camera"):
        page.click(f"#tracks [data-track={track}]")
        proctor.until("document.querySelector('#video').readyState >= 2")
        assert f"track={track}" in page.evaluate("document.querySelector('#video').src")
    proctor.check_page("review-tracks")


def test_screen_and_phone_are_recorded_watched_and_reviewed(own_server, visit, sharing):
    want_all_tracks(own_server.data)
    student = visit(base=own_server.url, using=sharing)
    student.sign_in("student1")
    student.enter_room()
    phone = visit(base=own_server.url, using=sharing, width=390)
    prepare(student, phone)
    proctor = visit(base=own_server.url)
    proctor.sign_in("proctor1")
    watch_live(proctor)
    stop_sharing(student, proctor)
    phone.page.reload()  # it goes on by itself
    expect(phone.page.locator("#phone-state.ok")).to_be_visible()
    review(proctor)
    student.page.click(".overview .finish")
    student.page.click("[data-act=finish-yes]")
    student.page.wait_for_selector("[data-step=result]:visible")
    over = "The exam has ended. You may close this page."
    expect(phone.page.locator("#phone-state.over")).to_have_text(over)
