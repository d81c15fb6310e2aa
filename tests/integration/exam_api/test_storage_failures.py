"""A database that is no database, damaged, locked or full: said clearly, and nothing lost."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from capture import errors as capture_errors
from exam_api.adapters.sql import database as database_module
from exam_api.adapters.sql.database import Database, open_database
from exam_api.adapters.sql.storage_errors import storage_error, translated
from exam_api.domain.errors import (
    DatabaseNewer,
    DatabaseUnreadable,
    InvalidRequest,
    StorageBusy,
    StorageError,
    StorageFull,
)
from exam_api.services.exam_clock import run_ticker
from exam_api.web.container import Core

pytestmark = pytest.mark.integration


class TestAtTheStart:
    async def test_a_file_that_is_no_database(self, tmp_path: Path, clock) -> None:
        path = tmp_path / "exam.db"
        path.write_bytes(b"this is a letter, no database" * 100)
        with pytest.raises(DatabaseUnreadable):
            await open_database(f"sqlite:///{path}", clock)
        assert path.read_bytes().startswith(b"this is a letter"), "it is left as it was"

    async def test_a_damaged_database(self, sqlite_template, tmp_path: Path, clock) -> None:
        url = sqlite_template.copy(tmp_path)
        path = tmp_path / "exam.db"
        content = bytearray(path.read_bytes())
        content[8192:40960] = b"\xa5" * (40960 - 8192)
        path.write_bytes(content)
        with pytest.raises(DatabaseUnreadable):
            await open_database(url, clock)

    async def test_a_folder_that_does_not_exist(self, tmp_path: Path, clock) -> None:
        with pytest.raises(DatabaseUnreadable):
            await open_database(f"sqlite:///{tmp_path / 'nowhere' / 'exam.db'}", clock)

    async def test_a_folder_in_place_of_a_file(self, tmp_path: Path, clock) -> None:
        with pytest.raises(DatabaseUnreadable):
            await open_database(f"sqlite:///{tmp_path}", clock)

    async def test_a_database_of_a_later_program_is_not_touched(
        self, sqlite_template, tmp_path: Path, clock
    ) -> None:
        url = sqlite_template.copy(tmp_path)
        with sqlite3.connect(tmp_path / "exam.db") as later:
            later.execute("UPDATE alembic_version SET version_num = '9999'")
        later.close()
        with pytest.raises(DatabaseNewer):
            await open_database(url, clock)

    @pytest.mark.postgres
    async def test_a_server_that_does_not_answer(self, tmp_path: Path, clock) -> None:
        with pytest.raises(StorageBusy):
            await open_database(f"postgresql://nobody@/nothing?host={tmp_path}", clock)


async def _limit(database: Database) -> None:
    """As if the disk had room for not one page more."""

    def stop_growing(connection, _record) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
        cursor.close()

    event.listen(database.engine.sync_engine, "checkout", lambda c, r, _p: stop_growing(c, r))


class TestWhileRunning:
    @pytest.fixture
    def template(self, sqlite_template):
        return sqlite_template

    async def test_a_full_disk_refuses_what_does_not_fit_and_keeps_the_rest(
        self, begun, core: Core
    ) -> None:
        questions = await begun.questions()
        await begun.answer(questions[0]["id"], questions[0]["choices"][0]["id"], 1)
        await _limit(core.database)
        refused = await _answer_until_refused(begun, questions)
        assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
        assert refused.json()["retryable"] is True
        served = {question["id"]: question for question in await begun.questions()}
        seq = refused.seq
        assert max(question["client_seq"] for question in served.values()) == seq - 1

    async def test_a_full_disk_logs_nobody_out(
        self, begun, core: Core, clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Noting that a session was seen is a write; reading must not depend on it."""

        @asynccontextmanager
        async def full() -> AsyncIterator[None]:
            raise StorageFull
            yield

        monkeypatch.setattr(core.database, "write", full)
        clock.pass_time(minutes=2)
        assert len(await begun.questions()) == 25

    async def test_a_lock_that_another_program_holds_is_reported(
        self, begun, core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        question = (await begun.questions())[0]
        _set_busy_timeout(core.database, 50)
        other = sqlite3.connect(tmp_path / "exam.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            refused = await begun.answer(question["id"], question["choices"][0]["id"], 1)
            assert (refused.status_code, refused.json()["code"]) == (503, "storage_busy")
            assert refused.json()["retryable"] is True
            assert (await begun.http.get("/healthz")).status_code == 200, "reading goes on"
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert (await begun.answer(question["id"], question["choices"][0]["id"], 1)).is_success

    async def test_a_writer_that_never_ends_does_not_hold_the_others_for_ever(
        self, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database_module, "_LOCK_WAIT_S", 0.05)
        async with core.database.write():
            with pytest.raises(StorageBusy):
                async with core.database.write():
                    pytest.fail("two writers at once")
        async with core.database.write():
            pass

    async def test_damage_found_at_run_time_is_told_and_others_are_served(
        self, begun, core: Core, tmp_path: Path
    ) -> None:
        await core.database.engine.dispose()  # closes the last connection: all is in the file
        path = tmp_path / "exam.db"
        path.write_bytes(b"not a database any more" * 500)
        broken = await begun.call("GET", "")
        assert (broken.status_code, broken.json()["code"]) == (503, "database_unreadable")
        assert (await begun.http.get("/nothing")).status_code == 404

    async def test_a_recording_that_cannot_be_closed_keeps_no_result_back(
        self, begun, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def full(_sitting_id: str) -> None:
            raise capture_errors.StorageFull

        monkeypatch.setattr(core.live, "end_sitting", full)
        done = await begun.finish()
        assert (done.status_code, done.json()["state"]) == (200, "submitted")

    @pytest.mark.parametrize("error", [StorageFull(), RuntimeError("unforeseen")])
    async def test_the_exam_clock_goes_on_after_a_failure(
        self, begun, core: Core, clock, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        clock.pass_time(minutes=61)
        failed, ended = asyncio.Event(), asyncio.Event()

        async def note_end(_sitting_id: str) -> None:
            ended.set()

        monkeypatch.setattr(core.live, "end_sitting", note_end)
        expire = core.testing.expire_due

        async def full_once() -> int:
            monkeypatch.setattr(core.testing, "expire_due", expire)
            failed.set()
            raise error

        monkeypatch.setattr(core.testing, "expire_due", full_once)
        ticker = asyncio.create_task(run_ticker(core.exam_clock, interval_s=0.01))
        await failed.wait()
        await ended.wait()
        ticker.cancel()
        assert (await begun.call("GET", "")).json()["state"] == "expired"


async def _answer_until_refused(begun, questions):
    for seq in range(2, 5000):
        question = questions[seq % 25]
        response = await begun.answer(question["id"], question["choices"][seq % 4]["id"], seq)
        if not response.is_success:
            response.seq = seq
            return response
    pytest.fail("the disk never filled")


def _set_busy_timeout(database: Database, ms: int) -> None:
    def shorten(connection, _record, _proxy) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {ms}")
        cursor.close()

    event.listen(database.engine.sync_engine, "checkout", shorten)


def test_what_is_no_matter_of_storage_stays_what_it_is() -> None:
    assert storage_error(ValueError()) is None
    assert storage_error(sqlite3.IntegrityError()) is None
    assert storage_error(psycopg.errors.UniqueViolation()) is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.errors.DiskFull(), StorageFull),
        (psycopg.errors.TooManyConnections(), StorageBusy),
        (psycopg.errors.SerializationFailure(), StorageBusy),
        (psycopg.errors.DeadlockDetected(), StorageBusy),
        (psycopg.errors.AdminShutdown(), StorageBusy),
        (psycopg.errors.LockNotAvailable(), StorageBusy),
        (psycopg.errors.DataCorrupted(), DatabaseUnreadable),
        (psycopg.errors.IoError(), DatabaseUnreadable),
        (psycopg.OperationalError("connection refused"), StorageBusy),
    ],
)
def test_postgresqls_states(error: psycopg.Error, expected: type[StorageError]) -> None:
    assert type(storage_error(error)) is expected


@pytest.mark.parametrize(
    "error",
    [
        psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"),
        psycopg.errors.UntranslatableCharacter(),
        psycopg.errors.StringDataRightTruncation(),
        psycopg.errors.NumericValueOutOfRange(),
    ],
)
def test_what_cannot_be_stored_was_asked_wrongly(error: psycopg.Error) -> None:
    with pytest.raises(InvalidRequest), translated():
        raise error


def test_a_mistake_of_our_own_stays_one() -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), translated():
        raise psycopg.errors.DivisionByZero


async def test_an_error_inside_takes_everything_back(core: Core) -> None:
    async def count() -> int:
        async with core.database.read() as unit:
            return await unit.session.scalar(text("SELECT count(*) FROM event"))

    before = await count()
    heard: list[int] = []
    core.database.listeners.append(lambda: heard.append(1))
    with pytest.raises(RuntimeError):
        await _append_and_fail(core)
    assert (await count(), heard) == (before, [])


async def _append_and_fail(core: Core) -> None:
    async with core.database.write() as unit:
        exam_id = await unit.session.scalar(text("SELECT id FROM exam"))
        await unit.events.append(exam_id, None, "x", {})
        raise RuntimeError


async def test_a_broken_rule_of_the_schema_is_no_storage_error(core: Core) -> None:
    with pytest.raises(IntegrityError):
        async with core.database.write() as unit:
            await unit.events.append("no such exam", None, "x", {})
