"""Second, blind opinions: whose they are to give, and how they agree with the first."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from exam_api.adapters.sql.act_visibility import complete, is_in, newest_revision
from exam_api.adapters.sql.flag_rows import stored_flag
from exam_api.adapters.sql.tables import (
    ActRow,
    DecisionRow,
    Discipline,
    Exam,
    ExamProctor,
    FlagRow,
    SecondReviewRow,
    Sitting,
    User,
)
from exam_api.adapters.sql.verdicts import counts
from exam_api.adapters.sql.visibility import sittings_watched_by
from exam_api.domain.act_course import ActState
from exam_api.domain.errors import NotFound
from exam_api.domain.languages import Texts
from exam_api.domain.roles import Actor, Role
from exam_api.services.proctoring_ports import StoredFlag, Verdict
from exam_api.services.second_reviews import Pair, SecondOpinion, SecondTask


class SqlSecondReviews:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def waiting(self, actor: Actor) -> Sequence[SecondTask]:
        query = _tasks().where(_may_look(actor), ~_seen()).order_by(ActRow.made_at)
        return [_task(*row) for row in await self._session.execute(query)]

    async def task(self, act_id: str, actor: Actor) -> SecondTask:
        sitting = select(ActRow.sitting_id).where(ActRow.id == act_id)
        held = select(Sitting.id).where(Sitting.id.in_(sitting)).with_for_update()
        await self._session.execute(held)
        mine = exists().where(
            SecondReviewRow.act_id == ActRow.id, SecondReviewRow.by_user == actor.id
        )
        right = or_(mine, and_(_may_look(actor), ~_seen()))
        found = (await self._session.execute(_tasks().where(ActRow.id == act_id, right))).first()
        if found is None:
            raise NotFound
        return _task(*found)

    async def decided_flags(self, sitting_id: str) -> Sequence[tuple[StoredFlag, Verdict]]:
        query = (
            select(FlagRow, DecisionRow.verdict)
            .join(DecisionRow, DecisionRow.flag_id == FlagRow.id)
            .where(FlagRow.sitting_id == sitting_id, counts())
            .order_by(FlagRow.start_ms, FlagRow.id)
        )
        found = await self._session.execute(query)
        return [(stored_flag(row), Verdict(verdict)) for row, verdict in found]

    async def given(self, act_id: str, actor: Actor) -> Mapping[str, tuple[SecondOpinion, Verdict]]:
        query = select(SecondReviewRow).where(
            SecondReviewRow.act_id == act_id, SecondReviewRow.by_user == actor.id
        )
        return {
            row.flag_id: (
                SecondOpinion(row.flag_id, Verdict(row.verdict), row.comment),
                Verdict(row.first_verdict),
            )
            for row in await self._session.scalars(query)
        }

    async def add(
        self,
        act_id: str,
        opinions: Sequence[tuple[SecondOpinion, Verdict]],
        by: str,
        at: datetime,
    ) -> None:
        self._session.add_all(
            SecondReviewRow(
                act_id=act_id,
                flag_id=opinion.flag_id,
                verdict=opinion.verdict.value,
                first_verdict=first.value,
                comment=opinion.comment.strip(),
                by_user=by,
                at=at,
            )
            for opinion, first in opinions
        )
        await self._session.flush()

    async def pairs(self, actor: Actor) -> Sequence[Pair]:
        member = aliased(User)
        group = aliased(ExamProctor)  # the condition below looks at the same table
        query = (
            select(SecondReviewRow, member.full_name)
            .join(ActRow, ActRow.id == SecondReviewRow.act_id)
            .join(Sitting, Sitting.id == ActRow.sitting_id)
            .outerjoin(
                group,
                and_(
                    group.exam_id == Sitting.exam_id,
                    group.proctor_id == Sitting.proctor_id,
                ),
            )
            .outerjoin(member, member.id == group.member_id)
            .where(sittings_watched_by(actor))
            .order_by(SecondReviewRow.at, SecondReviewRow.act_id)
        )
        return [
            Pair(name or "", row.flag_id, Verdict(row.first_verdict), Verdict(row.verdict))
            for row, name in await self._session.execute(query)
        ]


def _tasks() -> Select[ActRow, Discipline]:
    return (
        select(ActRow, Discipline)
        .join(Sitting, Sitting.id == ActRow.sitting_id)
        .join(Exam, Exam.id == Sitting.exam_id)
        .join(Discipline, Discipline.id == Exam.discipline_id)
    )


def _may_look(actor: Actor) -> ColumnElement[bool]:
    """A proctor who neither made the act nor watches the student: else it were not blind."""
    if not actor.has(Role.PROCTOR):
        return false()
    return and_(
        ActRow.source == "flags",
        complete(ActRow),
        newest_revision(),
        ~is_in(frozenset(ActState) - {ActState.MADE}),
        ActRow.made_by != actor.id,
        Sitting.student_id != actor.id,
        ~sittings_watched_by(actor),
    )


def _seen() -> ColumnElement[bool]:
    return exists().where(SecondReviewRow.act_id == ActRow.id)


def _task(act: ActRow, discipline: Discipline) -> SecondTask:
    title: Texts = {"kk": discipline.title_kk, "ru": discipline.title_ru, "en": discipline.title_en}
    return SecondTask(act.id, act.sitting_id, title, act.made_at)
