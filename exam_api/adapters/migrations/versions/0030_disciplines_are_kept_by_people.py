"""A discipline says how it is examined (S-1), and may be disabled."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

FORMAT = sa.String(length=40)


def upgrade() -> None:
    """Whatever was scheduled so far goes on: a test, in rooms or remote."""
    exam_format = sa.Column("exam_format", FORMAT, nullable=False, server_default="test")
    op.add_column("discipline", exam_format)
    op.add_column(
        "discipline",
        sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("discipline", "disabled")
    op.drop_column("discipline", "exam_format")
