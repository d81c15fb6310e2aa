"""Every change of a sitting's state, with who made it, when and why."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "sitting_transition"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_user", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f(f"fk_{TABLE}_sitting_id_sitting")
        ),
        sa.ForeignKeyConstraint(["by_user"], ["user.id"], name=op.f(f"fk_{TABLE}_by_user_user")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_sitting_id"), TABLE, ["sitting_id"], unique=False)


def downgrade() -> None:
    op.drop_table(TABLE)
