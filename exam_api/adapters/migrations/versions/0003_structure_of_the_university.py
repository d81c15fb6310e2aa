"""Faculties, departments, programmes and groups as rows of their own; who belongs to which."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from exam_api.domain.ids import new_id

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
NAME = sa.String(length=200)
PROFILE = "student_profile"


def upgrade() -> None:
    _make_structure()
    _settle_students()
    _settle_disciplines()
    op.add_column("user", sa.Column("email", sa.String(length=254), nullable=True))
    op.add_column(
        "user",
        sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _refer("user", "faculty")
    _refer("user", "department")


def _make_structure() -> None:
    _named_table("faculty", sa.UniqueConstraint("name_kk", name=op.f("uq_faculty_name_kk")))
    _named_table(
        "department",
        sa.Column("faculty_id", ID, nullable=True),
        _reference("department", "faculty"),
        sa.UniqueConstraint("name_kk", name=op.f("uq_department_name_kk")),
    )
    _named_table(
        "programme",
        sa.Column("faculty_id", ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        _reference("programme", "faculty"),
        sa.UniqueConstraint("code", name=op.f("uq_programme_code")),
    )
    op.create_table(
        "study_group",
        sa.Column("id", ID, nullable=False),
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("course", sa.Integer(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        _reference("study_group", "programme"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_group")),
        sa.UniqueConstraint("name", name=op.f("uq_study_group_name")),
    )
    for table, column in (
        ("department", "faculty_id"),
        ("programme", "faculty_id"),
        ("study_group", "programme_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _named_table(name: str, *more: sa.Column[str | None] | sa.Constraint) -> None:
    op.create_table(
        name,
        sa.Column("id", ID, nullable=False),
        *(sa.Column(f"name_{lang}", NAME, nullable=False) for lang in ("kk", "ru", "en")),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _reference(table: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{to}_id_{to}")
    return sa.ForeignKeyConstraint([f"{to}_id"], [f"{to}.id"], name=name)


def _refer(table: str, to: str) -> None:
    """Both databases take this; Alembic's own way would make the table anew on SQLite."""
    constraint = f"CONSTRAINT fk_{table}_{to}_id_{to} REFERENCES {to} (id)"
    op.execute(f'ALTER TABLE "{table}" ADD COLUMN {to}_id VARCHAR(36) {constraint}')


class _Rows:
    """One row for each name that occurs in the old columns."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], str] = {}

    def id_of(self, table: str, name: str, values: Callable[[], dict[str, Any]]) -> str:
        key = (table, name)
        if key not in self._ids:
            row = {"id": new_id(), "disabled": False, **values()}
            into = sa.table(table, *(sa.column(column) for column in row))
            op.get_bind().execute(sa.insert(into).values(**row))
            self._ids[key] = row["id"]
        return self._ids[key]


def _named(name: str) -> Callable[[], dict[str, Any]]:
    return lambda: _names(name)


def _names(name: str) -> dict[str, str]:
    return {"name_kk": name, "name_ru": name, "name_en": name}


def _settle_students() -> None:
    columns = ("user_id", "faculty", "programme", "course", "group_name")
    old = sa.table(PROFILE, *(sa.column(name) for name in columns))
    students = op.get_bind().execute(sa.select(old)).mappings().all()
    op.drop_table(PROFILE)
    op.create_table(
        PROFILE,
        sa.Column("user_id", ID, nullable=False),
        sa.Column("group_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{PROFILE}_user_id_user")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["study_group.id"], name=op.f(f"fk_{PROFILE}_group_id_study_group")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f(f"pk_{PROFILE}")),
    )
    op.create_index(op.f(f"ix_{PROFILE}_group_id"), PROFILE, ["group_id"], unique=False)
    new = sa.table(PROFILE, sa.column("user_id"), sa.column("group_id"))
    rows = _Rows()
    for student in students:
        values = {"user_id": student["user_id"], "group_id": _group(rows, student)}
        op.get_bind().execute(sa.insert(new).values(**values))


def _group(rows: _Rows, student: sa.RowMapping) -> str:
    """A group that was written with several programmes or courses follows its first student."""
    faculty = student["faculty"]
    code, _, name = student["programme"].partition(" ")

    def programme() -> dict[str, Any]:
        faculty_id = rows.id_of("faculty", faculty, lambda: _names(faculty))
        return {"faculty_id": faculty_id, "code": code[:40], **_names(name or code)}

    def group() -> dict[str, Any]:
        programme_id = rows.id_of("programme", code[:40], programme)
        group_name, course = student["group_name"], student["course"]
        return {"programme_id": programme_id, "name": group_name, "course": course}

    return rows.id_of("study_group", student["group_name"], group)


def _settle_disciplines() -> None:
    _refer("discipline", "department")
    op.create_index(
        op.f("ix_discipline_department_id"), "discipline", ["department_id"], unique=False
    )
    discipline = sa.table(
        "discipline", *(sa.column(name) for name in ("id", "department", "department_id"))
    )
    rows, bind = _Rows(), op.get_bind()
    for row in bind.execute(sa.select(discipline.c.id, discipline.c.department)).all():
        if row.department:
            found = rows.id_of("department", row.department, _named(row.department))
            which = sa.update(discipline).where(discipline.c.id == row.id)
            bind.execute(which.values(department_id=found))
    op.drop_column("discipline", "department")


def downgrade() -> None:
    """Takes the columns and tables away; what they held goes with them."""
    op.drop_index(op.f("ix_discipline_department_id"), "discipline")
    for table, column in (
        ("user", "department_id"),
        ("user", "faculty_id"),
        ("user", "must_change_password"),
        ("user", "email"),
        ("discipline", "department_id"),
    ):
        op.drop_column(table, column)
    op.add_column("discipline", sa.Column("department", NAME, nullable=False, server_default=""))
    op.drop_table(PROFILE)
    op.create_table(
        PROFILE,
        sa.Column("user_id", ID, nullable=False),
        sa.Column("faculty", NAME, nullable=False),
        sa.Column("programme", NAME, nullable=False),
        sa.Column("course", sa.Integer(), nullable=False),
        sa.Column("group_name", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{PROFILE}_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f(f"pk_{PROFILE}")),
    )
    for table in ("study_group", "programme", "department", "faculty"):
        op.drop_table(table)
