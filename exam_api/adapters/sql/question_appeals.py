"""Questions that students sent to appeal during the test (S-20)."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.item_json import response_json, response_of
from exam_api.adapters.sql.tables import QuestionAppealRow
from exam_api.services.question_appeal_ports import QuestionAppeal


class SqlQuestionAppeals:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, appeal: QuestionAppeal) -> None:
        await insert_once(
            self._session,
            QuestionAppealRow,
            sitting_id=appeal.sitting_id,
            item_id=appeal.item_id,
            text=appeal.text,
            response=response_json(appeal.response) if appeal.response else None,
            at=appeal.at,
        )

    async def explain(self, appeal: QuestionAppeal, text: str) -> QuestionAppeal:
        row = QuestionAppealRow
        change = update(row).where(
            row.sitting_id == appeal.sitting_id, row.item_id == appeal.item_id
        )
        await self._session.execute(change.values(text=text))
        return replace(appeal, text=text)

    async def of(self, sitting_id: str) -> Sequence[QuestionAppeal]:
        query = (
            select(QuestionAppealRow)
            .where(QuestionAppealRow.sitting_id == sitting_id)
            .order_by(QuestionAppealRow.at, QuestionAppealRow.item_id)
            .execution_options(populate_existing=True)
        )
        return [
            QuestionAppeal(
                sitting_id=row.sitting_id,
                item_id=row.item_id,
                text=row.text,
                response=response_of(row.response) if row.response else None,
                at=row.at,
            )
            for row in await self._session.scalars(query)
        ]
