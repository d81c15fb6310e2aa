"""Bring a database to the newest schema; build it from nothing the same way."""

from importlib import resources
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from exam_api.adapters.sql import sqlite_connections
from exam_api.adapters.sql.sqlite_connections import WRITES
from exam_api.adapters.sql.storage_errors import translated
from exam_api.domain.errors import DatabaseNewer

# One process migrates at a time; the others wait for it (PostgreSQL).
_LOCK_KEY = 0x62617179


def sync_url(url: str) -> str:
    """The same database by a driver that Alembic can use."""
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite"
    parsed = parsed.set(drivername="sqlite" if sqlite else "postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("exam_api.adapters.migrations")))
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Blocking: call it at start, or from a thread. StorageError (DatabaseNewer …)."""
    engine = create_engine(sync_url(url), poolclass=NullPool, execution_options={WRITES: True})
    if engine.dialect.name == "sqlite":
        # Everything or nothing here too: a migration that is killed half-way leaves no trace.
        event.listen(engine, "connect", sqlite_connections.write_ahead)
        sqlite_connections.install(engine)
        event.listen(engine, "connect", _wait_for_another)
    try:
        with translated(), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})")
            command.upgrade(alembic_config(connection), revision)
    except CommandError as error:
        # The database carries a revision that these migrations do not know.
        raise DatabaseNewer from error
    finally:
        engine.dispose()


def _wait_for_another(connection: Any, _record: object) -> None:
    """A whole migration of another process may take long; an answer never waits for one."""
    connection.execute("PRAGMA busy_timeout = 120000")


def newest_revision() -> str | None:
    scripts = ScriptDirectory(str(resources.files("exam_api.adapters.migrations")))
    return scripts.get_current_head()


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
