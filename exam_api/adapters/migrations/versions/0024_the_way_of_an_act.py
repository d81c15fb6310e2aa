"""The way of an act: where it is, its steps, and what a second reviewer says."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
CODE = sa.String(length=40)
TIME = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def upgrade() -> None:
    table = "act_course"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("act_id", ID, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        _to(table, "sitting_id", "sitting"),
        _to(table, "act_id", "act"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("year", "form", "seq", name=op.f(f"uq_{table}_year_form_seq")),
    )
    op.create_index(op.f("ix_act_course_sitting_id"), table, ["sitting_id"])
    op.create_index(op.f("ix_act_course_state"), table, ["state"])
    table = "act_step"
    op.create_table(
        table,
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("course_id", ID, nullable=False),
        sa.Column("act_id", ID, nullable=False),
        sa.Column("step", CODE, nullable=False),
        sa.Column("before", CODE, nullable=False),
        sa.Column("after", CODE, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by_user", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=True),
        _to(table, "course_id", "act_course"),
        _to(table, "act_id", "act"),
        _to(table, "by_user", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f("ix_act_step_course_id"), table, ["course_id"])
    table = "second_review"
    op.create_table(
        table,
        sa.Column("act_id", ID, nullable=False),
        sa.Column("flag_id", ID, nullable=False),
        sa.Column("verdict", CODE, nullable=False),
        sa.Column("first_verdict", CODE, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("by_user", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        _to(table, "act_id", "act"),
        _to(table, "flag_id", "flag"),
        _to(table, "by_user", "user"),
        sa.PrimaryKeyConstraint("act_id", "flag_id", name=op.f(f"pk_{table}")),
    )


def downgrade() -> None:
    for table in ("second_review", "act_step", "act_course"):
        op.drop_table(table)
