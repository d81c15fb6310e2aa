"""Pictures of items: shown to those who may see the item, and in a live sitting (T-6.4)."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from exam_api.domain.errors import NotFound
from exam_api.domain.item_rules import ItemContent, ItemInvalid, Problem
from exam_api.domain.items import Body, pictures_in
from exam_api.domain.roles import Actor
from exam_api.services.bank_items import ItemDesk
from exam_api.services.bank_ports import BankUnits
from exam_api.services.ports import Blobs, Clock, LiveMedia
from exam_api.services.testing import open_paper

WORDS_LIMIT = 200
PictureMaker = Callable[[bytes], tuple[str, bytes]]
"""(name, bytes) of a picture made anew; ValueError where it is none. Slow: called in a thread."""


def picture_key(name: str) -> str:
    return f"item-pictures/{name}"


def names_in(body: Body) -> set[str]:
    return {name for text in body.texts() for name in pictures_in(text)}


async def keep_pictures(blobs: Blobs, pictures: Mapping[str, bytes]) -> None:
    """Named by their content: the same picture twice is one."""
    for name, data in pictures.items():
        await blobs.put(picture_key(name), data)


class Pictures:
    def __init__(
        self, units: BankUnits, clock: Clock, live: LiveMedia, blobs: Blobs, items: ItemDesk
    ) -> None:
        self._units = units
        self._clock = clock
        self._live = live
        self._blobs = blobs
        self._items = items

    async def of_item(self, actor: Actor, item_id: str, name: str) -> bytes:
        """For those who load or approve the item. NotFound, Forbidden."""
        detail = await self._items.detail(actor, item_id)
        return await self.of([detail.item.content.body], name)

    async def of_sitting(
        self, actor: Actor, sitting_id: str, client_id: str, item_id: str, name: str
    ) -> bytes:
        """Under the rules of the questions themselves."""
        async with self._units.read() as unit:
            now = self._clock.now()
            _, paper = await open_paper(unit, self._live, now, actor, sitting_id, client_id)
            if paper.item(item_id) is None:
                raise NotFound
            body = (await unit.bank.bodies([item_id]))[item_id]
        return await self.of([body], name)

    async def of(self, bodies: Iterable[Body], name: str) -> bytes:
        """Of what the caller was allowed to see. NotFound for any other picture."""
        if not any(name in names_in(body) for body in bodies):
            raise NotFound
        return await self._blobs.get(picture_key(name))

    async def add(
        self, actor: Actor, item_id: str, data: bytes, words: str, make: PictureMaker
    ) -> str:
        """Behind the question's text, in each language; the id of what was saved.

        ItemInvalid, NotFound, Forbidden.
        """
        detail = await self._items.detail(actor, item_id)
        await self._items.editor(actor, detail.discipline.id)  # Forbidden to those who do not load
        if not 0 < len(words.strip()) <= WORDS_LIMIT or set("[]\n\0") & set(words):
            raise ItemInvalid((Problem("picture", "words_missing"),))
        try:
            name, clean = await asyncio.to_thread(make, data)
        except ValueError:
            raise ItemInvalid((Problem("picture", "picture_bad"),)) from None
        await self._blobs.put(picture_key(name), clean)
        mark = f"![{words.strip()}]({name})"
        item = detail.item
        return await self._items.save(actor, item_id, _with(item.content, mark), item.revision)


def _with(content: ItemContent, mark: str) -> ItemContent:
    stem = {code: f"{text}\n{mark}" for code, text in content.body.stem.items()}
    return replace(content, body=replace(content.body, stem=stem))
