"""Each annulment of a sitting's result may be appealed on."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

OLD = "uq_appeal_sitting_id_cause"
NEW = "uq_appeal_sitting_id_cause_nth"
WHOLE = sa.text("item_id IS NULL")


def upgrade() -> None:
    op.drop_index(OLD, table_name="appeal")
    with op.batch_alter_table("appeal") as batch:
        batch.add_column(sa.Column("nth", sa.Integer(), nullable=False, server_default="1"))
    _index(NEW, ["sitting_id", "cause", "nth"])


def downgrade() -> None:
    later = "SELECT id FROM appeal WHERE nth > 1"
    op.execute(f"DELETE FROM appeal_vote WHERE appeal_id IN ({later})")  # noqa: S608 - constant
    op.execute("DELETE FROM appeal WHERE nth > 1")
    op.drop_index(NEW, table_name="appeal")
    with op.batch_alter_table("appeal") as batch:
        batch.drop_column("nth")
    _index(OLD, ["sitting_id", "cause"])


def _index(name: str, columns: list[str]) -> None:
    op.create_index(
        name, "appeal", columns, unique=True, sqlite_where=WHOLE, postgresql_where=WHOLE
    )
