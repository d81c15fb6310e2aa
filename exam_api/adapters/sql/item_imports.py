"""Files that were read and wait for a person's word: their items, until they are taken."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter
from sqlalchemy import String, cast, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.item_json import body_json, body_of, key_json, key_of
from exam_api.adapters.sql.tables import Item, ItemImportRow
from exam_api.domain.errors import NotFound
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.items import ItemKind
from exam_api.services.bank_ports import ImportedItem, ItemImport
from exam_api.services.interchange import Refusal

_REFUSED: Final = TypeAdapter(Annotated[tuple[Refusal, ...], Field()])


class SqlItemImports:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, found: ItemImport) -> None:
        self._session.add(
            ItemImportRow(
                id=found.id,
                discipline_id=found.discipline_id,
                by_user=found.by_user,
                at=found.at,
                file_name=found.file_name,
                items=[_stored(one) for one in found.items],
                refused=_REFUSED.dump_python(found.refused, mode="json"),
            )
        )
        await self._session.flush()

    async def get(self, import_id: str, user_id: str) -> ItemImport:
        own = ItemImportRow.id == import_id, ItemImportRow.by_user == user_id
        row = await self._session.scalar(select(ItemImportRow).where(*own).with_for_update())
        if row is None:
            raise NotFound
        return _import(row)

    async def older(self, before: datetime, limit: int) -> Sequence[ItemImport]:
        query = select(ItemImportRow).where(ItemImportRow.at < before)
        oldest = query.order_by(ItemImportRow.at, ItemImportRow.id).limit(limit)
        return [_import(row) for row in await self._session.scalars(oldest)]

    async def pictures_named(self, names: Collection[str]) -> Collection[str]:
        return {name for name in names if await self._is_named(name)}

    async def _is_named(self, name: str) -> bool:
        """Names are 32 random-looking digits: found as text, in whatever field they stand."""
        item = select(Item.id).where(cast(Item.body, String).contains(name))
        waits = select(ItemImportRow.id).where(cast(ItemImportRow.items, String).contains(name))
        return await self._session.scalar(select(or_(exists(item), exists(waits)))) or False

    async def remove(self, import_id: str) -> None:
        await self._session.execute(delete(ItemImportRow).where(ItemImportRow.id == import_id))


def _import(row: ItemImportRow) -> ItemImport:
    return ItemImport(
        row.id,
        row.discipline_id,
        row.by_user,
        row.at,
        row.file_name,
        tuple(_item(one) for one in row.items),
        _REFUSED.validate_python(row.refused),
    )


def _stored(one: ImportedItem) -> dict[str, Any]:
    content = one.content
    return {
        "place": one.place,
        "dropped": list(one.dropped),
        "kind": content.kind.value,
        "topic": content.topic,
        "difficulty": content.difficulty,
        "body": body_json(content.body),
        "key": key_json(content.key),
    }


def _item(row: dict[str, Any]) -> ImportedItem:
    content = ItemContent(
        ItemKind(row["kind"]),
        body_of(row["body"]),
        key_of(row["key"]),
        row["topic"],
        row["difficulty"],
    )
    return ImportedItem(row["place"], content, tuple(row["dropped"]))
