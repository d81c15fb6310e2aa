"""Rows of the schedule: sessions, rooms, exams, and who proctors them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from exam_api.adapters.sql.exams import moment_key
from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.schedule_enrolments import SqlScheduleEnrolments
from exam_api.adapters.sql.tables import (
    Discipline,
    Enrolment,
    Exam,
    ExamMember,
    ExamPeriod,
    ExamProctor,
    ExamRoom,
    Handover,
    Sitting,
    StudyGroup,
    User,
    WorkingGroup,
    WorkingGroupMember,
)
from exam_api.adapters.sql.tables import Room as RoomRow
from exam_api.adapters.sql.visibility import exams_watched_by
from exam_api.domain.errors import NotFound
from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.languages import LANGUAGES, Language, Texts
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Actor, Role
from exam_api.domain.states import COMPLETED, SittingState
from exam_api.services.paging import PageAsk
from exam_api.services.ports import Clock
from exam_api.services.scheduling_ports import (
    AppointedProctor,
    ExamDraft,
    ExaminedDiscipline,
    HandedOver,
    Move,
    Named,
    OpenSitting,
    Period,
    Room,
    ScheduledExam,
)

_OVER: Final = [state.value for state in COMPLETED]


class SqlSchedule(SqlScheduleEnrolments):
    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        super().__init__(session, clock)

    # --- sessions of exams, rooms -----------------------------------------------------------

    async def periods(self) -> Sequence[Period]:
        query = (
            select(ExamPeriod, WorkingGroup)
            .outerjoin(WorkingGroup, WorkingGroup.period_id == ExamPeriod.id)
            .order_by(ExamPeriod.starts_on.desc(), ExamPeriod.id)
        )
        members: dict[str, list[str]] = {}
        rows = select(WorkingGroupMember).order_by(WorkingGroupMember.member_id)
        for row in await self._session.scalars(rows):
            members.setdefault(row.period_id, []).append(row.member_id)
        return [
            _period(period, group, tuple(members.get(period.id, ())))
            for period, group in await self._session.execute(query)
        ]

    async def save_period(self, period: Period) -> None:
        row = ExamPeriod(
            id=period.id,
            title=period.title,
            starts_on=period.starts_on,
            ends_on=period.ends_on,
            summer=period.summer,
            schedule_approved_on=period.schedule_approved_on,
            staff_approved_on=period.staff_approved_on,
            instructed_on=period.instructed_on,
        )
        await self._session.merge(row)
        await self._session.flush()
        gone = delete(WorkingGroupMember).where(WorkingGroupMember.period_id == period.id)
        await self._session.execute(gone)
        if not (period.order_number and period.order_date):
            gone_group = delete(WorkingGroup).where(WorkingGroup.period_id == period.id)
            await self._session.execute(gone_group)
            return
        await self._session.merge(
            WorkingGroup(
                period_id=period.id, order_number=period.order_number, order_date=period.order_date
            )
        )
        await self._session.flush()
        for member_id in period.members:
            key = {"period_id": period.id, "member_id": member_id}
            await insert_once(self._session, WorkingGroupMember, **key)

    async def rooms(self) -> Sequence[Room]:
        rows = await self._session.scalars(select(RoomRow).order_by(RoomRow.name))
        return [Room(row.id, row.name, row.seats) for row in rows]

    async def add_room(self, room: Room) -> bool:
        return await insert_once(
            self._session, RoomRow, id=room.id, name=room.name, seats=room.seats
        )

    async def change_room(self, room: Room) -> None:
        change = update(RoomRow).where(RoomRow.id == room.id)
        await self._session.execute(change.values(name=room.name, seats=room.seats))

    # --- exams ------------------------------------------------------------------------------

    async def exams(
        self, actor: Actor, since: datetime, until: datetime, ask: PageAsk | None = None
    ) -> Sequence[ScheduledExam]:
        query = (
            select(Exam, Discipline)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .where(exams_watched_by(actor), Exam.closes_at > since, Exam.opens_at < until)
            .order_by(Exam.opens_at, Exam.id)
        )
        if ask is not None:
            query = query.limit(ask.limit + 1)
        if ask is not None and ask.after:
            query = query.where(tuple_(Exam.opens_at, Exam.id) > moment_key(ask.after))
        found = (await self._session.execute(query)).all()
        return await self._scheduled([(exam, discipline) for exam, discipline in found])

    async def exam(self, exam_id: str, actor: Actor) -> ScheduledExam:
        query = (
            select(Exam, Discipline)
            .join(Discipline, Discipline.id == Exam.discipline_id)
            .where(Exam.id == exam_id, exams_watched_by(actor))
        )
        row = (await self._session.execute(query)).first()
        if row is None:
            raise NotFound
        return (await self._scheduled([(row[0], row[1])]))[0]

    async def _scheduled(self, rows: Sequence[tuple[Exam, Discipline]]) -> list[ScheduledExam]:
        ids = [exam.id for exam, _ in rows]
        enrolled = await self._counts(ids)
        begun = await self._begun(ids)
        rooms = await self._rooms_of(ids)
        return [
            _scheduled(exam, discipline, rooms.get(exam.id, ()), enrolled, begun)
            for exam, discipline in rows
        ]

    async def _counts(self, ids: Sequence[str]) -> Mapping[str, int]:
        query = select(Enrolment.exam_id, func.count()).where(Enrolment.exam_id.in_(ids))
        return dict((await self._session.execute(query.group_by(Enrolment.exam_id))).all())

    async def _begun(self, ids: Sequence[str]) -> Mapping[str, int]:
        query = select(Sitting.exam_id, func.count()).where(
            Sitting.exam_id.in_(ids), Sitting.state != SittingState.SCHEDULED.value
        )
        return dict((await self._session.execute(query.group_by(Sitting.exam_id))).all())

    async def _rooms_of(self, ids: Sequence[str]) -> Mapping[str, tuple[Room, ...]]:
        query = (
            select(ExamRoom.exam_id, RoomRow)
            .join(RoomRow, RoomRow.id == ExamRoom.room_id)
            .where(ExamRoom.exam_id.in_(ids))
            .order_by(RoomRow.name)
        )
        found: dict[str, tuple[Room, ...]] = {}
        for exam_id, row in await self._session.execute(query):
            found[exam_id] = (*found.get(exam_id, ()), Room(row.id, row.name, row.seats))
        return found

    async def save_exam(self, exam_id: str, draft: ExamDraft) -> None:
        row = Exam(
            id=exam_id,
            discipline_id=draft.discipline_id,
            period_id=draft.period_id,
            opens_at=draft.opens_at,
            closes_at=draft.closes_at,
            languages=",".join(draft.languages),
            policy=draft.policy.to_json(),
        )
        await self._session.merge(row)
        await self._session.flush()
        await self._session.execute(delete(ExamRoom).where(ExamRoom.exam_id == exam_id))
        for room_id in draft.rooms:
            await insert_once(self._session, ExamRoom, exam_id=exam_id, room_id=room_id)

    async def disciplines(self) -> Sequence[ExaminedDiscipline]:
        query = select(Discipline).where(Discipline.disabled.is_(False)).order_by(Discipline.code)
        return [
            ExaminedDiscipline(row.id, row.code, _title(row), ExamFormat(row.exam_format))
            for row in await self._session.scalars(query)
        ]

    async def groups(self) -> Sequence[Named]:
        query = select(StudyGroup).where(StudyGroup.disabled.is_(False)).order_by(StudyGroup.name)
        return [Named(row.id, row.name) for row in await self._session.scalars(query)]

    async def people(self, role: Role) -> Sequence[Named]:
        """Staff are few: roles, which stand in a list, are compared here."""
        query = select(User).where(User.disabled.is_(False)).order_by(User.full_name, User.id)
        return [
            Named(row.id, row.full_name)
            for row in await self._session.scalars(query)
            if role.value in row.roles
        ]

    # --- proctors ---------------------------------------------------------------------------

    async def proctors(self, exam_id: str) -> Sequence[AppointedProctor]:
        watched = (
            select(func.count())
            .where(Sitting.exam_id == exam_id, Sitting.proctor_id == ExamProctor.proctor_id)
            .scalar_subquery()
        )
        answers_for = aliased(User)
        query = (
            select(ExamProctor, User.full_name, answers_for.full_name, watched)
            .join(User, User.id == ExamProctor.proctor_id)
            .outerjoin(answers_for, answers_for.id == ExamProctor.member_id)
            .where(ExamProctor.exam_id == exam_id)
            .order_by(User.full_name, User.id)
        )
        return [
            AppointedProctor(row.proctor_id, name, member_name or "", sittings, row.left_at)
            for row, name, member_name, sittings in await self._session.execute(query)
        ]

    async def appoint(self, exam_id: str, proctor_id: str, member_id: str | None) -> None:
        key = {"exam_id": exam_id, "proctor_id": proctor_id}
        await insert_once(self._session, ExamProctor, **key)
        back = update(ExamProctor).where(
            ExamProctor.exam_id == exam_id, ExamProctor.proctor_id == proctor_id
        )
        await self._session.execute(back.values(member_id=member_id, left_at=None))

    async def leave(self, exam_id: str, proctor_id: str) -> bool:
        gone = (
            update(ExamProctor)
            .where(
                ExamProctor.exam_id == exam_id,
                ExamProctor.proctor_id == proctor_id,
                ExamProctor.left_at.is_(None),
            )
            .values(left_at=self._clock.now())
            .returning(ExamProctor.proctor_id)
        )
        return (await self._session.scalar(gone)) is not None

    async def members(self, exam_id: str) -> Sequence[Named]:
        query = (
            select(User.id, User.full_name)
            .join(ExamMember, ExamMember.member_id == User.id)
            .where(ExamMember.exam_id == exam_id)
            .order_by(User.full_name)
        )
        return [Named(*row) for row in await self._session.execute(query)]

    async def set_members(self, exam_id: str, member_ids: Collection[str]) -> None:
        await self._session.execute(delete(ExamMember).where(ExamMember.exam_id == exam_id))
        for member_id in member_ids:
            await insert_once(self._session, ExamMember, exam_id=exam_id, member_id=member_id)

    async def open_sittings(self, exam_id: str) -> Sequence[OpenSitting]:
        query = (
            select(Sitting)
            .where(Sitting.exam_id == exam_id, Sitting.state.not_in(_OVER))
            .order_by(Sitting.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return [
            OpenSitting(row.id, row.proctor_id, row.state != SittingState.SCHEDULED.value)
            for row in await self._session.scalars(query)
        ]

    async def move(self, moves: Sequence[Move], by: str, reason: str) -> None:
        now = self._clock.now()
        for one in moves:
            change = update(Sitting).where(Sitting.id == one.sitting_id)
            await self._session.execute(
                change.values(proctor_id=one.to_proctor).execution_options(
                    synchronize_session=False
                )
            )
            self._session.add(
                Handover(
                    sitting_id=one.sitting_id,
                    from_proctor=one.from_proctor,
                    to_proctor=one.to_proctor,
                    live=one.live,
                    at=now,
                    by_user=by,
                    reason=reason,
                )
            )
        await self._session.flush()

    async def handovers(self, exam_id: str) -> Sequence[HandedOver]:
        """Those that took a student from somebody; the first appointment is no handover."""
        query = (
            select(Handover, Sitting.student_id)
            .join(Sitting, Sitting.id == Handover.sitting_id)
            .where(Sitting.exam_id == exam_id, Handover.from_proctor.is_not(None))
            .order_by(Handover.id.desc())
        )
        rows = (await self._session.execute(query)).all()
        ids = {row.from_proctor for row, _ in rows} | {row.to_proctor for row, _ in rows}
        names = await self.names([one for one in ids if one] + [student for _, student in rows])
        return [
            HandedOver(
                student=names.get(student, ""),
                from_proctor=names.get(row.from_proctor or "", ""),
                to_proctor=names.get(row.to_proctor or "", ""),
                live=row.live,
                at=row.at,
                reason=row.reason,
            )
            for row, student in rows
        ]

    async def names(self, ids: Collection[str]) -> Mapping[str, str]:
        people = select(User.id, User.full_name).where(User.id.in_(ids))
        rooms = select(RoomRow.id, RoomRow.name).where(RoomRow.id.in_(ids))
        found = dict((await self._session.execute(people)).all())
        return {**found, **dict((await self._session.execute(rooms)).all())}


def _period(row: ExamPeriod, group: WorkingGroup | None, members: tuple[str, ...]) -> Period:
    return Period(
        id=row.id,
        title=row.title,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        summer=row.summer,
        schedule_approved_on=row.schedule_approved_on,
        staff_approved_on=row.staff_approved_on,
        instructed_on=row.instructed_on,
        order_number=group.order_number if group else "",
        order_date=group.order_date if group else None,
        members=members,
    )


def _scheduled(
    exam: Exam,
    discipline: Discipline,
    rooms: tuple[Room, ...],
    enrolled: Mapping[str, int],
    begun: Mapping[str, int],
) -> ScheduledExam:
    return ScheduledExam(
        id=exam.id,
        discipline_id=exam.discipline_id,
        code=discipline.code,
        title=_title(discipline),
        period_id=exam.period_id,
        opens_at=exam.opens_at,
        closes_at=exam.closes_at,
        languages=languages_of(exam),
        policy=ExamPolicy.from_json(exam.policy),
        rooms=rooms,
        enrolled=enrolled.get(exam.id, 0),
        begun=begun.get(exam.id, 0),
    )


def languages_of(exam: Exam) -> tuple[Language, ...]:
    listed = exam.languages.split(",")
    return tuple(one for one in LANGUAGES if one in listed)


def _title(discipline: Discipline) -> Texts:
    return {"kk": discipline.title_kk, "ru": discipline.title_ru, "en": discipline.title_en}
