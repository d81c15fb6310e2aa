"""A capacity run: a server, many students, and what can be seen of them."""

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from capture.contracts import Relief
from capture.prepared import prepare
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.passwords import Argon2Passwords
from exam_api.adapters.sql.database import open_database
from exam_api.cli.capacity_people import LoadStudent
from exam_api.cli.capacity_report import Capacity, Machine, flag_delays, metric, spread, tell
from exam_api.cli.process_usage import Usage, usage
from exam_api.cli.replay_people import Person, Proctor
from exam_api.cli.server import run
from exam_api.cli.terminal import Failure, readable_file, say, text
from exam_api.services.seeding import DEMO_PASSWORD, load_university, seed_crowd, seed_demo
from exam_api.settings import Settings

_TIMEOUT_S: Final = 60.0
_START_S: Final = 300.0
_SETTLE_S: Final = 2.0
_HEALTH_EVERY_S: Final = 0.25
_RELIEF_EVERY_S: Final = 1.0
_LAG_STEP_S: Final = 0.05
_ARRIVE_TOGETHER: Final = 4  # a log-in is dear on purpose: more at once only wait for each other
_RECONNECT: Final = 8
_MIB: Final = 2**20

_OVERSEE: Final = frozenset({"testing_centre", "administrator"})  # they see every recording

Login = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Target:
    """The server that is measured. ``pid`` where it is a process of this machine."""

    address: str
    people: tuple[Login, ...]
    pid: int | None = None

    def usage(self) -> Usage | None:
        return usage(self.pid) if self.pid is not None else None


@dataclass(frozen=True, slots=True)
class Look:
    """The server at one moment; ``covered`` is (recorded, elapsed) ms by sitting."""

    usage: Usage | None
    metrics: str
    covered: dict[str, tuple[int, int]]


def run_capacity(
    sessions: int,
    seconds: int,
    address: str,
    people: Path | None,
    workers: int | None,
    *,
    json_out: bool,
) -> None:
    target = _running(address, people) if address else None
    if people is not None and target is None:
        raise Failure("capacity.people_alone")
    if workers is not None and target is not None:
        raise Failure("capacity.workers_elsewhere")
    load_before = os.getloadavg()[0]
    try:
        found = run(_capacity(sessions, seconds, target or workers, load_before, quiet=json_out))
    except asyncio.CancelledError as error:
        raise SystemExit(128 + signal.SIGTERM) from error
    if json_out:
        say(json.dumps(found.as_json()))
    else:
        tell(found)


def _running(address: str, people: Path | None) -> Target:
    if not address.startswith(("http://", "https://")):
        raise Failure("capacity.address_wrong", address=address)
    demo = tuple((person.login, DEMO_PASSWORD) for person in load_university().people)
    return Target(address.rstrip("/"), demo if people is None else _people(readable_file(people)))


def _people(path: Path) -> tuple[Login, ...]:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        login, comma, password = line.strip().partition(",")
        if line.strip() and not (login and comma and password):
            raise Failure("capacity.people_line", path=path, line=number)
        if line.strip():
            found.append((login.strip(), password.strip()))
    return tuple(found)


async def _capacity(
    sessions: int, seconds: int, target: Target | int | None, load_before: float, *, quiet: bool
) -> Capacity:
    """``target``: a running server, or with how many workers to start one (None: as set)."""
    _end_in_order()

    def progress(key: str, **values: object) -> None:
        if not quiet:
            say(text(key, **values))

    progress("capacity.preparing")
    media = await asyncio.to_thread(prepare)
    async with AsyncExitStack() as stack:
        if not isinstance(target, Target):
            target = await stack.enter_async_context(_own_server(sessions, target))
        watcher, students = await _log_in(target, sessions, stack)
        idle = target.usage()
        progress("capacity.arriving", sessions=sessions)
        load = _Load(
            target,
            watcher,
            [
                LoadStudent(await stack.enter_async_context(_browser(target)), media, number)
                for number in range(sessions)
            ],
        )
        try:
            await load.arrive(students)
            progress("capacity.measuring", seconds=seconds)
            return await load.measure(seconds, idle, load_before)
        except httpx.HTTPError as error:
            raise Failure("capacity.unreachable", address=target.address) from error
        finally:
            await load.leave()


def _end_in_order() -> None:
    """On SIGTERM as on Ctrl-C: the server that was started for this must not stay behind."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)


@asynccontextmanager
async def _browser(target: Target) -> AsyncIterator[httpx.AsyncClient]:
    # trust_env off: a proxy of the machine must not come between it and itself.
    async with httpx.AsyncClient(
        base_url=target.address, timeout=_TIMEOUT_S, trust_env=False
    ) as http:
        yield http


async def _log_in(
    target: Target, sessions: int, stack: AsyncExitStack
) -> tuple["_Watcher", list[Login]]:
    """Who of the people is a student, and the one who may look at their recordings."""
    http = await stack.enter_async_context(_browser(target))
    try:
        (await http.get("/healthz")).raise_for_status()
    except httpx.HTTPError as error:
        raise Failure("capacity.unreachable", address=target.address) from error
    students: list[Login] = []
    overseer = None
    for login, password in target.people:
        who = await stack.enter_async_context(_browser(target))
        roles = (await Person(who).log_in(login, password))["roles"]
        if "student" in roles:
            students.append((login, password))
        elif _OVERSEE.intersection(roles) and overseer is None:
            overseer = Proctor(who)
        if len(students) >= sessions and overseer is not None:
            break
    if len(students) < sessions:
        raise Failure("capacity.few_students", wanted=sessions, found=len(students))
    return _Watcher(http, overseer), students


class _Watcher:
    """Who looks at the server while the students work."""

    def __init__(self, http: httpx.AsyncClient, overseer: Proctor | None) -> None:
        self._http = http
        self._overseer = overseer
        self.health: list[float] = []
        self.failures = 0
        self.lags: list[float] = []
        self.relief: int | None = None  # the worst seen

    async def look(self, target: Target, sittings: Sequence[str]) -> Look:
        page = await self._http.get("/metrics")
        covered = {sitting: await self._covered(sitting) for sitting in sittings}
        return Look(
            target.usage(),
            page.text if page.is_success else "",
            {sitting: found for sitting, found in covered.items() if found is not None},
        )

    async def _covered(self, sitting_id: str) -> tuple[int, int] | None:
        if self._overseer is None:
            return None
        recording = (await self._overseer.review(sitting_id))["recording"]
        return int(recording["recorded_ms"]), int(recording["exam_ms"])

    async def ask_until(self, end: float) -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                (await self._http.get("/healthz")).raise_for_status()
            except httpx.HTTPError:
                self.failures += 1
            else:
                self.health.append(time.monotonic() - began)
            await asyncio.sleep(_HEALTH_EVERY_S)

    async def relief_until(self, end: float) -> None:
        while time.monotonic() < end:
            page = (await self._http.get("/metrics")).text
            if (found := metric(page, "baqylau_relief")) is not None:
                self.relief = max(int(found), self.relief or 0)
            await asyncio.sleep(_RELIEF_EVERY_S)

    async def own_lag_until(self, end: float) -> None:
        """How late this process is itself."""
        while time.monotonic() < end:
            began = time.monotonic()
            await asyncio.sleep(_LAG_STEP_S)
            self.lags.append(max(0.0, time.monotonic() - began - _LAG_STEP_S))


class _Load:
    def __init__(self, target: Target, watcher: _Watcher, students: Sequence[LoadStudent]) -> None:
        self._target, self._watcher, self._students = target, watcher, students

    async def arrive(self, logins: Sequence[Login]) -> None:
        turns = asyncio.Semaphore(_ARRIVE_TOGETHER)

        async def come(student: LoadStudent, login: Login) -> None:
            async with turns:
                await student.arrive(*login)

        pairs = zip(self._students, logins, strict=False)
        await asyncio.gather(*(come(student, login) for student, login in pairs))
        await asyncio.sleep(_SETTLE_S)

    async def measure(self, seconds: int, idle: Usage | None, load_before: float) -> Capacity:
        sittings = [student.sitting_id for student in self._students]
        before = await self._watcher.look(self._target, sittings)
        began = time.monotonic()
        end = began + seconds
        await asyncio.gather(
            *(student.answer_until(end) for student in self._students),
            self._watcher.ask_until(end),
            self._watcher.own_lag_until(end),
            self._watcher.relief_until(end),
        )
        lasted = time.monotonic() - began
        after = await self._watcher.look(self._target, sittings)
        await asyncio.gather(*(one.reconnect() for one in self._students[:_RECONNECT]))
        return self._report(lasted, before, after, idle, load_before)

    async def leave(self) -> None:
        await asyncio.gather(*(student.leave() for student in self._students))

    def _report(
        self, lasted: float, before: Look, after: Look, idle: Usage | None, load_before: float
    ) -> Capacity:
        sessions = len(self._students)
        noticed = [student.noticed for student in self._students]
        shares = _shares(before, after)
        cpu = _cpu_pct(before.usage, after.usage)
        mb = _mib_between(idle, after.usage)
        return Capacity(
            sessions=sessions,
            seconds=round(lasted, 1),
            cpu_pct_per_session=None if cpu is None else round(cpu / sessions, 2),
            cpu_pct=None if cpu is None else round(cpu, 1),
            mb_per_session=None if mb is None else round(mb / sessions, 2),
            mb_idle=None if idle is None else round(idle.memory_bytes / _MIB, 1),
            coverage=round(sum(shares) / len(shares), 4) if shares else None,
            worst_coverage=round(min(shares), 4) if shares else None,
            frames_dropped_pct=_dropped_pct(before.metrics, after.metrics),
            relief=None if (worst := self._watcher.relief) is None else Relief(worst).name.lower(),
            first_live_ms=spread([one.first_live_s for one in noticed]),
            reconnect_ms=spread([one.reconnect_s for one in noticed]),
            answer_ms=spread([save for one in noticed for save in one.saves]),
            health_ms=spread(self._watcher.health),
            flag_ms=flag_delays(before.metrics, after.metrics),
            failures=sum(one.failures for one in noticed) + self._watcher.failures,
            machine=Machine(
                cores=len(os.sched_getaffinity(0)),
                load_before=round(load_before, 2),
                generator_lag_ms=spread(self._watcher.lags),
            ),
        )


def _shares(before: Look, after: Look) -> list[float]:
    shares = []
    for sitting, (recorded, elapsed) in after.covered.items():
        recorded_before, elapsed_before = before.covered.get(sitting, (0, 0))
        if elapsed > elapsed_before:
            share = (recorded - recorded_before) / (elapsed - elapsed_before)
            shares.append(min(1.0, share))
    return shares


def _cpu_pct(before: Usage | None, after: Usage | None) -> float | None:
    """Of one core; with the server's idle share in it."""
    if before is None or after is None:
        return None
    return (after.cpu_s - before.cpu_s) / (after.at - before.at) * 100


def _mib_between(before: Usage | None, after: Usage | None) -> float | None:
    if before is None or after is None:
        return None
    return (after.memory_bytes - before.memory_bytes) / _MIB


def _dropped_pct(before: str, after: str) -> float | None:
    """Decoded frames are not counted as dropped, nor are those that a sample did not need."""
    seen = []
    for name in ("baqylau_frames_dropped_total", "baqylau_frames_decoded_total"):
        first, last = metric(before, name), metric(after, name)
        if first is None or last is None:
            return None
        seen.append(last - first)
    dropped, decoded = seen
    return round(100 * dropped / (dropped + decoded), 3) if dropped + decoded else 0.0


@asynccontextmanager
async def _own_server(sessions: int, workers: int | None) -> AsyncIterator[Target]:
    """``baqylau serve`` as a process of its own on a folder that goes away with it."""
    with tempfile.TemporaryDirectory(prefix="baqylau-capacity-") as folder:
        data = Path(folder)
        people = await _seeded(data, sessions)
        log = data / "server.log"
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "exam_api.cli", "serve",
                env=_environment(data, sessions, workers),
                stdout=asyncio.subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        try:
            assert process.stdout is not None
            address = ""
            with suppress(TimeoutError):
                async with asyncio.timeout(_START_S):
                    address = (await process.stdout.readline()).decode().strip()
            if not address:
                raise Failure("capacity.server_died", why=_last_line(log))
            yield Target(address, people, process.pid)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _environment(data: Path, sessions: int, workers: int | None) -> dict[str, str]:
    """The machine's own settings count, but for what would touch its data."""
    private = {
        "DATA_DIR": str(data),
        "DATABASE_URL": "",
        "HOST": "127.0.0.1",
        "PORT": "0",
        "PUBLIC_URL": "",
        "SECURE_COOKIES": "false",
        "LOG_LEVEL": "warning",
        # All students come from one address here; and what is measured is not the queue.
        "MAX_SITTINGS": str(sessions),
        "RATE_ADDRESS": "0",
    }
    if workers is not None:
        private["WORKERS"] = str(workers)
    return os.environ | {f"BAQYLAU_{name}": value for name, value in private.items()}


async def _seeded(data: Path, sessions: int) -> tuple[Login, ...]:
    clock, hasher = SystemClock(), Argon2Passwords()
    database = await open_database(Settings(data_dir=data, database_url="").database, clock)
    try:
        exam_id = (await seed_demo(database, clock, hasher)).exam_id
        crowd = await seed_crowd(database, clock, hasher, exam_id, sessions)
    finally:
        await database.aclose()
    return (("testing", DEMO_PASSWORD), *((login, DEMO_PASSWORD) for login in crowd))


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "-"
