"""S-18, S-19, T-4.9: from the made act to the annulled result and back, each step by its person."""

import asyncio
import re
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from exam_api.adapters.sql import tables
from exam_api.adapters.sql.review_store import SqlReviewStore
from exam_api.domain.act_course import DECIDED, ActPolicy, ActState, ActStep
from exam_api.domain.errors import (
    ActAnswerLate,
    ActOwnStep,
    Forbidden,
    IllegalTransition,
    InvalidRequest,
    NotFound,
)
from exam_api.domain.ids import new_id
from exam_api.services.act_course import ANSWER_DUE, record_refusal
from exam_api.services.act_desk import AnswerDueJob
from exam_api.services.jobs import JobRunner
from exam_api.services.notices import MAIL, MailJob
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.paging import PageAsk
from exam_api.services.review_ports import MAKE_ACT
from exam_api.services.seeding import DEMO_PASSWORD

pytestmark = pytest.mark.integration


class Post:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent = []

    async def send(self, message) -> None:
        self.sent.append(message)


def runner(core, post: Post) -> JobRunner:
    answers = AnswerDueJob(core.database, core.clock, core.act_policy)
    return JobRunner(
        core.database, core.clock, {MAIL: MailJob(core.letters, post), ANSWER_DUE: answers}
    )


async def actor(core, login: str):
    return (await core.accounts.log_in(login, DEMO_PASSWORD, "x")).actor


async def test_the_whole_way_to_an_annulled_result_and_back(made_act, client_of, core) -> None:
    path = f"/api/v1/acts/{made_act.act_id}"
    student = await client_of("student1")
    assert (await student.get(f"{path}/way")).status_code == 404  # not delivered yet

    async def step(login: str, code: str, text: str = "") -> dict:
        http = student if login == "student1" else await client_of(login)
        done = await http.post(f"{path}/steps", json={"step": code, "text": text})
        assert done.status_code == 200, done.text
        return done.json()

    forwarded = await step("member", "forward", "тексерілді, қол қойылды")
    assert forwarded["act"]["state"] == "forwarded"
    assert forwarded["can"] == ["recall"]
    commission = await client_of("commission")
    seen = (await commission.get(f"{path}/way")).json()
    assert seen["can"] == ["recall"]  # nothing to decide before the student could answer
    delivered = await step("dean", "deliver")
    told = {mail["to"] for mail in delivered["mails"] if mail["state"] != "no_address"}
    assert told == {"dean@example.edu", "registrar@example.edu", "student1@example.edu"}

    opened = (await student.get(f"{path}/way")).json()
    assert (opened["act"]["state"], opened["can"]) == ("opened", ["agree", "disagree"])
    (evidence,) = opened["evidence"]
    base = f"{path}/evidence/{evidence['flag_id']}"
    assert (await student.get(f"{base}.jpg")).content == b"x.jpg"
    clip = await student.get(f"{base}.webm", headers={"Range": "bytes=0-0"})
    assert (clip.status_code, clip.content) == (206, b"x")
    refused = await student.post(f"{path}/steps", json={"step": "disagree"})
    assert refused.json()["code"] == "invalid_request"  # without a word why
    answered = await step("student1", "disagree", "бұл менің телефоным емес")
    assert answered["act"]["state"] == "disagreed"

    async def decide(code: str, reason: str) -> dict:
        for member in ("commission2", "commission3"):
            await step(member, code, reason)
        return await step("commission", code, reason)

    confirmed = await decide("confirm", "хаттама 7")
    assert confirmed["can"] == ["reconsider"]
    assert await made_act.state() == ("confirmed", "annulled", 0, "F")
    await decide("reconsider", "жаңа дәлел")
    assert (await made_act.state())[1:3] == ("submitted", made_act.points)
    await decide("withdraw", "расталмады")
    assert (await made_act.state())[:3] == ("withdrawn", "submitted", made_act.points)

    way = (await commission.get(f"{path}/way")).json()
    taken = [(one["step"], one["reason"]) for one in way["steps"] if one["step"] != "vote"]
    assert taken == [
        ("forward", "тексерілді, қол қойылды"),
        ("deliver", ""),
        ("open", ""),
        ("disagree", "бұл менің телефоным емес"),
        ("confirm", "хаттама 7"),
        ("reconsider", "жаңа дәлел"),
        ("withdraw", "расталмады"),
    ]
    assert all(one["by"] and one["at"] for one in way["steps"])
    async with core.database.read() as unit:
        changes = [one.change for one in await unit.grades.of_sitting(made_act.sitting_id)]
        log = await unit.transitions.of(made_act.sitting_id)
    assert [(one.cause, one.before, one.after) for one in changes] == [
        ("submitted", None, made_act.points),
        ("annulled", made_act.points, 0),
        ("submitted", 0, made_act.points),
    ]
    assert [one.transition.reference for one in log][-2:] == [f"act:{made_act.act_id}"] * 2


async def test_a_skipped_step_is_refused(made_act, core) -> None:
    for login, step in (("dean", "deliver"), ("dean", "reopen")):
        with pytest.raises(IllegalTransition):
            await made_act.take(login, step)
    with pytest.raises(NotFound):
        await made_act.take("commission", "confirm")  # nobody has forwarded it
    with pytest.raises(NotFound):
        await made_act.take("student1", "agree")
    await made_act.put_on_the_way()
    with pytest.raises(IllegalTransition):
        await made_act.take("student1", "agree")  # before it was opened
    with pytest.raises(IllegalTransition):
        await made_act.take("commission", "confirm")
    assert (await made_act.state())[1] == "submitted"


async def test_counter_steps_lead_the_whole_way_back(made_act, core) -> None:
    await made_act.put_on_the_way()
    await made_act.take("student1", "open", "agree")
    await made_act.take("dean", "reopen")
    assert (await made_act.state())[0] == "delivered"
    await made_act.take("dean", "take_back")
    with pytest.raises(NotFound):
        await core.act_desk.way(await actor(core, "student1"), made_act.act_id)
    await made_act.take("commission", "recall")
    assert (await made_act.state())[0] == "made"


@pytest.mark.parametrize("step", ["recall", "take_back", "reopen", "confirm", "withdraw"])
async def test_what_changes_a_persons_lot_needs_a_reason(made_act, core, step) -> None:
    with pytest.raises(InvalidRequest):
        await made_act.take("commission", step, text="  ")


async def test_it_counts_as_on_its_way_till_its_recall(made_act, core) -> None:
    """What was decided by then cannot be decided otherwise."""

    async def forwarded_at():
        async with core.database.read() as unit:
            return await SqlReviewStore(unit, core.clock).forwarded_at(made_act.sitting_id)

    assert await forwarded_at() is None
    await made_act.take("member", "forward")
    assert await forwarded_at() == core.clock.now()
    await made_act.take("member", "recall")
    assert await forwarded_at() is None


async def test_a_recalled_act_is_made_anew_by_itself(made_act, core) -> None:
    """Of what was confirmed while it was on its way."""

    async def to_make() -> list[dict[str, str]]:
        async with core.database.read() as unit:
            rows = select(tables.JobRow.payload).where(tables.JobRow.kind == MAKE_ACT)
            return list(await unit.session.scalars(rows))

    await made_act.take("member", "forward")
    assert await to_make() == []
    await made_act.take("member", "recall")
    assert await to_make() == [{"sitting_id": made_act.sitting_id}]


async def test_who_made_or_forwarded_an_act_does_not_decide_on_it(made_act, core) -> None:
    roles = {"member": ["member", "commission"], "proctor1": ["proctor", "commission"]}
    async with core.database.write() as unit:
        for login, held in roles.items():
            change = update(tables.User).where(tables.User.login == login)
            await unit.session.execute(change.values(roles=held))
    await made_act.put_on_the_way()
    await made_act.take("student1", "open", "agree")
    for login in roles:
        with pytest.raises(ActOwnStep):
            await made_act.take(login, "confirm")
        way = await core.act_desk.way(await actor(core, login), made_act.act_id)
        assert ActStep.CONFIRM not in way.can
    await made_act.decide("confirm")


async def test_the_commission_decides_by_its_votes(made_act, core) -> None:
    """S-12: three at least, each once, taken back on record; the student sees it afterwards."""
    await made_act.put_on_the_way()
    await made_act.take("student1", "open", "disagree")
    await made_act.take("commission", "confirm")
    await made_act.take("commission2", "withdraw", text="қате")
    with pytest.raises(IllegalTransition):
        await made_act.take("commission", "confirm")
    with pytest.raises(IllegalTransition):
        await made_act.take("commission3", "unvote")
    with pytest.raises(Forbidden):
        await made_act.take("commission3", "vote")
    way = await core.act_desk.way(await actor(core, "commission2"), made_act.act_id)
    assert (way.act.state, way.votes, way.quorum, way.can) == ("disagreed", 2, 3, ("unvote",))
    mine = await core.act_desk.way(await actor(core, "student1"), made_act.act_id)
    assert (mine.votes, mine.steps[-1].step) == (0, "disagree")

    await made_act.take("commission2", "unvote", text="қайта қарадым")
    assert (await made_act.state())[0] == "disagreed"
    await made_act.take("commission2", "confirm", text="телефон")
    await made_act.take("commission3", "withdraw", text="көрінбейді")
    assert (await made_act.state())[:2] == ("confirmed", "annulled")
    mine = await core.act_desk.way(await actor(core, "student1"), made_act.act_id)
    assert [one.step for one in mine.steps][-6:] == [
        "vote", "vote", "unvote", "vote", "vote", "confirm",
    ]  # fmt: skip
    assert mine.steps[-1].reason == "дәлел\nтелефон"  # of those who were for it


async def test_form_2_recorded_in_error_is_taken_back_before_the_answer(made_act, core) -> None:
    for _ in range(2):
        async with core.database.write() as unit:
            by = made_act.users["proctor1"]
            given = {"at": core.clock.now(), "by": by, "policy": core.act_policy}
            await record_refusal(unit, made_act.act_id, made_act.act_id, **given)
    member = await actor(core, "member")
    assert "unrefuse" in (await core.act_desk.way(member, made_act.act_id)).can
    with pytest.raises(InvalidRequest):
        await made_act.take("member", "unrefuse", text="")
    await made_act.take("member", "unrefuse", "forward")
    await made_act.take("dean", "unrefuse")
    with pytest.raises(IllegalTransition):
        await made_act.take("dean", "unrefuse")
    way = await core.act_desk.way(member, made_act.act_id)
    assert (way.act.state, "unrefuse" in way.can) == ("forwarded", False)
    assert [one.reference for one in way.steps if one.step == "unrefuse"] == [made_act.act_id] * 2


async def test_votes_fall_with_what_they_were_about(made_act, core) -> None:
    await made_act.put_on_the_way()
    await made_act.take("student1", "open", "agree")
    await made_act.take("commission", "confirm")
    await made_act.take("commission2", "confirm")
    await made_act.take("dean", "reopen")
    await made_act.take("student1", "open", "disagree")
    await made_act.take("commission3", "confirm")
    assert (await made_act.state())[0] == "disagreed"
    await made_act.take("commission", "confirm")
    await made_act.take("commission2", "confirm")
    assert (await made_act.state())[0] == "confirmed"


async def test_a_right_to_see_is_no_right_to_step(made_act, core) -> None:
    for login in ("registrar", "testing", "admin", "proctor1", "dean"):
        with pytest.raises(Forbidden):
            await made_act.take(login, "forward")
    for login in ("proctor2", "student2", "teacher"):
        with pytest.raises(NotFound):
            await made_act.take(login, "forward")


async def test_without_an_answer_the_clock_goes_on(made_act, core, clock) -> None:
    await made_act.put_on_the_way()
    await made_act.take("student1", "open")
    post = Post()
    jobs = runner(core, post)
    clock.pass_time(days=2, hours=23)
    await jobs.run_due()
    assert (await made_act.state())[0] == "opened"
    clock.pass_time(hours=1)
    with pytest.raises(ActAnswerLate):
        await made_act.take("student1", "agree")
    await jobs.run_due()
    assert (await made_act.state())[0] == "unanswered"
    await made_act.take("dean", "reopen")
    await jobs.run_due()
    assert (await made_act.state())[0] == "delivered"  # a new time to answer, and a job of its own
    clock.pass_time(days=3)
    await jobs.run_due()
    assert (await made_act.state())[0] == "unanswered"


async def test_a_late_opening_is_on_record_once(made_act, core, clock) -> None:
    await made_act.put_on_the_way()
    clock.pass_time(days=4)
    await runner(core, Post()).run_due()
    student = await actor(core, "student1")
    for _ in range(2):
        way = await core.act_desk.way(student, made_act.act_id)
    assert [one.step for one in way.steps] == ["forward", "deliver", "lapse", "open"]
    assert way.can == ()


async def test_two_tabs_open_the_act_once(made_act, core) -> None:
    await made_act.put_on_the_way()
    student = await actor(core, "student1")
    seen = await asyncio.gather(*(core.act_desk.way(student, made_act.act_id) for _ in range(4)))
    assert {one.act.state for one in seen} == {"opened"}
    async with core.database.read() as unit:
        opened = select(func.count()).where(tables.ActStepRow.step == "open")
        assert await unit.session.scalar(opened) == 1


async def test_each_mail_of_the_way_is_one_mail_with_the_act(made_act, core) -> None:
    post = Post()
    jobs = runner(core, post)
    await made_act.put_on_the_way()
    await jobs.run_due()
    await jobs.run_due()
    by_reader = {str(one["To"]): one for one in post.sent if "student1" in str(one["To"])}
    (letter,) = by_reader.values()
    assert len(post.sent) == len({str(one["Message-ID"]) for one in post.sent})
    (copy,) = letter.iter_attachments()
    assert (copy.get_filename(), copy.get_content()) == ("act.pdf", b"x.pdf")
    assert "2026-0001" in letter["Subject"]
    way = await core.act_desk.way(await actor(core, "dean"), made_act.act_id)
    assert {(mail.to, mail.state) for mail in way.mails if mail.attempts} == {
        (f"{login}@example.edu", "done") for login in ("dean", "registrar", "student1")
    }


async def test_a_removed_students_act_is_confirmed_with_nothing_to_annul(made_act, core) -> None:
    async with core.database.write() as unit:
        removed = update(tables.Sitting).where(tables.Sitting.id == made_act.sitting_id)
        await unit.session.execute(removed.values(state="removed", points=0, letter="F"))
    await made_act.put_on_the_way()
    await made_act.take("student1", "open", "agree")
    await made_act.decide("confirm", "reconsider")
    assert await made_act.state() == ("reconsidered", "removed", 0, "F")


async def test_an_overview_names_the_faculty_in_the_readers_language(made_act, core, client_of):
    dean = await client_of("dean")
    (faculty,) = (await core.act_desk.overview(await actor(core, "dean"))).faculties
    names = (await core.act_desk.faculty_names())[faculty.name]
    assert len(set(names.values())) == 3
    for language, name in names.items():
        dean.cookies.set("lang", language)
        for chosen in ({}, {"faculty": faculty.name}):
            assert name in (await dean.get("/acts", params=chosen)).text


async def test_overviews_count_what_each_may_see(made_act, core, clock) -> None:
    assert (await core.act_desk.overview(await actor(core, "student1"))).by_state == {}
    clock.pass_time(days=3)
    seen = await core.act_desk.overview(await actor(core, "dean"))
    assert (dict(seen.by_state), seen.overdue) == ({"made": 1}, 1)
    (faculty,) = seen.faculties
    (proctor,) = seen.proctors
    assert faculty.name
    assert (faculty.total, faculty.overdue) == (proctor.total, proctor.overdue) == (1, 1)
    assert proctor.name == (await actor(core, "proctor1")).full_name
    await made_act.put_on_the_way()
    seen = await core.act_desk.overview(await actor(core, "commission"))
    assert (dict(seen.by_state), seen.overdue) == ({"delivered": 1}, 0)
    assert (await core.act_desk.overview(await actor(core, "proctor2"))).by_state == {}


@pytest.fixture
async def many_acts(made_act, core, clock) -> int:
    """On all stages, some overdue; of two proctors, and one sitting without a faculty."""
    states = [None, *ActState]
    now = clock.now()
    async with core.database.write() as unit:
        session = unit.session
        known = await session.get_one(tables.ActRow, made_act.act_id)
        sitting = await session.get_one(tables.Sitting, made_act.sitting_id)
        await session.execute(
            delete(tables.StudentProfile).where(
                tables.StudentProfile.user_id == made_act.users["student3"]
            )
        )
        others = []
        for login, proctor in (("student2", "proctor2"), ("student3", None)):
            of_student = tables.Sitting.student_id == made_act.users[login]
            other = (await session.scalars(select(tables.Sitting).where(of_student))).one()
            other.proctor_id = made_act.users.get(proctor)
            others.append(other)
        for number in range(2, 70):
            of = [sitting, *others][number % 3]
            named = {"year": 2026, "form": 1, "seq": number}
            act = {c.key: getattr(known, c.key) for c in tables.ActRow.__table__.columns}
            made_at = now - timedelta(days=number % 4)
            act |= {"id": new_id(), "sitting_id": of.id, "made_at": made_at, **named}
            # One of flags, of which none is confirmed: it does not stand, and is never overdue.
            act |= {"number": f"2026-{number:04}", "source": "flags" if number == 5 else "people"}
            row = tables.ActRow(**act)
            session.add(row)
            await session.flush()
            state = states[number % len(states)]
            if state is not None:
                due = None if state in DECIDED else now + timedelta(hours=number % 5 - 2)
                session.add(
                    tables.ActCourseRow(
                        id=new_id(), sitting_id=of.id, act_id=row.id, state=state.value,
                        since=row.made_at, due_at=due, **named,
                    )
                )  # fmt: skip
    return 69


async def test_the_database_counts_what_a_person_would(many_acts, core) -> None:
    admin = await actor(core, "admin")
    asked = PageAsk(200)
    lines = (await core.act_desk.page(admin, asked)).rows
    assert len(lines) == many_acts
    assert 0 < sum(line.overdue for line in lines) < many_acts
    (fallen,) = [line for line in lines if line.withdrawn and line.state is not ActState.WITHDRAWN]
    assert fallen.due_at < core.clock.now()
    seen = await core.act_desk.overview(admin)
    assert seen.by_state == Counter(line.state for line in lines)
    assert seen.overdue == sum(line.overdue for line in lines)
    for name, groups in (("faculty", seen.faculties), ("proctor", seen.proctors)):
        assert {one.name: (one.total, one.overdue, one.by_state) for one in groups} == {
            value: (
                len(own := [line for line in lines if getattr(line, name) == value]),
                sum(line.overdue for line in own),
                Counter(line.state for line in own),
            )
            for value in {getattr(line, name) for line in lines}
        }
    assert {one.name for one in seen.faculties} > {""}


async def test_each_filter_leads_to_what_was_counted(many_acts, core, client_of) -> None:
    admin = await client_of("admin")
    seen = await core.act_desk.overview(await actor(core, "admin"))
    wanted: list[tuple[dict[str, str], int]] = [
        ({}, many_acts),
        ({"overdue": "true"}, seen.overdue),
    ]
    wanted += [({"state": state.value}, number) for state, number in seen.by_state.items()]
    wanted += [({"faculty": one.name}, one.total) for one in seen.faculties]
    wanted += [({"proctor": one.name}, one.total) for one in seen.proctors]
    for query, number in wanted:
        found: list[str] = []
        for page in range(1, many_acts // PageWanted().size + 2):
            text = (await admin.get("/acts", params=query | {"page": str(page)})).text
            found += re.findall(r'<th scope="row"><a href="/acts/([0-9a-f-]{36})"', text)
        assert (len(found), len(set(found))) == (number, number), query


def test_the_policy_is_the_settings() -> None:
    from exam_api.settings import Settings

    assert Settings().act_policy == ActPolicy()
