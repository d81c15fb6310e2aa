"""What the second look reads and writes: the sitting's flags and its findings beside them."""

from collections.abc import Sequence

from sqlalchemy import select, update

from exam_api.adapters.sql.concluded import concluded_by
from exam_api.adapters.sql.flag_rows import stored_flag
from exam_api.adapters.sql.proctoring_store import SqlProctoringStore
from exam_api.adapters.sql.tables import FlagRow, Sitting
from exam_api.services.proctoring_ports import SecondFinding, StoredFlag


class SqlSecondLookStore(SqlProctoringStore):
    async def flags(self, sitting_ids: Sequence[str]) -> Sequence[StoredFlag]:
        query = select(FlagRow).where(FlagRow.sitting_id.in_(sitting_ids))
        return [stored_flag(row) for row in await self._session.scalars(query)]

    async def concluded_by(self, sitting_id: str) -> Sequence[str]:
        return await concluded_by(self._session, sitting_id)

    async def student_of(self, sitting_id: str) -> str:
        return (await self._session.get_one(Sitting, sitting_id)).student_id

    async def save_finding(self, flag_id: str, finding: SecondFinding, confidence: float) -> None:
        await self._session.execute(
            update(FlagRow)
            .where(FlagRow.id == flag_id, FlagRow.second_finding.is_(None))
            .values(
                second_finding=str(finding),
                second_confidence=confidence,
                second_at=self._clock.now(),
            )
        )
