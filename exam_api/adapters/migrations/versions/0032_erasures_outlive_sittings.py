"""The record of an erasure outlives the sitting that it was of."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SITTING = "fk_erasure_sitting_id_sitting"


def upgrade() -> None:
    with op.batch_alter_table("erasure") as batch:
        batch.drop_constraint(op.f(SITTING), type_="foreignkey")


def downgrade() -> None:
    op.execute("DELETE FROM erasure WHERE sitting_id NOT IN (SELECT id FROM sitting)")
    with op.batch_alter_table("erasure") as batch:
        batch.create_foreign_key(op.f(SITTING), "sitting", ["sitting_id"], ["id"])
