"""Photos beyond their keeping time go; a record of it stays, and proves it by a certificate.

The record and the going of the rows are one unit. The pictures are deleted after it, again at the
next run where one was killed between; only then is there a certificate.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog

from acts.contracts import Language
from acts.erasure import Erased, ErasedItem, ErasureCertificate
from acts.labels import label
from exam_api.domain.errors import Conflict, Forbidden, NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.languages import Texts, in_language
from exam_api.domain.people import may_read_audit
from exam_api.domain.roles import Actor
from exam_api.services.audit import Audit
from exam_api.services.identity_ports import IdentityRows, PrivateBlobs
from exam_api.services.ports import Clock

KEPT_FOR: Final = timedelta(days=180)  # a default: while an appeal and its review may need them
PHOTOS_ERASED: Final = "photos.erased"  # in the audit log
_AT_ONCE: Final = 200
_log = structlog.get_logger(__name__)

Render = Callable[[ErasureCertificate, Language], bytes]


class ErasureUnderWay(Conflict):
    """The rows are gone, a file is not yet: what is not finished is not certified."""

    code = "erasure_under_way"
    retryable = True


class ErasureRule(StrEnum):
    KEEPING_TIME = "keeping_time"
    WITHDRAWN = "withdrawn"  # from the exam, before the test: the photos have no purpose any more


@dataclass(frozen=True, slots=True)
class ErasedFile:
    """As it was before it went; ``sha256`` in hex."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class NewErasure:
    """``year``: of the number. ``keys``: of the private blobs that are to go."""

    id: str
    year: int
    sitting_id: str
    what: Erased
    files: tuple[ErasedFile, ...]
    rule: ErasureRule
    kept_days: int
    began_at: datetime
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """``ended_at`` is None while a file is still there. ``exam``: its title at that time."""

    number: str
    sitting_id: str
    exam: Texts
    what: Erased
    files: tuple[ErasedFile, ...]
    rule: ErasureRule
    kept_days: int
    began_at: datetime
    ended_at: datetime | None


class ErasureRows(Protocol):
    async def add(self, erasure: NewErasure) -> str:
        """Its number: the next of its year, without gaps."""
        ...

    async def get(self, erasure_id: str, actor: Actor) -> Erasure:
        """NotFound, also for whoever may not read the audit log."""
        ...

    async def unfinished(self, limit: int) -> Mapping[str, Sequence[str]]:
        """The keys of the files that are to go, by erasure."""
        ...

    async def finish(self, erasure_id: str, at: datetime) -> None:
        """The first time counts."""
        ...


class ErasureUnit(Protocol):
    @property
    def identity(self) -> IdentityRows: ...
    @property
    def erasures(self) -> ErasureRows: ...
    @property
    def audit(self) -> Audit: ...


class ErasureUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[ErasureUnit]: ...
    def write(self) -> AbstractAsyncContextManager[ErasureUnit]: ...


class Erasures:
    """``zone``: the institution's, in which certificates are numbered by year and dated."""

    def __init__(
        self,
        units: ErasureUnits,
        clock: Clock,
        blobs: PrivateBlobs,
        zone: ZoneInfo,
        kept_for: timedelta = KEPT_FOR,
    ) -> None:
        self._units = units
        self._clock = clock
        self._blobs = blobs
        self._zone = zone
        self._kept_for = kept_for

    async def forget_old(self) -> int:
        """Erases the photos of sittings whose newest is beyond its time; how many rows went."""
        await self._delete_files()
        async with self._units.read() as unit:
            due = await unit.identity.expired(self._clock.now() - self._kept_for, _AT_ONCE)
        gone = 0
        for sitting_id, keys in due.items():
            try:
                gone += await self._erase(sitting_id, keys)
            except Exception:  # noqa: BLE001 - as in _delete_files
                _log.exception("photos_not_erased", sitting=sitting_id)
        await self._delete_files()
        return gone

    async def _erase(self, sitting_id: str, keys: Sequence[str]) -> int:
        files = await self._files(keys)
        async with self._units.write() as unit:
            gone = await unit.identity.forget(keys)
            if gone and files:  # else another process was first, or there was no file to erase
                await self._record(unit, None, sitting_id, files, ErasureRule.KEEPING_TIME)
        return gone

    async def withdraw(self, unit: ErasureUnit, actor: Actor, sitting_id: str) -> None:
        """The photos of a sitting that the unit removes and holds; their files go at the next run.

        They are read within the unit: none may be taken between.
        """
        keys = await unit.identity.keys(sitting_id)
        files = await self._files(keys)
        await unit.identity.forget(keys)
        if files:
            await self._record(unit, actor, sitting_id, files, ErasureRule.WITHDRAWN)

    async def _record(
        self,
        unit: ErasureUnit,
        by: Actor | None,
        sitting_id: str,
        files: Mapping[str, ErasedFile],
        rule: ErasureRule,
    ) -> None:
        now = self._clock.now()
        erasure = NewErasure(
            id=new_id(),
            year=now.astimezone(self._zone).year,
            sitting_id=sitting_id,
            what=Erased.IDENTITY_PHOTO,
            files=tuple(files.values()),
            rule=rule,
            kept_days=self._kept_for.days,
            began_at=now,
            keys=tuple(files),
        )
        number = await unit.erasures.add(erasure)
        facts = {"sitting": sitting_id, "files": str(len(files))}
        await unit.audit.add(by, PHOTOS_ERASED, erasure.id, number, after=facts)

    async def _files(self, keys: Sequence[str]) -> Mapping[str, ErasedFile]:
        """By key, of those that are there: a file that is lost already is not said to be erased."""
        files = {}
        for key in keys:
            try:
                data = await self._blobs.get(key)
            except NotFound:
                continue
            files[key] = ErasedFile(hashlib.sha256(data).hexdigest(), len(data))
        return files

    async def _delete_files(self) -> None:
        async with self._units.read() as unit:
            unfinished = await unit.erasures.unfinished(_AT_ONCE)
        for erasure_id, keys in unfinished.items():
            try:
                for key in keys:
                    await self._blobs.delete(key)
            except Exception:  # noqa: BLE001 - other people's photos must not stay for this one
                _log.exception("photos_not_deleted", erasure=erasure_id)
                continue  # the next run tries again
            async with self._units.write() as unit:
                await unit.erasures.finish(erasure_id, self._clock.now())

    async def certificate(
        self, actor: Actor, erasure_id: str, language: Language, render: Render
    ) -> tuple[str, bytes]:
        """The number and the paper, of the record alone: always the same bytes.

        Forbidden, NotFound, ErasureUnderWay.
        """
        if not may_read_audit(actor):
            raise Forbidden
        async with self._units.read() as unit:
            erasure = await unit.erasures.get(erasure_id, actor)
        if erasure.ended_at is None:
            raise ErasureUnderWay
        document = self._document(erasure, erasure.ended_at, language)
        return erasure.number, await asyncio.to_thread(render, document, language)

    def _document(
        self, erasure: Erasure, ended_at: datetime, language: Language
    ) -> ErasureCertificate:
        ended = ended_at.astimezone(self._zone).replace(microsecond=0)
        began = erasure.began_at.astimezone(self._zone).replace(microsecond=0)
        by_person = erasure.rule is ErasureRule.WITHDRAWN
        return ErasureCertificate(
            number=erasure.number,
            made_at=ended,
            about=erasure.sitting_id,
            exam=in_language(erasure.exam, language),
            rule=label(f"erasure.rule.{erasure.rule}", language).format(days=erasure.kept_days),
            began_at=began,
            ended_at=ended,
            items=tuple(
                ErasedItem(erasure.what, 1, one.size_bytes, one.sha256) for one in erasure.files
            ),
            by=label("erasure.by.planner", language) if by_person else "",
            kept=label("erasure.kept.acts", language),
        )
