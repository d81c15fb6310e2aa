"""Who changed what, when and why: an append-only record beside the change, in its transaction."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from exam_api.domain.errors import Forbidden
from exam_api.domain.people import may_read_audit
from exam_api.domain.roles import Actor
from exam_api.services.numbered_pages import NumberedPage, PageWanted

Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """``what``: a code (``person.created``); ``about``: the id of whom or what it concerns.

    ``before`` and ``after`` hold the fields that differ, as people read them.
    """

    what: str
    about: str
    label: str
    before: Facts
    after: Facts
    reason: str
    at: datetime
    by_name: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class AuditNote:
    """As ``AuditEntry``, before it is on record."""

    what: str
    about: str
    label: str
    before: Facts = field(default_factory=dict)
    after: Facts = field(default_factory=dict)
    reason: str = ""


class Audit(Protocol):
    async def add(
        self,
        actor: Actor | None,
        what: str,
        about: str,
        label: str,
        *,
        before: Facts | None = None,
        after: Facts | None = None,
        reason: str = "",
    ) -> None:
        """``actor`` None: the server itself, by command or by the clock.

        ``label`` names it to people.
        """
        ...

    async def add_all(self, actor: Actor | None, notes: Sequence[AuditNote]) -> None:
        """In this order."""
        ...

    async def page(
        self, wanted: PageWanted, *, about: str = "", what: str = ""
    ) -> NumberedPage[AuditEntry]:
        """Newest first."""
        ...

    async def kinds(self) -> Sequence[str]: ...


class AuditUnit(Protocol):
    @property
    def audit(self) -> Audit: ...


class AuditUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[AuditUnit]: ...


class AuditLog:
    """For the administrator: every change of people, roles and structure."""

    def __init__(self, units: AuditUnits) -> None:
        self._units = units

    async def page(
        self, actor: Actor, wanted: PageWanted, *, what: str = ""
    ) -> tuple[NumberedPage[AuditEntry], Sequence[str]]:
        """A page, and the kinds of changes there are. Forbidden."""
        if not may_read_audit(actor):
            raise Forbidden
        async with self._units.read() as unit:
            return await unit.audit.page(wanted, what=what), await unit.audit.kinds()
