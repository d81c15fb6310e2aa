"""What session statistics count, as the actor may see it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.results import (
    department_names,
    exams_graded_for,
    final_of,
    students_graded_for,
)
from exam_api.adapters.sql.tables import (
    ActRow,
    DecisionRow,
    Discipline,
    Enrolment,
    Exam,
    ExamPeriod,
    FlagRow,
    Item,
    ItemCredit,
    Sitting,
    StudentProfile,
)
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Actor
from exam_api.services.session_statistics import Outcome, Period

_CHUNK = 500  # ids in one query: SQLite takes so many parameters and no more


class SqlStatistics:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def periods(self) -> Sequence[Period]:
        rows = await self._session.scalars(
            select(ExamPeriod).order_by(ExamPeriod.starts_on.desc(), ExamPeriod.id)
        )
        return [Period(row.id, row.title, row.starts_on, row.ends_on) for row in rows]

    async def outcomes(self, actor: Actor, period_id: str | None) -> Sequence[Outcome]:
        query = (
            select(Exam, Sitting, Discipline, StudentProfile, Enrolment.rating_points)
            .select_from(Enrolment)
            .join(Exam, Exam.id == Enrolment.exam_id)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .outerjoin(
                Sitting,
                and_(
                    Sitting.exam_id == Enrolment.exam_id,
                    Sitting.student_id == Enrolment.student_id,
                ),
            )
            .outerjoin(StudentProfile, StudentProfile.user_id == Enrolment.student_id)
            .where(exams_graded_for(actor), students_graded_for(actor))
        )
        if period_id is not None:
            query = query.where(Exam.period_id == period_id)
        incidents, acts = await self._incidents(), await self._acts()
        departments = await department_names(self._session)
        return [
            Outcome(
                sitting_id=sitting.id if sitting else None,
                discipline_id=discipline.id,
                discipline_code=discipline.code,
                discipline={
                    "kk": discipline.title_kk,
                    "ru": discipline.title_ru,
                    "en": discipline.title_en,
                },
                department_id=discipline.department_id,
                department=departments.get(discipline.department_id),
                group=profile.group_name if profile else "",
                state=sitting.state if sitting else "",
                points=sitting.points if sitting else None,
                letter=final_of(sitting, rating, ExamPolicy.from_json(exam.policy)).letter,
                pass_points=ExamPolicy.from_json(exam.policy).pass_points,
                incidents=incidents.get(sitting.id, 0) if sitting else 0,
                acts=acts.get(sitting.id, 0) if sitting else 0,
            )
            for exam, sitting, discipline, profile, rating in await self._session.execute(query)
        ]

    async def _incidents(self) -> Mapping[str, int]:
        """Flags by sitting whose newest decision confirms them."""
        newest = (
            select(DecisionRow.flag_id, func.max(DecisionRow.id).label("id"))
            .group_by(DecisionRow.flag_id)
            .subquery()
        )
        query = (
            select(FlagRow.sitting_id, func.count())
            .join(newest, newest.c.flag_id == FlagRow.id)
            .join(DecisionRow, DecisionRow.id == newest.c.id)
            .where(DecisionRow.verdict == "confirmed")
            .group_by(FlagRow.sitting_id)
        )
        return dict((await self._session.execute(query)).all())

    async def _acts(self) -> Mapping[str, int]:
        """Acts on a breach (forms 1 and 3), each once however often it was revised."""
        first = (ActRow.revision == 1) & ActRow.form.in_((1, 3))
        query = select(ActRow.sitting_id, func.count()).where(first).group_by(ActRow.sitting_id)
        return dict((await self._session.execute(query)).all())

    async def credits(self, sitting_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        found: dict[str, dict[str, int]] = {}
        columns = select(ItemCredit.sitting_id, ItemCredit.item_id, ItemCredit.hundredths)
        for some in _chunks(sitting_ids):
            rows = await self._session.execute(columns.where(ItemCredit.sitting_id.in_(some)))
            for sitting_id, item_id, hundredths in rows:
                found.setdefault(sitting_id, {})[item_id] = hundredths
        return found

    async def item_kinds(self, item_ids: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        columns = select(Item.id, Item.discipline_id, Item.kind)
        for some in _chunks(item_ids):
            for item_id, discipline, kind in await self._session.execute(
                columns.where(Item.id.in_(some))
            ):
                found[item_id] = (discipline, kind)
        return found


def _chunks(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]
