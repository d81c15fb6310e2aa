"""Tokens to watch live, and of the phone that is the second camera."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
CODE = sa.String(length=40)
TABLE = "media_token"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", CODE, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("track", CODE, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f(f"fk_{TABLE}_sitting_id_sitting")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{TABLE}_user_id_user")),
        sa.PrimaryKeyConstraint("hash", name=op.f(f"pk_{TABLE}")),
    )
    for column in ("sitting_id", "expires_at"):
        op.create_index(op.f(f"ix_{TABLE}_{column}"), TABLE, [column], unique=False)


def downgrade() -> None:
    op.drop_table(TABLE)
