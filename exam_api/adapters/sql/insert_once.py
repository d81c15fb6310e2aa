"""Insert unless it is there already, in the words of either database."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import Base


async def insert_once(session: AsyncSession, table: type[Base], **values: Any) -> bool:
    """True where the row is new; a row with the same key stays as it is."""
    postgres = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if postgres else sqlite.insert
    once = insert(table).values(**values).on_conflict_do_nothing()
    # Returned, not counted: psycopg reports no row count for an INSERT of this kind.
    added = await session.execute(once.returning(*inspect(table).primary_key))
    return added.first() is not None
