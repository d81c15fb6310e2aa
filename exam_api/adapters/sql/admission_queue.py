"""Who waits to be let in."""

from collections.abc import Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.exams import SqlExams, exam_for
from exam_api.adapters.sql.sittings import sitting_of
from exam_api.adapters.sql.tables import (
    Discipline,
    Enrolment,
    EventRow,
    Exam,
    Sitting,
    StudentProfile,
    User,
)
from exam_api.adapters.sql.visibility import sittings_proctored_by, sittings_watched_by
from exam_api.domain import sitting as domain
from exam_api.domain.roles import Actor
from exam_api.domain.states import SittingState
from exam_api.services.admission_queue import Waiter


class SqlAdmissionQueue:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def exam(self, exam_id: str, actor: Actor) -> domain.Exam:
        return await SqlExams(self._session).watched(exam_id, actor)

    async def waiting(self, exam_id: str, actor: Actor) -> Sequence[Waiter]:
        own = sittings_proctored_by(actor)
        query = (
            select(Sitting, Exam, Discipline, Enrolment, User.full_name, StudentProfile, own)
            .join(Exam, Exam.id == Sitting.exam_id)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .join(User, User.id == Sitting.student_id)
            .outerjoin(StudentProfile, StudentProfile.user_id == Sitting.student_id)
            .outerjoin(
                Enrolment,
                and_(
                    Enrolment.exam_id == Sitting.exam_id,
                    Enrolment.student_id == Sitting.student_id,
                ),
            )
            .where(
                Sitting.exam_id == exam_id,
                Sitting.state == SittingState.WAITING.value,
                Sitting.admitted_at.is_(None),
                Sitting.ready_at.is_not(None),
                sittings_watched_by(actor),
            )
            .order_by(Sitting.ready_at, Sitting.id)
        )
        rows = await self._session.execute(query)
        return [
            _waiter(sitting, exam_for(exam, discipline, enrolment), name, profile, own=bool(mine))
            for sitting, exam, discipline, enrolment, name, profile, mine in rows
        ]

    async def checking(self, exam_id: str, actor: Actor) -> int:
        query = select(func.count(Sitting.id)).where(
            Sitting.exam_id == exam_id,
            Sitting.state == SittingState.CHECKING.value,
            sittings_watched_by(actor),
        )
        return await self._session.scalar(query) or 0

    async def cursor(self) -> int:
        return await self._session.scalar(select(func.max(EventRow.id))) or 0


def _waiter(
    row: Sitting, exam: domain.Exam, name: str, profile: StudentProfile | None, *, own: bool
) -> Waiter:
    sitting = sitting_of(row)
    assert sitting.ready_at is not None
    return Waiter(
        sitting_id=sitting.id,
        full_name=name,
        group=profile.group_name if profile else "",
        programme=profile.programme if profile else "",
        ready_at=sitting.ready_at,
        late=sitting.came_late(exam),
        own=own,
        allowances=exam.allowances,
    )
