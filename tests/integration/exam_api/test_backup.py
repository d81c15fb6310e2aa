"""A backup while the server works, and its way back, on both databases; a damaged one is not."""

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool
from typer.testing import CliRunner

from exam_api.adapters.backup import LIST, BackupRefused, make_backup, restore_backup
from exam_api.adapters.sql.database import Database
from exam_api.adapters.sql.migrate import sync_url
from exam_api.adapters.sql.tables import Base
from exam_api.cli import app
from exam_api.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(template, tmp_path: Path) -> Settings:
    """A server's folder as it is in the middle of an exam."""
    data = tmp_path / "data"
    data.mkdir()
    url = template.copy(data)
    for name, content in {
        "seal.pem": b"seal",
        "recording.pem": b"key",
        "blobs/acts/one.pdf": b"%PDF",
        "recordings/s1/camera/0001.webm": b"media",
        "recordings/s1/camera/segments.jsonl": b"{}",
    }.items():
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Settings(data_dir=data, database_url=url)


@pytest.fixture
def elsewhere(settings, empty_url, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "new", database_url=empty_url)


@pytest.fixture
def empty_url(template, tmp_path: Path, request) -> str:
    """An empty database of the same kind."""
    if request.node.callspec.params["template"] == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'app.db'}"
    return request.getfixturevalue("empty_postgres")


@pytest.fixture
def empty_postgres(postgres_server) -> str:
    import psycopg

    name = f"empty_{os.urandom(6).hex()}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return postgres_server.replace("/postgres?", f"/{name}?")


def contents(url: str) -> dict[str, list]:
    engine = create_engine(sync_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in Base.metadata.sorted_tables
        }
    engine.dispose()
    return found


def test_what_was_kept_comes_back(settings, elsewhere, clock, tmp_path: Path) -> None:
    before = contents(settings.database)
    assert before["user"]
    assert before["item"]
    made = make_backup(settings, tmp_path / "backup", clock.now(), recordings=False)
    restore_backup(elsewhere, tmp_path / "backup")
    assert contents(elsewhere.database) == before
    assert (elsewhere.blobs_dir / "acts/one.pdf").read_bytes() == b"%PDF"
    assert elsewhere.seal_path.read_bytes() == b"seal"
    assert elsewhere.recording_key_path.read_bytes() == b"key"
    assert elsewhere.seal_path.stat().st_mode & 0o077 == 0
    camera = elsewhere.recordings_dir / "s1/camera"
    assert [path.name for path in camera.iterdir()] == ["segments.jsonl"]
    assert not made.recordings


def test_the_commands_do_it(settings, elsewhere, tmp_path: Path, monkeypatch) -> None:
    """``baqylau restore`` holds the folder like a server: its own locks are no data."""
    before = contents(settings.database)
    for chosen, command in ((settings, "backup"), (elsewhere, "restore")):
        monkeypatch.setenv("BAQYLAU_DATA_DIR", str(chosen.data_dir))
        monkeypatch.setenv("BAQYLAU_DATABASE_URL", chosen.database_url)
        done = CliRunner().invoke(app, [command, str(tmp_path / "backup")])
        assert done.exit_code == 0, (done.output, done.exception)
    assert contents(elsewhere.database) == before
    assert (elsewhere.blobs_dir / "acts/one.pdf").read_bytes() == b"%PDF"


def test_the_media_come_along_where_asked(settings, elsewhere, clock, tmp_path: Path) -> None:
    make_backup(settings, tmp_path / "backup", clock.now(), recordings=True)
    restore_backup(elsewhere, tmp_path / "backup")
    media = elsewhere.recordings_dir / "s1/camera/0001.webm"
    assert media.read_bytes() == b"media"


async def test_the_restored_server_goes_on(settings, elsewhere, clock, tmp_path: Path) -> None:
    make_backup(settings, tmp_path / "backup", clock.now(), recordings=False)
    restore_backup(elsewhere, tmp_path / "backup")
    database = Database(elsewhere.database, clock)
    async with database.write() as unit:
        await unit.audit.add(None, "person.changed", "x", "x")  # a growing id is free
        assert await unit.people.credentials("student1")
    await database.aclose()


async def test_writers_go_on_while_it_is_made(settings, clock, tmp_path: Path) -> None:
    """What is being written and not committed is not part of the kept moment."""
    database = Database(settings.database, clock)
    async with database.write() as unit:
        await unit.audit.add(None, "person.changed", "x", "x")
        make_backup(settings, tmp_path / "backup", clock.now(), recordings=False)
    await database.aclose()
    assert (tmp_path / "backup" / LIST).is_file()


@pytest.mark.parametrize("how", ["changed", "missing", "unfinished", "escaping"])
def test_a_damaged_backup_is_refused_and_nothing_is_done(
    settings, elsewhere, clock, tmp_path: Path, how: str
) -> None:
    backup = tmp_path / "backup"
    make_backup(settings, backup, clock.now(), recordings=False)
    act = backup / "blobs/acts/one.pdf"
    match how:
        case "changed":
            act.write_bytes(b"%PDG")
        case "missing":
            act.unlink()
        case "unfinished":
            (backup / LIST).unlink()
        case "escaping":
            stored = json.loads((backup / LIST).read_text())
            stored["files"]["blobs/../../data/seal.pem"] = {"size": 4, "sha256": "0" * 64}
            (backup / LIST).write_text(json.dumps(stored))
    with pytest.raises(BackupRefused):
        restore_backup(elsewhere, backup)
    assert not elsewhere.blobs_dir.exists()


def test_it_is_restored_into_an_empty_place_only(settings, clock, tmp_path: Path) -> None:
    make_backup(settings, tmp_path / "backup", clock.now(), recordings=False)
    with pytest.raises(BackupRefused) as refused:
        restore_backup(settings, tmp_path / "backup")
    assert refused.value.code == "place_not_empty"
    with pytest.raises(BackupRefused) as refused:
        make_backup(settings, tmp_path / "backup", clock.now(), recordings=False)
    assert refused.value.code == "backup_not_empty"


@pytest.mark.parametrize(
    "template", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_a_full_database_is_not_written_over(settings, clock, tmp_path: Path) -> None:
    make_backup(settings, tmp_path / "backup", clock.now(), recordings=False)
    there = Settings(data_dir=tmp_path / "new", database_url=settings.database)
    with pytest.raises(BackupRefused) as refused:
        restore_backup(there, tmp_path / "backup")
    assert refused.value.code == "place_not_empty"
