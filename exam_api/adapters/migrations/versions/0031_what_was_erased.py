"""What was erased, when and by which rule."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
CODE = sa.String(length=40)
UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", ID, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("exam", JSON, nullable=False),
        sa.Column("what", CODE, nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("rule", CODE, nullable=False),
        sa.Column("kept_days", sa.Integer(), nullable=False),
        sa.Column("keys", JSON, nullable=False),
        sa.Column("began_at", UTC, nullable=False),
        sa.Column("ended_at", UTC, nullable=True),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_erasure_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("year", "seq", name=op.f("uq_erasure_year_seq")),
    )
    op.create_index(op.f("ix_erasure_sitting_id"), "erasure", ["sitting_id"], unique=False)
    op.create_index(op.f("ix_erasure_ended_at"), "erasure", ["ended_at"], unique=False)


def downgrade() -> None:
    op.drop_table("erasure")
