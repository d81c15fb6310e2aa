"""Ratings, individual dates and accommodations as rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import (
    Enrolment,
    Exam,
    Rating,
    RatingStatement,
    StudentProfile,
    User,
)
from exam_api.domain.admission import Allowances
from exam_api.domain.ids import new_id
from exam_api.domain.policy import AdmissionRule, ExamPolicy
from exam_api.domain.statements import Enrolled, StatementPreview
from exam_api.services.admitting import Statement
from exam_api.services.deadlines import GroupWithoutRating
from exam_api.services.ports import Clock


class SqlAdmissions:
    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def enrolled(self, exam_id: str) -> Sequence[Enrolled]:
        query = (
            select(Enrolment, User)
            .join(User, User.id == Enrolment.student_id)
            .where(Enrolment.exam_id == exam_id)
            .order_by(User.full_name, User.id)
            .with_for_update(of=Enrolment)
        )
        return [
            Enrolled(user.id, user.login, user.full_name, row.rating_points, row.debt)
            for row, user in await self._session.execute(query)
        ]

    async def take(
        self, exam_id: str, statement: Statement, preview: StatementPreview, by: str
    ) -> None:
        kept = RatingStatement(
            id=new_id(),
            exam_id=exam_id,
            file_name=statement.name[:200],
            sha256=statement.digest,
            imported_at=self._clock.now(),
            imported_by=by,
        )
        self._session.add(kept)
        await self._session.flush()
        for change in preview.changes:
            self._session.add(
                Rating(
                    statement_id=kept.id,
                    student_id=change.student_id,
                    points=change.points,
                    debt=change.debt,
                )
            )
            values = {"rating_points": change.points, "debt": change.debt}
            await self._change(exam_id, change.student_id, values)
        await self._session.flush()

    async def without_rating(
        self, since: datetime, until: datetime
    ) -> Sequence[GroupWithoutRating]:
        query = (
            select(Exam, StudentProfile)
            .join(Enrolment, Enrolment.exam_id == Exam.id)
            .join(StudentProfile, StudentProfile.user_id == Enrolment.student_id)
            .where(
                Exam.opens_at > since,
                Exam.opens_at <= until,
                Enrolment.rating_points.is_(None),
                Enrolment.admitted_at.is_(None),
            )
            .order_by(StudentProfile.user_id)
        )
        groups: dict[tuple[str, str], list[str]] = {}
        for exam, profile in await self._session.execute(query):
            if ExamPolicy.from_json(exam.policy).admission is AdmissionRule.RATING:
                groups.setdefault((exam.id, profile.group_name), []).append(profile.user_id)
        return [
            GroupWithoutRating(exam_id, group, students[0], len(students))
            for (exam_id, group), students in groups.items()
        ]

    async def grant(
        self, exam_id: str, student_id: str, allowances: Allowances, document: str, by: str
    ) -> None:
        values = {
            "extra_min": allowances.extra_min,
            "break_min": allowances.break_min,
            "excused": sorted(allowances.excused),
            "opens_at": allowances.opens_at,
            "closes_at": allowances.closes_at,
            "document": document,
            "granted_by": by,
            "granted_at": self._clock.now(),
        }
        await self._change(exam_id, student_id, values)

    async def admit(self, exam_id: str, student_id: str, reason: str, by: str) -> None:
        values = {
            "admitted_by": by if reason else None,
            "admitted_at": self._clock.now() if reason else None,
            "admitted_reason": reason,
        }
        await self._change(exam_id, student_id, values)

    async def _change(self, exam_id: str, student_id: str, values: dict[str, Any]) -> None:
        change = update(Enrolment).where(
            Enrolment.exam_id == exam_id, Enrolment.student_id == student_id
        )
        await self._session.execute(
            change.values(**values).execution_options(synchronize_session=False)
        )
