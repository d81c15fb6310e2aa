"""Notices, who reads them, and their mails."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Select, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.directory import holds
from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.jobs import SqlJobs
from exam_api.adapters.sql.tables import (
    Discipline,
    Exam,
    JobRow,
    NoticeReader,
    NoticeRow,
    Programme,
    StudentProfile,
    StudyGroup,
    User,
)
from exam_api.domain.ids import new_id
from exam_api.domain.languages import Texts, language_or
from exam_api.domain.notices import NewNotice, NoticeFile, NoticeKind
from exam_api.domain.roles import Role
from exam_api.services.notices import MAIL, mail_key
from exam_api.services.notices_ports import Delivery, DeliveryState, Letter, StoredNotice
from exam_api.services.ports import Clock

_OF_A_FACULTY: Final = frozenset({Role.DEAN_OFFICE, Role.COMMISSION})
_Row = tuple[
    NoticeRow, NoticeReader, Exam | None, Discipline | None, User | None, StudentProfile | None
]


class SqlNotices:
    def __init__(self, session: AsyncSession, clock: Clock, jobs: SqlJobs) -> None:
        self._session = session
        self._clock = clock
        self._jobs = jobs

    async def add(
        self,
        notice: NewNotice,
        *,
        roles: Collection[Role] = (),
        people: Collection[str] = (),
    ) -> bool:
        notice_id = new_id()
        new = await insert_once(
            self._session,
            NoticeRow,
            id=notice_id,
            kind=notice.kind.value,
            once_key=notice.once_key,
            at=self._clock.now(),
            link=notice.link,
            exam_id=notice.exam_id,
            student_id=notice.student_id,
            facts=dict(notice.facts),
            file_name=notice.file.name if notice.file else None,
            file_key=notice.file.key if notice.file else None,
        )
        if not new:
            return False
        for user in await self._readers(notice, roles, people):
            await insert_once(self._session, NoticeReader, notice_id=notice_id, user_id=user.id)
            if user.email:
                payload = {"notice_id": notice_id, "user_id": user.id}
                await self._jobs.add(mail_key(notice_id, user.id), MAIL, payload)
        return True

    async def _readers(
        self, notice: NewNotice, roles: Collection[Role], people: Collection[str]
    ) -> Sequence[User]:
        concerned = or_(User.id.in_(people), *(holds(role) for role in roles))
        query = select(User).where(User.disabled.is_(False), concerned)
        faculty_id = await self._faculty_of(notice.student_id) if roles else None
        return [
            user
            for user in await self._session.scalars(query)
            if user.id in people or _hears(user, roles, faculty_id)
        ]

    async def _faculty_of(self, student_id: str | None) -> str | None:
        query = (
            select(Programme.faculty_id)
            .join(StudyGroup, StudyGroup.programme_id == Programme.id)
            .join(StudentProfile, StudentProfile.group_id == StudyGroup.id)
            .where(StudentProfile.user_id == student_id)
        )
        return await self._session.scalar(query)

    async def told(self, once_keys: Collection[str]) -> Collection[str]:
        query = select(NoticeRow.once_key).where(NoticeRow.once_key.in_(once_keys))
        return set(await self._session.scalars(query))

    async def inbox(self, user_id: str, limit: int, offset: int = 0) -> Sequence[StoredNotice]:
        query = _notices().where(NoticeReader.user_id == user_id).limit(limit).offset(offset)
        return [_notice(row) for row in await self._session.execute(query)]

    async def told_to(self, user_id: str) -> int:
        query = select(func.count()).where(NoticeReader.user_id == user_id)
        return await self._session.scalar(query) or 0

    async def unread(self, user_id: str) -> int:
        query = select(func.count()).where(
            NoticeReader.user_id == user_id, NoticeReader.read_at.is_(None)
        )
        return await self._session.scalar(query) or 0

    async def mark_read(self, user_id: str, notice_id: str | None) -> None:
        read = update(NoticeReader).where(
            NoticeReader.user_id == user_id, NoticeReader.read_at.is_(None)
        )
        if notice_id is not None:
            read = read.where(NoticeReader.notice_id == notice_id)
        await self._session.execute(read.values(read_at=self._clock.now()))

    async def letter(self, notice_id: str, user_id: str) -> Letter | None:
        query = _notices().where(NoticeRow.id == notice_id, NoticeReader.user_id == user_id)
        row = (await self._session.execute(query)).first()
        user = await self._session.get(User, user_id)
        if row is None or user is None:
            return None
        return Letter(_notice(row), user.id, user.email, language_or(user.language))

    async def deliveries(self, limit: int, offset: int) -> Sequence[Delivery]:
        return await self._delivered(_deliveries().limit(limit).offset(offset))

    async def delivered(self) -> int:
        return await self._session.scalar(select(func.count()).select_from(NoticeReader)) or 0

    async def deliveries_of(self, once_key: str) -> Sequence[Delivery]:
        """How the mails of one notice fare."""
        return await self._delivered(_deliveries().where(NoticeRow.once_key == once_key))

    async def _delivered(self, query: Select[NoticeRow, User, JobRow | None]) -> list[Delivery]:
        found = await self._session.execute(query)
        return [_delivery(notice, user, job) for notice, user, job in found]


def _deliveries() -> Select[NoticeRow, User, JobRow | None]:
    key = literal("mail:") + NoticeRow.id + ":" + NoticeReader.user_id
    return (
        select(NoticeRow, User, JobRow)
        .join(NoticeReader, NoticeReader.notice_id == NoticeRow.id)
        .join(User, User.id == NoticeReader.user_id)
        .outerjoin(JobRow, JobRow.key == key)
        .order_by(NoticeRow.at.desc(), NoticeRow.id.desc(), User.full_name, User.id)
    )


def _hears(user: User, roles: Collection[Role], faculty_id: str | None) -> bool:
    held = {Role(role) for role in user.roles} & set(roles)
    if held - _OF_A_FACULTY:
        return True
    return bool(held) and (faculty_id is None or user.faculty_id in {None, faculty_id})


def _notices() -> Select[
    NoticeRow, NoticeReader, Exam | None, Discipline | None, User | None, StudentProfile | None
]:
    return (
        select(NoticeRow, NoticeReader, Exam, Discipline, User, StudentProfile)
        .join(NoticeReader, NoticeReader.notice_id == NoticeRow.id)
        .outerjoin(Exam, Exam.id == NoticeRow.exam_id)
        .outerjoin(Discipline, Discipline.id == Exam.discipline_id)
        .outerjoin(User, User.id == NoticeRow.student_id)
        .outerjoin(StudentProfile, StudentProfile.user_id == NoticeRow.student_id)
        .order_by(NoticeRow.at.desc(), NoticeRow.id.desc())
    )


def _notice(row: _Row) -> StoredNotice:
    notice, reader, exam, discipline, student, profile = row
    return StoredNotice(
        id=notice.id,
        kind=NoticeKind(notice.kind),
        at=notice.at,
        link=notice.link,
        exam=_title(discipline) if discipline else None,
        exam_opens_at=exam.opens_at if exam else None,
        student=student.full_name if student else None,
        group=profile.group_name if profile else "",
        facts=notice.facts,
        read_at=reader.read_at,
        file=_file(notice),
    )


def _file(notice: NoticeRow) -> NoticeFile | None:
    if notice.file_name is None or notice.file_key is None:
        return None
    return NoticeFile(notice.file_name, notice.file_key)


def _title(discipline: Discipline) -> Texts:
    return {"kk": discipline.title_kk, "ru": discipline.title_ru, "en": discipline.title_en}


def _delivery(notice: NoticeRow, user: User, job: JobRow | None) -> Delivery:
    return Delivery(
        notice_id=notice.id,
        user_id=user.id,
        kind=NoticeKind(notice.kind),
        to=user.email or user.full_name,
        at=notice.at,
        state=DeliveryState(job.state) if job else DeliveryState.NO_ADDRESS,
        attempts=job.attempts if job else 0,
        error=job.error if job else "",
    )
