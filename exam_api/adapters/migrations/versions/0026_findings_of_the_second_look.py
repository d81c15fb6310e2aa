"""What the second look after the exam says stands beside each flag."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("flag") as batch:
        batch.add_column(sa.Column("second_finding", sa.String(length=40), nullable=True))
        batch.add_column(sa.Column("second_confidence", sa.Double(), nullable=True))
        batch.add_column(sa.Column("second_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("flag") as batch:
        batch.drop_column("second_at")
        batch.drop_column("second_confidence")
        batch.drop_column("second_finding")
