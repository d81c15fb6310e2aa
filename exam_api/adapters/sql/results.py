"""Grades, the journal and its machine readers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.exams import exam_of
from exam_api.adapters.sql.people import names_of
from exam_api.adapters.sql.tables import (
    ApiClientRow,
    AppealRow,
    Department,
    Discipline,
    Enrolment,
    Exam,
    GradeChangeRow,
    JournalRow,
    Sitting,
    StudentProfile,
    TransitionRow,
    User,
)
from exam_api.adapters.sql.visibility import exams_taught_by, students_of_faculty
from exam_api.domain.appeals import AppealCause
from exam_api.domain.errors import NotFound
from exam_api.domain.grades import FinalGrade, GradeChange, Remark, final_grade
from exam_api.domain.grading import grade_of
from exam_api.domain.languages import Texts
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sitting import Exam as ExamValue
from exam_api.domain.states import SittingState
from exam_api.services.paging import PageAsk
from exam_api.services.results_ports import (
    ApiClient,
    GradedExam,
    GradeRow,
    JournalEntry,
    NamedGradeChange,
    OwnGrade,
)

# Units that write the journal take turns, so that ids appear in commit order: a reader that has
# read up to 60 cannot miss a 30 that commits later. Taken last of all locks, after the events'.
_ORDER_LOCK = 0x6A6F7572

# What an appeal on a sitting would be about now (domain.appeals.appealed).
_IS_ANNULLED = Sitting.state == SittingState.ANNULLED.value
_CAUSE = case((_IS_ANNULLED, AppealCause.ANNULMENT.value), else_=AppealCause.GRADE.value)
_ANNULMENTS = (
    select(func.count(TransitionRow.id))
    .where(
        TransitionRow.sitting_id == Sitting.id, TransitionRow.after == SittingState.ANNULLED.value
    )
    .correlate(Sitting)
    .scalar_subquery()
)
_NTH = case((_IS_ANNULLED, _ANNULMENTS), else_=1)


def exams_graded_for(actor: Actor) -> ColumnElement[bool]:
    """Whose grades the actor may read: all, those with students of the faculty, those taught."""
    if actor.oversees:
        return true()
    rights: list[ColumnElement[bool]] = [false()]
    if actor.has(Role.DEAN_OFFICE):
        theirs = Enrolment.student_id.in_(students_of_faculty(actor))
        rights.append(Exam.id.in_(select(Enrolment.exam_id).where(theirs)))
    return or_(*rights, exams_taught_by(actor))


def students_graded_for(actor: Actor) -> ColumnElement[bool]:
    """Of an exam that the actor may read: a dean's office sees its own faculty's students."""
    if actor.oversees:
        return true()
    rights: list[ColumnElement[bool]] = [false()]
    if actor.has(Role.DEAN_OFFICE):
        rights.append(Enrolment.student_id.in_(students_of_faculty(actor)))
    taught = select(Exam.id).where(exams_taught_by(actor))
    return or_(*rights, Enrolment.exam_id.in_(taught))


class SqlGrades:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, change: GradeChange) -> None:
        self._session.add(
            GradeChangeRow(
                sitting_id=change.sitting_id,
                cause=change.cause,
                before=change.before,
                after=change.after,
                at=change.at,
                by_user=change.by,
                reason=change.reason,
            )
        )
        await self._session.flush()

    async def of_sitting(self, sitting_id: str) -> Sequence[NamedGradeChange]:
        query = (
            select(GradeChangeRow, User.full_name)
            .outerjoin(User, User.id == GradeChangeRow.by_user)
            .where(GradeChangeRow.sitting_id == sitting_id)
            .order_by(GradeChangeRow.id)
        )
        return [
            NamedGradeChange(
                _change(row),
                name,
            )
            for row, name in await self._session.execute(query)
        ]

    async def best_points(self, discipline_id: str, student_id: str) -> int | None:
        query = (
            select(Sitting.state, Sitting.points, Enrolment.rating_points, Exam, Discipline)
            .join(Exam, Exam.id == Sitting.exam_id)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .outerjoin(Enrolment, _enrolled())
            .where(Exam.discipline_id == discipline_id, Sitting.student_id == student_id)
        )
        found = [
            final_grade(SittingState(state), points, rating, exam_of(exam, discipline).policy)
            for state, points, rating, exam, discipline in await self._session.execute(query)
        ]
        return max((grade.final for grade in found if grade.final is not None), default=None)


class SqlResults:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def exams(self, actor: Actor, limit: int, offset: int) -> Sequence[GradedExam]:
        newest = _exams(actor).order_by(Exam.opens_at.desc(), Exam.id)
        found = await self._session.execute(newest.limit(limit).offset(offset))
        departments = await department_names(self._session)
        return [_graded(row, departments) for row in found]

    async def exam_count(self, actor: Actor) -> int:
        query = select(func.count(Exam.id)).where(exams_graded_for(actor))
        return await self._session.scalar(query) or 0

    async def exam(self, exam_id: str, actor: Actor) -> GradedExam:
        found = (await self._session.execute(_exams(actor).where(Exam.id == exam_id))).first()
        if found is None:
            raise NotFound
        return _graded(found, await department_names(self._session))

    async def rows(self, exam: ExamValue, actor: Actor) -> Sequence[GradeRow]:
        query = (
            select(Enrolment, User, StudentProfile, Sitting)
            .join(User, User.id == Enrolment.student_id)
            .outerjoin(StudentProfile, StudentProfile.user_id == Enrolment.student_id)
            .outerjoin(Sitting, _enrolled())
            .where(Enrolment.exam_id == exam.id, students_graded_for(actor))
        )
        found = [
            GradeRow(
                student_id=user.id,
                student=user.full_name,
                login=user.login,
                group=profile.group_name if profile else "",
                programme=profile.programme if profile else "",
                sitting_id=sitting.id if sitting else None,
                grade=final_of(sitting, enrolment.rating_points, exam.policy),
            )
            for enrolment, user, profile, sitting in await self._session.execute(query)
        ]
        return sorted(found, key=lambda row: (row.group, row.student, row.student_id))

    async def of_student(self, exam_id: str, student_id: str) -> FinalGrade:
        query = (
            select(Enrolment.rating_points, Sitting, Exam, Discipline)
            .join(Exam, Exam.id == Enrolment.exam_id)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .outerjoin(Sitting, _enrolled())
            .where(Enrolment.exam_id == exam_id, Enrolment.student_id == student_id)
            .execution_options(populate_existing=True)
        )
        found = (await self._session.execute(query)).first()
        if found is None:
            raise NotFound
        rating, sitting, exam, discipline = found
        return final_of(sitting, rating, exam_of(exam, discipline).policy)

    async def own(self, student_id: str) -> Sequence[OwnGrade]:
        query = (
            select(Enrolment.rating_points, Sitting, Exam, Discipline, AppealRow)
            .join(Exam, Exam.id == Enrolment.exam_id)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .outerjoin(Sitting, _enrolled())
            .outerjoin(
                AppealRow,
                and_(
                    AppealRow.sitting_id == Sitting.id,
                    AppealRow.item_id.is_(None),
                    AppealRow.cause == _CAUSE,
                    AppealRow.nth == _NTH,
                ),
            )
            .where(Enrolment.student_id == student_id)
            .order_by(Exam.opens_at.desc(), Exam.id)
        )
        return [
            OwnGrade(
                exam=(known := exam_of(exam, discipline)),
                sitting_id=sitting.id if sitting else None,
                grade=final_of(sitting, rating, known.policy),
                appeal_id=appeal.id if appeal else None,
                appeal_state=appeal.state if appeal else None,
            )
            for rating, sitting, exam, discipline, appeal in await self._session.execute(query)
        ]

    async def may_import(self, exam_id: str, actor: Actor) -> bool:
        if actor.has(Role.REGISTRAR):
            return True
        query = select(Exam.id).where(Exam.id == exam_id, exams_taught_by(actor))
        return await self._session.scalar(query) is not None

    async def imported(self, exam_id: str) -> Mapping[str, tuple[int, FinalGrade]]:
        query = (
            select(JournalRow).where(JournalRow.exam_id == exam_id).order_by(JournalRow.revision)
        )
        return {
            row.student_id: (row.revision, _grade_of(row))
            for row in await self._session.scalars(query)
        }

    async def add_entry(
        self,
        *,
        exam_id: str,
        student_id: str,
        revision: int,
        grade: FinalGrade,
        at: datetime,
        by: str,
    ) -> None:
        if self._session.get_bind().dialect.name == "postgresql":
            await self._session.execute(select(func.pg_advisory_xact_lock(_ORDER_LOCK)))
        self._session.add(
            JournalRow(
                exam_id=exam_id,
                student_id=student_id,
                revision=revision,
                rating=grade.rating,
                exam_points=grade.exam,
                final_points=grade.final,
                letter=grade.letter,
                remark=grade.remark.value,
                at=at,
                by_user=by,
            )
        )
        await self._session.flush()

    async def journal(self, ask: PageAsk) -> Sequence[JournalEntry]:
        query = (
            select(JournalRow, Discipline, User, StudentProfile)
            .join(Exam, Exam.id == JournalRow.exam_id)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .join(User, User.id == JournalRow.student_id)
            .outerjoin(StudentProfile, StudentProfile.user_id == JournalRow.student_id)
            .order_by(JournalRow.id)
            .limit(ask.limit + 1)
        )
        if ask.after:
            after = ask.after[0]
            query = query.where(JournalRow.id > (after if isinstance(after, int) else 0))
        return [_entry(*row) for row in await self._session.execute(query)]


class SqlApiClients:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Sequence[ApiClient]:
        rows = await self._session.scalars(select(ApiClientRow).order_by(ApiClientRow.id.desc()))
        return [ApiClient(row.id, row.name, row.created_at, row.revoked_at) for row in rows]

    async def add(self, client_id: str, name: str, token_hash: str, at: datetime, by: str) -> None:
        row = ApiClientRow(
            id=client_id, name=name, token_hash=token_hash, created_at=at, created_by=by
        )
        self._session.add(row)
        await self._session.flush()

    async def revoke(self, client_id: str, at: datetime) -> bool:
        change = (
            update(ApiClientRow)
            .where(ApiClientRow.id == client_id, ApiClientRow.revoked_at.is_(None))
            .values(revoked_at=at)
            .returning(ApiClientRow.id)
        )
        return (await self._session.execute(change)).first() is not None

    async def is_known(self, token_hash: str) -> bool:
        query = select(ApiClientRow.id).where(
            ApiClientRow.token_hash == token_hash, ApiClientRow.revoked_at.is_(None)
        )
        return await self._session.scalar(query) is not None


def final_of(sitting: Sitting | None, rating: int | None, policy: ExamPolicy) -> FinalGrade:
    if sitting is None:
        return final_grade(None, None, rating, policy)
    return final_grade(SittingState(sitting.state), sitting.points, rating, policy)


def _enrolled() -> ColumnElement[bool]:
    return and_(Sitting.exam_id == Enrolment.exam_id, Sitting.student_id == Enrolment.student_id)


def _exams(actor: Actor) -> Select[Exam, Discipline, int, int, int]:
    enrolled = select(func.count()).where(Enrolment.exam_id == Exam.id, students_graded_for(actor))
    graded = (
        select(func.count())
        .select_from(Enrolment)
        .join(Sitting, _enrolled())
        .where(Enrolment.exam_id == Exam.id, Sitting.points.is_not(None))
        .where(students_graded_for(actor))
    )
    imported = select(func.count(JournalRow.student_id.distinct())).where(
        JournalRow.exam_id == Exam.id
    )
    counts = (query.correlate(Exam).scalar_subquery() for query in (enrolled, graded, imported))
    return (
        select(Exam, Discipline, *counts)
        .join(Discipline, Discipline.id == Exam.discipline_id)
        .where(exams_graded_for(actor))
    )


def _graded(
    row: tuple[Exam, Discipline, int, int, int], departments: Mapping[str | None, Texts]
) -> GradedExam:
    exam, discipline, students, graded, imported = row
    department = departments.get(discipline.department_id)
    return GradedExam(exam_of(exam, discipline), department, students, graded, imported)


async def department_names(session: AsyncSession) -> Mapping[str | None, Texts]:
    """By id, in each language."""
    return {row.id: names_of(row) for row in await session.scalars(select(Department))}


def _change(row: GradeChangeRow) -> GradeChange:
    return GradeChange(
        sitting_id=row.sitting_id,
        cause=row.cause,
        before=row.before,
        after=row.after,
        at=row.at,
        by=row.by_user,
        reason=row.reason,
    )


def _grade_of(row: JournalRow) -> FinalGrade:
    gpa = None if row.final_points is None else grade_of(row.final_points).gpa
    return FinalGrade(
        row.rating, row.exam_points, row.final_points, row.letter, gpa, Remark(row.remark)
    )


def _entry(
    row: JournalRow, discipline: Discipline, user: User, profile: StudentProfile | None
) -> JournalEntry:
    return JournalEntry(
        id=row.id,
        exam_id=row.exam_id,
        discipline_code=discipline.code,
        discipline={
            "kk": discipline.title_kk,
            "ru": discipline.title_ru,
            "en": discipline.title_en,
        },
        student_id=row.student_id,
        student_login=user.login,
        student=user.full_name,
        group=profile.group_name if profile else "",
        revision=row.revision,
        rating=row.rating,
        exam_points=row.exam_points,
        final_points=row.final_points,
        letter=row.letter,
        remark=row.remark,
        at=row.at,
    )
