"""Segments, gaps and publish tokens name the track: camera, screen or second camera."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TRACK = sa.String(length=40)
# Table, and what follows the sitting and the track in its key.
KEYED = {"segment": "idx", "gap": "start_ms"}


def upgrade() -> None:
    """What was recorded before was the camera."""
    for table in ("publish_token", *KEYED):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("track", TRACK, nullable=False, server_default="camera"))
        with op.batch_alter_table(table) as batch:
            batch.alter_column("track", existing_type=TRACK, server_default=None)
    for table, last in KEYED.items():
        _key(table, "sitting_id", "track", last)


def downgrade() -> None:
    for table, last in KEYED.items():
        rows = sa.table(table, sa.column("track"))
        op.execute(rows.delete().where(rows.c.track != "camera"))
        _key(table, "sitting_id", last)
    for table in ("publish_token", *KEYED):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("track")


def _key(table: str, *columns: str) -> None:
    name = op.f(f"pk_{table}")
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="primary")
        batch.create_primary_key(name, list(columns))
