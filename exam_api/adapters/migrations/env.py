"""Alembic's entry. The caller (adapters.sql.migrate) hands over an open connection."""

from alembic import context
from sqlalchemy import Connection

from exam_api.adapters.sql.tables import Base


def run() -> None:
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=False,
        compare_type=True,
        transactional_ddl=True,  # SQLite can, when the driver leaves transactions to us
    )
    with context.begin_transaction():
        context.run_migrations()


run()
