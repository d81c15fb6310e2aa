"""Unsafe calls sent twice are done once: the first answer is kept under the caller's key.

Only answers that say it was done are kept: a call that was refused changed nothing, and may be
tried again with the same key. The answer lies encrypted under the key, which is stored as a
digest only, so that reading the table gives nobody a token or a person's data.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken

from exam_api.domain.errors import IdempotencyKeyReused, RequestInProgress
from exam_api.services.ports import Clock


@dataclass(frozen=True, slots=True)
class IdempotencyPolicy:
    """``abandoned``: a call that has no answer after that long died with its server."""

    life: timedelta = timedelta(hours=24)
    abandoned: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class KeptCall:
    """``answer`` is None while the call is being served; its body is sealed."""

    request: str
    answer: KeptAnswer | None


class KeptCalls(Protocol):
    async def take(
        self, caller: str, key: str, request: str, now: datetime, abandoned_before: datetime
    ) -> KeptCall | None:
        """None: the key is the caller's now. Else the call that has it."""
        ...

    async def answer(self, caller: str, key: str, answer: KeptAnswer) -> None: ...
    async def drop(self, caller: str, key: str) -> None: ...
    async def forget(self, before: datetime) -> None: ...


class IdempotencyUnit(Protocol):
    @property
    def kept_calls(self) -> KeptCalls: ...


class IdempotencyUnits(Protocol):
    def write(self) -> AbstractAsyncContextManager[IdempotencyUnit]: ...


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, under which key, and the digest of everything that was asked."""

    caller: str
    key: str
    request: str

    @property
    def name(self) -> str:
        return hashlib.sha256(f"name\0{self.key}".encode()).hexdigest()

    @property
    def box(self) -> Fernet:
        secret = hashlib.sha256(f"box\0{self.caller}\0{self.key}".encode()).digest()
        return Fernet(urlsafe_b64encode(secret))


class Idempotency:
    def __init__(
        self,
        units: IdempotencyUnits,
        clock: Clock,
        policy: IdempotencyPolicy = IdempotencyPolicy(),
    ) -> None:
        self._units = units
        self._clock = clock
        self._policy = policy

    async def begin(self, call: Call) -> KeptAnswer | None:
        """The answer of the first time; None: do it. IdempotencyKeyReused, RequestInProgress."""
        now = self._clock.now()
        async with self._units.write() as unit:
            await unit.kept_calls.forget(now - self._policy.life)
            abandoned = now - self._policy.abandoned
            kept = await unit.kept_calls.take(call.caller, call.name, call.request, now, abandoned)
        if kept is None:
            return None
        if kept.request != call.request:
            raise IdempotencyKeyReused
        if kept.answer is None:
            raise RequestInProgress(retry_after_s=1)
        try:
            body = call.box.decrypt(kept.answer.body)
        except InvalidToken:
            raise IdempotencyKeyReused from None
        return KeptAnswer(kept.answer.status, kept.answer.headers, body)

    async def finish(self, call: Call, answer: KeptAnswer) -> None:
        sealed = KeptAnswer(answer.status, answer.headers, call.box.encrypt(answer.body))
        async with self._units.write() as unit:
            await unit.kept_calls.answer(call.caller, call.name, sealed)

    async def drop(self, call: Call) -> None:
        """Nothing was done: the key may be used again."""
        async with self._units.write() as unit:
            await unit.kept_calls.drop(call.caller, call.name)
