"""Rows of recordings that are kept: signatures and the gaps that were found at the end."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select

from capture.contracts import Gap, TrackKind
from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.tables import Exam, GapRow, SealedRow, Sitting
from exam_api.adapters.sql.unit import SqlUnit
from exam_api.domain.policy import ExamPolicy
from exam_api.services.keeping_ports import EndedSitting, SealedTrack
from exam_api.services.second_look import SECOND_LOOK, SECOND_LOOK_AFTER


class SqlKeepingStore:
    def __init__(self, unit: SqlUnit) -> None:
        self._unit = unit
        self._session = unit.session

    async def unsealed(self, limit: int, but: Collection[str]) -> Sequence[EndedSitting]:
        sealed = (
            select(SealedRow.sitting_id)
            .where(SealedRow.sitting_id == Sitting.id, SealedRow.track == TrackKind.CAMERA)
            .exists()
        )
        query = (
            select(Sitting.id, Sitting.origin, Sitting.finished_at)
            .where(Sitting.origin.is_not(None), Sitting.finished_at.is_not(None))
            .where(~sealed, Sitting.id.not_in(but))
            .order_by(Sitting.finished_at)
            .limit(limit)
        )
        return [
            EndedSitting(row.id, round((row.finished_at - row.origin).total_seconds() * 1000))
            for row in await self._session.execute(query)
        ]

    async def save_sealed(self, sealed: SealedTrack, gaps: Sequence[Gap]) -> None:
        for gap in gaps:
            await insert_once(self._session, GapRow, **gap_columns(sealed.key.sitting_id, gap))
        await self._session.merge(
            SealedRow(
                sitting_id=sealed.key.sitting_id,
                track=str(sealed.key.track),
                digest=sealed.digest,
                public_key=sealed.public_key,
                sealed_at=sealed.sealed_at,
            )
        )

    async def ask_second_look(self, sealed: SealedTrack) -> None:
        sitting_id = sealed.key.sitting_id
        query = select(Exam.policy).join(Sitting, Sitting.exam_id == Exam.id)
        policy = await self._session.scalar(query.where(Sitting.id == sitting_id))
        if policy is None or not ExamPolicy.from_json(policy).second_pass:
            return
        key = f"{SECOND_LOOK}:{sitting_id}:{sealed.digest[:32]}"
        due_at = sealed.sealed_at + SECOND_LOOK_AFTER
        await self._unit.jobs.add(key, SECOND_LOOK, {"sitting_id": sitting_id}, due_at=due_at)

    async def forget_seal(self, sitting_id: str) -> None:
        await self._session.execute(delete(SealedRow).where(SealedRow.sitting_id == sitting_id))


def gap_columns(sitting_id: str, gap: Gap) -> dict[str, object]:
    return {
        "sitting_id": sitting_id,
        "track": str(gap.track),
        "start_ms": gap.start_ms,
        "end_ms": gap.end_ms,
        "cause": str(gap.cause),
    }
