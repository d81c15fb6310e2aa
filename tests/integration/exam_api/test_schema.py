"""Migrations build the schema, and what they build is what the models say, on both databases."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from exam_api.adapters.sql.migrate import (
    alembic_config,
    current_revision,
    newest_revision,
    sync_url,
    upgrade,
)
from exam_api.adapters.sql.sqlite_connections import write_ahead
from exam_api.adapters.sql.tables import Base

pytestmark = pytest.mark.integration


@pytest.fixture
def url(template, tmp_path: Path) -> str:
    return template.copy(tmp_path)


def _on(url: str, read: Callable) -> object:
    engine = create_engine(sync_url(url), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            return read(connection)
    finally:
        engine.dispose()


def test_models_and_migrations_are_equal(url: str) -> None:
    def differences(connection) -> list:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Base.metadata)

    assert _on(url, differences) == []


def test_an_up_to_date_database_is_left_alone(url: str) -> None:
    upgrade(url)
    assert _on(url, current_revision) == newest_revision()


def test_migrations_can_be_taken_back_to_nothing(url: str) -> None:
    _on(url, lambda connection: command.downgrade(alembic_config(connection), "base"))
    left = _on(url, lambda connection: inspect(connection).get_table_names())
    assert left == ["alembic_version"]


async def test_two_servers_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    await asyncio.gather(*(asyncio.to_thread(upgrade, url) for _ in range(2)))
    assert _on(url, current_revision) == newest_revision()


def test_openers_of_a_new_file_switch_it_to_wal_together(tmp_path: Path) -> None:
    def open_together(path: Path, start: threading.Barrier) -> str:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            start.wait()
            write_ahead(connection)
            return connection.execute("PRAGMA journal_mode").fetchone()[0]

    # The refusal that SQLite gives at once hit one file in eight: sixty leave it no way out.
    with ThreadPoolExecutor(4) as threads:
        for number in range(60):
            path, start = tmp_path / f"{number}.db", threading.Barrier(4)
            opened = [threads.submit(open_together, path, start) for _ in range(4)]
            assert [one.result() for one in opened] == ["wal"] * 4


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"

    def stumble(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Operations, "create_index", stumble)
        with pytest.raises(RuntimeError, match="power cut"):
            upgrade(url)
    assert _on(url, lambda connection: inspect(connection).get_table_names()) == []
    upgrade(url)
    assert _on(url, current_revision) == newest_revision()
