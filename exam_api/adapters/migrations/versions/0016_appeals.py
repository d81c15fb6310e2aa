"""Appeals, the commission named by order, and its votes."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
TIME = sa.DateTime(timezone=True)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "appeal_commission",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_number", sa.String(length=40), nullable=False),
        sa.Column("order_date", sa.Date(), nullable=False),
        sa.Column("chair_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("protocols", sa.Integer(), nullable=False),
        _to("appeal_commission", "chair_id", "user"),
        _to("appeal_commission", "created_by", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_commission")),
    )
    table = "appeal_commission_member"
    op.create_table(
        table,
        sa.Column("commission_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        _to(table, "commission_id", "appeal_commission"),
        _to(table, "member_id", "user"),
        sa.PrimaryKeyConstraint("commission_id", "member_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_member_id"), table, ["member_id"])
    op.create_table(
        "appeal",
        sa.Column("id", ID, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("lodged_at", TIME, nullable=False),
        sa.Column("visa_by", ID, nullable=True),
        sa.Column("visa_at", TIME, nullable=True),
        sa.Column("visa_note", sa.Text(), nullable=False),
        sa.Column("commission_id", ID, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("points_before", sa.Integer(), nullable=True),
        sa.Column("points_after", sa.Integer(), nullable=True),
        sa.Column("protocol", sa.Integer(), nullable=True),
        _to("appeal", "sitting_id", "sitting"),
        _to("appeal", "visa_by", "user"),
        _to("appeal", "commission_id", "appeal_commission"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("sitting_id", name=op.f("uq_appeal_sitting_id")),
        sa.UniqueConstraint(
            "commission_id", "protocol", name=op.f("uq_appeal_commission_id_protocol")
        ),
    )
    op.create_table(
        "appeal_vote",
        sa.Column("appeal_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("uphold", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        _to("appeal_vote", "appeal_id", "appeal"),
        _to("appeal_vote", "member_id", "user"),
        sa.PrimaryKeyConstraint("appeal_id", "member_id", name=op.f("pk_appeal_vote")),
    )


def downgrade() -> None:
    for table in ("appeal_vote", "appeal", "appeal_commission_member", "appeal_commission"):
        op.drop_table(table)
