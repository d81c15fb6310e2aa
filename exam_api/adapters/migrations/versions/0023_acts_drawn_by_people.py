"""Acts that people draw up (forms 1 to 3) beside those made of confirmed flags."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ONE_A_SITTING = "uq_act_sitting_id_revision"
BEFORE = "uq_act_sitting_id_form_revision"
ABOUT = "fk_act_about_id_act"
FLAGS = sa.text("source = 'flags'")


def upgrade() -> None:
    with op.batch_alter_table("act") as batch:
        batch.add_column(
            sa.Column("source", sa.String(length=40), nullable=False, server_default="flags")
        )
        batch.add_column(sa.Column("about_id", sa.String(length=36), nullable=True))
        batch.drop_constraint(op.f(BEFORE), type_="unique")
        batch.create_foreign_key(op.f(ABOUT), "act", ["about_id"], ["id"])
        batch.create_index(op.f("ix_act_about_id"), ["about_id"])
    with op.batch_alter_table("act") as batch:
        batch.alter_column("source", server_default=None)
    op.create_index(
        ONE_A_SITTING,
        "act",
        ["sitting_id", "revision"],
        unique=True,
        sqlite_where=FLAGS,
        postgresql_where=FLAGS,
    )


def downgrade() -> None:
    act = sa.table("act", sa.column("source"))
    op.execute(act.delete().where(act.c.source != "flags"))
    op.drop_index(ONE_A_SITTING, table_name="act")
    with op.batch_alter_table("act") as batch:
        batch.drop_index(op.f("ix_act_about_id"))
        batch.drop_constraint(op.f(ABOUT), type_="foreignkey")
        batch.drop_column("about_id")
        batch.drop_column("source")
        batch.create_unique_constraint(op.f(BEFORE), ["sitting_id", "form", "revision"])
