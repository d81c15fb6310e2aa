"""Items for a sitting. What is right is read by ``keys`` alone, to score."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.item_json import body_of, key_of
from exam_api.adapters.sql.tables import Item
from exam_api.domain.items import Body, Key


class SqlBank:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def bodies(self, item_ids: Sequence[str]) -> Mapping[str, Body]:
        rows = await self._session.execute(select(Item.id, Item.body).where(Item.id.in_(item_ids)))
        return {item_id: body_of(body) for item_id, body in rows}

    async def keys(self, item_ids: Sequence[str]) -> Mapping[str, Key]:
        rows = await self._session.execute(select(Item.id, Item.key).where(Item.id.in_(item_ids)))
        return {item_id: key_of(key) for item_id, key in rows}
