"""A copy of everything, taken while the server runs, and its way back into an empty place.

The database first (one consistent moment of it), then the blobs, which are written once: whatever
a row of that moment names is there. ``backup.json`` comes last and lists every file with its
digest: a folder without it is no backup. A PostgreSQL database is kept as one file per table.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import psycopg
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from exam_api.adapters.sql.migrate import current_revision, newest_revision, sync_url, upgrade
from exam_api.adapters.sql.storage_errors import translated
from exam_api.adapters.sql.tables import Base
from exam_api.domain.errors import ExamError
from exam_api.settings import Settings

LIST: Final = "backup.json"
_FORMAT: Final = 1
_PIECE: Final = 1024 * 1024
_SQLITE: Final = "database/app.db"
# Media; all else in a recording's folder is its manifest and signature.
_MEDIA: Final = frozenset({".webm", ".mp4", ".jpg", ".part"})
_KEPT_BY_SERVER: Final = frozenset({"server.lock", "workers.lock", ".baqylau"})
Engine = Literal["sqlite", "postgresql"]


class BackupRefused(ExamError):
    """``code`` says why; nothing was changed."""

    code = "backup_unusable"
    status = 409


@dataclass(frozen=True, slots=True)
class Kept:
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Backup:
    """``columns``: of each table, in the order of its file (PostgreSQL)."""

    made_at: str
    engine: Engine
    revision: str
    recordings: bool
    columns: Mapping[str, list[str]]
    files: Mapping[str, Kept]

    @property
    def size(self) -> int:
        return sum(kept.size for kept in self.files.values())


def make_backup(settings: Settings, target: Path, at: datetime, *, recordings: bool) -> Backup:
    """Blocking. BackupRefused (``backup_not_empty``, ``database_not_current``), StorageError."""
    if target.exists() and any(target.iterdir()):
        raise BackupRefused(code="backup_not_empty")
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)  # it holds keys and personal data
    revision = _current_revision(settings.database)
    engine, columns = _dump(settings.database, target)
    for source, path in _sources(settings, recordings=recordings):
        _copy(source, target / path)
    files = {path.relative_to(target).as_posix(): _kept(path) for path in _files(target)}
    made = Backup(at.isoformat(), engine, revision, recordings, columns, files)
    partial = target / f"{LIST}.part"
    partial.write_text(json.dumps({"format": _FORMAT, **asdict(made)}, ensure_ascii=False))
    partial.replace(target / LIST)
    return made


def restore_backup(settings: Settings, source: Path) -> Backup:
    """Blocking. Checks every digest first; then into an empty place only. BackupRefused."""
    made = read_backup(source)
    _require_sound(source, made)
    if make_url(settings.database).get_backend_name() != made.engine:
        raise BackupRefused(code="backup_other_database")
    _require_empty(settings, made.engine)
    for name in made.files:
        place = _place(settings, name)
        if place is not None:
            _copy(source / name, place)
            if name.startswith("keys/"):
                place.chmod(0o600)
    _load(settings.database, source, made)
    upgrade(settings.database)
    return made


def read_backup(source: Path) -> Backup:
    """BackupRefused where the folder is no finished backup of this kind."""
    try:
        stored = json.loads((source / LIST).read_text())
        if stored.pop("format") != _FORMAT:
            raise BackupRefused
        files = {name: Kept(**kept) for name, kept in stored.pop("files").items()}
        return Backup(**stored, files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupRefused from error


def _require_sound(source: Path, made: Backup) -> None:
    for name, kept in made.files.items():
        path = source / name
        inside = path.resolve().is_relative_to(source.resolve())
        if not inside or not path.is_file() or _kept(path) != kept:
            raise BackupRefused(f"{name} is not as it was kept", code="backup_damaged")


def _require_empty(settings: Settings, engine: Engine) -> None:
    folder = settings.data_dir
    if folder.exists() and any(path.name not in _KEPT_BY_SERVER for path in folder.iterdir()):
        raise BackupRefused(code="place_not_empty")
    if engine == "postgresql":
        with psycopg.connect(_postgres(settings.database)) as connection:
            tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
            found = connection.execute(tables).fetchone()
        if found != (0,):
            raise BackupRefused(code="place_not_empty")


# --- files ----------------------------------------------------------------------------------------


def _sources(settings: Settings, *, recordings: bool) -> Iterator[tuple[Path, str]]:
    """(file, its path in the backup)."""
    for path in _files(settings.blobs_dir):
        yield path, f"blobs/{path.relative_to(settings.blobs_dir).as_posix()}"
    for path in _files(settings.recordings_dir):
        if recordings or path.suffix not in _MEDIA:
            yield path, f"recordings/{path.relative_to(settings.recordings_dir).as_posix()}"
    keys = (settings.seal_path, settings.recording_key_path, settings.seal_pkcs12)
    for name, key in zip(("seal.pem", "recording.pem", "seal.p12"), keys, strict=True):
        if key is not None and key.is_file():
            yield key, f"keys/{name}"


def _place(settings: Settings, name: str) -> Path | None:
    """Where a file of the backup belongs; None: the database's, which are loaded."""
    folder, _, rest = name.partition("/")
    places = {
        "blobs": settings.blobs_dir,
        "recordings": settings.recordings_dir,
        "keys": settings.data_dir,
    }
    return places[folder] / rest if folder in places else None


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        return  # the server renamed or cleared it meanwhile: it is not of the kept moment
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _kept(path: Path) -> Kept:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Kept(size, digest.hexdigest())


# --- the database ---------------------------------------------------------------------------------


def _current_revision(url: str) -> str:
    engine = create_engine(sync_url(url), poolclass=NullPool)
    try:
        with translated(), engine.connect() as connection:
            revision = current_revision(connection)
    finally:
        engine.dispose()
    if revision is None or revision != newest_revision():
        raise BackupRefused(code="database_not_current")
    return revision


def _dump(url: str, target: Path) -> tuple[Engine, Mapping[str, list[str]]]:
    (target / "database").mkdir()
    with translated():
        if make_url(url).get_backend_name() == "sqlite":
            _dump_sqlite(Path(make_url(url).database or ""), target / _SQLITE)
            return "sqlite", {}
        return "postgresql", _dump_postgres(url, target / "database")


def _dump_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online backup: writers go on meanwhile, and the copy is one moment's."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def _dump_postgres(url: str, folder: Path) -> Mapping[str, list[str]]:
    """Every table in one snapshot. COPY writes bytes, so nothing is lost in between."""
    columns: dict[str, list[str]] = {}
    with psycopg.connect(_postgres(url)) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for table in Base.metadata.sorted_tables:
            columns[table.name] = [column.name for column in table.columns]
            out = _copy_words(table.name, columns[table.name], "TO STDOUT")
            target = folder / f"{table.name}.copy"
            with target.open("wb") as file, connection.cursor().copy(out) as rows:
                for piece in rows:
                    file.write(piece)
    return columns


def _load(url: str, source: Path, made: Backup) -> None:
    if made.engine == "sqlite":
        _copy(source / _SQLITE, Path(make_url(url).database or ""))
        return
    upgrade(url, made.revision)
    with translated(), psycopg.connect(_postgres(url)) as connection:
        for table, columns in made.columns.items():
            into = _copy_words(table, columns, "FROM STDIN")
            kept = source / "database" / f"{table}.copy"
            with kept.open("rb") as file, connection.cursor().copy(into) as rows:
                while piece := file.read(_PIECE):
                    rows.write(piece)
        _set_counters(connection)


def _set_counters(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Growing ids go on after the greatest there is."""
    for table in Base.metadata.sorted_tables:
        for column in table.primary_key.columns:
            if column.autoincrement is True:
                counter = sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({name}, {column}),"
                    " coalesce(max({id}), 0) + 1, false) FROM {table}"
                ).format(
                    name=sql.Literal(f'"{table.name}"'),
                    column=sql.Literal(column.name),
                    id=sql.Identifier(column.name),
                    table=sql.Identifier(table.name),
                )
                connection.execute(counter)


def _copy_words(
    table: str, columns: list[str], how: Literal["TO STDOUT", "FROM STDIN"]
) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    words = sql.SQL("COPY {} ({}) {}")
    return words.format(sql.Identifier(table), names, sql.SQL(how))


def _postgres(url: str) -> str:
    """As the driver itself wants it."""
    plain = make_url(url).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)
