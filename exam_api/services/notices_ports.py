"""What notices need from storage and from whoever carries mail."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from enum import StrEnum
from typing import Protocol

from exam_api.domain.languages import Language, Texts
from exam_api.domain.notices import NewNotice, NoticeFile, NoticeKind
from exam_api.domain.roles import Role


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """``exam`` and ``student`` are named as their readers know them; None where there is none."""

    id: str
    kind: NoticeKind
    at: datetime
    link: str
    exam: Texts | None
    exam_opens_at: datetime | None
    student: str | None
    group: str
    facts: Mapping[str, str]
    read_at: datetime | None = None
    file: NoticeFile | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice as it goes to one person."""

    notice: StoredNotice
    user_id: str
    email: str | None
    language: Language


class DeliveryState(StrEnum):
    """``no_address``: the person has no e-mail address, and finds the notice in the inbox."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail and how it fares; ``error`` is the code of its last failure."""

    notice_id: str
    user_id: str
    kind: NoticeKind
    to: str
    at: datetime
    state: DeliveryState
    attempts: int
    error: str


class Notices(Protocol):
    async def add(
        self,
        notice: NewNotice,
        *,
        roles: Collection[Role] = (),
        people: Collection[str] = (),
    ) -> bool:
        """Puts it into the inbox of each, and mails into the line, in this unit's transaction.

        A dean's office hears of students of its own faculty only. False where it was told before.
        """
        ...

    async def told(self, once_keys: Collection[str]) -> Collection[str]:
        """Those of the keys that were told already."""
        ...

    async def inbox(self, user_id: str, limit: int, offset: int = 0) -> Sequence[StoredNotice]:
        """Newest first."""
        ...

    async def told_to(self, user_id: str) -> int:
        """How many there are in a person's inbox."""
        ...

    async def unread(self, user_id: str) -> int: ...
    async def mark_read(self, user_id: str, notice_id: str | None) -> None:
        """One, or all where none is named. Reading again changes nothing."""
        ...

    async def letter(self, notice_id: str, user_id: str) -> Letter | None: ...
    async def deliveries(self, limit: int, offset: int) -> Sequence[Delivery]:
        """Newest first."""
        ...

    async def delivered(self) -> int:
        """How many deliveries there are."""
        ...


class Mailer(Protocol):
    """Carries mail. The Message-ID is the mail's own: the same again is the same mail."""

    async def send(self, message: EmailMessage) -> None:
        """MailRefused where trying again cannot help, MailDelayed where it may."""
        ...
