"""A small university on a real SQLite file, with a clock that stands still until it is moved."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from capture.contracts import GapCause, LiveStatus, Recording, TrackKey, TrackKind
from capture.errors import NothingRecorded
from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.sql.act_store import SqlActStore
from exam_api.adapters.sql.database import Database, open_database
from exam_api.adapters.sql.proctoring_store import SqlProctoringStore
from exam_api.adapters.sql.unit import SqlUnit
from exam_api.domain.languages import Language
from exam_api.domain.roles import Actor, Role
from exam_api.domain.states import SittingState
from exam_api.services.seeding import seed_demo

S = TypeVar("S")
START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
BEGAN_MS = 10_000


class HandClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


class PlainHasher:
    def hash(self, password: str) -> str:
        return password

    def verify(self, password: str, hashed: str) -> tuple[bool, str | None]:
        return password == hashed, None


@dataclass
class FakeRecordings:
    """What capture would say; tests set it."""

    live: dict[str, bool] = field(default_factory=dict)
    until_ms: dict[str, int] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    clips: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    explained: list[tuple[TrackKey, GapCause | None]] = field(default_factory=list)

    def status(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> LiveStatus:
        live = self.live.get(sitting_id, False)
        return LiveStatus(live, live, None, 0, 0)

    def recorded_until(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> int:
        return self.until_ms.get(sitting_id, 0) if kind is TrackKind.CAMERA else 0

    def recording(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Recording:
        if kind is not TrackKind.CAMERA:
            return Recording(sitting_id, (), track=kind)
        return self.recordings.get(sitting_id, Recording(sitting_id, ()))

    def explain(self, key: TrackKey, cause: GapCause | None) -> None:
        self.explained.append((key, cause))

    async def joined(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Path:
        if sitting_id not in self.files:
            raise NothingRecorded
        return self.files[sitting_id]

    async def clip(
        self, sitting_id: str, at_ms: int, before_ms: int = 5000, after_ms: int = 10000
    ) -> bytes:
        if sitting_id not in self.clips:
            raise NothingRecorded
        return self.clips[sitting_id]


@dataclass
class World:
    database: Database
    clock: HandClock
    blobs: LocalBlobs
    recordings: FakeRecordings
    exam_id: str

    def proctoring(self) -> AbstractAsyncContextManager[SqlProctoringStore]:
        return self._opened(self.database.write, lambda u: SqlProctoringStore(u, self.clock))

    def read(self) -> AbstractAsyncContextManager[SqlActStore]:
        return self._opened(self.database.read, lambda u: SqlActStore(u, self.clock))

    def write(self) -> AbstractAsyncContextManager[SqlActStore]:
        return self._opened(self.database.write, lambda u: SqlActStore(u, self.clock))

    @asynccontextmanager
    async def _opened(
        self,
        units: Callable[[], AbstractAsyncContextManager[SqlUnit]],
        store: Callable[[SqlUnit], S],
    ) -> AsyncIterator[S]:
        async with units() as unit:
            yield store(unit)

    async def actor(self, login: str) -> Actor:
        async with self.database.read() as unit:
            found = await unit.people.credentials(login)
        assert found is not None
        return found.actor

    async def sitting(self, login: str = "student1", *, begun: bool = True) -> str:
        """A sitting whose timeline began now; with ``begun`` the test began 10 s into it."""
        student = await self.actor(login)
        async with self.database.write() as unit:
            sitting = await unit.sittings.of_student(self.exam_id, student.id)
            assert sitting is not None
            origin = self.clock.now()
            sitting = replace(sitting, state=SittingState.CHECKING, origin=origin)
            if begun:
                began = origin + timedelta(milliseconds=BEGAN_MS)
                sitting = replace(
                    sitting,
                    state=SittingState.IN_PROGRESS,
                    began_at=began,
                    deadline_at=began + timedelta(hours=1),
                )
            await unit.sittings.save(sitting)
        return sitting.id

    async def give_to(self, sitting_id: str, login: str) -> None:
        """Another proctor takes the student over."""
        proctor = await self.actor(login)
        async with self.database.write() as unit:
            sitting = await unit.sittings.lock(sitting_id)
            assert sitting is not None
            await unit.sittings.save(replace(sitting, proctor_id=proctor.id))

    async def begin(self, sitting_id: str, at_ms: int) -> None:
        async with self.database.write() as unit:
            sitting = await unit.sittings.lock(sitting_id)
            assert sitting is not None
            assert sitting.origin is not None
            began = sitting.origin + timedelta(milliseconds=at_ms)
            await unit.sittings.save(
                replace(
                    sitting,
                    state=SittingState.IN_PROGRESS,
                    began_at=began,
                    deadline_at=began + timedelta(hours=1),
                )
            )

    async def finish(self, sitting_id: str, at_ms: int) -> None:
        async with self.database.write() as unit:
            sitting = await unit.sittings.lock(sitting_id)
            assert sitting is not None
            assert sitting.origin is not None
            finished = sitting.origin + timedelta(milliseconds=at_ms)
            await unit.sittings.save(
                replace(sitting, state=SittingState.SUBMITTED, finished_at=finished)
            )

    async def events(self) -> list[tuple[str, str | None]]:
        """(kind, sitting) in order, without what seeding announced."""
        async with self.read() as store:
            return [(e.kind, e.sitting_id) for e in await store.events_after(self.exam_id, 0, 999)]

    async def kinds(self) -> list[str]:
        return [kind for kind, _ in await self.events()]


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A migrated and seeded database that each test copies, and its exam."""
    path = tmp_path_factory.mktemp("seeded") / "app.db"

    async def make() -> str:
        clock = HandClock()
        database = await open_database(f"sqlite:///{path}", clock)
        try:
            return (await seed_demo(database, clock, PlainHasher())).exam_id
        finally:
            await database.aclose()

    return path, asyncio.run(make())


@pytest.fixture
async def world(
    tmp_path: Path, hand_clock: HandClock, seeded: tuple[Path, str]
) -> AsyncIterator[World]:
    template, exam_id = seeded
    shutil.copy(template, tmp_path / "app.db")
    database = Database(f"sqlite:///{tmp_path / 'app.db'}", hand_clock)
    yield World(database, hand_clock, LocalBlobs(tmp_path / "blobs"), FakeRecordings(), exam_id)
    await database.aclose()


@pytest.fixture
def stranger() -> Actor:
    """A proctor of other exams."""
    language: Language = "kk"
    return Actor("0" * 36, "Someone Else", language, frozenset({Role.PROCTOR}))
