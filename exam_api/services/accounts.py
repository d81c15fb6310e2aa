"""Log-in and sessions: opaque ids, hashed at rest, revocable, with idle and absolute ends."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from exam_api.domain.errors import StorageError, TooManyAttempts, WrongCredentials
from exam_api.domain.ids import digest, new_secret
from exam_api.domain.languages import Language
from exam_api.domain.policy import AccessPolicy
from exam_api.domain.roles import Actor, Role
from exam_api.services.ports import (
    Clock,
    Credentials,
    LogInRecord,
    NewSession,
    OpenSession,
    OwnAccount,
    PasswordHasher,
    Sessions,
    Unit,
    Units,
)
from exam_api.services.recent_sessions import RecentSessions

# Each Argon2 run takes tens of MB and a core: a class that logs in at once waits in line.
_HASHES_AT_ONCE = 2
_LONGEST_INPUT = 1024
_ADDRESS = 64
_AGENT = 300
# Without letters and digits that look alike; 12 of them are 59 bits.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
_ONE_TIME = 12
SECOND_LOG_IN = "session.second"


@dataclass(frozen=True, slots=True)
class LogIn:
    """``cookie`` is the only copy of the session's secret: give it to the browser."""

    cookie: str
    actor: Actor
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedPassword:
    password: str
    hash: str


@dataclass(frozen=True, slots=True)
class _Where:
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class _Limits:
    """What counts failures, each with its limit (digests: no log-in name is stored)."""

    pair: str
    login: str
    address: str

    @property
    def keys(self) -> tuple[str, str, str]:
        return (self.pair, self.login, self.address)


class Accounts:
    def __init__(
        self,
        units: Units,
        clock: Clock,
        hasher: PasswordHasher,
        policy: AccessPolicy = AccessPolicy(),  # noqa: B008 - frozen value
    ) -> None:
        self._units = units
        self._clock = clock
        self.hasher = hasher
        self._policy = policy
        self._recent = RecentSessions(policy.session_trust)
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)

    async def log_in(self, login: str, password: str, address: str, agent: str = "") -> LogIn:
        """WrongCredentials (whatever the reason), TooManyAttempts.

        Where an exam of the person runs in another session, the new one is held until they chose.
        """
        login = login.strip().casefold()
        limits = _limits(login, address)
        # Checked within the line, so that a burst of guesses cannot overtake its own failures.
        async with self._hashing:
            known = await self._known(login, limits)
            found = known if _is_plausible(password) else None
            fits, new_hash = await asyncio.to_thread(self._verify, found, password)
            if found is None or not fits or found.disabled:
                await self._count_failure(limits)
                raise WrongCredentials
        where = _Where(address[:_ADDRESS], _printable(agent))
        return await self._open_session(found.actor, limits, new_hash, where)

    async def me(self, actor: Actor) -> OwnAccount:
        async with self._units.read() as unit:
            return await unit.people.own_account(actor.id)

    async def log_out(self, cookie: str) -> None:
        id_hash = digest(cookie)
        async with self._units.write() as unit:
            await unit.sessions.revoke(id_hash, self._clock.now())
        self._recent.forget(id_hash)

    async def log_out_everywhere(self, actor: Actor) -> None:
        async with self._units.write() as unit:
            await unit.sessions.revoke_all(actor.id, at=self._clock.now())
        self._recent.forget_person(actor.id)

    async def who(self, cookie: str) -> Actor | None:
        """The person of a live session, and the session seen again."""
        now = self._clock.now()
        id_hash = digest(cookie)
        record = self._recent.get(id_hash, now) or await self._read(id_hash, now)
        if record is None or not self._is_live(record, now):
            return None
        if now - record.last_seen_at >= self._policy.session_touch:
            await self._touch(id_hash, record, now)
        return record.actor

    async def _read(self, id_hash: str, now: datetime) -> LogInRecord | None:
        changes = self._recent.changes
        async with self._units.read() as unit:
            record = await unit.sessions.find(id_hash)
        if record is not None:
            self._recent.put(id_hash, record, now, changes=changes)
        return record

    async def _touch(self, id_hash: str, record: LogInRecord, now: datetime) -> None:
        changes = self._recent.changes
        # A full disk must not keep people from what they only read.
        with suppress(StorageError):
            async with self._units.write() as unit:
                await unit.sessions.touch(id_hash, now)
            self._recent.put(id_hash, replace(record, last_seen_at=now), now, changes=changes)

    async def set_language(self, actor: Actor, language: Language) -> None:
        async with self._units.write() as unit:
            await unit.people.set_language(actor.id, language)
        self._recent.forget_person(actor.id)

    def _is_live(self, record: LogInRecord, now: datetime) -> bool:
        return (
            record.revoked_at is None
            and not record.disabled
            and now < record.expires_at
            and now - record.last_seen_at < self._policy.session_idle
        )

    async def _known(self, login: str, limits: _Limits) -> Credentials | None:
        async with self._units.read() as unit:
            await self._require_within_limits(unit.sessions, limits)
            return await unit.people.credentials(login) if _is_plausible(login) else None

    async def _require_within_limits(self, sessions: Sessions, limits: _Limits) -> None:
        policy = self._policy
        counts = await sessions.failures(limits.keys, self._clock.now() - policy.failure_window)
        allowed = {
            limits.pair: policy.failures_per_login_and_address,
            limits.login: policy.failures_per_login,
            limits.address: policy.failures_per_address,
        }
        if any(counts[key] >= most for key, most in allowed.items()):
            raise TooManyAttempts(retry_after_s=int(policy.failure_window.total_seconds()))

    def _verify(self, found: Credentials | None, password: str) -> tuple[bool, str | None]:
        """An unknown log-in costs the same time: a hash is checked in any case."""
        if found is None:
            return self.hasher.verify("nobody's password", self._nobodys_hash)
        return self.hasher.verify(password, found.password_hash)

    @cached_property
    def _nobodys_hash(self) -> str:
        return self.hasher.hash(new_secret())

    async def _count_failure(self, limits: _Limits) -> None:
        now = self._clock.now()
        async with self._units.write() as unit:
            await unit.sessions.add_failure(limits.keys, now, now - self._policy.failure_window)

    async def _open_session(
        self, actor: Actor, limits: _Limits, new_hash: str | None, where: _Where
    ) -> LogIn:
        cookie = new_secret()
        now = self._clock.now()
        new = NewSession(
            digest(cookie),
            actor.id,
            now,
            now + self._policy.session_absolute,
            where.address,
            where.agent,
        )
        async with self._units.write() as unit:
            held = actor.has(Role.STUDENT) and await self._is_second(unit, new)
            await unit.sessions.add(replace(new, held=held))
            await unit.sessions.forget_failures([limits.pair])
            if new_hash is not None:
                await unit.people.set_password_hash(actor.id, new_hash)
        return LogIn(cookie, replace(actor, must_choose_session=held), new.expires_at)

    async def _is_second(self, unit: Unit, new: NewSession) -> bool:
        """Whether an exam of the student runs in another session: then it is on record."""
        running = await unit.sessions.running_sitting(new.user_id)
        if running is None or not await self.live_sessions(unit, new.user_id):
            return False
        sitting_id, exam_id = running
        at, address, agent = new.created_at, new.address, new.agent
        await unit.sessions.add_second(sitting_id, new.id_hash, at, address, agent)
        await unit.events.append(exam_id, sitting_id, SECOND_LOG_IN, {"outcome": "asked"})
        return True

    async def live_sessions(self, unit: Unit, user_id: str) -> Sequence[OpenSession]:
        now = self._clock.now()
        return await unit.sessions.live(user_id, now, now - self._policy.session_idle)

    async def issue_password(self) -> IssuedPassword:
        return (await self.issue_passwords(1))[0]

    async def issue_passwords(self, count: int) -> list[IssuedPassword]:
        """One-time passwords, easy to read out and to type. In a thread: thousands take a while."""
        return await asyncio.to_thread(lambda: [self._issued() for _ in range(count)])

    def _issued(self) -> IssuedPassword:
        password = "".join(secrets.choice(_READABLE) for _ in range(_ONE_TIME))
        return IssuedPassword(password, self.hasher.hash_one_time(password))

    def sessions_ended(self, user_id: str) -> None:
        """After a commit that revoked them, or changed what the person may do."""
        self._recent.forget_person(user_id)


def _is_plausible(text: str) -> bool:
    """What no form sends (NUL, half a surrogate pair) must not reach a driver or a hash."""
    return text.isprintable() and len(text) <= _LONGEST_INPUT


def _printable(agent: str) -> str:
    """A header may hold anything; this is shown to people and stored."""
    return "".join(letter for letter in agent if letter.isprintable())[:_AGENT]


def _limits(login: str, address: str) -> _Limits:
    return _Limits(
        pair=digest(f"pair\0{login}\0{address}"),
        login=digest(f"login\0{login}"),
        address=digest(f"address\0{address}"),
    )
