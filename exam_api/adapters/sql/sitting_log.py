"""What was said and granted during sittings: added, never changed."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import SittingLogRow, User
from exam_api.domain.sitting_log import LogEntry, LogKind
from exam_api.services.sitting_log_ports import NamedEntry

# Put together once: every sitting that is shown asks it.
_OF_SITTING: Final = (
    select(SittingLogRow, User.full_name)
    .join(User, User.id == SittingLogRow.by_user)
    .where(SittingLogRow.sitting_id == bindparam("sitting"))
    .order_by(SittingLogRow.at, SittingLogRow.id)
)


class SqlSittingLog:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, entry: LogEntry) -> None:
        row = SittingLogRow(
            id=entry.id,
            sitting_id=entry.sitting_id,
            kind=entry.kind.value,
            at=entry.at,
            by_user=entry.by,
            text=entry.text,
            minutes=entry.minutes,
            about=entry.about,
        )
        self._session.add(row)
        await self._session.flush()

    async def of(self, sitting_id: str) -> Sequence[NamedEntry]:
        found = await self._session.execute(_OF_SITTING, {"sitting": sitting_id})
        return [NamedEntry(_entry(row), name) for row, name in found]

    async def of_each(self, sitting_ids: Collection[str]) -> Mapping[str, Sequence[LogEntry]]:
        query = (
            select(SittingLogRow)
            .where(SittingLogRow.sitting_id.in_(sitting_ids))
            .order_by(SittingLogRow.at, SittingLogRow.id)
        )
        found: dict[str, list[LogEntry]] = defaultdict(list)
        for row in await self._session.scalars(query):
            found[row.sitting_id].append(_entry(row))
        return found


def _entry(row: SittingLogRow) -> LogEntry:
    return LogEntry(
        id=row.id,
        sitting_id=row.sitting_id,
        kind=LogKind(row.kind),
        at=row.at,
        by=row.by_user,
        text=row.text,
        minutes=row.minutes,
        about=row.about,
    )
