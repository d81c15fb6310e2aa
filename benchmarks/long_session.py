"""A whole exam in a real Chromium with forced cuts of the line and a killed browser.

``python -m benchmarks.long_session --json [--minutes N] [--quick]``. The demo server runs as it
does for a newcomer; media pass a relay that is cut (requests too) for 2, 20 and 60 seconds, then
the browser is killed and started again on its profile. At the end: how much of the exam is on
record after gap fill, each gap with its cause, whether the signed recording is intact and decodes
cleanly, and how far sound is from picture (a scene that beeps and shows its clock). Before the
first cut a proctor's browser opens the live view some times; at each cut it is noted after how long
the console and the student's page show it.
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import async_playwright

from benchmarks.long_browser import Proctor, Student, cut_seen
from benchmarks.long_measures import (
    agreement,
    beeps_of,
    ffmpeg_complaints,
    pictures_of,
    splice_ms,
)
from capture.chain import verify_recording
from capture.signing import read_public
from exam_api.services.seeding import DEMO_PASSWORD

LOGIN, PROCTOR = "student1", "proctor1"


@dataclass(frozen=True, slots=True)
class Plan:
    """``cuts``: (share of the time at which it begins, seconds); ``kill``: share of the time."""

    minutes: float
    cuts: tuple[tuple[float, float], ...] = ((0.2, 2.0), (0.35, 20.0), (0.55, 60.0))
    kill: float = 0.85
    views: int = 5


QUICK = Plan(0.33, ((0.15, 2.0), (0.4, 4.0)), 0.75, views=2)


class Server:
    """``baqylau demo`` on data of its own."""

    def __init__(self, folder: Path) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.data = folder / "data"
        self.url = f"http://localhost:{port}"
        program = Path(sys.executable).with_name("baqylau")
        self._log = (folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            [program, "demo", "--port", str(port), "--data", self.data],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    async def ready(self) -> None:
        async with httpx.AsyncClient() as http, asyncio.timeout(120):
            while True:
                try:
                    await http.get(f"{self.url}/login")
                except httpx.TransportError:
                    await asyncio.sleep(0.2)
                else:
                    return

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)
        self._log.close()


async def run(plan: Plan, folder: Path, chromium: Path) -> dict[str, Any]:
    server = Server(folder)
    try:
        await server.ready()
        async with async_playwright() as playwright:
            student = Student(playwright, chromium, folder / "profile", server.url, LOGIN)
            await student.open()
            try:
                await student.enter()
                proctor = await Proctor.open(playwright, chromium, server.url, PROCTOR)
                try:
                    views = await proctor.live_views_s(plan.views)
                    closed, seen = await sit(student, proctor, plan)
                finally:
                    await proctor.close()
            finally:
                await student.close()
        found = await measured(server, folder, plan, closed)
        return {"live_view_s": views, "cuts_seen": seen, **found}
    finally:
        server.stop()


async def sit(
    student: Student, proctor: Proctor, plan: Plan
) -> tuple[list[float], list[dict[str, float | None]]]:
    """The running exam with its troubles.

    For how many seconds there was no browser, and how soon the cuts were seen.
    """
    began, seconds = time.monotonic(), plan.minutes * 60
    closed: list[float] = []
    seen: list[dict[str, float | None]] = []
    for share, length in (*plan.cuts, (plan.kill, 0.0)):
        await asyncio.sleep(max(0.0, began + share * seconds - time.monotonic()))
        if length:
            seen.append(await cut_seen(student, proctor, length))
            continue
        assert student.page is not None
        gone, url = time.monotonic(), student.page.url
        await student.kill()
        await student.open()
        await student.come_back(url)
        closed.append(time.monotonic() - gone)
    await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
    await student.finish()
    await student.settled()
    return closed, seen


async def measured(
    server: Server, folder: Path, plan: Plan, closed: Sequence[float]
) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        person = {"login": PROCTOR, "password": DEMO_PASSWORD}
        (await http.post("/api/v1/session", json=person)).raise_for_status()
        (camera,) = server.data.glob("recordings/*/camera")
        sitting = camera.parent.name
        review = (await http.get(f"/api/v1/sittings/{sitting}/flags")).raise_for_status().json()
        joined = folder / "recording.webm"
        reply = await http.get(f"/api/v1/sittings/{sitting}/recording.webm")
        joined.write_bytes(reply.raise_for_status().content)
    recording = review["recording"]
    key = read_public(server.data / "recording.pub")
    problems = verify_recording(camera, trusted=key).problems
    exam_s = recording["exam_ms"] / 1000
    missing_s = exam_s - (recording["recorded_ms"] + recording["supplied_ms"]) / 1000
    gaps = [gap_of(gap, recording["supplied"]) for gap in recording["gaps"]]
    without = sum(gap["missing_s"] for gap in gaps if gap["cause"] == "browser_closed")
    return {
        "minutes": plan.minutes,
        "exam_s": exam_s,
        "received_s": recording["recorded_ms"] / 1000,
        "supplied_s": recording["supplied_ms"] / 1000,
        "coverage_pct": round(100 * recording["coverage"], 3),
        # No browser, no camera: what no system records is told apart, not left out.
        "coverage_while_open_pct": round(100 * (1 - max(0.0, missing_s - without) / exam_s), 3),
        "browser_closed_s": [round(one, 1) for one in closed],
        "gaps": gaps,
        "clock": recording["clock"],
        "intact": not problems,
        "problems": [str(problem) for problem in problems],
        "ffmpeg": await asyncio.to_thread(ffmpeg_complaints, joined),
        "ffmpeg_own_times": await asyncio.to_thread(ffmpeg_complaints, joined, own_times=True),
        "sync": await asyncio.to_thread(sync_of, joined, recording["supplied"]),
    }


def sync_of(joined: Path, supplied: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sound against picture, in what the server received and in what the page supplied."""

    def is_supplied(at_ms: float) -> bool:
        return any(one["start_ms"] <= at_ms < one["end_ms"] for one in supplied)

    beeps, pictures = beeps_of(joined), pictures_of(joined)
    parts: dict[str, Callable[[float], bool]] = {
        "all": lambda _: True,
        "received": lambda at_ms: not is_supplied(at_ms),
        "supplied": is_supplied,
    }
    found = {name: asdict(agreement(beeps, pictures, part)) for name, part in parts.items()}
    return {**found, "supplied_after_received_ms": splice_ms(pictures, is_supplied)}


def gap_of(gap: Mapping[str, Any], supplied: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    filled = sum(
        max(0, min(gap["end_ms"], one["end_ms"]) - max(gap["start_ms"], one["start_ms"]))
        for one in supplied
    )
    length = gap["end_ms"] - gap["start_ms"]
    return {
        "start_s": gap["start_ms"] / 1000,
        "end_s": gap["end_ms"] / 1000,
        "cause": gap["cause"],
        "supplied_s": filled / 1000,
        "missing_s": (length - filled) / 1000,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object")
    options.add_argument("--minutes", type=float, default=30.0, help="5 and more; the test has 60")
    options.add_argument("--quick", action="store_true", help="short cuts, under a minute")
    options.add_argument("--keep", type=Path, help="leave data and recording in this new folder")
    chosen = options.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        options.error("chromium is not on this machine")
    plan = QUICK if chosen.quick else Plan(chosen.minutes)
    with tempfile.TemporaryDirectory(prefix="long-session-") as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = asyncio.run(run(plan, folder, Path(chromium)))
    print(json.dumps(found, indent=None if chosen.json else 1))


if __name__ == "__main__":
    main()
