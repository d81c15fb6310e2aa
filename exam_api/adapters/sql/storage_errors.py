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


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors leave the block as StorageError where they are one.

    Conflict where another writer took a name or a key after this one had looked.
    """
    try:
        yield
    except PoolTimeout as error:
        raise StorageBusy from error
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        found = Conflict("taken meanwhile") if is_taken(cause) else storage_error(cause)
        if found is None:
            raise
        raise found from error
