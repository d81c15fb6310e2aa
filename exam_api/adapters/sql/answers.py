"""Answers: the one that counts, and the append-only log of all that were taken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import Answer, AnswerLog, ItemChoice
from exam_api.services.ports import GivenAnswer, NewAnswer

_COLUMNS = (
    Answer.sitting_id,
    Answer.item_id,
    Answer.choice_id,
    Answer.client_seq,
    Answer.saved_at,
)


def _values(answer: NewAnswer) -> dict[str, Any]:
    return {"sitting_id": answer.sitting_id, **asdict(answer.given)}


def _given(row: Answer) -> GivenAnswer:
    return GivenAnswer(row.item_id, row.choice_id, row.client_seq, row.saved_at)


class SqlAnswers:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        name = session.get_bind().dialect.name
        self._insert = postgresql.insert if name == "postgresql" else sqlite.insert

    async def keep(self, answers: Sequence[NewAnswer]) -> None:
        if not answers:
            return
        rows = [_values(answer) for answer in answers]
        counting = self._insert(Answer)
        later = counting.on_conflict_do_update(
            index_elements=["sitting_id", "item_id"],
            set_={
                name: counting.excluded[name] for name in ("choice_id", "client_seq", "saved_at")
            },
            where=Answer.client_seq < counting.excluded.client_seq,
        )
        connection = await self._session.connection()
        await connection.execute(later, rows)
        logged = [
            row | {"client_id": answer.client_id} for row, answer in zip(rows, answers, strict=True)
        ]
        await connection.execute(insert(AnswerLog), logged)

    async def of_each(
        self, sitting_ids: Collection[str]
    ) -> Mapping[str, Mapping[str, GivenAnswer]]:
        query = select(*_COLUMNS).where(Answer.sitting_id.in_(sitting_ids))
        rows = await self._session.execute(query)
        found: dict[str, dict[str, GivenAnswer]] = {ref: {} for ref in sitting_ids}
        for sitting_id, item_id, choice_id, client_seq, saved_at in rows:
            found[sitting_id][item_id] = GivenAnswer(item_id, choice_id, client_seq, saved_at)
        return found

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
