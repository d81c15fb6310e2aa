"""Sessions of exams, rooms, the working group, enrolment and ratings.

Whoever had a sitting is enrolled by it, and stays admitted.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "rating",
    "rating_statement",
    "handover",
    "enrolment",
    "working_group_member",
    "working_group",
    "exam_room",
    "room",
)


def _fk(table: str, column: str, other: str, key: str = "id") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.{key}"], name=name)


def _pk(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    _periods()
    _rooms()
    _working_group()
    _enrolment()
    _handover()
    _ratings()
    _refer("exam", "period_id", "exam_period")
    _refer("exam_proctor", "member_id", "user")
    op.add_column("exam_proctor", sa.Column("left_at", UTC, nullable=True))
    op.create_index(op.f("ix_exam_period_id"), "exam", ["period_id"], unique=False)
    languages = sa.Column("languages", sa.String(length=20), nullable=False)
    languages.server_default = sa.DefaultClause("kk,ru,en")
    op.add_column("exam", languages)


def _refer(table: str, column: str, other: str) -> None:
    """SQLite adds a column with its constraint only in one statement."""
    name = f"fk_{table}_{column}_{other}"
    op.execute(
        f'ALTER TABLE "{table}" ADD COLUMN {column} VARCHAR(36) '
        f'CONSTRAINT {name} REFERENCES "{other}" (id)'
    )


def _periods() -> None:
    op.create_table(
        "exam_period",
        sa.Column("id", ID, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("summer", sa.Boolean(), nullable=False),
        sa.Column("schedule_approved_on", sa.Date(), nullable=True),
        sa.Column("staff_approved_on", sa.Date(), nullable=True),
        sa.Column("instructed_on", sa.Date(), nullable=True),
        _pk("exam_period", "id"),
        sa.UniqueConstraint("title", name=op.f("uq_exam_period_title")),
    )


def _rooms() -> None:
    op.create_table(
        "room",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        _pk("room", "id"),
        sa.UniqueConstraint("name", name=op.f("uq_room_name")),
    )
    op.create_table(
        "exam_room",
        sa.Column("exam_id", ID, nullable=False),
        sa.Column("room_id", ID, nullable=False),
        _fk("exam_room", "exam_id", "exam"),
        _fk("exam_room", "room_id", "room"),
        _pk("exam_room", "exam_id", "room_id"),
    )
    op.create_index(op.f("ix_exam_room_room_id"), "exam_room", ["room_id"], unique=False)


def _working_group() -> None:
    op.create_table(
        "working_group",
        sa.Column("period_id", ID, nullable=False),
        sa.Column("order_number", sa.String(length=40), nullable=False),
        sa.Column("order_date", sa.Date(), nullable=False),
        _fk("working_group", "period_id", "exam_period"),
        _pk("working_group", "period_id"),
    )
    table = "working_group_member"
    op.create_table(
        table,
        sa.Column("period_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        _fk(table, "period_id", "working_group", "period_id"),
        _fk(table, "member_id", "user"),
        _pk(table, "period_id", "member_id"),
    )


def _enrolment() -> None:
    op.create_table(
        "enrolment",
        sa.Column("exam_id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("enrolled_at", UTC, nullable=False),
        sa.Column("enrolled_by", ID, nullable=True),
        sa.Column("rating_points", sa.Integer(), nullable=True),
        sa.Column("debt", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("opens_at", UTC, nullable=True),
        sa.Column("closes_at", UTC, nullable=True),
        sa.Column("extra_min", sa.Integer(), server_default="0", nullable=False),
        sa.Column("break_min", sa.Integer(), server_default="0", nullable=False),
        sa.Column("excused", JSON, nullable=False),
        sa.Column("document", sa.Text(), server_default="", nullable=False),
        sa.Column("granted_by", ID, nullable=True),
        sa.Column("granted_at", UTC, nullable=True),
        sa.Column("admitted_by", ID, nullable=True),
        sa.Column("admitted_at", UTC, nullable=True),
        sa.Column("admitted_reason", sa.Text(), server_default="", nullable=False),
        _fk("enrolment", "exam_id", "exam"),
        *(
            _fk("enrolment", column, "user")
            for column in ("student_id", "enrolled_by", "granted_by", "admitted_by")
        ),
        _pk("enrolment", "exam_id", "student_id"),
    )
    op.create_index(op.f("ix_enrolment_student_id"), "enrolment", ["student_id"], unique=False)
    op.execute(
        "INSERT INTO enrolment (exam_id, student_id, enrolled_at, excused, admitted_at) "
        "SELECT exam_id, student_id, created_at, '[]', created_at FROM sitting"
    )


def _handover() -> None:
    op.create_table(
        "handover",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("from_proctor", ID, nullable=True),
        sa.Column("to_proctor", ID, nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("by_user", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _fk("handover", "sitting_id", "sitting"),
        *(_fk("handover", column, "user") for column in ("from_proctor", "to_proctor", "by_user")),
        _pk("handover", "id"),
    )
    op.create_index(op.f("ix_handover_sitting_id"), "handover", ["sitting_id"], unique=False)


def _ratings() -> None:
    op.create_table(
        "rating_statement",
        sa.Column("id", ID, nullable=False),
        sa.Column("exam_id", ID, nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("imported_at", UTC, nullable=False),
        sa.Column("imported_by", ID, nullable=False),
        _fk("rating_statement", "exam_id", "exam"),
        _fk("rating_statement", "imported_by", "user"),
        _pk("rating_statement", "id"),
    )
    op.create_index(
        op.f("ix_rating_statement_exam_id"), "rating_statement", ["exam_id"], unique=False
    )
    op.create_table(
        "rating",
        sa.Column("statement_id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("debt", sa.Boolean(), nullable=False),
        _fk("rating", "statement_id", "rating_statement"),
        _fk("rating", "student_id", "user"),
        _pk("rating", "statement_id", "student_id"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_exam_period_id"), "exam")
    for table, column in (
        ("exam", "languages"),
        ("exam", "period_id"),
        ("exam_proctor", "left_at"),
        ("exam_proctor", "member_id"),
    ):
        op.drop_column(table, column)
    for table in (*TABLES, "exam_period"):
        op.drop_table(table)
