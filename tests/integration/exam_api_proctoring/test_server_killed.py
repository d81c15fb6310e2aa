"""kill -9 while a camera is published and an act is made: what had arrived is there again."""

import asyncio
import contextlib
import sqlite3
import threading
import time
from pathlib import Path

import httpx
import pytest

from capture.chain import verify_folder
from capture.errors import CaptureError
from capture.publisher import Publisher
from exam_api.cli.demo_run import seed
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.settings import Settings
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


class Camera:
    """Plays a file into the server from a thread of its own, as another computer would."""

    def __init__(self, student: httpx.Client, sitting: str, video: Path) -> None:
        token = student.post(f"{sitting}/publish-token").raise_for_status().json()
        self._token = token["token"]
        self._address = f"{student.base_url}"
        self._video = video
        self.thread = threading.Thread(target=lambda: asyncio.run(self._play()), daemon=True)
        self.thread.start()

    async def _play(self) -> None:
        # The server that the camera talks to is killed: how this end finds out is not the point.
        with contextlib.suppress(CaptureError, httpx.HTTPError):
            async with httpx.AsyncClient(
                base_url=self._address, timeout=PATIENCE_S, trust_env=False
            ) as http:
                await Publisher().publish(self._video, "/whip", self._token, http=http)


def wait_for(what):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    pytest.fail("it did not come about in time")


def test_a_killed_server_takes_up_recording_flags_and_act(server, empty_room):
    with contextlib.ExitStack() as clients:
        play_through(server, empty_room, clients)
    server.stop()
    assert "Traceback" not in server.log()


def play_through(server, empty_room, clients):
    exam_id = asyncio.run(seed(Settings(data_dir=server.data))).exam_id
    server.start()
    student = clients.enter_context(server.client("student1", DEMO_PASSWORD))
    student.headers["X-Client-Id"] = "tab"
    sitting_id = student.post(f"/api/v1/exams/{exam_id}/sittings").raise_for_status().json()["id"]
    sitting = f"/api/v1/sittings/{sitting_id}"
    student.post(f"{sitting}/claim", json={"client_id": "tab"}).raise_for_status()
    agreed = {"rules": 0, "language": "kk"}
    student.post(f"{sitting}/consent", json=agreed).raise_for_status()
    Camera(student, sitting, empty_room)
    wait_for(lambda: student.get(sitting).json()["recording"]["live"])
    student.post(f"{sitting}/begin").raise_for_status()

    proctor = clients.enter_context(server.client("proctor1", DEMO_PASSWORD))

    def review():
        return proctor.get(f"{sitting}/flags").raise_for_status().json()

    (flag,) = wait_for(lambda: review()["flags"])
    assert (flag["kind"], flag["end_ms"]) == ("absence", None)
    time.sleep(1)
    until_ms = review()["recording"]["until_ms"]
    confirm = {"verdict": "confirmed", "comment": "left"}

    def confirm_until_killed() -> None:
        with contextlib.suppress(httpx.HTTPError):
            proctor.post(f"/api/v1/flags/{flag['id']}/decision", json=confirm)

    confirming = threading.Thread(target=confirm_until_killed)
    confirming.start()
    time.sleep(0.4)  # somewhere between the decision and the sealed act
    server.kill()
    confirming.join(PATIENCE_S)

    server.start()
    assert verify_folder(server.data / "recordings" / sitting_id / "camera") == []
    after = review()
    assert after["recording"]["segments"] >= 1
    assert after["recording"]["until_ms"] >= until_ms - 1000
    absence = next(one for one in after["flags"] if one["id"] == flag["id"])
    assert absence["end_ms"] == after["recording"]["until_ms"]
    assert segment_rows(server.data, sitting_id) == after["recording"]["segments"]
    wait_for(lambda: [one for one in review()["flags"] if one["kind"] == "connection_lost"])

    # The page comes back by itself: same sitting, same timeline, a gap that says why.
    Camera(student, sitting, empty_room)
    wait_for(lambda: student.get(sitting).json()["recording"]["live"])
    lost = wait_for(
        lambda: [
            one
            for one in review()["flags"]
            if one["kind"] == "connection_lost" and one["end_ms"] is not None
        ]
    )
    assert len(lost) == 1
    (gap,) = review()["recording"]["gaps"]
    assert gap["cause"] == "server_restart"
    student.post(f"{sitting}/finish").raise_for_status()

    # Asking again completes the act or finds it complete: one act, one number.
    decision = f"/api/v1/flags/{flag['id']}/decision"
    act = proctor.post(decision, json=confirm).raise_for_status().json()["act"]
    assert (act["number"][-4:], act["revision"]) == ("0001", 1)
    assert proctor.get(f"/api/v1/acts/{act['id']}.pdf").content.startswith(b"%PDF-")
    assert [one["number"] for one in review()["acts"]] == [act["number"]]
    assert not [one for one in review()["flags"] if one["end_ms"] is None]


def segment_rows(data: Path, sitting_id: str) -> int:
    with contextlib.closing(sqlite3.connect(data / "app.db")) as database:
        query = "SELECT count(*) FROM segment WHERE sitting_id = ?"
        return int(database.execute(query, (sitting_id,)).fetchone()[0])
