"""Migration 0034: signatures beside acts stay beside them, there and back."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from exam_api.adapters.sql import sqlite_connections
from exam_api.adapters.sql.migrate import alembic_config, sync_url, upgrade
from exam_api.adapters.sql.sqlite_connections import WRITES

pytestmark = pytest.mark.integration
_SIGNED = {
    "id": "s1", "act_id": "a1", "language": "ru", "document_sha256": "d", "sha256": "f",
    "subject": "Ә", "issuer": "Қ", "problem": "", "at": "2026-11-22 10:00:00+00:00",
}  # fmt: skip
_NEW = "SELECT kind, paper_id, revision, language, sha256, subject FROM signature"
_OLD = "SELECT id, act_id, language, sha256, subject FROM act_signature"


def _as_before(connection: Connection) -> None:
    """A second revision of an act, signed."""
    command.downgrade(alembic_config(connection), "0033")
    sitting, user = connection.execute(text("SELECT id, student_id FROM sitting LIMIT 1")).one()
    connection.execute(
        text(
            "INSERT INTO act (id, sitting_id, source, form, number, year, seq, revision, made_at,"
            " made_by, document_sha256, blobs, document) VALUES ('a1', :sitting, 'people', 1, '1',"
            " 2026, 1, 2, :at, :user, '{}', '{}', '{}')"
        ),
        {"sitting": sitting, "user": user, "at": _SIGNED["at"]},
    )
    connection.execute(
        text(
            "INSERT INTO act_signature VALUES (:id, :act_id, :language, :document_sha256, :sha256,"
            " :subject, :issuer, :problem, :user, :at)"
        ),
        {**_SIGNED, "user": user},
    )


def test_signatures_move_there_and_back(template, tmp_path: Path) -> None:
    url = template.copy(tmp_path)
    engine = create_engine(sync_url(url), poolclass=NullPool, execution_options={WRITES: True})
    if engine.dialect.name == "sqlite":
        sqlite_connections.install(engine)
    with engine.begin() as connection:
        _as_before(connection)
    upgrade(url)
    with engine.begin() as connection:
        moved = connection.execute(text(_NEW)).all()
        assert moved == [("acts", "a1", 2, "ru", "f", "Ә")]
        command.downgrade(alembic_config(connection), "0033")
        assert connection.execute(text(_OLD)).all() == [("s1", "a1", "ru", "f", "Ә")]
