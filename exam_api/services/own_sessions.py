"""A person's own log-in sessions and password; and those of others, for who keeps their record."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from exam_api.domain.errors import Forbidden, InvalidRequest, NotFound, NotLoggedIn
from exam_api.domain.ids import digest, new_id, new_secret
from exam_api.domain.people import may_keep, may_list_people
from exam_api.domain.policy import AccessPolicy
from exam_api.domain.roles import Actor
from exam_api.domain.sitting_log import LogEntry, LogKind
from exam_api.services.accounts import SECOND_LOG_IN, Accounts, LogIn
from exam_api.services.people_ports import PeopleUnit
from exam_api.services.ports import (
    Clock,
    LiveMedia,
    OpenSession,
    PasswordHasher,
    SecondLogIn,
    Unit,
)
from exam_api.services.sittings import end_media, note

Kept = Literal["here", "other"]
_LONGEST: Final = 200
_DIFFERENT: Final = 4


class PasswordUnfit(InvalidRequest):
    """``code`` says why: wrong, short, long, simple, or the same as before."""

    code = "password_unfit"


@dataclass(frozen=True, slots=True)
class OwnSession:
    session: OpenSession
    this_one: bool


class SessionUnit(Unit, PeopleUnit, Protocol):
    pass


class SessionUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[SessionUnit]: ...
    def write(self) -> AbstractAsyncContextManager[SessionUnit]: ...


class SessionDesk:
    def __init__(
        self,
        units: SessionUnits,
        clock: Clock,
        accounts: Accounts,
        hasher: PasswordHasher,
        live: LiveMedia,
        *,
        policy: AccessPolicy = AccessPolicy(),  # noqa: B008 - frozen value
    ) -> None:
        self._units = units
        self._clock = clock
        self._accounts = accounts
        self._hasher = hasher
        self._live = live
        self._policy = policy

    @property
    def password_least(self) -> int:
        return self._policy.password_least

    async def own(self, actor: Actor, cookie: str) -> tuple[OwnSession, ...]:
        """Where the person is logged in, last seen first."""
        this = digest(cookie)
        async with self._units.read() as unit:
            found = await self._accounts.live_sessions(unit, actor.id)
        return tuple(OwnSession(one, one.id == this) for one in found)

    async def end_own(self, actor: Actor, session_id: str) -> None:
        """NotFound."""
        await self._end(actor.id, session_id)

    async def end_others(self, actor: Actor, cookie: str) -> None:
        async with self._units.write() as unit:
            await unit.sessions.revoke_others(actor.id, digest(cookie), self._clock.now())
        self._accounts.sessions_ended(actor.id)

    async def of_person(self, actor: Actor, user_id: str) -> Sequence[OpenSession]:
        await self._require_keeper(actor, user_id)
        async with self._units.read() as unit:
            return await self._accounts.live_sessions(unit, user_id)

    async def end_of_person(self, actor: Actor, user_id: str) -> None:
        """All of them."""
        name = await self._require_keeper(actor, user_id)
        async with self._units.write() as unit:
            await unit.sessions.revoke_all(user_id, at=self._clock.now())
            await unit.audit.add(actor, "person.sessions_ended", user_id, name)
        self._accounts.sessions_ended(user_id)

    async def change_password(self, actor: Actor, cookie: str, current: str, new: str) -> LogIn:
        """The session goes on under a new id; all others end. PasswordUnfit."""
        account = await self._accounts.me(actor)
        async with self._units.read() as unit:
            known = await unit.people.credentials(account.login)
        if known is None:
            raise NotLoggedIn
        verify = self._hasher.verify
        fits, _ = await asyncio.to_thread(verify, current[:_LONGEST], known.password_hash)
        if not fits:
            raise PasswordUnfit(code="password_wrong")
        self._require_fit(account.login, current, new)
        hashed = await asyncio.to_thread(self._hasher.hash, new)
        secret = new_secret()
        async with self._units.write() as unit:
            await unit.people.choose_password(actor.id, hashed)
            await unit.sessions.revoke_others(actor.id, digest(cookie), self._clock.now())
            await unit.sessions.rotate(digest(cookie), digest(secret))
            expires_at = await self._expiry(unit, actor.id, digest(secret))
        self._accounts.sessions_ended(actor.id)
        return LogIn(secret, actor, expires_at)

    async def choose(self, actor: Actor, cookie: str, kept: Kept) -> LogIn | None:
        """Of two sessions beside a running exam one stays. None: this one has ended.

        Kept here, the sitting is let go of in the same breath, so that the room does not ask again.
        """
        old, secret = digest(cookie), new_secret()
        now = self._clock.now()
        let_go = None
        async with self._units.write() as unit:
            beside = await unit.sessions.settle_second(old, kept)
            if beside is not None:
                sitting_id, exam_id = beside
                await unit.events.append(exam_id, sitting_id, SECOND_LOG_IN, {"outcome": kept})
                if kept == "here":
                    let_go = await self._let_go(unit, actor, sitting_id)
            if kept == "other":
                await unit.sessions.revoke(old, now)
                log_in = None
            else:
                await unit.sessions.revoke_others(actor.id, old, now)
                await unit.sessions.rotate(old, digest(secret))
                expires_at = await self._expiry(unit, actor.id, digest(secret))
                log_in = LogIn(secret, actor, expires_at)
        self._accounts.sessions_ended(actor.id)
        if let_go is not None:
            # S-10: nobody reads the questions here while the camera of the other place is recorded.
            await end_media(self._live, let_go)
        return log_in

    async def _let_go(self, unit: Unit, actor: Actor, sitting_id: str) -> str | None:
        """Only this session is left to claim it. None: there was nothing to let go of."""
        sitting = await unit.sittings.lock_own(sitting_id, actor)
        if sitting.completed or sitting.client_id is None:
            return None
        await unit.sittings.save(sitting.let_go())
        await unit.sittings.drop_tokens(sitting_id)
        taken = LogKind.TAKEN_OVER, self._clock.now(), actor.id
        await note(unit, sitting, LogEntry(new_id(), sitting_id, *taken))
        return sitting_id

    async def hold_others(self, actor: Actor, cookie: str, sitting_id: str) -> None:
        """S-11: those that were open when the test began, on its record; each has to choose.

        Said again where one was opened since the device check, it changes nothing for the rest.
        """
        this, now = digest(cookie), self._clock.now()
        async with self._units.read() as unit:
            found = await self._accounts.live_sessions(unit, actor.id)
        others = [one for one in found if one.id != this and not one.held]
        if not others:
            return
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            held = [one for one in others if await unit.sessions.hold(one.id)]
            for one in held:
                where = one.address, one.agent
                await unit.sessions.add_second(sitting.id, one.id, now, *where, outcome="held")
            if held:
                told = {"outcome": "held"}
                await unit.events.append(sitting.exam_id, sitting.id, SECOND_LOG_IN, told)
        self._accounts.sessions_ended(actor.id)

    async def second_log_ins(self, actor: Actor, sitting_id: str) -> Sequence[SecondLogIn]:
        """For those who watch the sitting. NotFound."""
        async with self._units.read() as unit:
            await unit.sittings.watched(sitting_id, actor)
            return await unit.sessions.second_log_ins(sitting_id)

    async def _end(self, user_id: str, session_id: str) -> None:
        async with self._units.write() as unit:
            if not await unit.sessions.revoke_of(user_id, session_id, self._clock.now()):
                raise NotFound
        self._accounts.sessions_ended(user_id)

    async def _require_keeper(self, actor: Actor, user_id: str) -> str:
        if not may_list_people(actor):
            raise Forbidden
        async with self._units.read() as unit:
            person = await unit.directory.get(user_id)
        if not may_keep(actor, person.data.roles):
            raise Forbidden
        return person.data.full_name

    def _require_fit(self, login: str, current: str, new: str) -> None:
        if len(new) < self._policy.password_least:
            raise PasswordUnfit(code="password_short")
        if len(new) > _LONGEST or not new.isprintable():
            raise PasswordUnfit(code="password_long")
        if new == current:
            raise PasswordUnfit(code="password_same")
        if len(set(new)) < _DIFFERENT or login in new.casefold():
            raise PasswordUnfit(code="password_simple")

    async def _expiry(self, unit: Unit, user_id: str, id_hash: str) -> datetime:
        """Of the session as it goes on: its end does not move. NotLoggedIn."""
        for one in await self._accounts.live_sessions(unit, user_id):
            if one.id == id_hash:
                return one.expires_at
        raise NotLoggedIn
