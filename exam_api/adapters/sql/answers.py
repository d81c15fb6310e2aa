"""Answers: the one that counts, and the append-only log of all that were taken."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.item_json import response_json, response_of
from exam_api.adapters.sql.tables import Answer, AnswerLog, ItemCredit
from exam_api.services.ports import GivenAnswer, NewAnswer

_COLUMNS = (
    Answer.sitting_id,
    Answer.item_id,
    Answer.response,
    Answer.client_seq,
    Answer.saved_at,
)


def _values(answer: NewAnswer) -> dict[str, Any]:
    given = answer.given
    return {
        "sitting_id": answer.sitting_id,
        "item_id": given.item_id,
        "response": response_json(given.response),
        "client_seq": given.client_seq,
        "saved_at": given.saved_at,
    }


class SqlAnswers:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.touched: set[str] = set()
        name = session.get_bind().dialect.name
        self._insert = postgresql.insert if name == "postgresql" else sqlite.insert

    async def keep(self, answers: Sequence[NewAnswer]) -> None:
        if not answers:
            return
        logged = [_values(answer) | {"client_id": answer.client_id} for answer in answers]
        rows = [_values(answer) | {"blank": answer.given.response.blank} for answer in answers]
        counting = self._insert(Answer)
        later = counting.on_conflict_do_update(
            index_elements=["sitting_id", "item_id"],
            set_={
                name: counting.excluded[name]
                for name in ("response", "blank", "client_seq", "saved_at")
            },
            where=Answer.client_seq < counting.excluded.client_seq,
        )
        self.touched.update(answer.sitting_id for answer in answers)
        connection = await self._session.connection()
        await connection.execute(later, rows)
        await connection.execute(insert(AnswerLog), logged)

    async def of_each(
        self, sitting_ids: Collection[str]
    ) -> Mapping[str, Mapping[str, GivenAnswer]]:
        query = select(*_COLUMNS).where(Answer.sitting_id.in_(sitting_ids))
        rows = await self._session.execute(query)
        found: dict[str, dict[str, GivenAnswer]] = {ref: {} for ref in sitting_ids}
        for sitting_id, item_id, stored, client_seq, saved_at in rows:
            response = response_of(stored)
            found[sitting_id][item_id] = GivenAnswer(item_id, response, client_seq, saved_at)
        return found

    async def of(self, sitting_id: str) -> Sequence[GivenAnswer]:
        return list((await self.of_each([sitting_id]))[sitting_id].values())

    async def count(self, sitting_id: str) -> int:
        given = Answer.sitting_id == sitting_id, Answer.blank.is_(False)
        return await self._session.scalar(select(func.count()).where(*given)) or 0

    async def credits(self, sitting_id: str) -> Mapping[str, int]:
        query = select(ItemCredit.item_id, ItemCredit.hundredths)
        rows = await self._session.execute(query.where(ItemCredit.sitting_id == sitting_id))
        return dict(rows.all())

    async def keep_credits(self, sitting_id: str, earned: Mapping[str, int]) -> None:
        rows = [
            {"sitting_id": sitting_id, "item_id": item_id, "hundredths": hundredths}
            for item_id, hundredths in earned.items()
        ]
        earlier = delete(ItemCredit).where(ItemCredit.sitting_id == sitting_id)
        await self._session.execute(earlier)
        await self._session.execute(insert(ItemCredit), rows)
