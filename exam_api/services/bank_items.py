"""Work on the items of a discipline: writing, submitting, approving, and who may do it."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from exam_api.domain.bank_tests import BankPolicy, Deadline, deadlines
from exam_api.domain.errors import Conflict, Forbidden, NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.item_rules import ItemContent, ItemInvalid, Problem, require_valid
from exam_api.domain.items import Formula, ItemState, formulas_in
from exam_api.domain.roles import Actor
from exam_api.services.bank_ports import (
    BankDiscipline,
    BankRight,
    BankUnit,
    BankUnits,
    ItemFilter,
    Loader,
    StoredItem,
)
from exam_api.services.paging import Page, PageAsk, page_of
from exam_api.services.ports import Clock

REMARK_LIMIT: Final = 1000
FormulaMaker = Callable[[str], Formula]
"""TeX → picture; ValueError where it is none. Slow: called in a thread."""


class ItemMoved(Conflict):
    """Only drafts are submitted, only submitted items decided on: somebody was quicker."""

    code = "item_moved"


class ItemChanged(Conflict):
    """Another person saved the item since the caller read it."""

    code = "item_changed"


@dataclass(frozen=True, slots=True)
class ItemPage:
    discipline: BankDiscipline
    deadlines: tuple[Deadline, ...]
    items: Page[StoredItem]
    topics: dict[str, str]
    loaders: tuple[Loader, ...]


@dataclass(frozen=True, slots=True)
class ItemDetail:
    discipline: BankDiscipline
    item: StoredItem
    versions: tuple[StoredItem, ...]
    topics: dict[str, str]


class ItemDesk:
    def __init__(
        self,
        units: BankUnits,
        clock: Clock,
        draw_formula: FormulaMaker,
        policy: BankPolicy = BankPolicy(),  # noqa: B008 - frozen value
    ) -> None:
        self._units = units
        self._clock = clock
        self._draw_formula = draw_formula
        self._policy = policy

    async def disciplines(
        self, actor: Actor
    ) -> Sequence[tuple[BankDiscipline, tuple[Deadline, ...]]]:
        async with self._units.read() as unit:
            found = await unit.items.disciplines(actor)
        return [(one, self.deadlines(one)) for one in found]

    def deadlines(self, discipline: BankDiscipline) -> tuple[Deadline, ...]:
        """Those of the next exam; none where no exam is set."""
        if discipline.next_exam is None:
            return ()
        opens_at = discipline.next_exam.opens_at
        return deadlines(opens_at, discipline.done, self._clock.now(), self._policy)

    async def page(
        self, actor: Actor, discipline_id: str, wanted: ItemFilter, ask: PageAsk
    ) -> ItemPage:
        """T-6.4: items only for those who load or approve them; to others an empty page."""
        async with self._units.read() as unit:
            discipline = await unit.items.discipline(actor, discipline_id)
            found: Sequence[StoredItem] = ()
            if discipline.rights & {BankRight.LOAD, BankRight.APPROVE}:
                found = await unit.items.items(discipline_id, wanted, ask)
            topics = await unit.items.topics(discipline_id)
            loaders = await unit.items.loaders(discipline_id)
        rows = page_of(found, ask, lambda item: (item.id,))
        shown = tuple(loaders)
        return ItemPage(discipline, self.deadlines(discipline), rows, dict(topics), shown)

    async def editor(self, actor: Actor, discipline_id: str) -> tuple[BankDiscipline, list[str]]:
        """For a new item: the discipline and the names of its topics. Forbidden."""
        async with self._units.read() as unit:
            discipline = await with_right(unit, actor, discipline_id, BankRight.LOAD)
            return discipline, list((await unit.items.topics(discipline_id)).values())

    async def detail(self, actor: Actor, item_id: str) -> ItemDetail:
        async with self._units.read() as unit:
            item = await unit.items.item(item_id)
            discipline = await with_right(
                unit, actor, item.discipline_id, BankRight.LOAD, BankRight.APPROVE
            )
            versions = await unit.items.versions(item.lineage_id)
            topics = await unit.items.topics(item.discipline_id)
        return ItemDetail(discipline, item, tuple(versions), dict(topics))

    async def add(
        self, actor: Actor, discipline_id: str, contents: Sequence[ItemContent]
    ) -> tuple[str, ...]:
        """New drafts, all or none; their ids. ItemInvalid, Forbidden."""
        drawn = [await self.prepared(content) for content in contents]
        now = self._clock.now()
        async with self._units.write() as unit:
            await with_right(unit, actor, discipline_id, BankRight.LOAD)
            items = [draft(new_id(), discipline_id, content, now) for content in drawn]
            await unit.items.add(items, actor.id)
        return tuple(item.id for item in items)

    async def save(self, actor: Actor, item_id: str, content: ItemContent, seen: str) -> str:
        """A draft is changed; of anything else the next version is made. The id of what was saved.

        An approved version stays in force until the new one is approved. ``seen``: the revision
        that the caller worked on. ItemChanged, ItemMoved, ItemInvalid.
        """
        content = await self.prepared(content)
        now = self._clock.now()
        async with self._units.write() as unit:
            known = await unit.items.item(item_id)
            await with_right(unit, actor, known.discipline_id, BankRight.LOAD)
            versions = [one.id for one in await unit.items.versions(known.lineage_id)]
            held = await unit.items.lock_items(known.discipline_id, versions)
            newest = max(held, key=lambda one: one.version)
            if newest.state is ItemState.SUBMITTED:
                raise ItemMoved
            if newest.revision != seen:
                raise ItemChanged
            if newest.state is ItemState.DRAFT:
                saved = replace(newest, content=content, changed_at=now)
                await unit.items.change(saved, actor.id)
            else:
                saved = draft(new_id(), newest.discipline_id, content, now)
                saved = replace(saved, lineage_id=newest.lineage_id, version=newest.version + 1)
                await unit.items.add([saved], actor.id)
        return saved.id

    async def submit(self, actor: Actor, discipline_id: str, ids: Collection[str]) -> None:
        """Drafts go to the head of the department; all or none."""
        async with self._units.write() as unit:
            await with_right(unit, actor, discipline_id, BankRight.LOAD)
            await _require(unit, discipline_id, ids, ItemState.DRAFT)
            now = self._clock.now()
            await unit.items.set_state(ids, ItemState.SUBMITTED, actor.id, now, "")

    async def withdraw(self, actor: Actor, discipline_id: str, ids: Collection[str]) -> None:
        """Drafts that nobody needs are gone; an approved item is drawn no more, and stays."""
        async with self._units.write() as unit:
            await with_right(unit, actor, discipline_id, BankRight.LOAD, BankRight.APPROVE)
            items = await _require(unit, discipline_id, ids, ItemState.DRAFT, ItemState.APPROVED)
            drafts = [item.id for item in items if item.state is ItemState.DRAFT]
            await unit.items.remove(drafts)
            now = self._clock.now()
            approved = set(ids) - set(drafts)
            await unit.items.set_state(approved, ItemState.RETIRED, actor.id, now, "")

    async def approve(self, actor: Actor, discipline_id: str, ids: Collection[str]) -> None:
        """S-4: from now on they are drawn, in place of earlier versions."""
        async with self._units.write() as unit:
            await with_right(unit, actor, discipline_id, BankRight.APPROVE)
            items = await _require(unit, discipline_id, ids, ItemState.SUBMITTED)
            now = self._clock.now()
            for item in items:
                versions = await unit.items.versions(item.lineage_id)
                earlier = [one.id for one in versions if one.state is ItemState.APPROVED]
                await unit.items.set_state(earlier, ItemState.RETIRED, actor.id, now, "")
            await unit.items.set_state(ids, ItemState.APPROVED, actor.id, now, "")

    async def give_back(
        self, actor: Actor, discipline_id: str, ids: Collection[str], remark: str
    ) -> None:
        """Submitted items become drafts again, with the reason."""
        remark = remark.strip()
        if not 0 < len(remark) <= REMARK_LIMIT or "\0" in remark:
            raise ItemInvalid((Problem("remark", "remark_missing"),))
        async with self._units.write() as unit:
            await with_right(unit, actor, discipline_id, BankRight.APPROVE)
            await _require(unit, discipline_id, ids, ItemState.SUBMITTED)
            now = self._clock.now()
            await unit.items.set_state(ids, ItemState.DRAFT, actor.id, now, remark)

    async def loaders(self, actor: Actor, discipline_id: str) -> tuple[Loader, ...]:
        """Row 2: the department's teachers, and who of them may load. NotFound."""
        async with self._units.read() as unit:
            await unit.items.discipline(actor, discipline_id)
            return tuple(await unit.items.loaders(discipline_id))

    async def set_loaders(
        self, actor: Actor, discipline_id: str, teacher_ids: Collection[str]
    ) -> None:
        """Row 2: exactly these teachers of the department may load. NotFound for a stranger."""
        async with self._units.write() as unit:
            await with_right(unit, actor, discipline_id, BankRight.APPROVE)
            loaders = {one.teacher_id: one for one in await unit.items.loaders(discipline_id)}
            if not set(teacher_ids) <= set(loaders):
                raise NotFound
            now = self._clock.now()
            for ref, loader in loaders.items():
                if ref in teacher_ids and loader.given_at is None:
                    await unit.items.give_right(discipline_id, ref, actor.id, now)
                if ref not in teacher_ids and loader.given_at is not None:
                    await unit.items.take_right(discipline_id, ref)

    async def prepared(self, content: ItemContent) -> ItemContent:
        """Checked, and with its formulas drawn. ItemInvalid."""
        require_valid(content)
        formulas = await asyncio.to_thread(self._drawn, sorted(_formulas(content)))
        return replace(content, body=replace(content.body, formulas=formulas))

    def _drawn(self, formulas: Iterable[str]) -> dict[str, Formula]:
        drawn = {}
        for tex in formulas:
            try:
                drawn[tex] = self._draw_formula(tex)
            except ValueError:
                raise ItemInvalid((Problem(tex[:80], "formula_bad"),)) from None
        return drawn


def _formulas(content: ItemContent) -> set[str]:
    return {tex for text in content.body.texts() for tex in formulas_in(text)}


def draft(ref: str, discipline_id: str, content: ItemContent, now: datetime) -> StoredItem:
    return StoredItem(
        ref, discipline_id, ref, 1, ItemState.DRAFT, content, None, now, None, None, ""
    )


async def with_right(
    unit: BankUnit, actor: Actor, discipline_id: str, *rights: BankRight
) -> BankDiscipline:
    """NotFound where the bank may not even be seen; Forbidden where this may not be done in it."""
    discipline = await unit.items.discipline(actor, discipline_id)
    if discipline.rights.isdisjoint(rights):
        raise Forbidden
    return discipline


async def _require(
    unit: BankUnit, discipline_id: str, ids: Collection[str], *states: ItemState
) -> Sequence[StoredItem]:
    items = await unit.items.lock_items(discipline_id, ids)
    if len(items) < len(set(ids)):
        raise NotFound
    if any(item.state not in states for item in items):
        raise ItemMoved
    return items
