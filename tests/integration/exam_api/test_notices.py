"""Row 9: dean's office and registrar hear of it once, in the inbox and by mail."""

import email
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from email import policy as mail_policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from exam_api.adapters.mail import FolderMailer
from exam_api.adapters.sql.tables import Enrolment, Exam, Faculty, NoticeReader, Sitting, User
from exam_api.domain.errors import ExamError
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NewNotice, NoticeFile, NoticeKind
from exam_api.domain.roles import Role
from exam_api.services.deadlines import Deadlines
from exam_api.services.erasures import Erasures
from exam_api.services.jobs import JobRunner
from exam_api.services.notices import MAIL, MailJob
from exam_api.web.i18n import catalogue
from exam_api.web.notice_texts import words_of

CODES = ("kk", "ru", "en")
ZONE = ZoneInfo("Asia/Almaty")

pytestmark = pytest.mark.integration


@pytest.fixture
async def addresses(database) -> dict[str, str]:
    known = {login: f"{login}@university.test" for login in ("dean", "registrar")}
    async with database.write() as unit:
        for login, address in known.items():
            await unit.session.execute(
                update(User).where(User.login == login).values(email=address)
            )
    return known


async def inbox(database, login: str):
    async with database.read() as unit:
        user_id = (await unit.seeds.ids([login]))[login]
        return await unit.notices.inbox(user_id, 50)


async def send_mails(core, folder: Path) -> list[email.message.EmailMessage]:
    handlers = {MAIL: MailJob(core.letters, FolderMailer(folder))}
    await JobRunner(core.database, core.clock, handlers).run_due()
    return [
        email.message_from_bytes(path.read_bytes(), policy=mail_policy.default)
        for path in sorted(folder.glob("*"))
    ]


async def test_a_test_that_runs_out_is_told_once_to_both(
    begun, core, database, addresses, tmp_path
):
    core.clock.pass_time(minutes=61)
    assert await core.testing.expire_due() == 1
    assert await core.testing.expire_due() == 0
    for login in addresses:
        (notice,) = await inbox(database, login)
        assert (notice.kind, notice.link) == (NoticeKind.OVERRAN, f"/review/{begun.id}")
        assert (notice.student, notice.at) == ("Нұрланова Айгерім Серікқызы", core.clock.now())
    assert await inbox(database, "admin") == []
    mails = await send_mails(core, tmp_path / "outbox")
    assert {str(mail["To"]) for mail in mails} == set(addresses.values())
    text = mails[0].get_content()
    assert f"http://localhost/review/{begun.id}" in text
    assert "Нұрланова Айгерім" in text
    assert "Ақпараттық-коммуникациялық" in text
    assert await send_mails(core, tmp_path / "outbox") is not None
    assert len(list((tmp_path / "outbox").iterdir())) == 2


async def test_a_removal_is_a_breach(begun, core, database):
    async with database.read() as unit:
        query = select(User.login).join(Sitting, Sitting.proctor_id == User.id)
        login = await unit.session.scalar(query.where(Sitting.id == begun.id))
        actor = (await unit.people.credentials(login)).actor
    await core.actions.remove(actor, begun.id, "a phone")
    (notice,) = await inbox(database, "dean")
    assert notice.kind is NoticeKind.BREACH


async def late(core, student, clock) -> None:
    async with core.database.write() as unit:
        moved = update(Exam).where(Exam.id == student.exam_id)
        closes_at = core.clock.now() + timedelta(hours=1)
        await unit.session.execute(moved.values(closes_at=closes_at, policy={"late": "ask"}))
    clock.pass_time(minutes=20)
    await student.publish(core)
    await student.call("POST", "/ready")
    await student.call("POST", "/ready")


async def absent(core, student, clock) -> None:
    clock.pass_time(days=1)
    await core.exam_clock.tick()
    await core.exam_clock.tick()


async def overran(core, student, clock) -> None:
    await student.publish(core)
    await student.begin()
    clock.pass_time(minutes=61)
    await core.testing.expire_due()
    await core.testing.expire_due()


async def no_statement(core, student, clock) -> None:
    async with core.database.write() as unit:
        moved = update(Exam).where(Exam.id == student.exam_id)
        opens_at = clock.now() + timedelta(days=2)
        closes_at = opens_at + timedelta(hours=2)
        await unit.session.execute(moved.values(opens_at=opens_at, closes_at=closes_at))
        await unit.session.execute(update(Enrolment).values(rating_points=None))
    erasures = Erasures(core.database, clock, core.blobs, ZONE)
    watch = Deadlines(core.database, clock, erasures, ZONE)
    await watch.look()
    await watch.look()


async def breach(core, student, clock) -> None:
    await student.publish(core)
    await student.begin()
    async with core.database.read() as unit:
        query = select(User.login).join(Sitting, Sitting.proctor_id == User.id)
        login = await unit.session.scalar(query.where(Sitting.id == student.id))
        actor = (await unit.people.credentials(login)).actor
    await core.actions.remove(actor, student.id, "a phone")
    with suppress(ExamError):
        await core.actions.remove(actor, student.id, "a phone")


@pytest.mark.parametrize("happens", [late, absent, overran, no_statement, breach])
async def test_each_of_row_9_is_told_once_to_both_with_its_proof(  # noqa: PLR0917 - fixtures
    student, core, database, addresses, clock, browser_of, tmp_path, happens
):
    await happens(core, student, clock)
    told = {}
    for login in addresses:
        found = [one for one in await inbox(database, login) if one.kind == happens.__name__]
        keys = [(one.link, *sorted(one.facts.items())) for one in found]
        assert len(set(keys)) == len(keys) > 0, "each once"
        browser = await browser_of(login)
        for notice in found:
            assert (await browser.get(notice.link)).status_code == 200, "the proof opens"
        told[login] = len(found)
        if happens is no_statement and login == "registrar":
            exam = f"/schedule/exams/{student.exam_id}/admission"
            assert exam in (await browser.get(notice.link)).text, "where it is brought"
    assert len(set(told.values())) == 1
    mails = await send_mails(core, tmp_path / "outbox")
    titles = {words_of(one, catalogue(code, ZONE)).title for one in found for code in CODES}
    sent = [mail for mail in mails if str(mail["Subject"]) in titles]
    assert Counter(str(mail["To"]) for mail in sent) == {
        addresses[login]: number for login, number in told.items()
    }
    assert all("http://localhost/" in mail.get_content() for mail in sent)


async def test_what_was_told_is_not_told_again(database):
    notice = NewNotice(NoticeKind.ABSENT, "absent:1", "/review/1")
    for expected in (True, False):
        async with database.write() as unit:
            assert await unit.notices.add(notice, roles=[Role.REGISTRAR]) is expected
    assert len(await inbox(database, "registrar")) == 1


async def test_a_dean_hears_of_the_own_faculty_only(database, core):
    other = Faculty(id=new_id(), name_kk="Басқа", name_ru="Другой", name_en="Other")
    async with database.write() as unit:
        unit.session.add(other)
        await unit.session.flush()
        await unit.session.execute(
            update(User).where(User.login == "dean").values(faculty_id=other.id)
        )
        student = (await unit.seeds.ids(["student1"]))["student1"]
        told = NewNotice(NoticeKind.LATE, "late:1", "/review/1", student_id=student)
        await unit.notices.add(told, roles=[Role.DEAN_OFFICE, Role.REGISTRAR])
    assert await inbox(database, "dean") == []
    assert len(await inbox(database, "registrar")) == 1


async def test_the_inbox_counts_and_forgets_nothing(client_of, database, core):
    async with database.write() as unit:
        for number in range(3):
            notice = NewNotice(NoticeKind.ABSENT, f"absent:{number}", "/review/1")
            await unit.notices.add(notice, roles=[Role.REGISTRAR])
    registrar = await client_of("registrar")
    assert (await registrar.get("/api/v1/notices/unread")).json() == {"unread": 3}
    first = (await inbox(database, "registrar"))[0]
    async with database.read() as unit:
        actor = (await unit.people.credentials("registrar")).actor
        stranger = (await unit.people.credentials("dean")).actor
    await core.inbox.mark_read(stranger)
    assert await core.inbox.unread(actor) == 3
    await core.inbox.mark_read(actor, first.id)
    assert await core.inbox.unread(actor) == 2
    await core.inbox.mark_read(actor)
    assert (await registrar.get("/api/v1/notices/unread")).json() == {"unread": 0}
    assert (await core.inbox.notices(actor)).total == 3


async def test_a_mail_carries_the_file_of_its_notice(addresses, database, core, tmp_path):
    content = "Нұрланова Айгерім".encode() * 9
    await core.blobs.put("form4/x.xlsx", content)
    file = NoticeFile("form4.xlsx", "form4/x.xlsx")
    notice = NewNotice(NoticeKind.ABSENT, "absent:file", "/review/1", file=file)
    async with database.write() as unit:
        await unit.notices.add(notice, roles=[Role.REGISTRAR])
    (mail,) = await send_mails(core, tmp_path / "outbox")
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("form4.xlsx", content)
    assert attached.get_content_subtype().endswith("spreadsheetml.sheet")
    assert "http://localhost/review/1" in mail.get_body().get_content()
    registrar = (await inbox(database, "registrar"))[0]
    async with database.read() as unit:
        reader = (await unit.seeds.ids(["registrar"]))["registrar"]
    made = [(await core.letters.message(registrar.id, reader)).as_bytes() for _ in range(2)]
    assert made[0] == made[1]


async def test_a_mail_that_is_looked_at_stays_in_no_shared_cache(addresses, client_of, database):
    async with database.write() as unit:
        await unit.notices.add(NewNotice(NoticeKind.ABSENT, "a:1", "/x"), roles=[Role.REGISTRAR])
        row = (await unit.session.execute(select(NoticeReader))).scalars().first()
    admin = await client_of("admin")
    eml = await admin.get(f"/mail/{row.notice_id}/{row.user_id}.eml")
    assert (eml.status_code, eml.headers["content-type"]) == (200, "message/rfc822")
    assert eml.headers["cache-control"] == "private, no-cache"
