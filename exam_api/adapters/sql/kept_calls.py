"""Calls that carried an idempotency key, and their answers."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.tables import KeptCallRow
from exam_api.services.idempotency import KeptAnswer, KeptCall


class SqlKeptCalls:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def take(
        self, caller: str, key: str, request: str, now: datetime, abandoned_before: datetime
    ) -> KeptCall | None:
        abandoned = and_(KeptCallRow.status.is_(None), KeptCallRow.at < abandoned_before)
        await self._session.execute(delete(KeptCallRow).where(_is(caller, key), abandoned))
        new = await insert_once(
            self._session, KeptCallRow, caller=caller, key=key, request=request, at=now
        )
        if new:
            return None
        row = await self._session.get_one(KeptCallRow, (caller, key))
        if row.status is None or row.body is None:
            return KeptCall(row.request, None)
        return KeptCall(row.request, KeptAnswer(row.status, row.headers or {}, row.body))

    async def answer(self, caller: str, key: str, answer: KeptAnswer) -> None:
        values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
        await self._session.execute(update(KeptCallRow).where(_is(caller, key)).values(**values))

    async def drop(self, caller: str, key: str) -> None:
        await self._session.execute(delete(KeptCallRow).where(_is(caller, key)))

    async def forget(self, before: datetime) -> None:
        await self._session.execute(delete(KeptCallRow).where(KeptCallRow.at < before))


def _is(caller: str, key: str) -> ColumnElement[bool]:
    return and_(KeptCallRow.caller == caller, KeptCallRow.key == key)
