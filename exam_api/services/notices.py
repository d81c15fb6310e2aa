"""The inbox, the outbox of mail, and the job that sends one notice to one person."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Protocol

from exam_api.domain.errors import ExamError, Forbidden, NotFound
from exam_api.domain.notices import NoticeFile
from exam_api.domain.roles import Actor, Role
from exam_api.services.bounces import BounceUnreadable, bounced
from exam_api.services.jobs import JobRefused, JobRun, Jobs
from exam_api.services.notices_ports import Delivery, Letter, Mailer, Notices, StoredNotice
from exam_api.services.numbered_pages import NumberedPage, PageWanted
from exam_api.services.ports import Blobs

MAIL: Final = "mail"
FIRST: Final = PageWanted()
_MEDIA_TYPES: Final = {
    "pdf": ("application", "pdf"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "zip": ("application", "zip"),
}
# (letter) -> (subject, body) in the reader's language.
Compose = Callable[[Letter], tuple[str, str]]


class MailRefused(JobRefused):
    """The receiving side says no for good: a wrong address, a full policy."""

    code = "mail_refused"


class MailNoAddress(JobRefused):
    code = "mail_no_address"


class MailBounced(JobRefused):
    """Taken by the mail server, and returned by the receiving side afterwards."""

    code = "mail_bounced"


class MailDelayed(ExamError):
    """The mail server cannot be reached or asks to come again."""

    code = "mail_delayed"
    status = 503
    retryable = True


class MailLogInRefused(MailDelayed):
    """The settings can be mended."""

    code = "mail_log_in_refused"


class NoticeUnit(Protocol):
    @property
    def notices(self) -> Notices: ...
    @property
    def jobs(self) -> Jobs: ...


class NoticeUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[NoticeUnit]: ...
    def write(self) -> AbstractAsyncContextManager[NoticeUnit]: ...


def mail_key(notice_id: str, user_id: str) -> str:
    return f"mail:{notice_id}:{user_id}"


class Inbox:
    """What a person was told. Each sees the own notices only."""

    def __init__(self, units: NoticeUnits) -> None:
        self._units = units

    async def notices(self, actor: Actor, wanted: PageWanted = FIRST) -> NumberedPage[StoredNotice]:
        """Newest first."""
        async with self._units.read() as unit:
            found = await unit.notices.inbox(actor.id, wanted.size, wanted.offset)
            return NumberedPage(found, await unit.notices.told_to(actor.id), wanted)

    async def unread(self, actor: Actor) -> int:
        async with self._units.read() as unit:
            return await unit.notices.unread(actor.id)

    async def mark_read(self, actor: Actor, notice_id: str | None = None) -> None:
        async with self._units.write() as unit:
            await unit.notices.mark_read(actor.id, notice_id)


class Letters:
    """Makes mails of notices. The same notice to the same person is always the same mail."""

    def __init__(self, units: NoticeUnits, blobs: Blobs, compose: Compose, sender: str) -> None:
        self._units = units
        self._blobs = blobs
        self._compose = compose
        self._sender = sender

    async def message(self, notice_id: str, user_id: str) -> EmailMessage:
        """NotFound; MailNoAddress where the person has no address any more."""
        async with self._units.read() as unit:
            letter = await unit.notices.letter(notice_id, user_id)
        if letter is None:
            raise NotFound
        if letter.email is None:
            raise MailNoAddress
        subject, body = self._compose(letter)
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = letter.email
        message["Subject"] = subject
        message["Date"] = format_datetime(letter.notice.at)
        domain = self._sender.rpartition("@")[2].rstrip(">")
        message["Message-ID"] = f"<{notice_id}.{user_id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's machine answers it
        message.set_content(body, charset="utf-8", cte="base64")
        message["Content-Language"] = letter.language  # set_content drops what was there
        if letter.notice.file is not None:
            await self._attach(message, letter.notice.file)
        return message

    async def _attach(self, message: EmailMessage, file: NoticeFile) -> None:
        content = await self._blobs.get(file.key)
        main, kind = _MEDIA_TYPES[file.name.rpartition(".")[2]]
        message.add_attachment(content, maintype=main, subtype=kind, filename=file.name)
        # Python draws a boundary by chance: the same mail is the same bytes.
        message.set_boundary(str(message["Message-ID"]).strip("<>").partition("@")[0])


class MailJob:
    """The handler of ``mail`` jobs."""

    def __init__(self, letters: Letters, mailer: Mailer) -> None:
        self._letters = letters
        self._mailer = mailer

    async def __call__(self, run: JobRun) -> None:
        payload: Mapping[str, str] = run.job.payload
        await self._mailer.send(
            await self._letters.message(payload["notice_id"], payload["user_id"])
        )


class Outbox:
    """The administrator's view of what was sent, what waits and what failed."""

    def __init__(self, units: NoticeUnits, letters: Letters) -> None:
        self._units = units
        self._letters = letters

    async def deliveries(self, actor: Actor, wanted: PageWanted = FIRST) -> NumberedPage[Delivery]:
        """Newest first."""
        _require_administrator(actor)
        async with self._units.read() as unit:
            found = await unit.notices.deliveries(wanted.size, wanted.offset)
            return NumberedPage(found, await unit.notices.delivered(), wanted)

    async def message(self, actor: Actor, notice_id: str, user_id: str) -> bytes:
        """The mail as it is or would be sent. NotFound."""
        _require_administrator(actor)
        try:
            return (await self._letters.message(notice_id, user_id)).as_bytes()
        except MailNoAddress:
            raise NotFound from None

    async def retry(self, actor: Actor, notice_id: str, user_id: str) -> None:
        """A mail that failed for good is sent once more. NotFound where none has."""
        _require_administrator(actor)
        async with self._units.write() as unit:
            if not await unit.jobs.retry(mail_key(notice_id, user_id)):
                raise NotFound

    async def returned(self, actor: Actor, report: bytes) -> None:
        """A mail came back: it has failed, for all who see how it fares. BounceUnreadable."""
        _require_administrator(actor)
        key = mail_key(*await asyncio.to_thread(bounced, report))
        async with self._units.write() as unit:
            if not await unit.jobs.undone(key, MailBounced.code):
                raise BounceUnreadable


def _require_administrator(actor: Actor) -> None:
    if not actor.has(Role.ADMINISTRATOR):
        raise Forbidden
