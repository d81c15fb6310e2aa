"""S-16 … S-18: made by the schedule, sent, answered, handed in, checked, signed, forwarded."""

import asyncio
import email
import hashlib
from dataclasses import replace
from email import policy as mail_policy
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, func, insert, select, update

from acts.form4 import render_form4_xlsx
from acts.form4_html import render_form4_html
from acts.form4_pdf import render_form4_pdf
from exam_api.adapters.mail import FolderMailer
from exam_api.adapters.sheets import read_sheet
from exam_api.adapters.sql import tables
from exam_api.adapters.sql.check_lists import SqlCheckLists
from exam_api.domain.check_lists import Finding, ListState, ListStep, RowProblem
from exam_api.domain.errors import (
    CheckListChanged,
    CheckListEmpty,
    CheckListUnsound,
    CheckListWaits,
    Forbidden,
    IllegalTransition,
    InvalidRequest,
    NotFound,
    ReasonMissing,
)
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NoticeKind
from exam_api.domain.roles import Actor
from exam_api.services.act_documents import Place
from exam_api.services.check_list_papers import Form4Makers, Form4Papers
from exam_api.services.check_lists import CheckListDesk
from exam_api.services.jobs import JobRunner
from exam_api.services.notices import MAIL, MailJob
from exam_api.services.paging import PageAsk

pytestmark = pytest.mark.integration
ZONE = ZoneInfo("Asia/Almaty")


def desk_of(core) -> CheckListDesk:
    makers = Form4Makers(render_form4_xlsx, render_form4_pdf, render_form4_html, render_form4_pdf)
    papers = Form4Papers(core.blobs, Place("http://exam.test", ZONE), makers)
    return CheckListDesk(core.database, core.clock, papers, read_sheet, core.act_policy)


@pytest.fixture
def desk(core) -> CheckListDesk:
    return desk_of(core)


async def actor(database, login: str) -> Actor:
    async with database.read() as unit:
        return (await unit.people.credentials(login)).actor


@pytest.fixture
async def member(database, core, exam_id) -> Actor:
    """Answers for proctor1, who has student1 and student3, and proctor2, who has student2."""
    made = await actor(database, "member")
    async with database.write() as unit:
        ids = await unit.seeds.ids(["proctor1", "proctor2", "student1", "student2", "student3"])
        for student, proctor in (("1", "1"), ("2", "2"), ("3", "1")):
            await unit.session.execute(
                update(tables.Sitting)
                .where(tables.Sitting.student_id == ids[f"student{student}"])
                .values(proctor_id=ids[f"proctor{proctor}"])
            )
        for login in ("proctor1", "registrar", "dean", "member"):
            await unit.session.execute(
                update(tables.User)
                .where(tables.User.login == login)
                .values(email=f"{login}@university.test")
            )
    return made


@pytest.fixture
async def proctor(database, member) -> Actor:
    return await actor(database, "proctor1")


async def end_sittings(database, state: str = "submitted") -> None:
    async with database.write() as unit:
        await unit.session.execute(update(tables.Sitting).values(state=state))


async def add_flag(
    database, sitting_id: str, verdict: str, at, by: str, *, severity: str = "alert"
) -> None:
    """A flag with a decision, and its act where it is confirmed."""
    async with database.write() as unit:
        flag = tables.FlagRow(
            id=new_id(), sitting_id=sitting_id, kind="phone", severity=severity,
            start_ms=("alert", "sign", "technical").index(severity),
            end_ms=900, confidence=0.9, models=[], thresholds={}, scores=[], boxes=[], opened_at=at,
        )  # fmt: skip
        unit.session.add(flag)
        await unit.session.flush()
        decision_id = new_id()
        if verdict:
            decision = tables.DecisionRow(
                id=decision_id, flag_id=flag.id, verdict=verdict, comment="", by_user=by, at=at
            )
            unit.session.add(decision)
        if verdict == "confirmed":
            act = tables.ActRow(
                source="flags",
                id=new_id(), sitting_id=sitting_id, form=1, number="2026-0001", year=2026, seq=1,
                revision=1, made_at=at, made_by=by, document_sha256={}, blobs={"kk": "x"},
                document={"evidence": [{"decision_id": decision_id}]},
            )  # fmt: skip
            unit.session.add(act)


@pytest.fixture
async def made(desk, member, proctor, exam_id) -> str:
    return await desk.make(member, proctor.id, [exam_id])


@pytest.fixture
async def sent(desk, member, made) -> str:
    await desk.step(member, made, ListStep.SEND)
    return made


@pytest.fixture
async def handed_in(desk, database, proctor, sent) -> str:
    await end_sittings(database)
    await desk.follow(proctor, sent)
    await desk.step(proctor, sent, ListStep.HAND_IN)
    return sent


async def names_in(desk, one: Actor, list_id: str) -> list[str]:
    return [row.student.full_name for row in (await desk.get(one, list_id)).rows]


async def test_the_schedule_proposes_own_proctors_and_each_sitting_once(
    desk, member, proctor, exam_id, database
):
    proposed = {one.proctor.id: one for one in await desk.proposals(member)}
    assert set(proposed) == {proctor.id, (await actor(database, "proctor2")).id}
    (exam,) = proposed[proctor.id].exams
    assert (exam.id, exam.sittings) == (exam_id, 2)
    list_id = await desk.make(member, proctor.id, [exam_id])
    assert len(await names_in(desk, member, list_id)) == 2
    assert proctor.id not in {one.proctor.id for one in await desk.proposals(member)}
    with pytest.raises(CheckListEmpty):
        await desk.make(member, proctor.id, [exam_id])
    with pytest.raises(Forbidden):
        await desk.proposals(proctor)


async def test_another_members_proctors_are_not_proposed(desk, member, database, proctor, exam_id):
    async with database.write() as unit:
        other = (await unit.seeds.ids(["proctor2"]))["proctor2"]
        await unit.session.execute(
            update(tables.ExamProctor)
            .where(tables.ExamProctor.proctor_id == proctor.id)
            .values(member_id=other)
        )
    assert proctor.id not in {one.proctor.id for one in await desk.proposals(member)}
    with pytest.raises(CheckListEmpty):
        await desk.make(member, proctor.id, [exam_id])


async def test_only_whom_it_concerns_finds_a_list(desk, member, proctor, made, database):
    with pytest.raises(NotFound):
        await desk.get(proctor, made)
    for login in ("proctor2", "student1", "dean"):
        with pytest.raises(NotFound):
            await desk.get(await actor(database, login), made)
    assert (await desk.get(await actor(database, "testing"), made)).may == ()
    await desk.step(member, made, ListStep.SEND)
    assert (await desk.get(proctor, made)).sheet.state is ListState.SENT
    assert [one.id for one in (await desk.page(proctor, PageAsk())).rows] == [made]
    assert (await desk.page(await actor(database, "proctor2"), PageAsk())).rows == ()


async def mails(core, folder: Path) -> list[Path]:
    handlers = {MAIL: MailJob(core.letters, FolderMailer(folder))}
    await JobRunner(core.database, core.clock, handlers).run_due()
    return sorted(folder.glob("*"))


async def test_it_goes_out_once_with_the_sheet_in_the_mail(
    *, desk, core, database, member, proctor, made, tmp_path
):
    await desk.step(member, made, ListStep.SEND)
    with pytest.raises(IllegalTransition):
        await desk.step(member, made, ListStep.SEND)
    (mail,) = await mails(core, tmp_path / "outbox")
    content = mail.read_bytes()
    assert await mails(core, tmp_path / "outbox") == [mail]
    assert mail.read_bytes() == content
    parsed = email.message_from_bytes(content, policy=mail_policy.default)
    assert parsed["To"] == "proctor1@university.test"
    assert f"/check-lists/{made}" in parsed.get_body().get_content()
    (attached,) = parsed.iter_attachments()
    sheet = load_workbook(BytesIO(attached.get_content())).active
    names = [cell.value for cell in sheet["B"] if cell.value][1:]
    assert set(await names_in(desk, member, made)) <= set(names)
    async with database.read() as unit:
        (notice,) = await unit.notices.inbox(proctor.id, 9)
    assert notice.kind is NoticeKind.CHECK_LIST_SENT


async def test_a_row_waits_for_the_test_and_the_decisions(
    *, desk, database, core, member, proctor, sent
):
    (first, second) = (await desk.get(proctor, sent)).rows
    assert {first.problem, second.problem} == {RowProblem.SITTING_OPEN}
    assert await desk.follow(proctor, sent) == 0
    with pytest.raises(CheckListUnsound):
        await desk.state(proctor, sent, {first.sitting_id: Finding.NOTHING})
    await end_sittings(database)
    await add_flag(database, first.sitting_id, "", core.clock.now(), proctor.id)
    assert await desk.follow(proctor, sent) == 1
    problems = {row.sitting_id: row.problem for row in (await desk.get(proctor, sent)).rows}
    assert problems == {first.sitting_id: RowProblem.FLAGS_UNDECIDED, second.sitting_id: None}
    with pytest.raises(CheckListUnsound):
        await desk.step(proctor, sent, ListStep.HAND_IN)


async def test_made_or_not_follows_from_the_decisions(
    *, desk, database, core, member, proctor, sent
):
    await end_sittings(database)
    (first, second) = (await desk.get(proctor, sent)).rows
    await add_flag(database, first.sitting_id, "confirmed", core.clock.now(), proctor.id)
    await add_flag(database, second.sitting_id, "dismissed", core.clock.now(), proctor.id)
    with pytest.raises(CheckListUnsound):
        await desk.state(proctor, sent, {first.sitting_id: Finding.NO_ACT})
    with pytest.raises(CheckListUnsound):
        await desk.state(proctor, sent, {second.sitting_id: Finding.NOTHING})
    wanted = {first.sitting_id: Finding.ACT_MADE, second.sitting_id: Finding.NO_ACT}
    await desk.state(proctor, sent, wanted)
    shown = await desk.get(proctor, sent)
    assert {row.sitting_id: row.finding for row in shown.rows} == wanted
    assert (shown.sheet.rows, shown.sheet.answered, shown.sheet.acts) == (2, 2, 1)
    assert [act.number for act in shown.rows[0].acts] == ["2026-0001"]
    assert shown.sample[0] == first.sitting_id
    await desk.step(proctor, sent, ListStep.HAND_IN)
    with pytest.raises(CheckListChanged):
        await desk.state(proctor, sent, wanted)


async def test_a_verdict_that_changes_later_keeps_the_list_from_being_signed(
    *, desk, database, core, member, proctor, handed_in
):
    (first, _) = (await desk.get(member, handed_in)).rows
    await add_flag(database, first.sitting_id, "confirmed", core.clock.now(), proctor.id)
    assert not (await desk.get(member, handed_in)).sound
    for step in (ListStep.VERIFY, ListStep.SIGN):
        with pytest.raises(CheckListUnsound):
            await desk.step(member, handed_in, step, sample=[first.sitting_id])
    await desk.step(member, handed_in, ListStep.GIVE_BACK, reason="белгі қалды")
    assert await desk.follow(proctor, handed_in) == 1
    await desk.step(proctor, handed_in, ListStep.HAND_IN)
    await desk.step(member, handed_in, ListStep.SIGN)


async def test_flags_that_come_after_the_answer_stand_out_and_can_be_settled(
    *, desk, database, core, member, proctor, handed_in
):
    """From a second look, or of what a student's computer supplied a day later."""
    for step in (ListStep.SIGN, ListStep.FORWARD):
        await desk.step(member, handed_in, step)

    async def shown() -> list[tuple[int, RowProblem | None]]:
        return [(row.late, row.problem) for row in (await desk.get(member, handed_in)).rows]

    async def listed() -> list[int]:
        return [sheet.late for sheet in (await desk.page(member, PageAsk())).rows]

    sittings = [row.sitting_id for row in (await desk.get(member, handed_in)).rows]
    core.clock.pass_time(hours=1)
    for sitting_id in sittings:
        for accusing_nobody in ("sign", "technical"):
            given = (sitting_id, "", core.clock.now(), proctor.id)
            await add_flag(database, *given, severity=accusing_nobody)
        await add_flag(database, sitting_id, "", core.clock.now(), proctor.id)
    assert await shown() == [(1, RowProblem.FLAGS_UNDECIDED)] * 2
    assert await listed() == [2]
    async with database.write() as unit:
        flags = select(tables.FlagRow.id).where(
            tables.FlagRow.sitting_id == sittings[0], tables.FlagRow.severity == "alert"
        )
        flag_id = (await unit.session.scalars(flags)).one()
        decision = tables.DecisionRow(
            id=new_id(), flag_id=flag_id, verdict="dismissed", comment="", by_user=proctor.id,
            at=core.clock.now(),
        )  # fmt: skip
        unit.session.add(decision)
    assert await shown() == [(1, None), (1, RowProblem.FLAGS_UNDECIDED)]
    assert await listed() == [1]


async def test_each_step_stands_with_its_actor_time_and_reason(
    desk, core, member, proctor, handed_in
):
    for step in (ListStep.GIVE_BACK, ListStep.TAKE_BACK):
        one = proctor if step is ListStep.TAKE_BACK else member
        with pytest.raises(ReasonMissing):
            await desk.step(one, handed_in, step)
    core.clock.pass_time(minutes=5)
    await desk.step(member, handed_in, ListStep.GIVE_BACK, reason=" 2-жолды қараңыз ")
    await desk.step(proctor, handed_in, ListStep.HAND_IN, reason="қаралды")
    taken = [(one.step, one.by.id, one.reason) for one in (await desk.get(member, handed_in)).steps]
    assert taken == [
        (ListStep.SEND, member.id, ""),
        (ListStep.HAND_IN, proctor.id, ""),
        (ListStep.GIVE_BACK, member.id, "2-жолды қараңыз"),
        (ListStep.HAND_IN, proctor.id, "қаралды"),
    ]
    assert (await desk.get(member, handed_in)).steps[-1].at == core.clock.now()


async def test_nobody_else_takes_a_step(desk, database, handed_in):
    for login in ("proctor2", "registrar", "dean", "student1"):
        other = await actor(database, login)
        for step in ListStep:
            with pytest.raises((Forbidden, NotFound)):
                await desk.step(other, handed_in, step, reason="x")


async def test_a_sample_is_named_and_kept(desk, member, handed_in):
    rows = (await desk.get(member, handed_in)).rows
    with pytest.raises(InvalidRequest):
        await desk.step(member, handed_in, ListStep.VERIFY)
    with pytest.raises(NotFound):
        await desk.step(member, handed_in, ListStep.VERIFY, sample=["another"])
    await desk.step(member, handed_in, ListStep.VERIFY, sample=[rows[1].sitting_id])
    assert (await desk.get(member, handed_in)).steps[-1].sample == (rows[1].sitting_id,)


async def test_what_is_signed_stays_as_it_was(*, desk, database, core, member, proctor, handed_in):
    core.clock.pass_time(hours=1)
    await desk.step(member, handed_in, ListStep.SIGN)
    sheet = await desk.paper(member, handed_in, "xlsx", "kk")
    step = (await desk.get(member, handed_in)).steps[-1]
    assert step.sha256 == hashlib.sha256(sheet).hexdigest()
    footer = [cell.value for cell in load_workbook(BytesIO(sheet)).active["A"] if cell.value]
    assert any(str(text).startswith("Тексерілді 2 ") for text in footer)
    assert any(
        "Ержан" in str(text) or core.clock.now().astimezone(ZONE).strftime("%H:%M:%S") in str(text)
        for text in footer
    )
    async with database.write() as unit:
        await unit.session.execute(update(tables.User).values(full_name="Басқа есім"))
    core.clock.pass_time(hours=1)
    for kind in ("xlsx", "pdf"):
        for one in (member, proctor):
            kept = await desk.paper(one, handed_in, kind, "kk")
            assert kept == await desk.paper(member, handed_in, kind, "kk")
    assert await desk.paper(member, handed_in, "xlsx", "kk") == sheet
    page = (await desk.paper(member, handed_in, "html", "kk")).decode()
    assert "Басқа есім" not in page  # made anew, of what was signed
    await desk.step(member, handed_in, ListStep.UNSIGN, reason="қате")
    assert await desk.paper(member, handed_in, "xlsx", "kk") != sheet


async def test_an_excerpt_of_a_signed_list_says_what_was_signed(
    *, desk, database, member, handed_in
):
    """Copies go to each faculty's dean (S-18): own students, under the names they were signed."""
    first, second = (await desk.get(member, handed_in)).rows
    await desk.step(member, handed_in, ListStep.SIGN)
    await desk.step(member, handed_in, ListStep.FORWARD)
    dean = await actor(database, "dean")
    async with database.write() as unit:
        theirs = select(tables.Sitting.student_id).where(tables.Sitting.id == first.sitting_id)
        change = update(tables.User).where(tables.User.id.in_(theirs))
        await unit.session.execute(change.values(full_name="Басқа есім"))
        others = select(tables.Sitting.student_id).where(tables.Sitting.id == second.sitting_id)
        gone = delete(tables.StudentProfile).where(tables.StudentProfile.user_id.in_(others))
        await unit.session.execute(gone.execution_options(synchronize_session=False))
    assert [row.sitting_id for row in (await desk.get(dean, handed_in)).rows] == [first.sitting_id]
    for kind in ("xlsx", "html"):
        paper = await desk.paper(dean, handed_in, kind, "kk")
        words = paper.decode() if kind == "html" else cells_in(paper)
        assert first.student.full_name in words
        assert "Басқа есім" not in words
        assert second.student.full_name not in words


def cells_in(sheet: bytes) -> list[str]:
    return [str(cell.value) for cell in load_workbook(BytesIO(sheet)).active["B"]]


async def test_copies_go_to_the_registrar_and_the_deans_of_its_students(
    *, desk, core, database, member, handed_in, tmp_path
):
    dean, registrar = [await actor(database, login) for login in ("dean", "registrar")]
    await desk.step(member, handed_in, ListStep.SIGN)
    with pytest.raises(NotFound):
        await desk.get(dean, handed_in)
    await desk.step(member, handed_in, ListStep.FORWARD)
    for one in (dean, registrar):
        assert len((await desk.get(one, handed_in)).rows) == 2
        async with database.read() as unit:
            kinds = [notice.kind for notice in await unit.notices.inbox(one.id, 9)]
        assert NoticeKind.CHECK_LIST_FORWARDED in kinds
    other = await add_faculty(database)
    with pytest.raises(NotFound):
        await desk.get(replace(dean, faculty_id=other), handed_in)


async def add_faculty(database) -> str:
    other = tables.Faculty(id=new_id(), name_kk="Б", name_ru="Б", name_en="B")
    async with database.write() as unit:
        unit.session.add(other)
        await unit.session.flush()
    return other.id


async def test_a_facultys_commission_gets_the_lists_and_rows_of_its_students(
    *, desk, database, member, handed_in
):
    """As it gets the acts."""
    dean, chair = [await actor(database, login) for login in ("dean", "commission")]
    other = await add_faculty(database)
    async with database.write() as unit:
        strangers = update(tables.User).where(tables.User.login == "commission2")
        await unit.session.execute(strangers.values(faculty_id=other))
    await desk.step(member, handed_in, ListStep.SIGN)
    await desk.step(member, handed_in, ListStep.FORWARD)
    for faculty_id in (None, dean.faculty_id):
        one = replace(chair, faculty_id=faculty_id)
        assert len((await desk.get(one, handed_in)).rows) == 2
    for one in (replace(chair, faculty_id=other), await actor(database, "commission2")):
        with pytest.raises(NotFound):
            await desk.get(one, handed_in)
        with pytest.raises(NotFound):
            await desk.paper_of_member(one, member.id, "xlsx", "kk")
        assert (await desk.page(one, PageAsk())).rows == ()
    async with database.read() as unit:
        for login, told in (("commission", 1), ("commission2", 0)):
            inbox = await unit.notices.inbox((await actor(database, login)).id, 9)
            assert len(inbox) == told


async def test_until_its_act_can_be_read_a_confirmed_flag_keeps_the_list(
    *, desk, database, core, proctor, sent
):
    await end_sittings(database)
    first = (await desk.get(proctor, sent)).rows[0]
    await add_flag(database, first.sitting_id, "confirmed", core.clock.now(), proctor.id)
    async with database.write() as unit:
        await unit.session.execute(update(tables.ActRow).values(blobs={}))
    assert (await desk.get(proctor, sent)).rows[0].problem is RowProblem.ACT_UNMADE
    with pytest.raises(CheckListUnsound):
        await desk.state(proctor, sent, {first.sitting_id: Finding.NO_ACT})
    async with database.write() as unit:
        await unit.session.execute(update(tables.ActRow).values(blobs={"kk": "x"}))
    await desk.state(proctor, sent, {first.sitting_id: Finding.ACT_MADE})


@pytest.fixture
async def signed_with_act(desk, database, core, member, proctor, sent) -> str:  # noqa: PLR0917
    await end_sittings(database)
    first = (await desk.get(proctor, sent)).rows[0]
    await add_flag(database, first.sitting_id, "confirmed", core.clock.now(), proctor.id)
    await desk.follow(proctor, sent)
    await desk.step(proctor, sent, ListStep.HAND_IN)
    await desk.step(member, sent, ListStep.SIGN)
    return sent


async def act_steps(database) -> list[str]:
    async with database.read() as unit:
        return list(await unit.session.scalars(select(tables.ActStepRow.step)))


async def test_the_acts_go_with_their_list(desk, database, member, signed_with_act):
    assert await act_steps(database) == []
    await desk.step(member, signed_with_act, ListStep.FORWARD)
    assert await act_steps(database) == ["forward"]
    await desk.step(member, signed_with_act, ListStep.RETRIEVE, reason="түзету")
    await desk.step(member, signed_with_act, ListStep.FORWARD)
    assert await act_steps(database) == ["forward"]


async def test_a_list_waits_for_the_second_reviewer_of_its_acts(
    core, database, member, signed_with_act
):
    core.act_policy = replace(core.act_policy, second_review=True)
    desk = desk_of(core)
    with pytest.raises(CheckListWaits):
        await desk.step(member, signed_with_act, ListStep.FORWARD)
    assert (await desk.get(member, signed_with_act)).sheet.state is ListState.SIGNED
    assert await act_steps(database) == []


class KilledMailer(FolderMailer):
    """The mail is out; then the process ends."""

    async def send(self, message) -> None:
        await super().send(message)
        raise asyncio.CancelledError


async def test_killed_at_any_moment_of_sending_it_goes_out_once(
    *, desk, core, database, member, proctor, made, tmp_path, monkeypatch
):
    with monkeypatch.context() as broken:
        broken.setattr(SqlCheckLists, "take", lambda *_: 1 / 0)  # the sheet is kept, no step is
        with pytest.raises(ZeroDivisionError):
            await desk.step(member, made, ListStep.SEND)
    assert (await desk.get(member, made)).sheet.state is ListState.DRAFTED
    assert await mails(core, tmp_path / "outbox") == []
    await desk.step(member, made, ListStep.SEND)
    killed = {MAIL: MailJob(core.letters, KilledMailer(tmp_path / "outbox"))}
    with pytest.raises(asyncio.CancelledError):
        await JobRunner(core.database, core.clock, killed).run_due()
    (mail,) = (tmp_path / "outbox").iterdir()
    content = mail.read_bytes()
    core.clock.pass_time(minutes=5)  # the lease of the one that is gone has ended
    assert await mails(core, tmp_path / "outbox") == [mail]
    assert mail.read_bytes() == content
    async with database.read() as unit:
        assert len(await unit.notices.inbox(proctor.id, 9)) == 1


async def test_a_recalled_list_is_brought_up_to_the_schedule_and_may_be_discarded(
    desk, database, member, proctor, sent
):
    other = await actor(database, "proctor2")
    row = (await desk.get(member, sent)).rows[0]
    async with database.write() as unit:
        await unit.session.execute(
            update(tables.Sitting)
            .where(tables.Sitting.id == row.sitting_id)
            .values(proctor_id=other.id)
        )
    assert (await desk.get(member, sent)).rows[0].problem is RowProblem.OTHER_PROCTOR
    await desk.step(member, sent, ListStep.RECALL, reason="проктор ауысты")
    with pytest.raises(NotFound):
        await desk.get(proctor, sent)
    await desk.step(member, sent, ListStep.RENEW)
    assert len((await desk.get(member, sent)).rows) == 1
    proposed = {one.proctor.id: one.exams[0].sittings for one in await desk.proposals(member)}
    assert proposed == {other.id: 2}
    await desk.step(member, sent, ListStep.DISCARD)
    assert (await desk.get(member, sent)).sheet.state is ListState.DISCARDED
    assert proctor.id in {one.proctor.id for one in await desk.proposals(member)}


async def test_a_filled_file_is_shown_then_taken_once(desk, database, core, proctor, sent):
    await end_sittings(database)
    content = filled(await desk.paper(proctor, sent, "xlsx", "kk"), "жасалмады")
    check = await desk.compare(proctor, sent, content)
    assert len(check.changes) == 2
    assert [row.finding for row in (await desk.get(proctor, sent)).rows] == [None, None]
    await desk.take(proctor, sent, content, check.digest)
    rows = (await desk.get(proctor, sent)).rows
    assert [row.finding for row in rows] == [Finding.NOTHING, Finding.NOTHING]
    assert all(row.from_file for row in rows)
    with pytest.raises(CheckListChanged):
        await desk.take(proctor, sent, content, check.digest)


async def test_what_changed_since_it_was_shown_is_not_taken(desk, database, core, proctor, sent):
    await end_sittings(database)
    content = filled(await desk.paper(proctor, sent, "xlsx", "kk"), "жасалмады")
    check = await desk.compare(proctor, sent, content)
    first = (await desk.get(proctor, sent)).rows[0]
    await add_flag(database, first.sitting_id, "confirmed", core.clock.now(), proctor.id)
    with pytest.raises(CheckListChanged):
        await desk.take(proctor, sent, content, check.digest)
    assert (await desk.get(proctor, sent)).sheet.answered == 0


def filled(sheet: bytes, word: str) -> bytes:
    book = load_workbook(BytesIO(sheet))
    for row in (2, 3):
        book.active[f"H{row}"] = word
    out = BytesIO()
    book.save(out)
    return out.getvalue()


async def test_a_members_sheet_has_the_rows_of_all_the_lists(
    *, desk, database, member, proctor, made, exam_id
):
    other = await actor(database, "proctor2")
    await desk.make(member, other.id, [exam_id])
    sheet = load_workbook(
        BytesIO(await desk.paper_of_member(member, member.id, "xlsx", "kk"))
    ).active
    assert {cell.value for cell in sheet["I"]} >= {proctor.full_name, other.full_name}
    with pytest.raises(NotFound):
        await desk.paper_of_member(proctor, member.id, "xlsx", "kk")


async def test_a_student_who_is_withdrawn_leaves_the_list(desk, core, database, member, made):
    testing = await actor(database, "testing")
    row = (await desk.get(member, made)).rows[0]
    async with database.read() as unit:
        sitting = await unit.session.get_one(tables.Sitting, row.sitting_id)
    await core.scheduling.withdraw(testing, sitting.exam_id, sitting.student_id)
    assert len((await desk.get(member, made)).rows) == 1
    async with database.read() as unit:
        assert (
            await unit.session.scalar(select(func.count()).select_from(tables.CheckListSitting))
            == 1
        )


@pytest.fixture
async def other(database, core, member, exam_id) -> Actor:
    """Another member of the exam's working group, who answers for none of its proctors yet."""
    async with database.write() as unit:
        ids = await unit.seeds.ids(["dean"])
        await unit.session.execute(
            update(tables.User)
            .where(tables.User.id == ids["dean"])
            .values(roles=["dean_office", "member"])
        )
        await unit.session.execute(
            insert(tables.ExamMember).values(exam_id=exam_id, member_id=ids["dean"])
        )
    return await actor(database, "dean")


async def reappointed(core, database, exam_id: str, proctor: Actor, member: Actor) -> None:
    planner = await actor(database, "registrar")
    await core.scheduling.appoint(planner, exam_id, [proctor.id], member.id)


async def test_who_answers_for_the_proctor_by_now_takes_the_list_over(  # noqa: PLR0917
    core, desk, database, exam_id, member, other, proctor, signed_with_act
):
    """S-15: a member falls ill."""
    await reappointed(core, database, exam_id, proctor, member)
    with pytest.raises(NotFound):
        await desk.step(other, signed_with_act, ListStep.TAKE_OVER, reason="ауырып қалды")
    await reappointed(core, database, exam_id, proctor, other)
    assert (await desk.get(other, signed_with_act)).may == (ListStep.TAKE_OVER,)
    with pytest.raises(Forbidden):
        await desk.step(other, signed_with_act, ListStep.FORWARD)
    with pytest.raises(ReasonMissing):
        await desk.step(other, signed_with_act, ListStep.TAKE_OVER, reason=" ")
    await desk.step(other, signed_with_act, ListStep.TAKE_OVER, reason="ауырып қалды")
    taken = await desk.get(other, signed_with_act)
    assert (taken.sheet.member.id, taken.sheet.state) == (other.id, ListState.HANDED_IN)
    last = taken.steps[-1]
    assert (last.step, last.by.id, last.reason) == (ListStep.TAKE_OVER, other.id, "ауырып қалды")
    assert taken.sheet.answered == len(taken.rows) > 0, "what was stated stays"
    with pytest.raises(NotFound):
        await desk.step(member, signed_with_act, ListStep.SIGN)
    async with database.read() as unit:
        for told in (member, proctor):
            kinds = [notice.kind for notice in await unit.notices.inbox(told.id, 9)]
            assert NoticeKind.CHECK_LIST_TAKEN_OVER in kinds
    await desk.step(other, signed_with_act, ListStep.SIGN)
    await desk.step(other, signed_with_act, ListStep.FORWARD)
    assert await act_steps(database) == ["forward"]
