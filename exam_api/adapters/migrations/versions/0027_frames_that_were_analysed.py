"""How many frames of a sitting were analysed, and over which time."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analysed_stretch",
        sa.Column("sitting_id", sa.String(length=36), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_analysed_stretch_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "start_ms", name=op.f("pk_analysed_stretch")),
    )


def downgrade() -> None:
    op.drop_table("analysed_stretch")
