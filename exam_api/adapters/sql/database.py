"""The database: engine, pragmas, and units of work on SQLite (WAL) or PostgreSQL.

SQLite has one writer at a time. Writers of this process queue on a lock here, in order, instead
of polling the file; other processes (the command line) are waited for by busy_timeout.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from exam_api.adapters.sql import sqlite_connections
from exam_api.adapters.sql.migrate import sync_url, upgrade
from exam_api.adapters.sql.sqlite_connections import WRITES, OneCallConnection
from exam_api.adapters.sql.storage_errors import translated
from exam_api.adapters.sql.unit import SqlUnit
from exam_api.domain.errors import DatabaseUnreadable, StorageBusy
from exam_api.services.ports import Clock

_LOCK_WAIT_S = 10.0


class Database:
    """Owned by the event loop that uses it.

    ``listeners`` are called after a commit with events, ``job_listeners`` after one with jobs,
    ``sitting_listeners`` after one that changed sittings or told of them, with their ids,
    ``answer_listeners`` after one with answers, with how many items each sitting has answered.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._clock = clock
        self.engine = _engine(make_url(url))
        self.listeners: list[Callable[[], None]] = []
        self.job_listeners: list[Callable[[], None]] = []
        self.sitting_listeners: list[Callable[[Collection[str]], None]] = []
        self.answer_listeners: list[Callable[[Mapping[str, int]], None]] = []
        is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer: asyncio.Lock | None = asyncio.Lock() if is_sqlite else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlUnit]:
        """Reads only: nothing is committed. StorageError."""
        with translated():
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                yield SqlUnit(session, self._clock)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqlUnit]:
        """Commits at the end of the block; when this returns, it is on disk. StorageError."""
        async with AsyncExitStack() as stack:
            if self._writer is not None:
                await _acquire(self._writer)
                stack.callback(self._writer.release)
            stack.enter_context(translated())
            session = await stack.enter_async_context(
                AsyncSession(self.engine, expire_on_commit=False)
            )
            await session.connection(execution_options={WRITES: True})
            unit = SqlUnit(session, self._clock)
            yield unit
            await session.commit()
        if answered := unit.answered:
            for heard_answers in self.answer_listeners:
                heard_answers(answered)
        if touched := unit.touched_sittings:
            for told in self.sitting_listeners:
                told(touched)
        heard = [*(self.listeners if unit.has_events else [])]
        heard += self.job_listeners if unit.has_jobs else []
        for listener in heard:
            listener()

    async def aclose(self) -> None:
        await self.engine.dispose()


async def open_database(url: str, clock: Clock) -> Database:
    """Check, migrate, open. DatabaseUnreadable, StorageFull, StorageBusy."""
    await asyncio.to_thread(_prepare, url)
    return Database(url, clock)


def _prepare(url: str) -> None:
    engine = create_engine(sync_url(url), poolclass=NullPool)
    try:
        with translated(), engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                _require_sound(connection)
    finally:
        engine.dispose()
    upgrade(url)


def _require_sound(connection: Connection) -> None:
    """A damaged file is better refused at the start than found in the middle of an exam."""
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise DatabaseUnreadable("the database file is damaged; restore it from a backup")


async def _acquire(lock: asyncio.Lock) -> None:
    try:
        async with asyncio.timeout(_LOCK_WAIT_S):
            await lock.acquire()
    except TimeoutError:
        raise StorageBusy from None


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(
            url.set(drivername="sqlite+aiosqlite"),
            async_creator=lambda: OneCallConnection.open(url.database or ""),
            pool_size=8,
            max_overflow=0,
            pool_timeout=10,
            hide_parameters=True,
        )
        sqlite_connections.install(engine.sync_engine)
        return engine
    return create_async_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=16,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        hide_parameters=True,  # errors that reach a log name no person and no answer
    )
