"""Test files that were read and wait for a person's word."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TABLE = "item_import"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", ID, nullable=False),
        sa.Column("discipline_id", ID, nullable=False),
        sa.Column("by_user", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("refused", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["discipline_id"],
            ["discipline.id"],
            name=op.f(f"fk_{TABLE}_discipline_id_discipline"),
        ),
        sa.ForeignKeyConstraint(["by_user"], ["user.id"], name=op.f(f"fk_{TABLE}_by_user_user")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_discipline_id_by_user"), TABLE, ["discipline_id", "by_user"])


def downgrade() -> None:
    op.drop_table(TABLE)
