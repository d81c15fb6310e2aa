"""People and their log-in sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import (
    Department,
    Faculty,
    LogInFailure,
    LogInSession,
    Programme,
    User,
)
from exam_api.domain.languages import Language, Texts, language_or
from exam_api.domain.roles import Actor, Role
from exam_api.services.ports import Credentials, LogInRecord, OwnAccount


def actor_of(user: User) -> Actor:
    return Actor(
        id=user.id,
        full_name=user.full_name,
        language=language_or(user.language),
        roles=frozenset(Role(role) for role in user.roles),
        faculty_id=user.faculty_id,
        department_id=user.department_id,
        must_change_password=user.must_change_password,
    )


def names_of(row: Faculty | Department | Programme) -> Texts:
    return {"kk": row.name_kk, "ru": row.name_ru, "en": row.name_en}


class SqlPeople:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def credentials(self, login: str) -> Credentials | None:
        user = await self._session.scalar(select(User).where(User.login == login))
        if user is None:
            return None
        return Credentials(actor_of(user), user.password_hash, user.disabled)

    async def own_account(self, user_id: str) -> OwnAccount:
        query = (
            select(User, Faculty, Department)
            .outerjoin(Faculty, Faculty.id == User.faculty_id)
            .outerjoin(Department, Department.id == User.department_id)
            .where(User.id == user_id)
        )
        user, faculty, department = (await self._session.execute(query)).one()
        place = department or faculty
        return OwnAccount(user.full_name, user.login, names_of(place) if place else None)

    async def full_name(self, user_id: str) -> str:
        query = select(User.full_name).where(User.id == user_id)
        return await self._session.scalar(query) or ""

    async def set_password_hash(self, user_id: str, password_hash: str) -> None:
        change = update(User).where(User.id == user_id).values(password_hash=password_hash)
        await self._session.execute(change)

    async def set_language(self, user_id: str, language: Language) -> None:
        await self._session.execute(
            update(User).where(User.id == user_id).values(language=language)
        )


class SqlSessions:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self, id_hash: str, user_id: str, created_at: datetime, expires_at: datetime
    ) -> None:
        row = LogInSession(
            id_hash=id_hash,
            user_id=user_id,
            created_at=created_at,
            last_seen_at=created_at,
            expires_at=expires_at,
        )
        self._session.add(row)
        await self._session.flush()

    async def find(self, id_hash: str) -> LogInRecord | None:
        query = (
            select(LogInSession, User)
            .join(User, User.id == LogInSession.user_id)
            .where(LogInSession.id_hash == id_hash)
        )
        found = (await self._session.execute(query)).first()
        if found is None:
            return None
        row, user = found
        return LogInRecord(
            actor=actor_of(user),
            disabled=user.disabled,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )

    async def touch(self, id_hash: str, at: datetime) -> None:
        seen = update(LogInSession).where(LogInSession.id_hash == id_hash).values(last_seen_at=at)
        await self._session.execute(seen)

    async def revoke(self, id_hash: str, at: datetime) -> None:
        await self._revoke(at, LogInSession.id_hash == id_hash)

    async def revoke_all(self, user_id: str, at: datetime) -> None:
        await self._revoke(at, LogInSession.user_id == user_id)

    async def _revoke(self, at: datetime, which: ColumnElement[bool]) -> None:
        live = LogInSession.revoked_at.is_(None)
        await self._session.execute(update(LogInSession).where(which, live).values(revoked_at=at))

    async def failures(self, keys: Sequence[str], since: datetime) -> Mapping[str, int]:
        query = (
            select(LogInFailure.key, func.count())
            .where(LogInFailure.key.in_(keys), LogInFailure.at > since)
            .group_by(LogInFailure.key)
        )
        counted = dict((await self._session.execute(query)).all())
        return {key: counted.get(key, 0) for key in keys}

    async def add_failure(self, keys: Sequence[str], at: datetime, forget_before: datetime) -> None:
        await self._session.execute(delete(LogInFailure).where(LogInFailure.at < forget_before))
        self._session.add_all(LogInFailure(key=key, at=at) for key in keys)
        await self._session.flush()

    async def forget_failures(self, keys: Sequence[str]) -> None:
        await self._session.execute(delete(LogInFailure).where(LogInFailure.key.in_(keys)))
