"""Which files of recordings are in a bucket, and since when the local copy is gone."""

import sqlalchemy as sa
from alembic import op

from exam_api.adapters.sql.tables.base import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("archived_at", "removed_at"):
        op.add_column("sealed_recording", sa.Column(name, UtcDateTime(timezone=True)))
    op.create_table(
        "archived_file",
        sa.Column("sitting_id", sa.String(length=36), nullable=False),
        sa.Column("track", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("blob_key", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_archived_file_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "track", "name", name=op.f("pk_archived_file")),
    )


def downgrade() -> None:
    op.drop_table("archived_file")
    with op.batch_alter_table("sealed_recording") as batch:
        for name in ("archived_at", "removed_at"):
            batch.drop_column(name)
