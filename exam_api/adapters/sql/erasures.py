"""Rows of what was erased."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import false as nobody
from sqlalchemy import select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from acts.erasure import Erased
from exam_api.adapters.sql.insert_once import next_of
from exam_api.adapters.sql.tables import ActCounter, Discipline, ErasureRow, Exam, Sitting
from exam_api.domain.errors import NotFound
from exam_api.domain.languages import language_or
from exam_api.domain.people import may_read_audit
from exam_api.domain.roles import Actor
from exam_api.services.erasures import ErasedFile, Erasure, ErasureRule, NewErasure

_NO_FORM: Final = 0  # of the counter: forms of acts count from 1


class SqlErasures:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, erasure: NewErasure) -> str:
        titles = (
            select(Discipline.title_kk, Discipline.title_ru, Discipline.title_en)
            .join(Exam, Exam.discipline_id == Discipline.id)
            .join(Sitting, Sitting.exam_id == Exam.id)
            .where(Sitting.id == erasure.sitting_id)
        )
        kazakh, russian, english = (await self._session.execute(titles)).one()
        seq = await next_of(
            self._session, ActCounter, ActCounter.last, year=erasure.year, form=_NO_FORM
        )
        row = ErasureRow(
            id=erasure.id,
            year=erasure.year,
            seq=seq,
            sitting_id=erasure.sitting_id,
            exam={"kk": kazakh, "ru": russian, "en": english},
            what=erasure.what.value,
            files=[asdict(one) for one in erasure.files],
            rule=erasure.rule.value,
            kept_days=erasure.kept_days,
            keys=list(erasure.keys),
            began_at=erasure.began_at,
        )
        self._session.add(row)
        await self._session.flush()
        return _number(row)

    async def get(self, erasure_id: str, actor: Actor) -> Erasure:
        seen = true() if may_read_audit(actor) else nobody()
        row = await self._session.scalar(
            select(ErasureRow).where(ErasureRow.id == erasure_id, seen)
        )
        if row is None:
            raise NotFound
        return Erasure(
            number=_number(row),
            sitting_id=row.sitting_id,
            exam={language_or(language): text for language, text in row.exam.items()},
            what=Erased(row.what),
            files=tuple(ErasedFile(**one) for one in row.files),
            rule=ErasureRule(row.rule),
            kept_days=row.kept_days,
            began_at=row.began_at,
            ended_at=row.ended_at,
        )

    async def unfinished(self, limit: int) -> Mapping[str, Sequence[str]]:
        query = select(ErasureRow.id, ErasureRow.keys).where(ErasureRow.ended_at.is_(None))
        found = await self._session.execute(query.order_by(ErasureRow.id).limit(limit))
        return {row.id: row.keys for row in found}

    async def finish(self, erasure_id: str, at: datetime) -> None:
        once = update(ErasureRow).where(ErasureRow.id == erasure_id, ErasureRow.ended_at.is_(None))
        await self._session.execute(once.values(ended_at=at, keys=[]))


def _number(row: ErasureRow) -> str:
    return f"{row.year}-{row.seq:04}"
