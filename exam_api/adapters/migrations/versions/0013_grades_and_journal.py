"""The history of grades, the journal, and the machines that read it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "grade_change",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by_user", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _to("grade_change", "sitting_id", "sitting"),
        _to("grade_change", "by_user", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_change")),
    )
    op.create_index(op.f("ix_grade_change_sitting_id"), "grade_change", ["sitting_id"])
    op.create_table(
        "journal_entry",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("exam_id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("exam_points", sa.Integer(), nullable=True),
        sa.Column("final_points", sa.Integer(), nullable=True),
        sa.Column("letter", sa.String(length=2), nullable=False),
        sa.Column("remark", sa.String(length=40), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by_user", ID, nullable=False),
        _to("journal_entry", "exam_id", "exam"),
        _to("journal_entry", "student_id", "user"),
        _to("journal_entry", "by_user", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint(
            "exam_id",
            "student_id",
            "revision",
            name=op.f("uq_journal_entry_exam_id_student_id_revision"),
        ),
    )
    op.create_index(op.f("ix_journal_entry_student_id"), "journal_entry", ["student_id"])
    op.create_table(
        "api_client",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        _to("api_client", "created_by", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_client_token_hash")),
    )


def downgrade() -> None:
    for table in ("api_client", "journal_entry", "grade_change"):
        op.drop_table(table)
