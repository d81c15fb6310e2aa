"""The test bank's work: topics, who may load, approval of items, loaded tests and their check."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
CODE = sa.String(length=40)
UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
# SQLite takes a reference of a new column only with the column itself.
REFERENCES = {"topic_id": "topic", "author_id": "user", "decided_by": "user"}


def upgrade() -> None:
    op.create_table(
        "topic",
        sa.Column("id", ID, nullable=False),
        sa.Column("discipline_id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        _reference("topic", "discipline_id", "discipline"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("discipline_id", "name", name=op.f("uq_topic_discipline_id_name")),
    )
    op.create_table(
        "loading_right",
        sa.Column("discipline_id", ID, nullable=False),
        sa.Column("teacher_id", ID, nullable=False),
        sa.Column("given_by", ID, nullable=False),
        sa.Column("given_at", UTC, nullable=False),
        _reference("loading_right", "discipline_id", "discipline"),
        _reference("loading_right", "teacher_id", "user"),
        _reference("loading_right", "given_by", "user"),
        sa.PrimaryKeyConstraint("discipline_id", "teacher_id", name=op.f("pk_loading_right")),
    )
    op.create_index(op.f("ix_loading_right_teacher_id"), "loading_right", ["teacher_id"])
    _loaded_tests()
    for column, table in REFERENCES.items():
        name = f"fk_item_{column}_{table}"
        op.execute(
            f"ALTER TABLE item ADD COLUMN {column} VARCHAR(36)"
            f' CONSTRAINT {name} REFERENCES "{table}"(id)'
        )
    for added in (
        sa.Column("difficulty", sa.Integer(), nullable=False, server_default="2"),
        sa.Column("languages", sa.String(length=20), nullable=False, server_default=""),
        sa.Column("changed_at", UTC, nullable=True),
        sa.Column("decided_at", UTC, nullable=True),
        sa.Column("remark", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("item", added)
    _name_languages()


def _name_languages() -> None:
    item = sa.table("item", sa.column("id"), sa.column("languages"), sa.column("body", JSON))
    bind = op.get_bind()
    for ref, body in bind.execute(sa.select(item.c.id, item.c.body)).all():
        complete = " ".join(lang for lang in ("kk", "ru", "en") if lang in body["stem"])
        bind.execute(item.update().where(item.c.id == ref).values(languages=complete))


def _loaded_tests() -> None:
    op.create_table(
        "loaded_test",
        sa.Column("id", ID, nullable=False),
        sa.Column("discipline_id", ID, nullable=False),
        sa.Column("discipline_code", CODE, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("control", CODE, nullable=False),
        sa.Column("languages", sa.String(length=20), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("shares", JSON, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("loaded_by", ID, nullable=False),
        sa.Column("loaded_at", UTC, nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("checked_by", ID, nullable=True),
        sa.Column("checked_at", UTC, nullable=True),
        _reference("loaded_test", "discipline_id", "discipline"),
        _reference("loaded_test", "loaded_by", "user"),
        _reference("loaded_test", "checked_by", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loaded_test")),
    )
    op.create_index(op.f("ix_loaded_test_discipline_id"), "loaded_test", ["discipline_id"])


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def downgrade() -> None:
    for name in (*REFERENCES, "difficulty", "languages", "changed_at", "decided_at", "remark"):
        op.drop_column("item", name)
    for name in ("loaded_test", "loading_right", "topic"):
        op.drop_table(name)
