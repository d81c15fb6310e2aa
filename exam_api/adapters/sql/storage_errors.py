"""What the drivers raise → errors with a code that people and clients understand."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from exam_api.domain.errors import (
    Conflict,
    DatabaseUnreadable,
    ExamError,
    InvalidRequest,
    StorageBusy,
    StorageError,
    StorageFull,
)

_SQLITE: dict[int, type[StorageError]] = {
    sqlite3.SQLITE_BUSY: StorageBusy,
    sqlite3.SQLITE_LOCKED: StorageBusy,
    sqlite3.SQLITE_FULL: StorageFull,
    sqlite3.SQLITE_CORRUPT: DatabaseUnreadable,
    sqlite3.SQLITE_NOTADB: DatabaseUnreadable,
    sqlite3.SQLITE_CANTOPEN: DatabaseUnreadable,
    sqlite3.SQLITE_READONLY: DatabaseUnreadable,
    sqlite3.SQLITE_IOERR: DatabaseUnreadable,
    sqlite3.SQLITE_PERM: DatabaseUnreadable,
}

_TAKEN = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}

# NUL (the driver itself refuses it, or in JSON), too long, too large: whatever let it come so far.
_UNHOLDABLE = {None, "22021", "22P05", "22001", "22003"}

# The whole SQLSTATE, else its class (PostgreSQL, appendix A).
_POSTGRES: dict[str, type[StorageError]] = {
    "53100": StorageFull,
    "53": StorageBusy,
    "08": StorageBusy,
    "40": StorageBusy,
    "55P03": StorageBusy,
    "57": StorageBusy,
    "58": DatabaseUnreadable,
    "XX": DatabaseUnreadable,
}


def storage_error(cause: BaseException | None) -> StorageError | None:
    """The storage error behind a driver's exception; None where it is no matter of storage."""
    if isinstance(cause, sqlite3.Error):
        found = _SQLITE.get((getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF)
        return found() if found else None
    if isinstance(cause, psycopg.Error):
        state = cause.sqlstate or ("08" if isinstance(cause, psycopg.OperationalError) else "")
        matching = (
            key for key in sorted(_POSTGRES, key=len, reverse=True) if state.startswith(key)
        )
        found = next((_POSTGRES[key] for key in matching), None)
        return found() if found else None
    return None


def is_taken(cause: BaseException | None) -> bool:
    """Whether a row with such a name or key is there already."""
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None) in _TAKEN
    return isinstance(cause, psycopg.errors.UniqueViolation)


def _refused(cause: BaseException | None) -> ExamError | None:
    """Where it is a matter of what was to be written or looked for."""
    if is_taken(cause):
        return Conflict("taken meanwhile")
    if isinstance(cause, psycopg.DataError) and cause.sqlstate in _UNHOLDABLE:
        return InvalidRequest("a value that cannot be stored")
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors leave the block as StorageError where they are one.

    Conflict where another writer took a name or a key after this one had looked; InvalidRequest
    for a value that the database cannot hold.
    """
    try:
        yield
    except PoolTimeout as error:
        raise StorageBusy from error
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        found = _refused(cause) or storage_error(cause)
        if found is None:
            raise
        raise found from error
