"""Exams as their actors may see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import (
    BindParameter,
    Select,
    String,
    Tuple,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql import tables
from exam_api.adapters.sql.sittings import sitting_of
from exam_api.adapters.sql.visibility import exams_visible_to, exams_watched_by
from exam_api.domain.admission import Allowances, admission_of
from exam_api.domain.errors import CursorInvalid, NotFound
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.states import NOT_BEGUN
from exam_api.services.paging import Key, PageAsk
from exam_api.services.ports import ExamWithSitting


def exam_of(row: tables.Exam, discipline: tables.Discipline) -> Exam:
    return Exam(
        id=row.id,
        discipline_id=row.discipline_id,
        code=discipline.code,
        title={"kk": discipline.title_kk, "ru": discipline.title_ru, "en": discipline.title_en},
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        policy=ExamPolicy.from_json(row.policy),
    )


def exam_for(
    row: tables.Exam, discipline: tables.Discipline, enrolment: tables.Enrolment | None
) -> Exam:
    """As the student of the enrolment sits it."""
    exam = exam_of(row, discipline)
    if enrolment is None:
        return exam
    admission = admission_of(
        exam.policy,
        enrolment.rating_points,
        debt=enrolment.debt,
        by_decision=enrolment.admitted_at is not None,
    )
    return exam.for_student(allowances_of(enrolment), admission)


def allowances_of(enrolment: tables.Enrolment) -> Allowances:
    return Allowances(
        extra_min=enrolment.extra_min,
        break_min=enrolment.break_min,
        excused=frozenset(enrolment.excused),
        opens_at=enrolment.opens_at,
        closes_at=enrolment.closes_at,
    )


def moment_key(key: Key) -> Tuple:
    """Of a page's last exam: when its window opens, and its id. CursorInvalid."""
    try:
        at, exam_id = key
        opens_at = datetime.fromisoformat(str(at))
    except ValueError:
        raise CursorInvalid from None
    if opens_at.tzinfo is None or opens_at.year not in range(1900, 2200):
        raise CursorInvalid
    return tuple_(
        literal(opens_at, tables.Exam.opens_at.type), literal(str(exam_id), tables.Exam.id.type)
    )


def _for_student(
    student_id: str | BindParameter[str],
) -> Select[tables.Exam, tables.Discipline, tables.Enrolment | None]:
    enrolled = and_(
        tables.Enrolment.exam_id == tables.Exam.id, tables.Enrolment.student_id == student_id
    )
    return (
        select(tables.Exam, tables.Discipline, tables.Enrolment)
        .join(tables.Discipline, tables.Discipline.id == tables.Exam.discipline_id)
        .outerjoin(tables.Enrolment, enrolled)
    )


# Put together once: every sitting that is shown asks it.
_OF_SITTING: Final = _for_student(bindparam("student", type_=String)).where(
    tables.Exam.id == bindparam("exam")
)


class SqlExams:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, exam_id: str, actor: Actor) -> Exam:
        return await self._one(
            _for_student(actor.id).where(tables.Exam.id == exam_id, exams_visible_to(actor))
        )

    async def watched(self, exam_id: str, actor: Actor) -> Exam:
        """As get, but only for those who watch it; a student may not."""
        return await self._one(
            _for_student(actor.id).where(tables.Exam.id == exam_id, exams_watched_by(actor))
        )

    async def of(self, sitting: Sitting) -> Exam:
        """The exam of a sitting that the caller was allowed to read."""
        ids = {"student": sitting.student_id, "exam": sitting.exam_id}
        return await self._one(_OF_SITTING, ids)

    async def _one(
        self,
        query: Select[tables.Exam, tables.Discipline, tables.Enrolment | None],
        ids: Mapping[str, str] | None = None,
    ) -> Exam:
        found = (await self._session.execute(query, ids)).first()
        if found is None:
            raise NotFound
        return exam_for(*found)

    async def visible(
        self, actor: Actor, ask: PageAsk | None = None, *, since: datetime | None = None
    ) -> Sequence[ExamWithSitting]:
        own = and_(tables.Sitting.exam_id == tables.Exam.id, tables.Sitting.student_id == actor.id)
        # T-4.11: who has individual dates sees the exam at those.
        opens_at = func.coalesce(tables.Enrolment.opens_at, tables.Exam.opens_at)
        closes_at = func.coalesce(tables.Enrolment.closes_at, tables.Exam.closes_at)
        query = (
            _for_student(actor.id)
            .add_columns(tables.Sitting)
            .outerjoin(tables.Sitting, own)
            .where(exams_visible_to(actor))
            .order_by(opens_at.desc(), tables.Exam.id.desc())
        )
        if since is not None:
            query = query.where(or_(tables.Sitting.id.is_not(None), closes_at > since))
        if ask is not None:
            query = query.limit(ask.limit + 1)
        if ask is not None and ask.after:
            query = query.where(tuple_(opens_at, tables.Exam.id) < moment_key(ask.after))
        found = await self._session.execute(query)
        return [
            ExamWithSitting(
                exam_for(exam, discipline, enrolment), sitting_of(sitting) if sitting else None
            )
            for exam, discipline, enrolment, sitting in found
        ]

    async def missed(self, now: datetime, limit: int) -> Sequence[str]:
        closes_at = func.coalesce(tables.Enrolment.closes_at, tables.Exam.closes_at)
        query = (
            select(tables.Exam, tables.Discipline, tables.Enrolment, tables.Sitting.id)
            .select_from(tables.Sitting)
            .join(tables.Exam, tables.Exam.id == tables.Sitting.exam_id)
            .join(tables.Discipline, tables.Discipline.id == tables.Exam.discipline_id)
            .outerjoin(
                tables.Enrolment,
                and_(
                    tables.Enrolment.exam_id == tables.Sitting.exam_id,
                    tables.Enrolment.student_id == tables.Sitting.student_id,
                ),
            )
            .where(tables.Sitting.state.in_([state.value for state in NOT_BEGUN]), closes_at <= now)
            .order_by(closes_at.desc(), tables.Sitting.id)
        )
        # Extra time moves the end, too: that is reckoned in one place, not in SQL again.
        found = [
            sitting_id
            for exam, discipline, enrolment, sitting_id in await self._session.execute(query)
            if exam_for(exam, discipline, enrolment).closes_at <= now
        ]
        return found[:limit]

    async def least_busy_proctor(self, exam_id: str) -> str | None:
        busy = and_(
            tables.Sitting.exam_id == tables.ExamProctor.exam_id,
            tables.Sitting.proctor_id == tables.ExamProctor.proctor_id,
        )
        query = (
            select(tables.ExamProctor.proctor_id)
            .outerjoin(tables.Sitting, busy)
            .where(tables.ExamProctor.exam_id == exam_id, tables.ExamProctor.left_at.is_(None))
            .group_by(tables.ExamProctor.proctor_id)
            .order_by(func.count(tables.Sitting.id), tables.ExamProctor.proctor_id)
            .limit(1)
        )
        return await self._session.scalar(query)
