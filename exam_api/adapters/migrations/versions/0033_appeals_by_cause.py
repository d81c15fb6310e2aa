"""A sitting's annulment may be appealed on, whatever became of an appeal on its grade."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

OLD = "uq_appeal_sitting_id"
NEW = "uq_appeal_sitting_id_cause"
WHOLE = sa.text("item_id IS NULL")


def upgrade() -> None:
    op.drop_index(OLD, table_name="appeal")
    with op.batch_alter_table("appeal") as batch:
        batch.add_column(
            sa.Column("cause", sa.String(length=40), nullable=False, server_default="grade")
        )
    op.create_index(
        NEW,
        "appeal",
        ["sitting_id", "cause"],
        unique=True,
        sqlite_where=WHOLE,
        postgresql_where=WHOLE,
    )


def downgrade() -> None:
    second = "SELECT id FROM appeal WHERE cause <> 'grade'"
    op.execute(f"DELETE FROM appeal_vote WHERE appeal_id IN ({second})")  # noqa: S608 - constant
    op.execute("DELETE FROM appeal WHERE cause <> 'grade'")
    op.drop_index(NEW, table_name="appeal")
    with op.batch_alter_table("appeal") as batch:
        batch.drop_column("cause")
    op.create_index(
        OLD, "appeal", ["sitting_id"], unique=True, sqlite_where=WHOLE, postgresql_where=WHOLE
    )
