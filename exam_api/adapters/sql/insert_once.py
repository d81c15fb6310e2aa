"""Insert unless it is there already, and counters, in the words of either database."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from exam_api.adapters.sql.tables import Base


async def insert_once(session: AsyncSession, table: type[Base], **values: Any) -> bool:
    """True where the row is new; a row with the same key stays as it is."""
    once = _insert(session)(table).values(**values).on_conflict_do_nothing()
    # Returned, not counted: psycopg reports no row count for an INSERT of this kind.
    added = await session.execute(once.returning(*inspect(table).primary_key))
    return added.first() is not None


async def next_of(
    session: AsyncSession, table: type[Base], counted: InstrumentedAttribute[int], **key: Any
) -> int:
    """The counter's next value, from 1; its row is held until the transaction ends."""
    first = _insert(session)(table).values(**key, **{counted.key: 1})
    query = first.on_conflict_do_update(
        index_elements=inspect(table).primary_key, set_={counted.key: counted + 1}
    ).returning(counted)
    return int((await session.execute(query)).scalar_one())


def _insert(session: AsyncSession) -> Any:
    postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert if postgres else sqlite.insert
