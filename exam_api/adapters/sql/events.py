"""The event rows that consoles resume from."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import EventRow
from exam_api.services.ports import Clock

# Transactions that append events take turns, so that ids appear in commit order and a console
# that has read up to 11 cannot miss a 10 that commits later. (SQLite has one writer anyway.)
_ORDER_LOCK = 0x6576656E


class SqlEvents:
    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self.appended = 0
        self.touched: set[str] = set()

    async def append(
        self, exam_id: str, sitting_id: str | None, kind: str, payload: Mapping[str, Any]
    ) -> int:
        if self._session.get_bind().dialect.name == "postgresql":
            await self._session.execute(select(func.pg_advisory_xact_lock(_ORDER_LOCK)))
        row = EventRow(
            exam_id=exam_id,
            sitting_id=sitting_id,
            kind=kind,
            payload=dict(payload),
            at=self._clock.now(),
        )
        self._session.add(row)
        await self._session.flush()
        self.appended += 1
        if sitting_id is not None:
            self.touched.add(sitting_id)
        return row.id
