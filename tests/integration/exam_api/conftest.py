"""A seeded university on either database, a clock that tests move, and clients for its API."""

import asyncio
import io
import logging
import multiprocessing
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import structlog
from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select, update

from capture.contracts import TrackKind
from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.passwords import Argon2Passwords
from exam_api.adapters.sql import tables
from exam_api.adapters.sql.database import Database, open_database
from exam_api.domain.act_course import ActStep
from exam_api.domain.ids import new_id
from exam_api.services.accounts import Accounts
from exam_api.services.ports import MediaState
from exam_api.services.seeding import DEMO_PASSWORD, seed_demo
from exam_api.services.sittings import SittingDesk
from exam_api.services.testing import Testing
from exam_api.web.app import create_app
from exam_api.web.container import Core
from exam_api.web.logs import configure_logging
from exam_api.web.pages import install_pages
from exam_api.web.pages.errors import error_page
from tests.patience import PATIENCE_S

# Run in processes of their own, which kill themselves.
_CHILDREN = [f"tests.integration.exam_api.{name}" for name in ("act_child", "act_making_child")]
START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


class VirtualClock:
    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def pass_time(self, **parts: float) -> datetime:
        self._now += timedelta(**parts)
        return self._now


@dataclass
class FakeLive:
    """Media that tests switch on and off."""

    live: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)
    unwatched: list[str] = field(default_factory=list)
    tracks: set[TrackKind] = field(default_factory=set)  # of every sitting

    def state(self, sitting_id: str) -> MediaState:
        on = sitting_id in self.live
        return MediaState(
            live=on, connected=on, seconds=12 if on else 0, tracks=frozenset(self.tracks)
        )

    async def end_sitting(self, sitting_id: str) -> None:
        self.live.discard(sitting_id)
        self.ended.append(sitting_id)

    async def end_views(self, sitting_id: str) -> None:
        self.unwatched.append(sitting_id)


def quick_passwords() -> Argon2Passwords:
    """The real algorithm at the lowest cost."""
    return Argon2Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def written_logs() -> Iterator[io.StringIO]:
    """Whatever the server's own logging writes, of libraries too."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    written = io.StringIO()
    configure_logging()
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written)
    yield written
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


# --- databases ------------------------------------------------------------------------------------


def _as_postgres() -> dict[str, object]:
    """PostgreSQL refuses to run as root: then its own account runs it."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres_server(require: Callable[[str], Path]) -> Iterator[str]:
    """The address of a throw-away cluster on a Unix socket (or of BAQYLAU_TEST_POSTGRES)."""
    given = os.environ.get("BAQYLAU_TEST_POSTGRES")
    if given:
        yield given
        return
    programs = require("postgres")
    who = _as_postgres()
    # Not pytest's folder: its path is too long for a socket, and closed to other accounts.
    home = Path(tempfile.mkdtemp(prefix="baqylau-pg-"))
    if who:
        os.chown(home, int(str(who["user"])), int(str(who["group"])))
    data = home / "data"
    init = ["--auth=trust", "--no-sync", "--username=baqylau", "--encoding=UTF8", "--locale=C"]
    subprocess.run(
        [programs / "initdb", "-D", data, *init],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=home,
        **who,
    )
    options = ["listen_addresses=", "fsync=off", f"unix_socket_directories={home}"]
    arguments = [part for option in options for part in ("-c", option)]
    log = (home / "log").open("wb")
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, *arguments], stderr=log, stdout=log, cwd=home, **who
    )
    try:
        yield _ready(f"postgresql://baqylau@/postgres?host={home}", server)
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
        log.close()
        shutil.rmtree(home)


def _ready(url: str, server: "subprocess.Popen[bytes]") -> str:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert server.poll() is None, "PostgreSQL ended at its start"
            assert time.monotonic() < until, "PostgreSQL did not start"
            time.sleep(0.05)
        else:
            return url


@dataclass(frozen=True)
class Template:
    """A migrated and seeded database to copy for each test."""

    copy: Callable[[Path], str]
    exam_id: str


async def _seeded(url: str) -> str:
    clock = VirtualClock()
    database = await open_database(url, clock)
    report = await seed_demo(database, clock, quick_passwords())
    await database.aclose()
    return report.exam_id


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    source = tmp_path_factory.mktemp("seeded") / "source.db"
    exam_id = asyncio.run(_seeded(f"sqlite:///{source}"))

    def copy(folder: Path) -> str:
        target = folder / "exam.db"
        shutil.copyfile(source, target)
        return f"sqlite:///{target}"

    return Template(copy, exam_id)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Template:
    source = f"seeded_{uuid4().hex[:12]}"
    _create_database(postgres_server, source)
    exam_id = asyncio.run(_seeded(_named(postgres_server, source)))

    def copy(_folder: Path) -> str:
        return new_database(postgres_server, f"TEMPLATE {source}")

    return Template(copy, exam_id)


def new_database(server: str, how: str = "") -> str:
    """The address of one with a name of its own."""
    name = f"test_{uuid4().hex[:12]}"
    _create_database(server, name, how)
    return _named(server, name)


def _create_database(server: str, name: str, how: str = "") -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {how}".encode())


def _named(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def template(request: pytest.FixtureRequest) -> Template:
    """The test runs on both databases."""
    return request.getfixturevalue(f"{request.param}_template")


@pytest.fixture(scope="session")
def processes() -> Any:
    """Children that share no thread and no connection with this process, and start at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_CHILDREN)
    return context


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def database(
    template: Template, tmp_path: Path, clock: VirtualClock
) -> AsyncIterator[Database]:
    opened = Database(template.copy(tmp_path), clock)
    yield opened
    await opened.aclose()


@pytest.fixture
def live() -> FakeLive:
    return FakeLive()


@pytest.fixture
def exam_id(template: Template) -> str:
    return template.exam_id


@pytest.fixture
def core(database: Database, clock: VirtualClock, live: FakeLive, tmp_path: Path) -> Core:
    return Core(
        clock=clock,
        database=database,
        live=live,
        accounts=Accounts(database, clock, quick_passwords()),
        desk=SittingDesk(database, clock, live),
        testing=Testing(database, clock, live),
        blobs=LocalBlobs(tmp_path / "blobs"),
    )


# --- clients --------------------------------------------------------------------------------------


async def log_in(client: httpx.AsyncClient, login: str) -> None:
    answer = await client.post("/api/v1/session", json={"login": login, "password": DEMO_PASSWORD})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def app(core: Core) -> FastAPI:
    return create_app(core, install_pages=install_pages, error_page=error_page)


@pytest.fixture
async def client_of(app: FastAPI) -> AsyncIterator[Callable[..., object]]:
    """Makes clients: with a person's session by log-in, or nobody's."""
    opened: list[httpx.AsyncClient] = []
    browsers: dict[str, httpx.AsyncClient] = {}

    async def make(login: str | None, **headers: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://exam.test", headers=headers
        )
        opened.append(client)
        if login in browsers:  # another tab: a second log-in would ask which of the two to keep
            client.cookies.update(browsers[login].cookies)
        elif login is not None:
            await log_in(client, login)
        if login is not None and login.startswith("student"):
            browsers[login] = client
        return client

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
async def browser_of(app: FastAPI) -> AsyncIterator[Callable[..., object]]:
    """Makes clients with a person's session that ask for pages."""
    opened: list[httpx.AsyncClient] = []

    async def make(login: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://exam.test",
            headers={"accept": "text/html"},
        )
        opened.append(client)
        await log_in(client, login)
        return client

    yield make
    for client in opened:
        await client.aclose()


class Student:
    """A student's page: what it would call, in its order."""

    def __init__(self, http: httpx.AsyncClient, live: FakeLive, exam_id: str, tab: str) -> None:
        self.http = http
        self.live = live
        self.exam_id = exam_id
        self.tab = tab
        self.id = ""

    async def call(self, method: str, path: str, **more: object) -> httpx.Response:
        url = f"/api/v1/sittings/{self.id}{path}"
        return await self.http.request(method, url, headers={"X-Client-Id": self.tab}, **more)

    async def log_in_again(self) -> None:
        """After hours: the session has ended, and with it the tab's hold of the sitting."""
        await log_in(self.http, "student1")
        assert (await self.claim(take_over=True)).status_code == 200

    async def open(self) -> dict[str, object]:
        opened = await self.http.post(f"/api/v1/exams/{self.exam_id}/sittings")
        assert opened.status_code == 200, opened.text
        self.id = opened.json()["id"]
        return opened.json()

    async def claim(self, *, take_over: bool = False) -> httpx.Response:
        wanted = {"client_id": self.tab, "take_over": take_over}
        return await self.call("POST", "/claim", json=wanted)

    async def agree(self) -> httpx.Response:
        return await self.call("POST", "/consent", json={"rules": 0, "language": "kk"})

    async def publish(self, core: Core) -> None:
        token = await self.call("POST", "/publish-token")
        assert token.status_code == 200, token.text
        await core.desk.authorize_publish(token.json()["token"])
        self.live.live.add(self.id)

    async def begin(self) -> httpx.Response:
        return await self.call("POST", "/begin")

    async def questions(self, lang: str = "kk") -> list[dict[str, object]]:
        served = await self.call("GET", f"/questions?lang={lang}")
        assert served.status_code == 200, served.text
        return served.json()["questions"]

    async def answer(self, item: str, choice: str, seq: int) -> httpx.Response:
        return await self.respond(item, {"kind": "single", "choice": choice}, seq)

    async def respond(self, item: str, response: object, seq: int) -> httpx.Response:
        given = {"response": response, "client_seq": seq}
        return await self.call("PUT", f"/answers/{item}", json=given)

    async def finish(self) -> httpx.Response:
        return await self.call("POST", "/finish")


@pytest.fixture
async def student(client_of, live: FakeLive, exam_id: str) -> Student:
    """Logged in, sitting opened, claimed, rules agreed to; the camera is still off."""
    made = Student(await client_of("student1"), live, exam_id, "tab-one")
    await made.open()
    assert (await made.claim()).status_code == 200
    assert (await made.agree()).status_code == 204
    return made


@pytest.fixture
async def begun(student: Student, core: Core) -> Student:
    """In the middle of the test."""
    await student.publish(core)
    assert (await student.begin()).status_code == 200
    return student


@pytest.fixture
def second_tab(student: Student) -> Student:
    """The same person in another tab or at another computer."""
    other = Student(student.http, student.live, student.exam_id, "tab-two")
    other.id = student.id
    return other


@dataclass
class MadeAct:
    """A finished sitting of student1 whose one flag proctor1 confirmed, and the act of it."""

    core: Core
    sitting_id: str
    act_id: str
    flag_id: str
    points: int
    users: dict[str, str]

    async def state(self) -> tuple[str, str, int | None, str | None]:
        """Of the act, and of the sitting with its grade."""
        async with self.core.database.read() as unit:
            act = await unit.act_course.lock(self.act_id)
            sitting = await unit.session.get(tables.Sitting, self.sitting_id)
        return act.state.value, sitting.state, sitting.points, sitting.letter

    async def take(self, login: str, *steps: str, text: str = "дәлел") -> None:
        """By that person, one after the other."""
        actor = (await self.core.accounts.log_in(login, DEMO_PASSWORD, "x")).actor
        for step in steps:
            await self.core.act_desk.step(actor, self.act_id, ActStep(step), text)

    async def decide(self, *steps: str) -> None:
        """By three members of the commission (S-12), one step after the other."""
        for step in steps:
            for login in ("commission", "commission2", "commission3"):
                await self.take(login, step)

    async def put_on_the_way(self) -> None:
        """Forwarded by the member and delivered by the dean's office."""
        await self.take("member", "forward")
        await self.take("dean", "deliver")


@pytest.fixture
async def made_act(begun: Student, core: Core, clock: VirtualClock) -> MadeAct:
    for number, question in enumerate(await begun.questions()):  # one at least is right
        await begun.answer(question["id"], question["choices"][0]["id"], number + 1)
    points = (await begun.finish()).json()["result"]["points"]
    for key in ("x.jpg", "x.pdf", "x.webm"):
        await core.blobs.put(key, key.encode())
    now = clock.now()
    async with core.database.write() as unit:
        session = unit.session
        rows = await session.execute(select(tables.User.login, tables.User.id))
        users = dict(rows.all())
        mailed = update(tables.User).where(tables.User.login.in_(["student1", "dean", "registrar"]))
        await session.execute(mailed.values(email=tables.User.login + "@example.edu"))
        await session.execute(
            update(tables.Sitting)
            .where(tables.Sitting.id == begun.id)
            .values(proctor_id=users["proctor1"])
        )
        await session.execute(
            update(tables.ExamProctor)
            .where(tables.ExamProctor.proctor_id == users["proctor1"])
            .values(member_id=users["member"])
        )
        flag = tables.FlagRow(
            id=new_id(), sitting_id=begun.id, kind="phone", severity="alert", start_ms=1000,
            end_ms=4000, confidence=0.9, models=[], thresholds={}, scores=[], boxes=[],
            opened_at=now, evidence_key="x.jpg",
        )  # fmt: skip
        session.add(flag)
        await session.flush()
        decision = tables.DecisionRow(
            id=new_id(), flag_id=flag.id, verdict="confirmed", comment="телефон",
            by_user=users["proctor1"], at=now,
        )  # fmt: skip
        evidence = {
            "flag_id": flag.id, "decision_id": decision.id, "kind": "phone", "item": "phone",
            "start_ms": 1000, "end_ms": 4000, "confidence": 0.9, "evidence_key": "x.jpg",
            "clip_key": "x.webm", "regions": [[0.1, 0.2, 0.3, 0.4]], "comment": "телефон",
        }  # fmt: skip
        act = tables.ActRow(
            id=new_id(), sitting_id=begun.id, form=1, number="2026-0001", year=2026, seq=1,
            revision=1, made_at=now, made_by=users["proctor1"], document_sha256={},
            blobs=dict.fromkeys(("kk", "ru", "en"), "x.pdf"), document={"evidence": [evidence]},
        )  # fmt: skip
        session.add_all([decision, act])
        await session.flush()
    return MadeAct(core, begun.id, act.id, flag.id, points, users)
