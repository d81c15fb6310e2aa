"""A real browser, its camera fed from a clip, against the real server in a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import av
import cv2
import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from capture.demo_scene import DEMO_EVENTS, render_demo_scene
from exam_api.services.seeding import DEMO_PASSWORD
from tests.patience import PATIENCE_S

START_S = 120.0
STEP_MS = 1000 * PATIENCE_S
expect.set_options(timeout=STEP_MS)
CAMERA_FPS = 15
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class DemoServer:
    """`baqylau demo` as a newcomer starts it; may be killed and started again on the same data."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = Path(sys.executable).with_name("baqylau")
        # Which question comes first is drawn: tests that answer by keys need to know its kind.
        command = [program, "demo", "--choices-only", "--port", str(self.port)]
        command += ["--data", str(self.data)]
        log = (self.data.parent / "server.log").open("ab")
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=environment
            )
        self._wait()

    def _wait(self) -> None:
        assert self._process
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            assert self._process.poll() is None, self.log()
            try:
                httpx.get(f"{self.url}/login", timeout=2)
            except httpx.TransportError:
                time.sleep(0.2)
            else:
                return
        pytest.fail(f"the server did not start:\n{self.log()}")

    def log(self) -> str:
        return (self.data.parent / "server.log").read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """As by kill -9: nothing is said good-bye to."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None


def running_demo(data: Path) -> Iterator[DemoServer]:
    running = DemoServer(data)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    yield from running_demo(tmp_path_factory.mktemp("demo") / "data")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[DemoServer]:
    """For a test that kills it."""
    yield from running_demo(tmp_path / "data")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo scene's first absence with some seconds around it, as Chromium's camera takes it."""
    folder = tmp_path_factory.mktemp("camera")
    scene, clip = folder / "scene.webm", folder / "clip.mjpeg"
    render_demo_scene(scene)
    kind, start_s, end_s = DEMO_EVENTS[0]
    assert kind == "absence"
    write_mjpeg(scene, clip, start_s - 8, end_s)
    return clip


def write_mjpeg(source: Path, target: Path, start_s: float, end_s: float) -> None:
    due_s = start_s
    with av.open(str(source)) as media, target.open("wb") as out:
        for frame in media.decode(video=0):
            if frame.time is None or frame.time < due_s:
                continue
            if frame.time >= end_s:
                return
            due_s += 1 / CAMERA_FPS
            done, jpeg = cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"))
            assert done
            out.write(jpeg.tobytes())


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


Launch = Callable[..., Browser]


@pytest.fixture(scope="session")
def launch(playwright: Playwright, require: Callable[[str], Path]) -> Iterator[Launch]:
    """Chromium with flags of one's own."""
    chromium = require("chromium")
    browsers: list[Browser] = []

    def start(*flags: str) -> Browser:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*QUIET, *flags])
        browsers.append(browser)
        return browser

    yield start
    for browser in browsers:
        browser.close()


def camera_of(clip: Path) -> tuple[str, ...]:
    """A camera that shows the clip, over and over, and is granted without a question."""
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
    )


@pytest.fixture(scope="session")
def browser(launch: Launch, clip: Path) -> Browser:
    return launch(*camera_of(clip), "--host-resolver-rules=MAP exam.test 127.0.0.1")


@pytest.fixture(scope="session")
def coming_and_going(launch: Launch, clip: Path) -> Browser:
    """The camera shows somebody for longer than a flag lasts on, so that each absence is a flag."""
    scene, there = clip.with_name("scene.webm"), clip.with_name("there.mjpeg")
    start_s = DEMO_EVENTS[0][1]
    write_mjpeg(scene, there, start_s - 8, start_s - 2)  # before the walk to the door
    longer = clip.with_name("coming_and_going.mjpeg")
    longer.write_bytes(2 * there.read_bytes() + clip.read_bytes())
    return launch(*camera_of(longer))


@pytest.fixture(scope="session")
def camera_less(launch: Launch) -> Browser:
    return launch(
        "--use-fake-device-for-media-stream=device-count=0", "--use-fake-ui-for-media-stream"
    )


@pytest.fixture(scope="session")
def denying(launch: Launch) -> Browser:
    return launch("--use-fake-device-for-media-stream", "--deny-permission-prompts")


# What has the focus, where no ring shows it or nothing says what it is. (A date's calendar button
# has the browser's own ring, which a page cannot see.)
UNCLEAR_FOCUS = """() => {
  const node = document.activeElement;
  if (node === document.body || /^(date|datetime-local)$/.test(node.type)) return null;
  const { outlineStyle, boxShadow } = getComputedStyle(node);
  const { width, height } = node.getBoundingClientRect();
  const name = node.labels?.length || node.ariaLabel || node.title || node.textContent.trim()
    || node.getAttribute("aria-labelledby") || node.querySelector("img[alt]");
  const seen = (outlineStyle !== "none" || boxShadow !== "none") && width > 0 && height > 0;
  return seen && name ? null : node.outerHTML.slice(0, 200);
}"""
UNNAMED = """() => {
  for (const one of document.querySelectorAll("main details")) one.open = true;
  const seen = (what) => [...document.querySelectorAll(what)].filter((n) => n.checkVisibility());
  const name = (node) => (node.ariaLabel ?? node.textContent).trim();
  const levels = [0, ...seen("main :is(h1, h2, h3, h4)").map((one) => Number(one.tagName[1]))];
  const wrong = [levels.filter((one) => one === 1).length, levels[1]].filter((one) => one !== 1);
  wrong.push(...levels.filter((one, at) => one > (levels[at - 1] ?? 0) + 1));
  for (const one of seen("main :is(input:not([type=hidden]), select, textarea)"))
    if (!one.labels?.length && !one.ariaLabel) wrong.push(one.outerHTML);
  const buttons = seen("main button").map(name);
  wrong.push(...buttons.filter((one, at) => buttons.indexOf(one) !== at));
  return [...wrong, ...seen("main :is(button, summary, a)").filter((one) => !name(one))];
}"""


class Visitor:
    """A person at a browser of their own, with what a test asks of pages."""

    def __init__(self, context: BrowserContext, base: str, shots: Path) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(STEP_MS)
        self.base = base
        self._shots = shots
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def sign_in(self, login: str) -> Page:
        page = self.open("/login")
        page.fill("[name=login]", login)
        page.fill("[name=password]", DEMO_PASSWORD)
        page.click(".sign-in button")
        page.wait_for_url(lambda url: "/login" not in url)
        return self._stay_here()

    def _stay_here(self) -> Page:
        """An earlier browser of this person still has a sitting in progress: go on in this one."""
        page = self.open("/account")
        if page.locator("button[name=keep]").count():
            page.click("button[name=keep][value=here]")
            page.wait_for_url(lambda url: "session-choice" not in url)
        return self.open("/")

    def shot(self, name: str) -> None:
        self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)

    def until(self, expression: str) -> None:
        """Wait until it holds; the pages' policy lets no expression be polled inside of them."""
        give_up = time.monotonic() + PATIENCE_S
        while not self.page.evaluate(expression):
            assert time.monotonic() < give_up, expression
            self.page.wait_for_timeout(100)

    def check_page(self, name: str) -> None:
        """A picture, no sideways scrolling, nothing serious for axe, in light and in dark."""
        self.shot(name)
        width = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{name} scrolls sideways: {width}"
        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)
            assert serious(self.page) == [], f"{name} in {scheme}"

    def tab(self) -> None:
        """One stop further; whatever has the focus then is seen and has a name."""
        self.page.keyboard.press("Tab")
        if unclear := self.page.evaluate(UNCLEAR_FOCUS):
            pytest.fail(f"{self.page.url}: {unclear}")

    def press(self, selector: str, *typed: str, most: int = 150) -> None:
        """Reach it by Tab alone, forwards, and press these keys or type these texts."""
        for _ in range(most):
            self.tab()
            if self.page.evaluate("what => document.activeElement.matches(what)", selector):
                break
        else:
            pytest.fail(f"{self.page.url}: Tab does not reach {selector}")
        for keys in typed or ("Enter",):
            if keys.isalpha():
                self.page.keyboard.press(keys)
            else:
                self.page.keyboard.type(keys)

    def check_names(self) -> None:
        """One h1, no level left out, fields labelled, each button told from the others."""
        assert self.page.evaluate(UNNAMED) == [], self.page.url

    def enter_room(self) -> Page:
        """From the cabinet to the device check, whatever was done before."""
        page = self.open("/cabinet")
        page.click("form[action$='/enter'] button")
        inside = "#consent:visible, [data-step=check]:visible, fieldset:visible"
        page.wait_for_selector(f"{inside}, [data-act=take-over]:visible")
        if page.is_visible("[data-act=take-over]"):  # an earlier browser of this person
            page.click("[data-act=take-over]")
            page.wait_for_selector(inside)
        if page.is_visible("#consent"):
            page.check("#consent")
            page.click("[data-act=accept]")
        return page

    def enter_test(self) -> Page:
        page = self.enter_room()
        page.wait_for_selector("[data-act=begin]:enabled:visible, fieldset:visible")
        if page.is_visible("[data-act=begin]"):
            page.click("[data-act=begin]")
        page.wait_for_selector("fieldset:visible")
        return page


def serious(page: Page) -> Sequence[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visit]:
    """``visit()`` → a Visitor in a context of its own; no page of it may raise a script error."""
    visitors: list[Visitor] = []

    def start(
        *, base: str = "", using: Browser | None = None, locale: str = "en-GB", width: int = 1280
    ) -> Visitor:
        context = (using or browser).new_context(
            locale=locale,
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",  # colours change at once, so that axe sees the final ones
        )
        where = base or request.getfixturevalue("server").url
        visitors.append(Visitor(context, where, tmp_path))
        return visitors[-1]

    yield start
    for number, visitor in enumerate(visitors):
        if not visitor.page.is_closed():
            visitor.shot(f"last-{number}")
        visitor.context.close()
    assert [error for visitor in visitors for error in visitor.errors] == []
