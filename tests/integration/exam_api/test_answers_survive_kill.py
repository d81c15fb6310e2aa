"""kill -9 of a real server in the middle of answering: what was acknowledged is there."""

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from exam_api.services.seeding import DEMO_PASSWORD
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration

STUDENTS = ("student1", "student2", "student3")


@asynccontextmanager
async def running(url: str, folder: Path) -> AsyncIterator[tuple["subprocess.Popen[bytes]", str]]:
    socket = str(folder / "http")
    Path(socket).unlink(missing_ok=True)
    program = Path(__file__).with_name("server_for_tests.py")
    server = await asyncio.to_thread(subprocess.Popen, [sys.executable, program, url, socket])
    try:
        await _until_well(server, socket)
        yield server, socket
    finally:
        server.kill()
        server.wait(PATIENCE_S)


async def _until_well(server: "subprocess.Popen[bytes]", socket: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            async with _client(socket) as http:
                assert (await http.get("/healthz")).status_code == 200
        except httpx.TransportError:
            assert server.poll() is None, "the server ended at its start"
            assert time.monotonic() < until, "the server did not start"
            await asyncio.sleep(0.05)
        else:
            return


def _client(socket: str) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=socket)
    return httpx.AsyncClient(transport=transport, base_url="http://exam.test", timeout=PATIENCE_S)


async def _page(http: httpx.AsyncClient, login: str) -> tuple[str, list[dict]]:
    """The student's page up to the questions (a resumed one, after the restart)."""
    done = await http.post("/api/v1/session", json={"login": login, "password": DEMO_PASSWORD})
    if done.json()["must_choose_session"]:  # another browser, while the sitting is in progress
        await http.post("/api/v1/session/choice", json={"keep": "here"})
    http.headers["X-Client-Id"] = f"tab-of-{login}"
    exam = (await http.get("/api/v1/exams")).json()[0]
    sitting = f"/api/v1/sittings/{exam['sitting_id']}"
    # After the restart it is held by the log-in before.
    claim = {"client_id": f"tab-of-{login}", "take_over": True}
    await http.post(f"{sitting}/claim", json=claim)
    served = await http.get(f"{sitting}/questions")
    return sitting, served.json().get("questions", [])


async def _begin(http: httpx.AsyncClient, sitting: str) -> None:
    await http.post(f"{sitting}/consent", json={"rules": 0, "language": "kk"})
    token = (await http.post(f"{sitting}/publish-token")).json()["token"]
    # The camera's arrival: WHIP itself is tested with capture; here its authorisation is enough.
    assert (await http.post("/test/publish", params={"token": token})).status_code == 200
    assert (await http.post(f"{sitting}/begin")).status_code == 200


class Acknowledged:
    """What the server said it had saved, and when there is enough of it."""

    def __init__(self, enough: int) -> None:
        self.answers: dict[str, dict[str, dict]] = {login: {} for login in STUDENTS}
        self.unsure: dict[str, str] = {}
        self.reached = asyncio.Event()
        self._left = enough

    def note(self, login: str, item: str, response: dict) -> None:
        self.answers[login][item] = response
        self._left -= 1
        if self._left <= 0:
            self.reached.set()


async def test_every_acknowledged_answer_is_there_after_kill_9(template, tmp_path: Path) -> None:
    url = template.copy(tmp_path)
    kept = Acknowledged(enough=120)
    with tempfile.TemporaryDirectory(prefix="baqylau-") as short:
        folder = Path(short)  # a socket's path must be short
        async with running(url, folder) as (server, socket), asyncio.TaskGroup() as tasks:
            for login in STUDENTS:
                tasks.create_task(_sit(socket, login, kept))
            await kept.reached.wait()
            server.send_signal(signal.SIGKILL)
        async with running(url, folder) as (_, socket):
            for login in STUDENTS:
                await _require_kept(socket, login, kept)


async def _sit(socket: str, login: str, kept: Acknowledged) -> None:
    async with _client(socket) as http:
        sitting, _ = await _page(http, login)
        await _begin(http, sitting)
        _, questions = await _page(http, login)
        for seq in range(1, 100_000):
            question = questions[seq % len(questions)]
            choice = question["choices"][seq // len(questions) % 4]["id"]
            response = {"kind": "single", "choice": choice}
            given = {"response": response, "client_seq": seq}
            try:
                saved = await http.put(f"{sitting}/answers/{question['id']}", json=given)
            except httpx.TransportError:
                # Not acknowledged: this one may be there or not.
                kept.unsure[login] = question["id"]
                return
            assert saved.status_code == 200, saved.text
            kept.note(login, question["id"], response)


async def _require_kept(socket: str, login: str, kept: Acknowledged) -> None:
    async with _client(socket) as http:
        _, questions = await _page(http, login)
    stored = {question["id"]: question["answer"] for question in questions}
    answers = kept.answers[login]
    assert answers
    lost = {item for item, response in answers.items() if stored[item] != response}
    assert lost <= {kept.unsure[login]}
