"""A student's own Chromium that can be killed, and the way through the exam's pages."""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, Playwright

from benchmarks.long_relay import Relay
from exam_api.services.seeding import DEMO_PASSWORD

_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
_STEP_MS: Final = 30_000
_SETTLED_S: Final = 0.5
_FIRST_PICTURE: Final = """() => new Promise((done) => {
  const began = performance.now();
  [...document.querySelectorAll("exam-tile .watch")].find((one) => one.checkVisibility()).click();
  const video = document.querySelector("dialog.live video");
  video.requestVideoFrameCallback((now) => done(now - began));
})"""
_WHEN_SHOWN: Final = """([what, withinMs]) => new Promise((done) => {
  const look = () => { if (document.querySelector(what)) done(Date.now()); };
  const all = { attributes: true, childList: true, subtree: true };
  new MutationObserver(look).observe(document, all);
  setTimeout(() => done(null), withinMs);
  look();
})"""


class Student:
    """Signed in on a profile that stays when the browser is killed."""

    def __init__(
        self, playwright: Playwright, chromium: Path, profile: Path, base: str, login: str
    ) -> None:
        self._playwright = playwright
        self._chromium = chromium
        self._profile = profile
        self._base = base
        self._login = login
        self._process: subprocess.Popen[bytes] | None = None
        self._browser: Browser | None = None
        self.relay = Relay()
        self.page: Page | None = None

    async def open(self) -> Page:
        """Start the browser, with a scene for a camera and a relay on the line."""
        port_file = self._profile / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        own = ("--remote-debugging-port=0", f"--user-data-dir={self._profile}", "about:blank")
        self._process = subprocess.Popen(  # noqa: ASYNC220 - our own browser
            [self._chromium, *_FLAGS, *own],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        async with asyncio.timeout(_STEP_MS / 1000):
            while not port_file.is_file() or not port_file.read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        port = port_file.read_text().split()[0]
        self._browser = await self._playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        context = self._browser.contexts[0]
        await context.expose_function("relayPort", self.relay.port_for)
        await context.add_init_script(path=Path(__file__).with_name("long_scene.js"))
        self.page = await context.new_page()
        self.page.set_default_timeout(_STEP_MS)
        return self.page

    async def kill(self) -> None:
        """As a crash: nothing is said good-bye to."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)
        if self._browser is not None:
            await self._browser.close()

    async def cut(self, seconds: float) -> None:
        """Neither media nor requests pass."""
        assert self.page is not None
        self.relay.cut = True
        await self.page.context.set_offline(True)
        await asyncio.sleep(seconds)
        self.relay.cut = False
        await self.page.context.set_offline(False)

    async def enter(self) -> None:
        """Sign in where needed, and go as far as the running test, whatever was before."""
        page = self.page
        assert page is not None
        await page.goto(f"{self._base}/cabinet")
        if "/login" in page.url:
            await _sign_in(page, self._login)
        if "session-choice" in page.url:
            await page.click("button[name=keep][value=here]")
        if "/cabinet" not in page.url:
            await page.goto(f"{self._base}/cabinet")
        await page.click("form[action$='/enter'] button")
        await self._through()

    async def come_back(self, url: str) -> None:
        """To the room that was open, as a browser that restores its tabs; else from the start."""
        assert self.page is not None
        await self.page.goto(url)
        if self.page.url == url:
            await self._through()
        else:
            await self.enter()

    async def _through(self) -> None:
        page = self.page
        assert page is not None
        stops = ("[data-act=take-over]", "#consent", "[data-act=begin]:enabled", "fieldset")
        while True:
            await page.wait_for_selector(", ".join(f"{stop}:visible" for stop in stops))
            if await page.is_visible("fieldset"):
                return
            if await page.is_visible("#consent"):
                await page.check("#consent")
                await page.click("[data-act=accept]")
                await page.wait_for_selector("#consent", state="hidden")
            elif await page.is_visible("[data-act=take-over]"):
                await page.click("[data-act=take-over]")
                await page.wait_for_selector("[data-act=take-over]", state="hidden")
            elif await page.is_visible("[data-act=begin]:enabled"):
                await page.click("[data-act=begin]")
                await page.wait_for_selector("fieldset:visible")

    async def finish(self) -> None:
        page = self.page
        assert page is not None
        await page.click(".finish")
        await page.click("[data-act=finish-yes]")
        await page.wait_for_selector("[data-step=result]:visible")

    async def settled(self) -> None:
        """Until the page has sent what it kept, and the server has signed the recording."""
        assert self.page is not None
        sitting = self.page.url.rstrip("/").split("/")[-1]
        async with asyncio.timeout(120):
            while True:
                reply = await self.page.request.get(
                    f"{self._base}/api/v1/sittings/{sitting}/lacking"
                )
                lacking = await reply.json()
                busy = await self.page.is_visible("#fill-state") and not await self._is_filled()
                if lacking["final"] and not busy:
                    return
                await asyncio.sleep(0.5)

    async def _is_filled(self) -> bool:
        assert self.page is not None
        return "has reached" in await self.page.inner_text("#fill-state")

    async def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            await self.kill()
        self.relay.close()


async def _sign_in(page: Page, login: str) -> None:
    await page.fill("[name=login]", login)
    await page.fill("[name=password]", DEMO_PASSWORD)
    await page.click(".sign-in button")
    await page.wait_for_url(lambda url: "/login" not in url)


class Proctor:
    """In a browser of its own, with the console open."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self._browser, self.page = browser, page

    @classmethod
    async def open(cls, playwright: Playwright, chromium: Path, base: str, login: str) -> "Proctor":
        browser = await playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = await browser.new_page()
        page.set_default_timeout(_STEP_MS)
        await page.goto(f"{base}/login")
        await _sign_in(page, login)
        await page.goto(f"{base}/")
        await page.click("a[href^='/console/']")
        return cls(browser, page)

    async def live_views_s(self, times: int) -> list[float]:
        """From a click on *watch live* to the first picture, by the page's own clock."""
        took: list[float] = []
        for _ in range(times):
            await self.page.wait_for_selector("exam-tile .watch:visible")
            took.append(round(await self.page.evaluate(_FIRST_PICTURE) / 1000, 3))
            await self.page.wait_for_selector(".live-state.on")
            await self.page.click("dialog.live .head button")
        return took

    async def close(self) -> None:
        await self._browser.close()


async def cut_seen(student: Student, proctor: Proctor, seconds: float) -> dict[str, float | None]:
    """After how many seconds without a packet both pages say so.

    None: not while the cut lasts, or it was said before.
    """
    assert student.page is not None
    seen = [
        asyncio.create_task(_shown(student.page, "#self-state.dead", seconds)),
        asyncio.create_task(_shown(proctor.page, "exam-tile .tile.dead", seconds)),
    ]
    await asyncio.sleep(_SETTLED_S)  # both pages watch
    began = time.time()
    await student.cut(seconds)
    on_student, on_console = [
        None if at_s is None or at_s < began else round(at_s - began, 3)
        for at_s in await asyncio.gather(*seen)
    ]
    return {"cut_s": seconds, "student_s": on_student, "console_s": on_console}


async def _shown(page: Page, what: str, within_s: float) -> float | None:
    """When it was there, by the page's clock, which is this machine's."""
    at_ms: float | None = await page.evaluate(_WHEN_SHOWN, [what, 1000 * (within_s + _SETTLED_S)])
    return None if at_ms is None else at_ms / 1000
