"""The bridge's rows: segments, gaps, flags as they come, events."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import CursorResult, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from analysis.contracts import AnalysedStretch, Flag
from capture.contracts import Gap, Segment
from exam_api.adapters.sql.flag_rows import flag_columns, stored_flag
from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.keeping_store import gap_columns
from exam_api.adapters.sql.notices import SqlNotices
from exam_api.adapters.sql.tables import (
    AnalysedRow,
    Enrolment,
    EventRow,
    Exam,
    FlagRow,
    GapRow,
    SegmentRow,
    Sitting,
)
from exam_api.adapters.sql.unit import SqlUnit
from exam_api.domain.ids import new_id
from exam_api.domain.policy import ExamPolicy
from exam_api.services.identity_ports import Photo, PhotoKind
from exam_api.services.ports import Clock
from exam_api.services.proctoring_ports import (
    EventKind,
    Saved,
    SittingTimes,
    StoredEvent,
    StoredFlag,
    StoredStill,
)


class SqlEventSink:
    """Appends to the event stream within the unit's transaction."""

    def __init__(self, unit: SqlUnit) -> None:
        self._unit = unit

    async def append_event(
        self,
        exam_id: str,
        sitting_id: str | None,
        kind: EventKind,
        payload: Mapping[str, object],
    ) -> None:
        await self._unit.events.append(exam_id, sitting_id, kind, payload)

    @property
    def notices(self) -> SqlNotices:
        return self._unit.notices


class SqlProctoringStore(SqlEventSink):
    def __init__(self, unit: SqlUnit, clock: Clock) -> None:
        super().__init__(unit)
        self._session = unit.session
        self._clock = clock

    async def times(self, sitting_id: str) -> SittingTimes | None:
        query = (
            select(Sitting)
            .where(Sitting.id == sitting_id)
            .execution_options(populate_existing=True)
        )
        row = await self._session.scalar(query.with_for_update(read=True, key_share=True))
        return None if row is None else _times(row)

    async def excused(self, sitting_id: str) -> Collection[str]:
        query = (
            select(Exam.policy, Enrolment.excused)
            .join(Sitting, Sitting.exam_id == Exam.id)
            .outerjoin(
                Enrolment,
                and_(
                    Sitting.exam_id == Enrolment.exam_id,
                    Sitting.student_id == Enrolment.student_id,
                ),
            )
            .where(Sitting.id == sitting_id)
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            return ()
        return {*ExamPolicy.from_json(row.policy).unwatched, *(row.excused or ())}

    async def thumbnail_s(self, sitting_id: str) -> int:
        query = select(Exam.policy).join(Sitting, Sitting.exam_id == Exam.id)
        policy = await self._session.scalar(query.where(Sitting.id == sitting_id))
        return ExamPolicy.from_json(policy or {}).thumbnail_s

    async def identity_photos(self, sitting_id: str) -> Mapping[PhotoKind, Photo]:
        return await self._unit.identity.photos(sitting_id)

    async def in_progress(self) -> Sequence[SittingTimes]:
        query = select(Sitting).where(Sitting.began_at.is_not(None), Sitting.finished_at.is_(None))
        return [_times(row) for row in await self._session.scalars(query)]

    async def save_segment(self, segment: Segment) -> bool:
        columns = asdict(segment)
        columns["idx"] = columns.pop("index")
        columns["track"] = str(segment.track)
        return await insert_once(self._session, SegmentRow, **columns)

    async def save_gap(self, sitting_id: str, gap: Gap) -> bool:
        return await insert_once(self._session, GapRow, **gap_columns(sitting_id, gap))

    async def save_flag(
        self,
        sitting_id: str,
        flag: Flag,
        evidence_key: str | None,
        before: Sequence[StoredStill] = (),
    ) -> tuple[StoredFlag, Saved]:
        columns = flag_columns(flag, evidence_key, before)
        first: dict[str, object] = {"boxes": [], "evidence_key": None, "evidence_at_ms": None}
        new = await insert_once(
            self._session,
            FlagRow,
            **{**first, **columns},
            id=new_id(),
            sitting_id=sitting_id,
            kind=str(flag.kind),
            start_ms=flag.start_ms,
            opened_at=self._clock.now(),
        )
        named = (
            FlagRow.sitting_id == sitting_id,
            FlagRow.kind == str(flag.kind),
            FlagRow.start_ms == flag.start_ms,
        )
        saved = Saved.NEW
        if not new:
            # A flag that ended never opens again: late or repeated updates change nothing.
            done = await self._session.execute(
                update(FlagRow).where(*named, FlagRow.end_ms.is_(None)).values(**columns)
            )
            assert isinstance(done, CursorResult)
            saved = Saved.CHANGED if done.rowcount else Saved.SAME
        row = await self._session.scalar(
            select(FlagRow).where(*named).execution_options(populate_existing=True)
        )
        assert row is not None
        return stored_flag(row), saved

    async def save_stretch(self, stretch: AnalysedStretch) -> None:
        if await insert_once(self._session, AnalysedRow, **asdict(stretch)):
            return
        await self._session.execute(
            update(AnalysedRow)
            .where(
                AnalysedRow.sitting_id == stretch.sitting_id,
                AnalysedRow.start_ms == stretch.start_ms,
                AnalysedRow.frames < stretch.frames,
            )
            .values(frames=stretch.frames, end_ms=stretch.end_ms)
        )

    async def close_flag(self, flag_id: str, end_ms: int) -> None:
        await self._session.execute(
            update(FlagRow)
            .where(FlagRow.id == flag_id, FlagRow.end_ms.is_(None))
            .values(end_ms=end_ms)
        )

    async def open_flags(self, sitting_id: str | None = None) -> Sequence[StoredFlag]:
        query = select(FlagRow).where(FlagRow.end_ms.is_(None)).order_by(FlagRow.id)
        if sitting_id is not None:
            query = query.where(FlagRow.sitting_id == sitting_id)
        return [stored_flag(row) for row in await self._session.scalars(query)]

    async def flags_after_end(self) -> Sequence[tuple[StoredFlag, int]]:
        query = (
            select(FlagRow, Sitting)
            .join(Sitting, Sitting.id == FlagRow.sitting_id)
            .where(FlagRow.end_ms.is_(None), Sitting.finished_at.is_not(None))
        )
        found = [
            (stored_flag(flag), _times(row)) for flag, row in await self._session.execute(query)
        ]
        return [(flag, times.at_ms(times.finished_at) or 0) for flag, times in found]


async def last_event_id(session: AsyncSession) -> int:
    return await session.scalar(select(func.coalesce(func.max(EventRow.id), 0))) or 0


async def events_after(
    session: AsyncSession, exam_id: str, after: int, limit: int
) -> Sequence[StoredEvent]:
    """An exam's events after the cursor, oldest first."""
    query = (
        select(EventRow)
        .where(EventRow.exam_id == exam_id, EventRow.id > after)
        .order_by(EventRow.id)
        .limit(limit)
    )
    return [_event(row) for row in await session.scalars(query)]


def _times(row: Sitting) -> SittingTimes:
    return SittingTimes(
        id=row.id,
        exam_id=row.exam_id,
        origin=row.origin,
        began_at=row.began_at,
        finished_at=row.finished_at,
    )


def _event(row: EventRow) -> StoredEvent:
    return StoredEvent(
        id=row.id,
        exam_id=row.exam_id,
        sitting_id=row.sitting_id,
        kind=row.kind,
        payload=row.payload,
        at=row.at,
    )
