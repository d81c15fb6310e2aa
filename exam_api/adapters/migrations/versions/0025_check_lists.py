"""Check lists (form 4): rows, what proctors state, and every step."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
CODE = sa.String(length=40)
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def upgrade() -> None:
    op.create_table(
        "check_list",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("proctor_id", ID, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        _to("check_list", "member_id", "user"),
        _to("check_list", "proctor_id", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_list")),
    )
    _index("check_list", "member_id")
    _index("check_list", "proctor_id")
    op.create_table(
        "check_list_sitting",
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        _to("check_list_sitting", "sitting_id", "sitting"),
        _to("check_list_sitting", "list_id", "check_list"),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_check_list_sitting")),
    )
    _index("check_list_sitting", "list_id")
    op.create_table(
        "check_list_finding",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("finding", CODE, nullable=False),
        sa.Column("source", CODE, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by_user", ID, nullable=False),
        _to("check_list_finding", "list_id", "check_list"),
        _to("check_list_finding", "sitting_id", "sitting"),
        _to("check_list_finding", "by_user", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_list_finding")),
    )
    _index("check_list_finding", "list_id")
    _index("check_list_finding", "sitting_id")
    op.create_table(
        "check_list_step",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("step", CODE, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by_user", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sample", JSON, nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        _to("check_list_step", "list_id", "check_list"),
        _to("check_list_step", "by_user", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_list_step")),
    )
    _index("check_list_step", "list_id")


def downgrade() -> None:
    for table in ("check_list_step", "check_list_finding", "check_list_sitting", "check_list"):
        op.drop_table(table)
