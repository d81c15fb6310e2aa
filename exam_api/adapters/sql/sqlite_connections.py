"""How every connection to SQLite is set up: WAL, durability, and who may write when."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

import aiosqlite
from sqlalchemy import Connection, Engine, event

WRITES: Final = "baqylau_writes"  # execution option of a connection that is going to write
# FULL: an acknowledged answer outlives the machine's power, not only the process (kill -9).
_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 67108864",
)
_SWITCH_S: Final = 30.0  # the other one only switches; a disk slower than this is broken


class _Statement:
    """An asynchronous cursor: a statement and its rows are one call into the connection's thread.

    aiosqlite's own makes four of them (open, execute, fetch, close), and each waits for its turn
    of the interpreter: with three hundred students these turns were most of what saving took.
    """

    def __init__(self, connection: "OneCallConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = self.lastrowid = -1
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        await self._connection.in_thread(lambda cursor: self._run(cursor.execute(sql, parameters)))

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        await self._connection.in_thread(
            lambda cursor: self._run(cursor.executemany(sql, parameters))
        )

    def _run(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        # Of a statement that returns what it changed, only right once its rows are read.
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid or -1

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def close(self) -> None:
        """It was closed in the thread."""


class OneCallConnection(aiosqlite.Connection):
    @classmethod
    async def open(cls, path: str) -> "OneCallConnection":
        connection = cls(lambda: sqlite3.connect(path), iter_chunk_size=1)
        connection._thread.daemon = True  # as SQLAlchemy does to aiosqlite's own
        return await connection  # type: ignore[return-value]

    def cursor(self) -> _Statement:  # type: ignore[override]
        return _Statement(self)

    async def in_thread(self, use: Callable[[sqlite3.Cursor], None]) -> None:
        await self._execute(self._with_cursor, use)  # type: ignore[no-untyped-call]

    def _with_cursor(self, use: Callable[[sqlite3.Cursor], None]) -> None:
        cursor = self._conn.cursor()
        try:
            use(cursor)
        finally:
            cursor.close()


def install(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)


def write_ahead(connection: sqlite3.Connection, _record: object = None) -> None:
    """Switch a new file to WAL, which every later connection then finds done.

    The switch wants the file for itself, and where two ask at once SQLite refuses one of them
    without waiting, whatever its busy_timeout.
    """
    last = time.monotonic() + _SWITCH_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(0.05)
        else:
            return


def _prepare(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: _begin says which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: a reader that upgrades later would fail with BUSY."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
