"""A notice's mails may carry a file."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notice") as batch:
        batch.add_column(sa.Column("file_name", sa.String(length=80), nullable=True))
        batch.add_column(sa.Column("file_key", sa.String(length=200), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("notice") as batch:
        batch.drop_column("file_key")
        batch.drop_column("file_name")
