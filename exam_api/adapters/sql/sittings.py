"""Sittings and the tokens that let a client publish their media."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from capture.contracts import TrackKey, TrackKind
from exam_api.adapters.sql import tables
from exam_api.adapters.sql.visibility import (
    sittings_proctored_by,
    sittings_visible_to,
    sittings_watched_by,
)
from exam_api.domain.clockwork import Granted, Pause
from exam_api.domain.errors import Forbidden, NotFound
from exam_api.domain.grading import Result, grade_of
from exam_api.domain.paper import Paper
from exam_api.domain.roles import Actor
from exam_api.domain.scoring import HUNDREDTHS
from exam_api.domain.sitting import Sitting
from exam_api.domain.states import SittingState

_SAME = (
    "id",
    "exam_id",
    "student_id",
    "proctor_id",
    "created_at",
    "origin",
    "checked_at",
    "ready_at",
    "admitted_at",
    "began_at",
    "deadline_at",
    "finished_at",
    "finish_reason",
    "client_id",
)


def sitting_of(row: tables.Sitting) -> Sitting:
    return Sitting(
        **{name: getattr(row, name) for name in _SAME},
        state=SittingState(row.state),
        paper=Paper.from_json(row.item_order) if row.item_order else None,
        result=_result_of(row),
        pause=Pause.from_json(row.pause) if row.pause else None,
        granted=Granted.from_json(row.granted or {}),
    )


def _result_of(row: tables.Sitting) -> Result | None:
    earned = row.score_hundredths
    if earned is None or row.total is None or row.points is None or row.letter is None:
        return None
    score = Fraction(earned, HUNDREDTHS)
    return Result(score, row.total, row.points, row.letter, grade_of(row.points).gpa)


def _values(sitting: Sitting) -> dict[str, Any]:
    result = sitting.result
    return {
        **{name: getattr(sitting, name) for name in _SAME},
        "state": sitting.state.value,
        "item_order": sitting.paper.to_json() if sitting.paper else None,
        "score_hundredths": int(result.score * HUNDREDTHS) if result else None,
        "total": result.total if result else None,
        "points": result.points if result else None,
        "letter": result.letter if result else None,
        "pause": sitting.pause.to_json() if sitting.pause else None,
        "granted": sitting.granted.to_json(),
    }


def _fresh() -> Select[tables.Sitting]:
    """What the unit read before a lock was granted, or before a save, may be old."""
    return select(tables.Sitting).execution_options(populate_existing=True)


# Put together once: every group of answers asks it.
_EACH_OWN: Final = (
    _fresh()
    .where(
        tuple_(tables.Sitting.id, tables.Sitting.student_id).in_(bindparam("own", expanding=True))
    )
    # In the order of ids: two servers that lock several never wait for each other.
    .order_by(tables.Sitting.id)
    .with_for_update()
)


class SqlSittings:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.touched: set[str] = set()
        name = session.get_bind().dialect.name
        self._insert = postgresql.insert if name == "postgresql" else sqlite.insert

    async def get(self, sitting_id: str, actor: Actor) -> Sitting:
        wanted = tables.Sitting.id == sitting_id
        sitting = await self._one(_fresh().where(wanted, sittings_visible_to(actor)))
        if sitting is None:
            raise NotFound
        return sitting

    async def lock_own(self, sitting_id: str, actor: Actor) -> Sitting:
        own = tables.Sitting.student_id == actor.id
        sitting = await self._one(
            _fresh().where(tables.Sitting.id == sitting_id, own).with_for_update()
        )
        if sitting is None:
            raise NotFound
        return sitting

    async def lock_each_own(self, own: Collection[tuple[str, str]]) -> Mapping[str, Sitting]:
        rows = await self._session.scalars(_EACH_OWN, {"own": list(own)})
        return {row.id: sitting_of(row) for row in rows}

    async def lock_proctored(self, sitting_id: str, actor: Actor) -> Sitting:
        query = _fresh().where(
            tables.Sitting.id == sitting_id,
            sittings_proctored_by(actor),
            tables.Sitting.student_id != actor.id,
        )
        sitting = await self._one(query.with_for_update())
        if sitting is None:
            await self.get(sitting_id, actor)  # NotFound
            raise Forbidden
        return sitting

    async def watched(self, sitting_id: str, actor: Actor) -> Sitting:
        query = _fresh().where(tables.Sitting.id == sitting_id, sittings_watched_by(actor))
        sitting = await self._one(query)
        if sitting is None:
            raise NotFound
        return sitting

    async def lock(self, sitting_id: str) -> Sitting | None:
        return await self._one(_fresh().where(tables.Sitting.id == sitting_id).with_for_update())

    async def of_student(self, exam_id: str, student_id: str) -> Sitting | None:
        own = tables.Sitting.student_id == student_id
        return await self._one(_fresh().where(tables.Sitting.exam_id == exam_id, own))

    async def _one(self, query: Select[tables.Sitting]) -> Sitting | None:
        row = await self._session.scalar(query)
        return sitting_of(row) if row else None

    async def add(self, sitting: Sitting) -> bool:
        once = (
            self._insert(tables.Sitting)
            .values(_values(sitting))
            .on_conflict_do_nothing(index_elements=["exam_id", "student_id"])
            .returning(tables.Sitting.id)
        )
        return await self._session.scalar(once) is not None

    async def save(self, sitting: Sitting) -> None:
        self.touched.add(sitting.id)
        change = (
            update(tables.Sitting)
            .where(tables.Sitting.id == sitting.id)
            .values(_values(sitting))
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(change)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        query = (
            select(tables.Sitting.id)
            .where(
                tables.Sitting.state == SittingState.IN_PROGRESS.value,
                tables.Sitting.deadline_at <= now,
            )
            .order_by(tables.Sitting.deadline_at)
            .limit(limit)
        )
        return (await self._session.scalars(query)).all()

    async def paused(self) -> Sequence[Sitting]:
        stopped = tables.Sitting.state == SittingState.PAUSED.value
        return [sitting_of(row) for row in await self._session.scalars(_fresh().where(stopped))]

    async def add_token(self, token_hash: str, key: TrackKey, expires_at: datetime) -> None:
        row = tables.PublishToken(
            hash=token_hash,
            sitting_id=key.sitting_id,
            track=str(key.track),
            expires_at=expires_at,
        )
        self._session.add(row)
        await self._session.flush()

    async def find_token(self, token_hash: str) -> tuple[TrackKey, datetime] | None:
        row = await self._session.get(tables.PublishToken, token_hash)
        if row is None:
            return None
        return TrackKey(row.sitting_id, TrackKind(row.track)), row.expires_at

    async def drop_tokens(self, sitting_id: str) -> None:
        gone = delete(tables.PublishToken).where(tables.PublishToken.sitting_id == sitting_id)
        await self._session.execute(gone)
