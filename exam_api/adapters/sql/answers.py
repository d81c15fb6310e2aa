"""Answers: the one that counts, and the append-only log of all that were taken."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Insert, bindparam, delete, func, insert, select
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


# What every answer and every poll of a room asks is put together once: that costs more than asking.
_OF_EACH: Final = select(*_COLUMNS).where(
    Answer.sitting_id.in_(bindparam("sittings", expanding=True))
)
_COUNT: Final = select(func.count()).where(
    Answer.sitting_id == bindparam("sitting"), Answer.blank.is_(False)
)
_LOGGED: Final = insert(AnswerLog)


@cache
def _counting(dialect: str) -> Insert:
    """In place of an earlier answer to the item; never of a later one."""
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(Answer)
    return new.on_conflict_do_update(
        index_elements=["sitting_id", "item_id"],
        set_={name: new.excluded[name] for name in ("response", "blank", "client_seq", "saved_at")},
        where=Answer.client_seq < new.excluded.client_seq,
    )


class SqlAnswers:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.answered: dict[str, int] = {}

    async def keep(self, answers: Sequence[NewAnswer], answered: Mapping[str, int]) -> None:
        if not answers:
            return
        logged = [_values(answer) | {"client_id": answer.client_id} for answer in answers]
        rows = [_values(answer) | {"blank": answer.given.response.blank} for answer in answers]
        self.answered.update(answered)
        connection = await self._session.connection()
        await connection.execute(_counting(connection.dialect.name), rows)
        await connection.execute(_LOGGED, logged)

    async def of_each(
        self, sitting_ids: Collection[str]
    ) -> Mapping[str, Mapping[str, GivenAnswer]]:
        rows = await self._session.execute(_OF_EACH, {"sittings": list(sitting_ids)})
        found: dict[str, dict[str, GivenAnswer]] = {ref: {} for ref in sitting_ids}
        for sitting_id, item_id, stored, client_seq, saved_at in rows:
            response = response_of(stored)
            found[sitting_id][item_id] = GivenAnswer(item_id, response, client_seq, saved_at)
        return found

    async def of(self, sitting_id: str) -> Sequence[GivenAnswer]:
        return list((await self.of_each([sitting_id]))[sitting_id].values())

    async def count(self, sitting_id: str) -> int:
        return await self._session.scalar(_COUNT, {"sitting": sitting_id}) or 0

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
