"""Rows of the schedule: who is enrolled, and what conflicts are sought in."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.bank_supply import supplies_of
from exam_api.adapters.sql.exams import allowances_of, exam_for
from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.tables import (
    ActRow,
    CheckListFindingRow,
    CheckListSitting,
    Consent,
    Discipline,
    Enrolment,
    EventRow,
    Exam,
    ExamRoom,
    FlagRow,
    Handover,
    MediaTokenRow,
    PublishToken,
    Sitting,
    SittingLogRow,
    StudentProfile,
    TransitionRow,
    User,
)
from exam_api.adapters.sql.tables import Room as RoomRow
from exam_api.domain.conflicts import PlannedExam, Window
from exam_api.domain.ids import new_id
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.states import COMPLETED, SittingState
from exam_api.services.ports import Clock
from exam_api.services.scheduling_ports import EnrolledStudent, HeldSitting

_OVER: Final = [state.value for state in COMPLETED]
# What a scheduled sitting may have already: of no use to anybody once the student is withdrawn.
_BEFORE_THE_TEST: Final = (
    Handover,
    PublishToken,
    MediaTokenRow,
    EventRow,
    CheckListFindingRow,
    CheckListSitting,
    Consent,
    SittingLogRow,
)
# What happened and is kept, whatever the state.
_RECORDS: Final = (TransitionRow, ActRow, FlagRow)


class SqlScheduleEnrolments:
    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def students(self, group_ids: Collection[str], logins: Collection[str]) -> Sequence[str]:
        query = (
            select(User.id)
            .join(StudentProfile, StudentProfile.user_id == User.id)
            .where(
                User.disabled.is_(False),
                or_(StudentProfile.group_id.in_(group_ids), User.login.in_(logins)),
            )
            .order_by(User.full_name, User.id)
        )
        return (await self._session.scalars(query)).all()

    async def students_among(self, logins: Collection[str]) -> Collection[str]:
        query = (
            select(User.login)
            .join(StudentProfile, StudentProfile.user_id == User.id)
            .where(User.disabled.is_(False), User.login.in_(logins))
        )
        return (await self._session.scalars(query)).all()

    async def enrol(self, exam_id: str, student_ids: Sequence[str], by: str) -> Sequence[str]:
        now = self._clock.now()
        new = []
        for student_id in student_ids:
            if await insert_once(
                self._session,
                Enrolment,
                exam_id=exam_id,
                student_id=student_id,
                enrolled_at=now,
                enrolled_by=by,
                excused=[],
            ):
                new.append(student_id)
            sitting = Sitting(
                id=new_id(),
                exam_id=exam_id,
                student_id=student_id,
                state=SittingState.SCHEDULED.value,
                created_at=now,
            )
            if await self._sitting_of(exam_id, student_id) is None:
                self._session.add(sitting)
                await self._session.flush()
        return new

    async def _sitting_of(self, exam_id: str, student_id: str) -> Sitting | None:
        query = select(Sitting).where(Sitting.exam_id == exam_id, Sitting.student_id == student_id)
        return await self._session.scalar(query.with_for_update())

    async def held_sitting(self, exam_id: str, student_id: str) -> HeldSitting | None:
        sitting = await self._sitting_of(exam_id, student_id)
        if sitting is None:
            return None
        begun = sitting.state != SittingState.SCHEDULED.value
        return HeldSitting(sitting.id, begun or await self._is_on_record(sitting.id))

    async def _is_on_record(self, sitting_id: str) -> bool:
        query = select(or_(*(exists().where(one.sitting_id == sitting_id) for one in _RECORDS)))
        return bool(await self._session.scalar(query))

    async def withdraw(self, exam_id: str, student_id: str) -> None:
        sitting = await self._sitting_of(exam_id, student_id)
        if sitting is not None:
            for table in _BEFORE_THE_TEST:
                await self._session.execute(delete(table).where(table.sitting_id == sitting.id))
            await self._session.delete(sitting)
            await self._session.flush()
        gone = delete(Enrolment).where(
            Enrolment.exam_id == exam_id, Enrolment.student_id == student_id
        )
        await self._session.execute(gone)

    async def enrolled(self, exam_id: str) -> Sequence[EnrolledStudent]:
        query = (
            select(Enrolment, Exam, Discipline, User, StudentProfile, Sitting)
            .join(Exam, Exam.id == Enrolment.exam_id)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .join(User, User.id == Enrolment.student_id)
            .outerjoin(StudentProfile, StudentProfile.user_id == User.id)
            .outerjoin(Sitting, _own_sitting())
            .where(Enrolment.exam_id == exam_id)
            .order_by(User.full_name, User.id)
        )
        rows = (await self._session.execute(query)).all()
        proctors = await self._proctor_names([row[5] for row in rows])
        return [_enrolled((*row,), proctors) for row in rows]

    async def _proctor_names(self, sittings: Sequence[Sitting | None]) -> dict[str, str]:
        ids = {one.proctor_id for one in sittings if one and one.proctor_id}
        query = select(User.id, User.full_name).where(User.id.in_(ids))
        return dict((await self._session.execute(query)).all())

    async def planned(self, since: datetime) -> Sequence[PlannedExam]:
        exams = (await self._session.scalars(select(Exam).where(Exam.closes_at > since))).all()
        ids = [exam.id for exam in exams]
        windows: dict[str, dict[str, Window]] = {exam_id: {} for exam_id in ids}
        watched: dict[str, Counter[str | None]] = {exam_id: Counter() for exam_id in ids}
        rooms: dict[str, dict[str, int]] = {exam_id: {} for exam_id in ids}
        query = (
            select(Exam, Discipline, Enrolment, Sitting.state, Sitting.proctor_id)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .join(Enrolment, Enrolment.exam_id == Exam.id)
            .outerjoin(Sitting, _own_sitting())
            .where(Exam.id.in_(ids))
        )
        for exam, discipline, enrolment, state, proctor_id in await self._session.execute(query):
            own = exam_for(exam, discipline, enrolment)
            windows[exam.id][enrolment.student_id] = Window(
                own.opens_at, own.closes_at, own.policy.duration
            )
            if state not in _OVER:
                watched[exam.id][proctor_id] += 1
        seats = (
            select(ExamRoom.exam_id, RoomRow.id, RoomRow.seats)
            .join(RoomRow, RoomRow.id == ExamRoom.room_id)
            .where(ExamRoom.exam_id.in_(ids))
        )
        for exam_id, room_id, count in await self._session.execute(seats):
            rooms[exam_id][room_id] = count
        supplies = await supplies_of(self._session, exams)
        return [
            PlannedExam(
                id=exam.id,
                opens_at=exam.opens_at,
                closes_at=exam.closes_at,
                capacity=ExamPolicy.from_json(exam.policy).students_per_proctor,
                windows=windows[exam.id],
                watched=watched[exam.id],
                rooms=rooms[exam.id],
                lacks=supplies[exam.id].lacks,
            )
            for exam in exams
        ]


def _own_sitting() -> ColumnElement[bool]:
    return and_(Sitting.exam_id == Enrolment.exam_id, Sitting.student_id == Enrolment.student_id)


def _enrolled(
    row: tuple[Enrolment, Exam, Discipline, User, StudentProfile | None, Sitting | None],
    proctors: dict[str, str],
) -> EnrolledStudent:
    enrolment, exam, discipline, user, profile, sitting = row
    return EnrolledStudent(
        student_id=user.id,
        full_name=user.full_name,
        group=profile.group_name if profile else "",
        sitting_id=sitting.id if sitting else None,
        state=SittingState(sitting.state) if sitting else None,
        proctor=proctors.get(sitting.proctor_id or "", "") if sitting else "",
        rating=enrolment.rating_points,
        debt=enrolment.debt,
        admission=exam_for(exam, discipline, enrolment).admission,
        by_decision=enrolment.admitted_at is not None,
        allowances=allowances_of(enrolment),
        document=enrolment.document,
    )
