"""People and their log-in sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, CursorResult, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.tables import (
    Department,
    Faculty,
    LogInFailure,
    LogInSession,
    Programme,
    SecondLogInRow,
    Sitting,
    User,
)
from exam_api.domain.languages import Language, Texts, language_or
from exam_api.domain.roles import Actor, Role
from exam_api.domain.states import COMPLETED, SittingState
from exam_api.services.ports import (
    Credentials,
    LogInRecord,
    NewSession,
    OpenSession,
    OwnAccount,
    SecondLogIn,
)

# Put together once: whoever calls is looked up with it.
_WHOSE: Final = (
    select(LogInSession, User)
    .join(User, User.id == LogInSession.user_id)
    .where(LogInSession.id_hash == bindparam("id_hash"))
)
_NOT_RUNNING: Final = [SittingState.SCHEDULED.value, *(state.value for state in COMPLETED)]
# Databases take only so many values in one statement.
_AT_ONCE: Final = 500


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

    async def choose_password(self, user_id: str, password_hash: str) -> None:
        values = {"password_hash": password_hash, "must_change_password": False}
        await self._session.execute(update(User).where(User.id == user_id).values(**values))

    async def set_language(self, user_id: str, language: Language) -> None:
        await self._session.execute(
            update(User).where(User.id == user_id).values(language=language)
        )


class SqlSessions:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, new: NewSession) -> None:
        row = LogInSession(
            id_hash=new.id_hash,
            user_id=new.user_id,
            created_at=new.created_at,
            last_seen_at=new.created_at,
            expires_at=new.expires_at,
            address=new.address,
            agent=new.agent,
            held=new.held,
        )
        self._session.add(row)
        await self._session.flush()

    async def find(self, id_hash: str) -> LogInRecord | None:
        found = (await self._session.execute(_WHOSE, {"id_hash": id_hash})).first()
        if found is None:
            return None
        row, user = found
        return LogInRecord(
            actor=replace(actor_of(user), must_choose_session=row.held),
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

    async def revoke_all(self, *user_ids: str, at: datetime) -> None:
        for start in range(0, len(user_ids), _AT_ONCE):
            some = user_ids[start : start + _AT_ONCE]
            await self._revoke(at, LogInSession.user_id.in_(some))

    async def revoke_others(self, user_id: str, keep: str, at: datetime) -> None:
        await self._revoke(at, LogInSession.user_id == user_id, LogInSession.id_hash != keep)

    async def revoke_of(self, user_id: str, id_hash: str, at: datetime) -> bool:
        which = LogInSession.user_id == user_id, LogInSession.id_hash == id_hash
        return await self._revoke(at, *which) > 0

    async def live(
        self, user_id: str, now: datetime, seen_since: datetime
    ) -> Sequence[OpenSession]:
        query = (
            select(LogInSession)
            .where(
                LogInSession.user_id == user_id,
                LogInSession.revoked_at.is_(None),
                LogInSession.expires_at > now,
                LogInSession.last_seen_at > seen_since,
            )
            .order_by(LogInSession.last_seen_at.desc(), LogInSession.id_hash)
        )
        return [_open_session(row) for row in await self._session.scalars(query)]

    async def rotate(self, old_hash: str, new_hash: str) -> None:
        change = update(LogInSession).where(LogInSession.id_hash == old_hash)
        await self._session.execute(change.values(id_hash=new_hash, held=False))

    async def running_sitting(self, user_id: str) -> tuple[str, str] | None:
        query = (
            select(Sitting.id, Sitting.exam_id)
            .where(Sitting.student_id == user_id, Sitting.state.not_in(_NOT_RUNNING))
            .order_by(Sitting.created_at.desc())
            .limit(1)
        )
        found = (await self._session.execute(query)).first()
        return (found[0], found[1]) if found else None

    async def hold(self, id_hash: str) -> bool:
        change = update(LogInSession).where(
            LogInSession.id_hash == id_hash,
            LogInSession.revoked_at.is_(None),
            LogInSession.held.is_(False),
        )
        done = await self._session.execute(change.values(held=True))
        assert isinstance(done, CursorResult)
        return done.rowcount > 0

    async def add_second(  # noqa: PLR0917 - the columns of its row
        self,
        sitting_id: str,
        id_hash: str,
        at: datetime,
        address: str,
        agent: str,
        outcome: str = "asked",
    ) -> None:
        row = SecondLogInRow(
            sitting_id=sitting_id,
            at=at,
            address=address,
            agent=agent,
            id_hash=id_hash,
            outcome=outcome,
        )
        self._session.add(row)
        await self._session.flush()

    async def settle_second(self, id_hash: str, outcome: str) -> tuple[str, str] | None:
        which = SecondLogInRow.id_hash == id_hash
        await self._session.execute(update(SecondLogInRow).where(which).values(outcome=outcome))
        query = (
            select(Sitting.id, Sitting.exam_id)
            .join(SecondLogInRow, SecondLogInRow.sitting_id == Sitting.id)
            .where(which)
        )
        found = (await self._session.execute(query)).first()
        return (found[0], found[1]) if found else None

    async def second_log_ins(self, sitting_id: str) -> Sequence[SecondLogIn]:
        query = (
            select(SecondLogInRow)
            .where(SecondLogInRow.sitting_id == sitting_id)
            .order_by(SecondLogInRow.id)
        )
        rows = await self._session.scalars(query)
        return [SecondLogIn(row.at, row.address, row.agent, row.outcome) for row in rows]

    async def _revoke(self, at: datetime, *which: ColumnElement[bool]) -> int:
        live = LogInSession.revoked_at.is_(None)
        change = update(LogInSession).where(*which, live).values(revoked_at=at)
        done = await self._session.execute(change)
        assert isinstance(done, CursorResult)
        return done.rowcount

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


def _open_session(row: LogInSession) -> OpenSession:
    return OpenSession(
        id=row.id_hash,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        address=row.address,
        agent=row.agent,
        held=row.held,
    )
