"""Migration 0003: students and disciplines of before find their rows, and nobody is lost."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from exam_api.adapters.sql import sqlite_connections
from exam_api.adapters.sql.migrate import alembic_config, sync_url, upgrade
from exam_api.adapters.sql.sqlite_connections import WRITES

pytestmark = pytest.mark.integration

_STUDENTS = (
    ("u1", "Факультет А", "6B06102 Жүйелер", 2, "АЖ-24-1"),
    ("u2", "Факультет А", "6B06102 Жүйелер", 2, "АЖ-24-1"),
    ("u3", "Факультет Б", "6B06101", 1, "ЕТ-25-2"),
)


def _as_before(connection: Connection) -> None:
    config = alembic_config(connection)
    command.downgrade(config, "0002")
    for table in ("answer_log", "answer", "sitting_transition", "sitting", "exam_proctor"):
        connection.execute(text(f"DELETE FROM {table}"))
    connection.execute(text("DELETE FROM exam_member"))
    connection.execute(text('DELETE FROM "user"'))
    for user_id, faculty, programme, course, group in _STUDENTS:
        connection.execute(
            text(
                'INSERT INTO "user" (id, login, password_hash, full_name, language, roles,'
                " disabled) VALUES (:id, :id, '', 'A', 'kk', '[\"student\"]', false)"
            ),
            {"id": user_id},
        )
        connection.execute(
            text("INSERT INTO student_profile VALUES (:id, :faculty, :programme, :course, :name)"),
            {
                "id": user_id,
                "faculty": faculty,
                "programme": programme,
                "course": course,
                "name": group,
            },
        )
    connection.execute(text("UPDATE discipline SET department = 'Кафедра'"))


def test_what_was_written_in_words_becomes_rows(template, tmp_path: Path) -> None:
    url = template.copy(tmp_path)
    engine = create_engine(sync_url(url), poolclass=NullPool, execution_options={WRITES: True})
    if engine.dialect.name == "sqlite":
        sqlite_connections.install(engine)
    with engine.begin() as connection:
        _as_before(connection)
    upgrade(url)
    with engine.connect() as connection:
        students = connection.execute(
            text(
                "SELECT p.user_id, f.name_kk, m.code, m.name_kk, g.course, g.name"
                " FROM student_profile p JOIN study_group g ON g.id = p.group_id"
                " JOIN programme m ON m.id = g.programme_id JOIN faculty f ON f.id = m.faculty_id"
                " ORDER BY p.user_id"
            )
        ).all()
        departments = connection.execute(
            text("SELECT d.name_kk FROM discipline JOIN department d ON d.id = department_id")
        ).scalars()
        assert list(departments) == ["Кафедра"]
    engine.dispose()
    assert [tuple(row) for row in students] == [
        ("u1", "Факультет А", "6B06102", "Жүйелер", 2, "АЖ-24-1"),
        ("u2", "Факультет А", "6B06102", "Жүйелер", 2, "АЖ-24-1"),
        ("u3", "Факультет Б", "6B06101", "6B06101", 1, "ЕТ-25-2"),
    ]
