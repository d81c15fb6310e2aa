"""A whole class answers at once: how long saving an answer takes, and whether any is lost.

``python -m benchmarks.exam_load --json [--quick] [--students N] [--seconds S]``. A real server
process on each database; every student logs in, claims the sitting, begins and then, over an own
connection, answers each 10–20 s and asks for the sitting's state each 3 s, as the room page does
(25 answers each in the full run).
At the end, in the middle of the answering, the server is killed (SIGKILL) and its database opened
anew: an acknowledged answer that is not in it counts as lost.
"""

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks import local_postgres
from benchmarks.exam_server import login_of
from benchmarks.http_line import Answer as HttpAnswer
from benchmarks.http_line import Line
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.sql.database import open_database
from exam_api.adapters.sql.tables import Answer
from exam_api.services.seeding import DEMO_PASSWORD

STUDENTS = 300
SECONDS, QUICK_SECONDS = 400, 10  # 400 s of thinking and answering: 25 answers each (T-4.5)
ANSWER_EVERY_S = (10.0, 20.0)
POLL_EVERY_S = 3.0
_ARRIVING_AT_ONCE = 20


@dataclass
class Tally:
    """What all students together saw.

    ``refused``: by status and code; ``acknowledged``: (sitting, question) → latest number.
    """

    save_ms: list[float] = field(default_factory=list)
    view_ms: list[float] = field(default_factory=list)
    refused: Counter[tuple[int, str]] = field(default_factory=Counter)
    acknowledged: dict[tuple[str, str], int] = field(default_factory=dict)
    over: bool = False

    def note(self, answer: HttpAnswer) -> bool:
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            self.refused[answer.status, answer.json()["code"]] += 1
        return answer.status < HTTPStatus.MULTIPLE_CHOICES


class Student:
    def __init__(self, number: int, line: Line, tally: Tally) -> None:
        self._number, self._line, self._tally = number, line, tally
        self._sitting = ""
        self._questions: list[dict[str, Any]] = []

    async def arrive(self, exam_id: str) -> None:
        login = {"login": login_of(self._number), "password": DEMO_PASSWORD}
        await self._call("POST", "/api/v1/session", login)
        opened = await self._call("POST", f"/api/v1/exams/{exam_id}/sittings")
        self._sitting = opened["id"]
        tab = f"tab-{self._number}"
        self._line.always_send("X-Client-Id", tab)
        await self._call("POST", self._path("claim"), {"client_id": tab})
        await self._call("POST", self._path("consent"), {"rules": 0, "language": "kk"})
        token = (await self._call("POST", self._path("publish-token")))["token"]
        await self._call("POST", f"/bench/publish?token={token}")
        await self._call("POST", self._path("begin"))
        self._questions = (await self._call("GET", self._path("questions")))["questions"]

    def _path(self, rest: str = "") -> str:
        return f"/api/v1/sittings/{self._sitting}/{rest}".rstrip("/")

    async def _call(self, method: str, path: str, content: object = None) -> Any:
        answer = await self._line.ask(method, path, content)
        if not self._tally.note(answer):
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
        return answer.json() if answer.body else None

    async def sit(self) -> None:
        watching = Line(self._line.port)
        watching.headers = self._line.headers
        try:
            with contextlib.suppress(OSError, EOFError):  # the server was killed
                await asyncio.gather(self._answering(), self._watching(watching))
        finally:
            watching.close()

    async def _answering(self) -> None:
        await asyncio.sleep(random.uniform(0, statistics.mean(ANSWER_EVERY_S)))
        for number in range(1, 1_000_000):
            question = random.choice(self._questions)
            choice = random.choice(question["choices"])["id"]
            given = {"response": {"kind": "single", "choice": choice}, "client_seq": number}
            began = time.perf_counter()
            saved = await self._line.ask("PUT", self._path(f"answers/{question['id']}"), given)
            # What comes in while the server is being killed may be acknowledged, but not timed.
            if not self._tally.over:
                self._tally.save_ms.append((time.perf_counter() - began) * 1000)
            if self._tally.note(saved):
                self._tally.acknowledged[self._sitting, question["id"]] = number
            await asyncio.sleep(random.uniform(*ANSWER_EVERY_S))

    async def _watching(self, line: Line) -> None:
        await asyncio.sleep(random.uniform(0, POLL_EVERY_S))
        while True:
            began = time.perf_counter()
            self._tally.note(await line.ask("GET", self._path()))
            if not self._tally.over:
                self._tally.view_ms.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(POLL_EVERY_S)


@contextlib.contextmanager
def serving(url: str, students: int) -> Iterator[tuple["subprocess.Popen[bytes]", Any]]:
    command = [sys.executable, "-m", "benchmarks.exam_server", url, str(students)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            raise RuntimeError("the server ended at its start")
        yield server, json.loads(line)
    finally:
        server.kill()
        server.communicate()


async def measure(url: str, students: int, seconds: float) -> dict[str, Any]:
    tally = Tally()
    async with contextlib.AsyncExitStack() as stack:
        server, about = stack.enter_context(serving(url, students))
        lines = [Line(about["port"]) for _ in range(students)]
        for line in lines:
            stack.callback(line.close)
        sitting = [Student(number, line, tally) for number, line in enumerate(lines)]
        arriving_s = await _arrive(sitting, about["exam_id"])
        before, own_before = _cpu_s(server.pid), time.process_time()
        async with asyncio.TaskGroup() as tasks:
            for student in sitting:
                tasks.create_task(student.sit())
            await asyncio.sleep(seconds)
            cpu_s, own_cpu_s = _cpu_s(server.pid) - before, time.process_time() - own_before
            tally.over = True
            server.kill()
    lost = await _lost(url, tally)
    cost = {
        "arriving_s": round(arriving_s, 1),
        "server_cpu_pct": round(cpu_s / seconds * 100),
        "students_cpu_pct": round(own_cpu_s / seconds * 100),
        "lost": lost,
    }
    return cost | _figures(tally, seconds)


async def _arrive(sitting: list[Student], exam_id: str) -> float:
    """Everybody comes within the same minute, some at the very same moment."""
    door = asyncio.Semaphore(_ARRIVING_AT_ONCE)
    began = time.perf_counter()

    async def arrive(student: Student) -> None:
        async with door:
            await student.arrive(exam_id)

    async with asyncio.TaskGroup() as tasks:
        for student in sitting:
            tasks.create_task(arrive(student))
    return time.perf_counter() - began


def _figures(tally: Tally, seconds: float) -> dict[str, Any]:
    return {
        "answers_per_s": round(len(tally.save_ms) / seconds, 1),
        "views_per_s": round(len(tally.view_ms) / seconds, 1),
        "p50_save_ms": _percentile(tally.save_ms, 50),
        "p95_save_ms": _percentile(tally.save_ms, 95),
        "most_save_ms": _percentile(tally.save_ms, 100),
        "p95_view_ms": _percentile(tally.view_ms, 95),
        "acknowledged": len(tally.acknowledged),
        "refused": {f"{status} {code}": n for (status, code), n in tally.refused.items()},
        "errors_5xx": sum(n for (status, _), n in tally.refused.items() if status >= 500),
    }


def _percentile(values: list[float], percent: int) -> float:
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, len(ranked) * percent // 100)], 1)


def _cpu_s(pid: int) -> float:
    """User and system time of the process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def _lost(url: str, tally: Tally) -> int:
    """Acknowledged answers that neither are in the database nor gave way to a later one."""
    database = await open_database(url, SystemClock())
    try:
        async with database.read() as unit:
            rows = await unit.session.execute(
                select(Answer.sitting_id, Answer.item_id, Answer.client_seq)
            )
            stored = {(sitting, item): number for sitting, item, number in rows}
    finally:
        await database.aclose()
    return sum(stored.get(key, 0) < number for key, number in tally.acknowledged.items())


@contextlib.contextmanager
def _databases(only: str | None) -> Iterator[dict[str, str]]:
    """The addresses to measure at; PostgreSQL only where the machine has it."""
    postgres = local_postgres.programs()
    with contextlib.ExitStack() as stack:
        found = {}
        if only != "postgresql":
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="baqylau-"))
            found["sqlite"] = f"sqlite:///{folder}/exam.db"
        if postgres is not None and only != "sqlite":
            found["postgresql"] = stack.enter_context(local_postgres.cluster(postgres))
        yield found


def run(students: int, seconds: float, only: str | None) -> dict[str, Any]:
    with _databases(only) as found:
        runs = {name: asyncio.run(measure(url, students, seconds)) for name, url in found.items()}
    p95 = {name: runs[name]["p95_save_ms"] if name in runs else None for name in NAMES}
    return {
        "students": students,
        "seconds": seconds,
        "p95_save_ms": p95,
        "lost_answers": sum(one["lost"] for one in runs.values()),
        "errors_5xx": sum(one["errors_5xx"] for one in runs.values()),
        "runs": runs,
    }


NAMES = ("sqlite", "postgresql")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object (the default)")
    parser.add_argument("--quick", action="store_true", help="under a minute on two cores")
    parser.add_argument("--students", type=int, default=STUDENTS)
    parser.add_argument("--seconds", type=float, help="of answering, on each database")
    parser.add_argument("--only", choices=NAMES, help="leave the other database out")
    options = parser.parse_args()
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    print(json.dumps(run(options.students, seconds, options.only), indent=1))


if __name__ == "__main__":
    main()
