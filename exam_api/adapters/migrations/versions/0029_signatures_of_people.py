"""Detached signatures of people beside an act's PDF."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLE = "act_signature"
ID = sa.String(length=36)
CODE = sa.String(length=40)
DIGEST = sa.String(length=64)


def _to(column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{TABLE}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", ID, nullable=False),
        sa.Column("act_id", ID, nullable=False),
        sa.Column("language", CODE, nullable=False),
        sa.Column("document_sha256", DIGEST, nullable=False),
        sa.Column("sha256", DIGEST, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("problem", CODE, nullable=False),
        sa.Column("attached_by", ID, nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        _to("act_id", "act"),
        _to("attached_by", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("act_id", "sha256", name=op.f(f"uq_{TABLE}_act_id_sha256")),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
