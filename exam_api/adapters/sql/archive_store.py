"""Which files of recordings are in the bucket."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, update

from capture.contracts import TrackKey, TrackKind
from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.tables import ArchivedFile, SealedRow, SegmentRow
from exam_api.adapters.sql.unit import SqlUnit
from exam_api.services.archiving import StoredFile


class SqlArchiveStore:
    def __init__(self, unit: SqlUnit) -> None:
        self._session = unit.session

    async def unsent(self, limit: int) -> Sequence[StoredFile]:
        same = and_(
            ArchivedFile.sitting_id == SegmentRow.sitting_id,
            ArchivedFile.track == SegmentRow.track,
            ArchivedFile.name == SegmentRow.name,
        )
        query = (
            select(SegmentRow)
            .outerjoin(ArchivedFile, same)
            .where(ArchivedFile.name.is_(None))
            .order_by(SegmentRow.sitting_id, SegmentRow.idx)
            .limit(limit)
        )
        return [
            StoredFile(TrackKey(row.sitting_id, TrackKind(row.track)), row.name, row.sha256)
            for row in await self._session.scalars(query)
        ]

    async def unarchived(self, limit: int) -> Sequence[TrackKey]:
        query = select(SealedRow).where(SealedRow.archived_at.is_(None)).limit(limit)
        return [_key(row) for row in await self._session.scalars(query)]

    async def lacking(self, key: TrackKey, files: Sequence[StoredFile]) -> Sequence[StoredFile]:
        query = select(ArchivedFile.name).where(
            ArchivedFile.sitting_id == key.sitting_id, ArchivedFile.track == str(key.track)
        )
        there = set(await self._session.scalars(query))
        return [file for file in files if file.name not in there]

    async def sent(self, files: Sequence[StoredFile], at: datetime) -> None:
        for file in files:
            await insert_once(
                self._session,
                ArchivedFile,
                sitting_id=file.key.sitting_id,
                track=str(file.key.track),
                name=file.name,
                blob_key=file.blob_key,
                at=at,
            )

    async def archived(self, key: TrackKey, at: datetime) -> None:
        await self._mark(key, archived_at=at)

    async def removable(self, before: datetime, limit: int) -> Sequence[TrackKey]:
        query = (
            select(SealedRow)
            .where(SealedRow.archived_at < before, SealedRow.removed_at.is_(None))
            .limit(limit)
        )
        return [_key(row) for row in await self._session.scalars(query)]

    async def removed(self, key: TrackKey, at: datetime) -> None:
        await self._mark(key, removed_at=at)

    async def restored(self, key: TrackKey, at: datetime) -> None:
        gone = SealedRow.removed_at.is_not(None)
        await self._mark(key, gone, archived_at=at, removed_at=None)

    async def _mark(
        self, key: TrackKey, *where: ColumnElement[bool], **values: datetime | None
    ) -> None:
        row = (SealedRow.sitting_id == key.sitting_id, SealedRow.track == str(key.track))
        await self._session.execute(update(SealedRow).where(*row, *where).values(**values))


def _key(row: SealedRow) -> TrackKey:
    return TrackKey(row.sitting_id, TrackKind(row.track))
