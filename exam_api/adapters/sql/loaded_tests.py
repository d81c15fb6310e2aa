"""Loaded tests, and the items that they draw from."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import Item, LoadedTestRow
from exam_api.domain.bank_supply import test_for
from exam_api.domain.bank_tests import ControlType, Drawable, LoadedTest, Share, TestState
from exam_api.domain.errors import NotFound
from exam_api.domain.items import ItemState
from exam_api.domain.languages import Language, language_or
from exam_api.domain.paper import PaperItem

_SAME = (
    "id",
    "discipline_id",
    "discipline_code",
    "name",
    "questions",
    "loaded_by",
    "loaded_at",
    "remark",
    "checked_by",
    "checked_at",
)


class SqlLoadedTests:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, discipline_id: str) -> Sequence[LoadedTest]:
        own = LoadedTestRow.discipline_id == discipline_id
        query = select(LoadedTestRow).where(own).order_by(LoadedTestRow.id.desc())
        return [_test_of(row) for row in await self._session.scalars(query)]

    async def get(self, test_id: str) -> LoadedTest:
        query = select(LoadedTestRow).where(LoadedTestRow.id == test_id).with_for_update()
        row = await self._session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            raise NotFound
        return _test_of(row)

    async def waiting(self) -> Sequence[LoadedTest]:
        loaded = LoadedTestRow.state == TestState.LOADED.value
        query = select(LoadedTestRow).where(loaded).order_by(LoadedTestRow.id)
        return [_test_of(row) for row in await self._session.scalars(query)]

    async def save(self, test: LoadedTest) -> None:
        await self._session.merge(LoadedTestRow(**_values(test)))
        await self._session.flush()

    async def drawable(
        self, discipline_id: str, languages: Collection[Language]
    ) -> Sequence[Drawable]:
        query = (
            select(Item.parts, Item.topic_id, Item.difficulty, Item.languages)
            .where(Item.discipline_id == discipline_id, Item.state == ItemState.APPROVED.value)
            .order_by(Item.id)
        )
        return [
            Drawable(PaperItem.from_json(parts), topic_id, difficulty)
            for parts, topic_id, difficulty, complete in await self._session.execute(query)
            if set(languages) <= set(complete.split())
        ]

    async def accepted(self, discipline_id: str, questions: int) -> LoadedTest | None:
        return test_for(await accepted_tests(self._session, [discipline_id]), questions)


async def accepted_tests(
    session: AsyncSession, discipline_ids: Collection[str]
) -> Sequence[LoadedTest]:
    """Those of exams, newest first."""
    query = (
        select(LoadedTestRow)
        .where(
            LoadedTestRow.discipline_id.in_(discipline_ids),
            LoadedTestRow.control == ControlType.EXAM.value,
            LoadedTestRow.state == TestState.ACCEPTED.value,
        )
        .order_by(LoadedTestRow.checked_at.desc(), LoadedTestRow.id.desc())
    )
    return [_test_of(row) for row in await session.scalars(query)]


def _test_of(row: LoadedTestRow) -> LoadedTest:
    return LoadedTest(
        **{name: getattr(row, name) for name in _SAME},
        control=ControlType(row.control),
        languages=tuple(language_or(language) for language in row.languages.split()),
        shares=tuple(Share.from_json(share) for share in row.shares),
        state=TestState(row.state),
    )


def _values(test: LoadedTest) -> dict[str, Any]:
    return {
        **{name: getattr(test, name) for name in _SAME},
        "control": test.control.value,
        "languages": " ".join(test.languages),
        "shares": [share.to_json() for share in test.shares],
        "state": test.state.value,
    }
