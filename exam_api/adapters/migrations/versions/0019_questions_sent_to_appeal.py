"""Questions that students send to appeal during the test."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TABLE = "question_appeal"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("response", JSON, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f(f"fk_{TABLE}_sitting_id_sitting")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f(f"fk_{TABLE}_item_id_item")),
        sa.PrimaryKeyConstraint("sitting_id", "item_id", name=op.f(f"pk_{TABLE}")),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
