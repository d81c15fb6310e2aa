"""A sitting's recording is signed once the sitting is over."""

import sqlalchemy as sa
from alembic import op

from exam_api.adapters.sql.tables.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealed_recording",
        sa.Column("sitting_id", sa.String(length=36), nullable=False),
        sa.Column("track", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_sealed_recording_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "track", name=op.f("pk_sealed_recording")),
    )


def downgrade() -> None:
    op.drop_table("sealed_recording")
