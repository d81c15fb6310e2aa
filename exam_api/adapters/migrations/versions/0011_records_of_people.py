"""The audit log, where log-in sessions come from, and what a search for people looks through."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from exam_api.domain.people import searchable

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
UTC = sa.DateTime(timezone=True)
AUDIT = "audit_entry"
LOG_INS = "second_log_in"


def upgrade() -> None:
    _make_audit()
    _make_second_log_ins()
    for name, length in (("address", 64), ("agent", 300)):
        column = sa.Column(name, sa.String(length=length), nullable=False, server_default="")
        op.add_column("session", column)
    op.add_column(
        "session", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    search = sa.Column("search", sa.String(length=600), nullable=False, server_default="")
    op.add_column("user", search)
    _fill_search()


def _make_audit() -> None:
    op.create_table(
        AUDIT,
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("by_user", ID, nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("about", ID, nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["by_user"], ["user.id"], name=op.f(f"fk_{AUDIT}_by_user_user")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{AUDIT}")),
    )
    op.create_index(op.f(f"ix_{AUDIT}_about"), AUDIT, ["about"], unique=False)
    op.create_index(op.f(f"ix_{AUDIT}_what"), AUDIT, ["what"], unique=False)


def _make_second_log_ins() -> None:
    op.create_table(
        LOG_INS,
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f(f"fk_{LOG_INS}_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{LOG_INS}")),
    )
    op.create_index(op.f(f"ix_{LOG_INS}_sitting_id"), LOG_INS, ["sitting_id"], unique=False)
    op.create_index(op.f(f"ix_{LOG_INS}_id_hash"), LOG_INS, ["id_hash"], unique=False)


def _fill_search() -> None:
    columns = ("id", "login", "full_name", "email", "search")
    user = sa.table("user", *(sa.column(name) for name in columns))
    bind = op.get_bind()
    for row in bind.execute(sa.select(user)).all():
        found = searchable(row.full_name, row.login, row.email)
        bind.execute(sa.update(user).where(user.c.id == row.id).values(search=found))


def downgrade() -> None:
    op.drop_column("user", "search")
    for name in ("held", "agent", "address"):
        op.drop_column("session", name)
    op.drop_table(LOG_INS)
    op.drop_table(AUDIT)
