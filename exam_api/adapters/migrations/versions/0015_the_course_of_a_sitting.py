"""Admission, pauses and granted time of a sitting; its log; documents that order a change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
WHEN = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
LOG = "sitting_log"
TIMES = ("ready_at", "admitted_at")
VALUES = ("pause", "granted")


def upgrade() -> None:
    for name in TIMES:
        op.add_column("sitting", sa.Column(name, WHEN, nullable=True))
    for name in VALUES:
        op.add_column("sitting", sa.Column(name, JSON, nullable=True))
    op.add_column("sitting_transition", sa.Column("reference", sa.String(length=80)))
    op.create_table(
        LOG,
        sa.Column("id", ID, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("by_user", ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("about", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f(f"fk_{LOG}_sitting_id_sitting")
        ),
        sa.ForeignKeyConstraint(["by_user"], ["user.id"], name=op.f(f"fk_{LOG}_by_user_user")),
        sa.ForeignKeyConstraint(
            ["about"], ["sitting_log.id"], name=op.f(f"fk_{LOG}_about_sitting_log")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{LOG}")),
    )
    op.create_index(op.f(f"ix_{LOG}_sitting_id"), LOG, ["sitting_id"], unique=False)


def downgrade() -> None:
    op.drop_table(LOG)
    op.drop_column("sitting_transition", "reference")
    for name in (*TIMES, *VALUES):
        op.drop_column("sitting", name)
