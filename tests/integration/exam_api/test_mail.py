"""Mail to a real SMTP server on loopback: once each, refusals shown, delays tried again."""

import asyncio
import email
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import policy as mail_policy

import pytest
from sqlalchemy import update

from exam_api.adapters.mail import SmtpMailer
from exam_api.adapters.sql.tables import User
from exam_api.domain.errors import Forbidden, NotFound
from exam_api.domain.notices import NewNotice, NoticeKind
from exam_api.domain.roles import Role
from exam_api.services.bounces import BounceUnreadable
from exam_api.services.jobs import JobRunner
from exam_api.services.notices import MAIL, MailJob
from exam_api.services.notices_ports import DeliveryState
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("told")]


@dataclass
class SmtpServer:
    """As much of RFC 5321 as a mail needs. ``answer``: to RCPT, by address."""

    port: int = 0
    answer: dict[str, str] = field(default_factory=dict)
    mails: list[tuple[str, email.message.EmailMessage]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 mail.test ESMTP")
        sender = ""
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    say("250-mail.test\r\n250 8BITMIME")
                case "MAIL":
                    sender = rest
                    say("250 ok")
                case "RCPT":
                    say(self.answer.get(rest.split("<")[1].split(">")[0], "250 ok"))
                case "DATA":
                    say("354 go on")
                    data = await reader.readuntil(b"\r\n.\r\n")
                    parsed = email.message_from_bytes(data[:-3], policy=mail_policy.default)
                    self.mails.append((sender, parsed))
                    say("250 kept")
                case "QUIT":
                    say("221 bye")
                    break
                case _:
                    say("250 ok")
            await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpServer]:
    server = SmtpServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()
    await listening.wait_closed()


@pytest.fixture
async def told(database) -> None:
    """One notice to the registrar, who has an address, and to the dean, who has none."""
    async with database.write() as unit:
        has = update(User).where(User.login == "registrar")
        await unit.session.execute(has.values(email="registrar@university.test"))
        notice = NewNotice(NoticeKind.ABSENT, "absent:1", "/review/1")
        await unit.notices.add(notice, roles=[Role.REGISTRAR, Role.DEAN_OFFICE])


@pytest.fixture
def runner(core, smtp) -> JobRunner:
    mailer = SmtpMailer(
        "127.0.0.1",
        smtp.port,
        sender="exams@university.test",
        security="none",
        timeout_s=PATIENCE_S,
    )
    return JobRunner(core.database, core.clock, {MAIL: MailJob(core.letters, mailer)})


@pytest.fixture
async def admin(database):
    async with database.read() as unit:
        return (await unit.people.credentials("admin")).actor


async def states(core, admin) -> dict[str, tuple[str, str]]:
    return {one.to: (one.state, one.error) for one in (await core.outbox.deliveries(admin)).rows}


async def test_a_mail_arrives_once_with_a_name_of_its_own(core, smtp, runner, admin):
    await runner.run_due()
    await runner.run_due()
    ((sender, mail),) = smtp.mails
    (sent,) = [one for one in (await core.outbox.deliveries(admin)).rows if one.attempts]
    assert sender.startswith("FROM:<exams@university.test>")
    assert mail["Message-ID"] == f"<{sent.notice_id}.{sent.user_id}@localhost>"
    assert mail["To"] == "registrar@university.test"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "kk"
    assert "http://localhost/review/1" in mail.get_content()
    assert await states(core, admin) == {
        "registrar@university.test": (DeliveryState.DONE, ""),
        "Сәрсенбаева Гүлнәр Қайратқызы": (DeliveryState.NO_ADDRESS, ""),
    }


async def test_an_address_that_is_refused_is_shown_and_can_be_tried_again(
    core, smtp, runner, admin, clock
):
    smtp.answer["registrar@university.test"] = "550 no such mailbox"
    await runner.run_due()
    clock.pass_time(days=1)
    assert await runner.run_due() == 0
    state = (await states(core, admin))["registrar@university.test"]
    assert state == (DeliveryState.FAILED, "mail_refused")
    smtp.answer.clear()
    (failed,) = [one for one in (await core.outbox.deliveries(admin)).rows if one.attempts]
    await core.outbox.retry(admin, failed.notice_id, failed.user_id)
    await runner.run_due()
    assert len(smtp.mails) == 1
    with pytest.raises(NotFound):
        await core.outbox.retry(admin, failed.notice_id, failed.user_id)


def report_on(mail) -> bytes:
    """What the sender's mailbox gets when the receiving side returns it later."""
    made = email.message.EmailMessage()
    made["From"] = "MAILER-DAEMON@mail.test"
    made.set_content("could not be delivered")
    status = email.message.Message()
    status.set_type("message/delivery-status")
    recipient = email.message.Message()
    recipient["Action"] = "failed"
    status.set_payload([recipient])
    made.make_mixed()
    made.attach(status)
    made.add_attachment(mail)
    made.set_type("multipart/report")
    return made.as_bytes()


async def test_a_mail_that_comes_back_is_shown_and_can_be_sent_again(core, smtp, runner, admin):
    await runner.run_due()
    ((_, mail),) = smtp.mails
    for _ in range(2):
        await core.outbox.returned(admin, report_on(mail))
    state = (await states(core, admin))["registrar@university.test"]
    assert state == (DeliveryState.FAILED, "mail_bounced")
    (returned,) = [one for one in (await core.outbox.deliveries(admin)).rows if one.attempts]
    await core.outbox.retry(admin, returned.notice_id, returned.user_id)
    with pytest.raises(BounceUnreadable):  # nothing is sent yet that could come back
        await core.outbox.returned(admin, report_on(mail))
    await runner.run_due()
    assert [one["Message-ID"] for _, one in smtp.mails] == [mail["Message-ID"]] * 2
    assert (await states(core, admin))["registrar@university.test"][0] == DeliveryState.DONE


async def test_a_server_that_asks_to_wait_gets_the_mail_later(core, smtp, runner, admin, clock):
    smtp.answer["registrar@university.test"] = "451 greylisted, come again"
    await runner.run_due()
    state = (await states(core, admin))["registrar@university.test"]
    assert state == (DeliveryState.WAITING, "mail_delayed")
    smtp.answer.clear()
    clock.pass_time(minutes=1)
    await runner.run_due()
    assert len(smtp.mails) == 1


async def test_no_server_at_all_delays_too(core, admin):
    mailer = SmtpMailer("127.0.0.1", 1, sender="a@b", security="none", timeout_s=PATIENCE_S)
    await JobRunner(core.database, core.clock, {MAIL: MailJob(core.letters, mailer)}).run_due()
    state = (await states(core, admin))["registrar@university.test"]
    assert state == (DeliveryState.WAITING, "mail_delayed")


async def test_mail_is_the_administrators_business(core, database):
    async with database.read() as unit:
        dean = (await unit.people.credentials("dean")).actor
    with pytest.raises(Forbidden):
        await core.outbox.deliveries(dean)
    with pytest.raises(Forbidden):
        await core.outbox.returned(dean, b"")
