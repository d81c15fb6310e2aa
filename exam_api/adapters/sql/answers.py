"""Answers: the one that counts, and the append-only log of all that were taken."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import Answer, AnswerLog, ItemChoice
from exam_api.services.ports import GivenAnswer


def _given(row: Answer) -> GivenAnswer:
    return GivenAnswer(row.item_id, row.choice_id, row.client_seq, row.saved_at)


class SqlAnswers:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        name = session.get_bind().dialect.name
        self._insert = postgresql.insert if name == "postgresql" else sqlite.insert

    async def save(self, sitting_id: str, client_id: str, answer: GivenAnswer) -> GivenAnswer:
        new = {
            "sitting_id": sitting_id,
            "item_id": answer.item_id,
            "choice_id": answer.choice_id,
            "client_seq": answer.client_seq,
            "saved_at": answer.saved_at,
        }
        statement = self._insert(Answer).values(new)
        newest = statement.on_conflict_do_update(
            index_elements=["sitting_id", "item_id"],
            set_={
                name: statement.excluded[name] for name in ("choice_id", "client_seq", "saved_at")
            },
            where=Answer.client_seq < statement.excluded.client_seq,
        ).returning(Answer.client_seq)
        if await self._session.scalar(newest) is not None:
            self._session.add(AnswerLog(**new, client_id=client_id))
            await self._session.flush()
            return answer
        counting = await self._session.get_one(Answer, (sitting_id, answer.item_id))
        return _given(counting)

    async def of(self, sitting_id: str) -> Sequence[GivenAnswer]:
        rows = await self._session.scalars(select(Answer).where(Answer.sitting_id == sitting_id))
        return [_given(row) for row in rows]

    async def count(self, sitting_id: str) -> int:
        query = select(func.count()).select_from(Answer).where(Answer.sitting_id == sitting_id)
        return await self._session.scalar(query) or 0

    async def correct(self, sitting_id: str) -> int:
        query = (
            select(func.count())
            .select_from(Answer)
            .join(ItemChoice, ItemChoice.id == Answer.choice_id)
            .where(Answer.sitting_id == sitting_id, ItemChoice.correct.is_(True))
        )
        return await self._session.scalar(query) or 0
