"""Questions sent to appeal go the way of every appeal: visa, commission, votes, protocol."""

import sqlalchemy as sa
from alembic import op

from exam_api.domain.ids import new_id

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
GRADE = "uq_appeal_sitting_id"
QUESTION = "uq_appeal_sitting_id_item_id"
ITEM = "fk_appeal_item_id_item"
WHOLE = sa.text("item_id IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("appeal") as batch:
        batch.add_column(sa.Column("item_id", ID, nullable=True))
        batch.drop_constraint(op.f(GRADE), type_="unique")
        batch.create_foreign_key(op.f(ITEM), "item", ["item_id"], ["id"])
        batch.create_unique_constraint(op.f(QUESTION), ["sitting_id", "item_id"])
    op.create_index(
        GRADE, "appeal", ["sitting_id"], unique=True, sqlite_where=WHOLE, postgresql_where=WHOLE
    )
    _lodge_those_sent()


def _lodge_those_sent() -> None:
    """They were kept, but nobody was shown them."""
    connection = op.get_bind()
    at = sa.column("at", sa.DateTime(timezone=True))
    sent = sa.table("question_appeal", sa.column("sitting_id"), sa.column("item_id"), at)
    appeal = sa.table(
        "appeal",
        *map(sa.column, ("id", "sitting_id", "item_id", "state", "grounds")),
        sa.column("lodged_at", sa.DateTime(timezone=True)),
        *map(sa.column, ("visa_note", "reasons")),
    )
    empty = dict.fromkeys(("grounds", "visa_note", "reasons"), "")
    for row in connection.execute(sa.select(sent).order_by(at)).all():
        connection.execute(
            appeal.insert().values(
                id=new_id(),
                sitting_id=row.sitting_id,
                item_id=row.item_id,
                state="lodged",
                lodged_at=row.at,
                **empty,
            )
        )


def downgrade() -> None:
    vote = sa.table("appeal_vote", sa.column("appeal_id"))
    appeal = sa.table("appeal", sa.column("id"), sa.column("item_id"))
    on_questions = sa.select(appeal.c.id).where(appeal.c.item_id.is_not(None))
    op.execute(vote.delete().where(vote.c.appeal_id.in_(on_questions)))
    op.execute(appeal.delete().where(appeal.c.item_id.is_not(None)))
    op.drop_index(GRADE, table_name="appeal")
    with op.batch_alter_table("appeal") as batch:
        batch.drop_constraint(op.f(QUESTION), type_="unique")
        batch.drop_constraint(op.f(ITEM), type_="foreignkey")
        batch.drop_column("item_id")
        batch.create_unique_constraint(op.f(GRADE), ["sitting_id"])
