"""Many at once, on both databases: nothing lost, nothing twice, order kept."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select

from exam_api.adapters.sql.tables import Answer, AnswerLog, EventRow, ItemCredit, Sitting
from exam_api.domain.grades import FinalGrade
from exam_api.services.paging import PageAsk
from exam_api.web.container import Core

pytestmark = pytest.mark.integration


async def test_the_same_answer_sent_many_times_at_once_counts_once(begun, core: Core) -> None:
    question = (await begun.questions())[0]
    choice = question["choices"][0]["id"]
    answers = await asyncio.gather(*(begun.answer(question["id"], choice, 1) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert Counter(answer.json()["applied"] for answer in answers) == {True: 1, False: 11}
    async with core.database.read() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(Answer)) == 1
        assert await unit.session.scalar(select(func.count()).select_from(AnswerLog)) == 1


async def test_answers_in_any_order_end_with_the_latest(begun) -> None:
    question = (await begun.questions())[0]
    ids = [choice["id"] for choice in question["choices"]]
    order = [7, 3, 12, 1, 9, 4, 11, 2, 10, 5, 8, 6]
    await asyncio.gather(*(begun.answer(question["id"], ids[seq % 4], seq) for seq in order))
    shown = (await begun.questions())[0]
    assert (shown["answer"], shown["client_seq"]) == ({"kind": "single", "choice": ids[12 % 4]}, 12)


async def test_no_answer_is_saved_after_the_finish_that_races_it(begun, core: Core) -> None:
    questions = await begun.questions()
    results = await asyncio.gather(
        *(begun.answer(q["id"], q["choices"][0]["id"], 1) for q in questions[:10]),
        begun.finish(),
        *(begun.answer(q["id"], q["choices"][0]["id"], 1) for q in questions[10:]),
    )
    saved = sum(r.status_code == 200 for r in results) - 1
    assert {r.status_code for r in results} <= {200, 409}
    async with core.database.read() as unit:
        row = await unit.session.get_one(Sitting, begun.id)
        assert await unit.answers.count(begun.id) == saved
        earned = select(func.sum(ItemCredit.hundredths)).where(ItemCredit.sitting_id == begun.id)
        assert await unit.session.scalar(earned) == row.score_hundredths


async def test_two_requests_open_one_sitting(client_of, core: Core, exam_id: str) -> None:
    async with core.database.write() as unit:
        await unit.session.execute(Sitting.__table__.delete())
    http = await client_of("student1")
    opened = await asyncio.gather(
        *(http.post(f"/api/v1/exams/{exam_id}/sittings") for _ in range(6))
    )
    assert len({answer.json()["id"] for answer in opened}) == 1
    async with core.database.read() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(Sitting)) == 1


async def test_of_two_tabs_that_claim_at_once_one_wins(student, core: Core) -> None:
    async with core.database.write() as unit:
        row = await unit.session.get_one(Sitting, student.id)
        row.client_id = None
    claims = await asyncio.gather(
        *(student.call("POST", "/claim", json={"client_id": f"tab-{n}"}) for n in range(6))
    )
    assert Counter(claim.status_code for claim in claims) == {200: 1, 409: 5}


async def test_tickers_of_two_servers_end_a_sitting_once(begun, core: Core, clock) -> None:
    clock.pass_time(minutes=61)
    ended = await asyncio.gather(*(core.testing.expire_due() for _ in range(4)))
    assert sum(ended) == 1
    async with core.database.read() as unit:
        kinds = select(EventRow.payload).where(EventRow.sitting_id == begun.id)
        states = [payload["state"] for payload in await unit.session.scalars(kinds)]
    assert states.count("expired") == 1


async def test_the_origin_is_set_once_by_publishers_that_race(student, core: Core) -> None:
    token = (await student.call("POST", "/publish-token")).json()["token"]
    grants = await asyncio.gather(*(core.desk.authorize_publish(token) for _ in range(6)))
    assert len(set(grants)) == 1


async def test_a_reader_of_events_misses_none(core: Core, exam_id: str) -> None:
    """Ids appear in commit order: whoever has read up to N has read all below N."""
    seen: list[int] = []
    writing = True

    async def write(n: int) -> None:
        async with core.database.write() as unit:
            await unit.events.append(exam_id, None, "x", {"n": n})
            await asyncio.sleep(0.002 * (n % 3))

    async def read() -> None:
        while True:
            done = not writing
            async with core.database.read() as unit:
                after = seen[-1] if seen else 0
                query = select(EventRow.id).where(EventRow.id > after).order_by(EventRow.id)
                seen.extend(await unit.session.scalars(query))
            if done:
                return

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(n) for n in range(40)))
    writing = False
    await reading
    async with core.database.read() as unit:
        everything = (await unit.session.scalars(select(EventRow.id).order_by(EventRow.id))).all()
    assert seen == list(everything)


async def test_a_reader_of_the_journal_misses_no_grade(core: Core, exam_id: str) -> None:
    """S-22: two imports at once; whoever has read up to N has read all below N."""
    grade = FinalGrade(74, 80, 76, "B", 3.0)
    async with core.database.read() as unit:
        students = list((await unit.seeds.ids(["student1", "student2"])).values())
        registrar = (await unit.people.credentials("registrar")).actor.id

    async def enter(student_id: str, *, slow: bool) -> None:
        async with core.database.write() as unit:
            await unit.results.add_entry(
                exam_id=exam_id, student_id=student_id, revision=1, grade=grade,
                at=core.clock.now(), by=registrar,
            )  # fmt: skip
            await asyncio.sleep(0.3 if slow else 0)

    async def read(after: int) -> list[int]:
        async with core.database.read() as unit:
            ask = PageAsk(10, (after,) if after else ())
            return [entry.id for entry in await unit.results.journal(ask)]

    early = asyncio.create_task(enter(students[0], slow=True))
    await asyncio.sleep(0.1)  # it has its ids, and has not committed
    late = asyncio.create_task(enter(students[1], slow=False))
    await asyncio.sleep(0.1)  # without taking turns it has committed by now
    seen = await read(0)
    await asyncio.gather(early, late)
    seen += await read(seen[-1] if seen else 0)
    assert len(seen) == 2


async def test_waiting_for_the_lock_gains_no_time(begun, core: Core, clock) -> None:
    """The deadline is checked when the answer's turn comes, not when it arrived."""
    question = (await begun.questions())[0]
    async with core.database.write() as unit:
        await unit.sittings.lock(begun.id)
        waiting = asyncio.create_task(begun.answer(question["id"], question["choices"][0]["id"], 1))
        await asyncio.sleep(0.1)
        clock.pass_time(minutes=60)
    assert (await waiting).json()["code"] == "time_over"
