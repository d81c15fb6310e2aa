"""The test bank. Correctness is read by nobody here but the scoring query (answers.py)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import ChoiceText, Item, ItemChoice, ItemText
from exam_api.domain.languages import Language, language_or
from exam_api.domain.paper import PaperItem
from exam_api.services.ports import ChoiceTexts, ItemTexts


class SqlBank:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def papers(self, discipline_id: str) -> Sequence[PaperItem]:
        query = (
            select(Item.id, ItemChoice.id)
            .join(ItemChoice, ItemChoice.item_id == Item.id)
            .where(Item.discipline_id == discipline_id)
            .order_by(Item.position, ItemChoice.position)
        )
        choices: dict[str, list[str]] = {}
        for item_id, choice_id in await self._session.execute(query):
            choices.setdefault(item_id, []).append(choice_id)
        return [PaperItem(item_id, tuple(ids)) for item_id, ids in choices.items()]

    async def texts(self, item_ids: Sequence[str]) -> Mapping[str, ItemTexts]:
        stems = await self._stems(item_ids)
        choices = await self._choices(item_ids)
        return {
            item_id: ItemTexts(
                item_id,
                stems[item_id],
                {ref: ChoiceTexts(ref, texts) for ref, texts in choices[item_id].items()},
            )
            for item_id in item_ids
        }

    async def _stems(self, item_ids: Sequence[str]) -> dict[str, dict[Language, str]]:
        query = select(ItemText.item_id, ItemText.lang, ItemText.stem).where(
            ItemText.item_id.in_(item_ids)
        )
        stems: dict[str, dict[Language, str]] = defaultdict(dict)
        for item_id, lang, stem in await self._session.execute(query):
            stems[item_id][language_or(lang)] = stem
        return stems

    async def _choices(self, item_ids: Sequence[str]) -> dict[str, dict[str, dict[Language, str]]]:
        query = (
            select(ItemChoice.item_id, ChoiceText.choice_id, ChoiceText.lang, ChoiceText.text)
            .join(ChoiceText, ChoiceText.choice_id == ItemChoice.id)
            .where(ItemChoice.item_id.in_(item_ids))
        )
        choices: dict[str, dict[str, dict[Language, str]]] = defaultdict(dict)
        for item_id, choice_id, lang, text in await self._session.execute(query):
            choices[item_id].setdefault(choice_id, {})[language_or(lang)] = text
        return choices
