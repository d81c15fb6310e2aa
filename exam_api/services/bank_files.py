"""Items from files and into files: read, looked at by a person, and taken all or not at all."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from exam_api.domain.errors import InvalidRequest, NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.item_rules import ItemContent, ItemInvalid
from exam_api.domain.items import ItemState
from exam_api.domain.languages import Language
from exam_api.domain.roles import Actor
from exam_api.services.bank_items import ItemDesk, draft, with_right
from exam_api.services.bank_pictures import keep_pictures, names_in, picture_key
from exam_api.services.bank_ports import (
    BankDiscipline,
    BankRight,
    BankUnits,
    ImportedItem,
    ItemFilter,
    ItemImport,
)
from exam_api.services.identity_ports import PrivateBlobs
from exam_api.services.interchange import (
    ITEMS_LIMIT,
    FileFormat,
    FileRefused,
    Reader,
    ReadFile,
    Refusal,
    Writer,
    WrittenFile,
)
from exam_api.services.paging import PageAsk
from exam_api.services.ports import Clock

NAME_LIMIT: Final = 200
KEPT_FOR: Final = timedelta(days=7)  # a file that was read and never taken
_LOOK_EVERY_S: Final = 3600.0
_AT_ONCE: Final = 20


class FileDesk:
    def __init__(  # noqa: PLR0917 - what it is made of
        self,
        units: BankUnits,
        clock: Clock,
        blobs: PrivateBlobs,
        items: ItemDesk,
        readers: Mapping[FileFormat, Reader],
        writers: Mapping[FileFormat, Writer],
    ) -> None:
        self._units = units
        self._clock = clock
        self._blobs = blobs
        self._items = items
        self._readers = readers
        self._writers = writers

    async def read(
        self,
        actor: Actor,
        discipline_id: str,
        *,
        form: FileFormat,
        language: Language,
        file_name: str,
        data: bytes,
    ) -> str:
        """The import's id, to look at. FileRefused, Forbidden; nothing is in the bank yet."""
        async with self._units.read() as unit:
            await with_right(unit, actor, discipline_id, BankRight.LOAD)
        found = await asyncio.to_thread(self._readers[form], data, language)
        if not found.items and not found.refused:
            raise FileRefused("no_items")
        read = await self._looked_at(actor, discipline_id, file_name, found)
        await keep_pictures(self._blobs, found.pictures)
        async with self._units.write() as unit:
            await with_right(unit, actor, discipline_id, BankRight.LOAD)
            await unit.imports.add(read)
        return read.id

    async def _looked_at(
        self, actor: Actor, discipline_id: str, file_name: str, found: ReadFile
    ) -> ItemImport:
        items: list[ImportedItem] = []
        refused = list(found.refused)
        for one in found.items:
            strange = names_in(one.content.body) - set(found.pictures)
            if strange:
                refused.append(Refusal(one.place, "picture_elsewhere", min(strange)))
                continue
            try:
                content = await self._items.prepared(one.content)
            except ItemInvalid as error:
                problem = error.problems[0]
                refused.append(Refusal(one.place, f"problem.{problem.code}", problem.place))
            else:
                items.append(ImportedItem(one.place, content, one.dropped))
        name = file_name.replace("\0", "")[:NAME_LIMIT]
        now = self._clock.now()
        return ItemImport(
            new_id(), discipline_id, actor.id, now, name, tuple(items), tuple(refused)
        )

    async def look(self, actor: Actor, import_id: str) -> tuple[BankDiscipline, ItemImport]:
        async with self._units.read() as unit:
            found = await unit.imports.get(import_id, actor.id)
            return await with_right(unit, actor, found.discipline_id, BankRight.LOAD), found

    async def take(self, actor: Actor, import_id: str) -> str:
        """Every item becomes a draft, or none; the discipline's id. Once only: then it is gone."""
        async with self._units.write() as unit:
            found = await unit.imports.get(import_id, actor.id)
            await with_right(unit, actor, found.discipline_id, BankRight.LOAD)
            if found.refused or not found.items:
                raise InvalidRequest("a file with refused items is not imported")
            now = self._clock.now()
            drafts = [draft(new_id(), found.discipline_id, one.content, now) for one in found.items]
            await unit.items.add(drafts, actor.id)
            await unit.imports.remove(import_id)
        return found.discipline_id

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            while await self.forget_old():
                pass
            await asyncio.sleep(_LOOK_EVERY_S)

    async def forget_old(self) -> int:
        """Files that nobody has taken in time go, and pictures that only they showed; how many."""
        async with self._units.write() as unit:
            old = await unit.imports.older(self._clock.now() - KEPT_FOR, _AT_ONCE)
            for one in old:
                await unit.imports.remove(one.id)
            names = set().union(*(names_in(item.content.body) for one in old for item in one.items))
            for name in names - set(await unit.imports.pictures_named(names)):
                await self._blobs.delete(picture_key(name))
        return len(old)

    async def write(
        self,
        actor: Actor,
        discipline_id: str,
        *,
        form: FileFormat,
        language: Language,
        state: ItemState | None,
    ) -> WrittenFile:
        """The items of a state, oldest first.

        T-6.4: for those who load or approve them; who took which away is in the audit log.
        """
        async with self._units.read() as unit:
            rights = (BankRight.LOAD, BankRight.APPROVE)
            discipline = await with_right(unit, actor, discipline_id, *rights)
            wanted = ItemFilter(state=state)
            stored = await unit.items.items(discipline_id, wanted, PageAsk(ITEMS_LIMIT))
        contents = [item.content for item in reversed(stored[:ITEMS_LIMIT])]
        if not contents:
            raise NotFound
        pictures = await self._pictures(contents)
        written = await asyncio.to_thread(self._writers[form], contents, language, pictures)
        if not written.refused:
            facts = {"format": form.value, "items": str(len(contents))}
            label = f"{discipline.code} {discipline.title['kk']}"[:NAME_LIMIT]
            async with self._units.write() as unit:
                await unit.audit.add(actor, "bank.exported", discipline_id, label, after=facts)
        return written

    async def _pictures(self, contents: Sequence[ItemContent]) -> Mapping[str, bytes]:
        names = set().union(*(names_in(content.body) for content in contents))
        return {name: await self._blobs.get(picture_key(name)) for name in sorted(names)}
