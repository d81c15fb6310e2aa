"""The schedule on both databases: exams, enrolment, proctors by rule, handovers, the calendar."""

import asyncio
import io
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from acts.erasure import render_erasure_html
from exam_api.adapters.sql.tables import ErasureRow, EventRow, MediaTokenRow, TransitionRow
from exam_api.domain.conflicts import ConflictKind
from exam_api.domain.errors import (
    Conflict,
    ExamBegun,
    Forbidden,
    InvalidRequest,
    NameTaken,
    NotFound,
)
from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NoticeKind
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.states import SittingState
from exam_api.services.identity_ports import PhotoKind
from exam_api.services.people_ports import PlaceKind
from exam_api.services.scheduling import ReferenceUnknown, WindowOver
from exam_api.services.scheduling_ports import ExamDraft, Period, Room

pytestmark = pytest.mark.integration


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
async def people(database) -> dict[str, object]:
    logins = [
        "testing",
        "registrar",
        "admin",
        "dean",
        "proctor1",
        "proctor2",
        "member",
        "student1",
        "student2",
    ]
    async with database.read() as unit:
        return {login: (await unit.people.credentials(login)).actor for login in logins}


@pytest.fixture
async def draft(core, people, clock) -> ExamDraft:
    choices = await core.scheduling.choices(people["testing"])
    return ExamDraft(
        discipline_id=choices.disciplines[0].id,
        period_id=None,
        opens_at=clock.now() + timedelta(days=30),
        closes_at=clock.now() + timedelta(days=30, hours=2),
        languages=("kk", "ru"),
        policy=ExamPolicy(students_per_proctor=2),
        rooms=(),
    )


@pytest.fixture
async def planned(core, people, draft) -> str:
    """An exam a month ahead with two proctors and all three students of the university."""
    planner = people["testing"]
    exam_id = await core.scheduling.save_exam(planner, None, draft)
    proctors = [people["proctor1"].id, people["proctor2"].id]
    await core.scheduling.appoint(planner, exam_id, proctors, people["member"].id)
    logins = ["student1", "student2", "student3"]
    assert await core.scheduling.enrol(planner, exam_id, [], logins) == 3
    return exam_id


async def test_an_exam_is_planned_shown_and_changed(core, people, draft, clock):
    planner = people["testing"]
    await core.scheduling.add_room(planner, "А-101", 10)
    room = (await core.scheduling.choices(planner)).rooms[0]
    exam_id = await core.scheduling.save_exam(planner, None, draft)
    later = ExamDraft(
        draft.discipline_id,
        None,
        draft.opens_at + timedelta(hours=1),
        draft.closes_at + timedelta(hours=1),
        ("ru",),
        ExamPolicy(questions=10),
        (room.id,),
    )
    assert await core.scheduling.save_exam(planner, exam_id, later) == exam_id
    exam = (await core.scheduling.sheet(planner, exam_id)).exam
    assert (exam.opens_at, exam.languages, exam.rooms) == (later.opens_at, ("ru",), (room,))
    assert exam.policy.questions == 10
    month = await core.scheduling.calendar(planner, clock.now(), clock.now() + timedelta(days=60))
    assert [one.id for one in month][-1] == exam_id
    with pytest.raises(NameTaken):
        await core.scheduling.add_room(planner, "А-101", 5)


async def test_of_two_who_take_a_name_at_once_one_is_told(core, database, people):
    """Both look before either writes; on PostgreSQL both do write."""
    planner = people["testing"]
    one, other = (
        Period(new_id(), title, date(2027, 1, 4), date(2027, 1, 23), summer=False)
        for title in ("Winter 2027", "Another")
    )
    await core.scheduling.add_period(planner, other)
    await core.scheduling.add_room(planner, "А-102", 10)
    taken = await core.scheduling.add_room(planner, "А-103", 10)
    late = [
        lambda: core.scheduling.add_period(planner, replace(one, id=new_id())),
        lambda: core.scheduling.change_period(planner, replace(other, title=one.title)),
        lambda: core.scheduling.add_room(planner, "А-104", 10),
        lambda: core.scheduling.change_room(planner, taken, "А-104", 10),
    ]
    async with database.write() as unit:
        await unit.schedule.save_period(one)
        assert await unit.schedule.add_room(Room(new_id(), "А-104", 5))
        waiting = [asyncio.create_task(second()) for second in late]
        await asyncio.sleep(0.2)  # they have looked, and wait for this one
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(end, Conflict) for end in ends] == [True] * 4, ends
    titles = [period.title for period in await core.scheduling.periods(planner)]
    assert {"Winter 2027": 1, "Another": 1}.items() <= Counter(titles).items()


async def test_a_window_shorter_than_the_test_is_refused(core, people, draft):
    short = ExamDraft(
        draft.discipline_id,
        None,
        draft.opens_at,
        draft.opens_at + timedelta(minutes=59),
        ("kk",),
        ExamPolicy(),
        (),
    )
    with pytest.raises(InvalidRequest) as refused:
        await core.scheduling.save_exam(people["testing"], None, short)
    assert refused.value.code == "window_too_short"


async def test_a_window_that_is_over_is_refused_before_anybody_is_absent(
    core, people, planned, draft, clock
):
    """A year mistyped: within a second the clock would call all of them absent, for good (S-9)."""
    planner = people["testing"]
    past = replace(
        draft,
        opens_at=draft.opens_at.replace(year=2025),
        closes_at=draft.closes_at.replace(year=2025),
    )
    for known in (None, planned):
        with pytest.raises(WindowOver):
            await core.scheduling.save_exam(planner, known, past)
    await core.exam_clock.tick()
    students = (await core.scheduling.sheet(planner, planned)).students
    assert {one.state for one in students} == {SittingState.SCHEDULED}
    clock.pass_time(days=31)
    await core.scheduling.withdraw(planner, planned, people["student1"].id)
    with pytest.raises(WindowOver):
        await core.scheduling.enrol(planner, planned, [], ["student1"])
    assert len((await core.scheduling.sheet(planner, planned)).students) == 2


async def test_pages_say_beside_the_field_that_a_window_is_over(
    browser_of, core, people, draft, clock
):
    planner = people["testing"]
    exam_id = await core.scheduling.save_exam(planner, None, draft)
    page = await browser_of("testing")
    given = {"discipline": draft.discipline_id, "languages": "kk"}
    window = {"opens_at": "2025-12-22T09:00", "closes_at": "2025-12-22T11:00"}
    refused = await page.post(f"/schedule/exams/{exam_id}/edit", data={**given, **window})
    assert refused.status_code == 422
    assert 'name="closes_at" required value="2025-12-22T11:00" aria-invalid="true"' in refused.text
    clock.pass_time(days=31)
    page = await browser_of("testing")
    refused = await page.post(f"/schedule/exams/{exam_id}/enrol", data={"logins": "student1"})
    assert refused.status_code == 422
    assert 'id="enrol-problem"' in refused.text
    assert ">student1</textarea>" in refused.text


@pytest.mark.parametrize(
    ("exam_format", "in_room", "refusal"),
    [
        (ExamFormat.OTHER, False, "format_other"),
        (ExamFormat.REMOTE_TEST, True, "format_remote"),
        (ExamFormat.ROOM_TEST, False, "format_room"),
        (ExamFormat.REMOTE_TEST, False, None),
        (ExamFormat.ROOM_TEST, True, None),
    ],
)
async def test_an_exam_is_held_as_its_discipline_is_examined(
    core, people, draft, *, exam_format, in_room, refusal
):
    """S-1; a discipline that is disabled is offered no more."""
    planner, admin = people["testing"], people["admin"]
    kind = PlaceKind.DISCIPLINE
    known = (await core.structure.places(admin, kind))[kind][0]
    changed = replace(known.data, exam_format=exam_format)
    await core.structure.change(admin, known.id, changed)
    rooms = (await core.scheduling.add_room(planner, "А-101", 10),) if in_room else ()
    draft = replace(draft, rooms=rooms)
    if refusal:
        with pytest.raises(InvalidRequest) as refused:
            await core.scheduling.save_exam(planner, None, draft)
        assert refused.value.code == refusal
        return
    exam_id = await core.scheduling.save_exam(planner, None, draft)
    await core.structure.set_disabled(admin, kind, known.id, disabled=True)
    assert await core.scheduling.save_exam(planner, exam_id, draft) == exam_id
    with pytest.raises(ReferenceUnknown):
        await core.scheduling.save_exam(planner, None, draft)


async def test_groups_are_enrolled_whole_and_once(core, people, draft):
    planner = people["testing"]
    exam_id = await core.scheduling.save_exam(planner, None, draft)
    groups = [one.id for one in (await core.scheduling.choices(planner)).groups]
    assert await core.scheduling.enrol(planner, exam_id, groups, ["student1"]) == 3
    assert await core.scheduling.enrol(planner, exam_id, groups, []) == 0


async def test_students_go_to_the_least_loaded_proctors(core, people, planned):
    sheet = await core.scheduling.sheet(people["testing"], planned)
    assert sorted(one.sittings for one in sheet.proctors) == [1, 2]
    assert {one.member for one in sheet.proctors} == {"Қасымов Ерлан Тілеуұлы"}
    assert [one.name for one in sheet.members] == ["Қасымов Ерлан Тілеуұлы"]
    assert sheet.handovers == []


async def test_who_drops_out_hands_over_what_fits_and_the_rest_is_a_conflict(
    core, people, planned, database
):
    planner = people["testing"]
    first = people["proctor1"].id
    before = await core.scheduling.sheet(planner, planned)
    had = next(one.sittings for one in before.proctors if one.id == first)
    await core.scheduling.drop_out(planner, planned, first, "ill")
    sheet = await core.scheduling.sheet(planner, planned)
    loads = {one.id: (one.sittings, one.left_at is not None) for one in sheet.proctors}
    assert loads == {first: (0, True), people["proctor2"].id: (2, False)}
    assert len(sheet.handovers) == had
    assert {one.reason for one in sheet.handovers} == {"ill"}
    kinds = [one.kind for one in sheet.conflicts]
    assert kinds == [ConflictKind.NO_PROCTOR, ConflictKind.NO_TEST]
    async with database.read() as unit:
        told = await unit.notices.inbox(people["proctor2"].id, 10)
        assert [one.kind for one in told][:1] == [NoticeKind.HANDED_OVER]
        seen = [row.exam.id for row in await unit.exams.visible(people["proctor1"])]
    assert planned not in seen
    with pytest.raises(NotFound):
        await core.scheduling.drop_out(planner, planned, first, "again")
    await core.scheduling.appoint(planner, planned, [first], None)
    again = await core.scheduling.sheet(planner, planned)
    assert [one.kind for one in again.conflicts] == [ConflictKind.NO_TEST]


async def test_a_live_sitting_is_handed_over_on_record(core, people, begun, exam_id):
    planner = people["testing"]
    sheet = await core.scheduling.sheet(planner, exam_id)
    watching = next(one.proctor for one in sheet.students if one.sitting_id == begun.id)
    proctor = next(one for one in sheet.proctors if one.full_name == watching)
    await core.scheduling.drop_out(planner, exam_id, proctor.id, "power cut")
    async with core.database.read() as unit:
        newest = select(EventRow).order_by(EventRow.id.desc()).limit(1)
        told = await unit.session.scalar(newest)
    assert (told.sitting_id, told.kind) == (begun.id, "sitting.noted")  # to open consoles
    assert core.live.unwatched == [begun.id]  # whoever looks on asks for a right of today
    after = await core.scheduling.sheet(planner, exam_id)
    (live,) = [one for one in after.handovers if one.live]
    assert live.from_proctor == watching
    assert live.to_proctor not in {"", watching}
    assert (await begun.call("GET", "")).json()["state"] == "in_progress"


async def test_what_has_begun_stands(core, people, begun, exam_id, draft):
    planner = people["testing"]
    with pytest.raises(ExamBegun):
        await core.scheduling.save_exam(planner, exam_id, draft)
    exam = (await core.scheduling.sheet(planner, exam_id)).exam
    same = ExamDraft(
        exam.discipline_id, exam.period_id, exam.opens_at, exam.closes_at, exam.languages,
        exam.policy, (),
    )  # fmt: skip
    later = replace(same, closes_at=exam.closes_at + timedelta(hours=1))
    for other in (
        replace(same, closes_at=exam.closes_at - timedelta(minutes=1)),
        replace(later, policy=replace(exam.policy, questions=10)),
        replace(later, opens_at=exam.opens_at + timedelta(minutes=1)),
    ):
        with pytest.raises(ExamBegun):
            await core.scheduling.save_exam(planner, exam_id, other)
    deadline = (await begun.call("GET", "")).json()["deadline_at"]
    assert await core.scheduling.save_exam(planner, exam_id, later) == exam_id
    assert (await core.scheduling.sheet(planner, exam_id)).exam.closes_at == later.closes_at
    assert (await begun.call("GET", "")).json()["deadline_at"] == deadline
    with pytest.raises(ExamBegun):
        await core.scheduling.withdraw(planner, exam_id, people["student1"].id)
    await core.scheduling.withdraw(planner, exam_id, people["student2"].id)
    left = await core.scheduling.sheet(planner, exam_id)
    assert people["student2"].id not in {one.student_id for one in left.students}


async def test_who_has_agreed_and_shown_the_face_is_withdrawn_all_the_same(  # noqa: PLR0917 - fixtures
    core, database, people, exam_id, student, second_tab, tmp_path
):
    """Nothing was recorded yet; the photos go with a certificate, the rest with the sitting."""
    planner = people["registrar"]
    assert (await second_tab.claim()).status_code == 409  # on the sitting's record
    async with database.write() as unit:
        link = {"purpose": "publish", "track": "second_camera", "expires_at": core.clock.now()}
        owner = people["student1"].id
        unit.session.add(MediaTokenRow(hash="x", sitting_id=student.id, user_id=owner, **link))
    await core.identity.take(people["student1"], student.id, PhotoKind.FACE, jpeg())
    await core.scheduling.withdraw(planner, exam_id, people["student1"].id)
    left = (await core.scheduling.sheet(planner, exam_id)).students
    assert people["student1"].id not in {one.student_id for one in left}
    assert (await student.call("GET", "")).status_code == 404
    await core.erasures.forget_old()
    assert [path for path in tmp_path.rglob("*.jpg") if path.is_file()] == []
    async with database.read() as unit:
        (record,) = await unit.session.scalars(select(ErasureRow))
    assert (record.sitting_id, record.rule, record.keys) == (student.id, "withdrawn", [])
    number, paper = await core.erasures.certificate(
        people["admin"], record.id, "en", render_erasure_html
    )
    assert number == f"{record.year}-0001"
    assert b"withdrawn before the test" in paper
    assert await core.scheduling.enrol(planner, exam_id, [], ["student1"]) == 1


async def test_who_is_scheduled_again_is_not_withdrawn(core, database, people, exam_id):
    planner, student = people["registrar"], people["student2"]
    async with database.write() as unit:
        held = await unit.schedule.held_sitting(exam_id, student.id)
        assert not held.on_record
        unit.session.add(
            TransitionRow(
                sitting_id=held.id, before="absent", after="scheduled", at=core.clock.now(),
                by_user=planner.id, reason="анықтама № 7",
            )
        )  # fmt: skip
    with pytest.raises(ExamBegun):
        await core.scheduling.withdraw(planner, exam_id, student.id)


async def test_sessions_keep_their_approvals_and_their_working_group(core, people):
    planner = people["testing"]
    winter = Period(
        id=new_id(),
        title="Қысқы сессия 2026",
        starts_on=date(2026, 12, 20),
        ends_on=date(2027, 1, 10),
        summer=False,
        order_number="17-ө",
        order_date=date(2026, 11, 1),
        members=(people["member"].id,),
    )
    await core.scheduling.add_period(planner, winter)
    await core.scheduling.approve(planner, winter.id, "schedule", date(2026, 12, 1))
    await core.scheduling.change_period(planner, winter)
    (kept,) = await core.scheduling.periods(planner)
    assert kept.schedule_approved_on == date(2026, 12, 1)
    assert (kept.order_number, kept.members) == ("17-ө", (people["member"].id,))
    with pytest.raises(NameTaken):
        await core.scheduling.add_period(
            planner, Period(new_id(), winter.title, winter.starts_on, winter.ends_on, summer=False)
        )


@pytest.mark.parametrize("login", ["dean", "proctor1", "student1"])
async def test_only_planners_plan(core, people, planned, draft, login):
    actor = people[login]
    for refused in (
        core.scheduling.save_exam(actor, None, draft),
        core.scheduling.enrol(actor, planned, [], []),
        core.scheduling.drop_out(actor, planned, people["proctor1"].id, "no"),
        core.scheduling.sheet(actor, planned),
        core.scheduling.conflicts(actor),
    ):
        with pytest.raises(Forbidden):
            await refused


async def test_the_calendar_shows_a_month_or_a_week(browser_of, exam_id: str) -> None:
    planner = await browser_of("testing")
    week = await planner.get("/schedule?week=2026-11-18")  # the exam is on the Sunday
    assert f"/schedule/exams/{exam_id}" in week.text
    assert week.text.count('<span class="num">') == 7
    assert "?week=2026-11-09" in week.text
    assert "?week=2026-11-23" in week.text
    other = await planner.get("/schedule?week=2026-11-09")
    shown = other.text.partition('class="tabs"')[2]  # above it: conflicts of all that is ahead
    assert shown
    assert f"/schedule/exams/{exam_id}" not in shown
    month = await planner.get("/schedule?month=2026-11")
    assert f"/schedule/exams/{exam_id}" in month.text
    assert (await planner.get("/schedule?week=2026-02-30")).status_code == 422


async def test_an_unknown_log_in_is_named_beside_the_field(browser_of, core, people, draft) -> None:
    planner = people["testing"]
    exam_id = await core.scheduling.save_exam(planner, None, draft)
    group = (await core.scheduling.choices(planner)).groups[0].id
    page = await browser_of("testing")
    typed = "student1, studnet2\n<b>x"
    refused = await page.post(
        f"/schedule/exams/{exam_id}/enrol", data={"logins": typed, "groups": group}
    )
    assert refused.status_code == 422
    assert "<code>studnet2</code>" in refused.text
    assert "<code>&lt;b&gt;x</code>" in refused.text
    assert "<code>student1</code>" not in refused.text
    assert "student1, studnet2\n&lt;b&gt;x</textarea>" in refused.text, "nothing typed is lost"
    assert f'value="{group}" checked' in refused.text
    assert (await core.scheduling.sheet(planner, exam_id)).students == []
