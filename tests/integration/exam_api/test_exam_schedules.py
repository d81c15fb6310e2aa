"""No order of begin, answers, ticks and finish lets an answer in late, twice, or after the end.

The same as tests/unit/exam_api/test_sitting_timeline.py, but through services and database.
"""

import asyncio
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from exam_api.adapters.sql.database import Database
from exam_api.adapters.sql.tables import Answer, AnswerLog, Exam, Item, Sitting
from exam_api.domain.errors import ExamError
from exam_api.domain.items import FULL
from exam_api.domain.responses import SingleResponse
from exam_api.domain.roles import Actor, Role
from exam_api.services import testing
from exam_api.services.proctor_actions import ProctorActions
from exam_api.services.sittings import SittingDesk

pytestmark = pytest.mark.integration

TABS = ("tab-one", "tab-two")
steps = st.one_of(
    st.tuples(st.just("answer"), st.integers(0, 2), st.integers(0, 3), st.integers(1, 9)),
    st.tuples(st.just("answer"), st.integers(0, 2), st.integers(0, 3), st.integers(1, 9)),
    st.tuples(st.just("pass"), st.sampled_from([0.5, 10, 29.5, 60])),
    st.tuples(st.just("claim"), st.sampled_from(TABS)),
    st.tuples(st.just("camera"), st.booleans()),
    st.sampled_from([("begin",), ("finish",), ("tick",), ("remove",)]),
)


class Run:
    """One schedule against a fresh database, with a simple model beside it."""

    def __init__(self, database: Database, clock, live, actor: Actor, sitting_id: str) -> None:
        self.database, self.clock, self.live = database, clock, live
        self.actor, self.id, self.tab = actor, sitting_id, TABS[0]
        self.desk = SittingDesk(database, clock, live)
        self.testing = testing.Testing(database, clock, live)
        self.actions = ProctorActions(database, clock, live)
        self.paper: list[tuple[str, tuple[str, ...]]] = []
        self.kept: dict[str, tuple[int, str, datetime]] = {}
        self.applied = 0
        self.ended: tuple[object, ...] | None = None

    async def prepare(self) -> None:
        await self.desk.claim(self.actor, self.id, self.tab)
        async with self.database.write() as unit:
            await unit.identity.consent(self.id, 0, "kk")
        token = await self.desk.publish_token(self.actor, self.id, self.tab)
        await self.desk.authorize_publish(token.token)
        self.live.live.add(self.id)

    async def step(self, name: str, *given: object) -> None:
        # What is refused changes nothing: the check shows it.
        with suppress(ExamError):
            await getattr(self, f"_{name}")(*given)
        await self.check()

    async def _pass(self, minutes: float) -> None:
        self.clock.pass_time(minutes=minutes)

    async def _claim(self, tab: str) -> None:
        await self.desk.claim(self.actor, self.id, tab, take_over=True)
        self.tab = tab

    async def _camera(self, on: bool) -> None:
        (self.live.live.add if on else self.live.live.discard)(self.id)

    async def _begin(self) -> None:
        await self.testing.begin(self.actor, self.id, self.tab)
        served = await self.testing.questions(self.actor, self.id, self.tab, "kk")
        self.paper = [(q.id, tuple(c.id for c in q.choices)) for q in served.questions]

    async def _answer(self, item: int, choice: int, seq: int) -> None:
        if not self.paper:
            return
        item_id, choices = self.paper[item]
        saved = await self.testing.answer(
            self.actor,
            self.id,
            self.tab,
            item_id=item_id,
            response=SingleResponse(choice=choices[choice]),
            client_seq=seq,
        )
        later = self.kept.get(item_id, (0, "", None))[0] < seq
        assert saved.applied is later
        if later:
            self.kept[item_id] = (seq, choices[choice], self.clock.now())
            self.applied += 1

    async def _finish(self) -> None:
        await self.testing.finish(self.actor, self.id, self.tab)

    async def _remove(self) -> None:
        async with self.database.read() as unit:
            proctor = await unit.people.credentials("proctor1")
        await self.actions.remove(proctor.actor, self.id, "T-4.9")

    async def _tick(self) -> None:
        await self.testing.expire_due()

    async def check(self) -> None:
        async with self.database.read() as unit:
            row = await unit.session.get_one(Sitting, self.id)
            answers = (await unit.session.scalars(select(Answer))).all()
            changes = await unit.transitions.of(self.id)
            logged = (await unit.session.scalars(select(AnswerLog))).all()
            keys = (await unit.session.scalars(select(Item.key))).all()
            correct = {c for key in keys for c, part in key["weights"].items() if part == FULL}
        stored = {a.item_id: (a.client_seq, a.response["choice"], a.saved_at) for a in answers}
        assert stored == self.kept
        assert len(logged) == self.applied
        # Each change follows from the one before, and the last one is where the sitting stands.
        states = ["scheduled", *(entry.transition.after for entry in changes)]
        assert [entry.transition.before for entry in changes] == states[:-1]
        assert states[-1] == row.state
        assert all(row.began_at <= a.saved_at < row.deadline_at for a in answers)
        end = (row.state, row.finished_at, row.score_hundredths, row.points, row.letter)
        if self.ended is None and row.finished_at is not None:
            self.ended = end
            right = sum(choice in correct for _, choice, _ in self.kept.values())
            # T-4.9: whoever was removed has nothing, whatever was answered.
            assert row.score_hundredths == (0 if row.state == "removed" else right * 100)
            assert row.state != "removed" or (row.points, row.letter) == (0, "F")
            assert row.finished_at <= row.deadline_at
        if self.ended is not None:
            assert (
                row.state,
                row.finished_at,
                row.score_hundredths,
                row.points,
                row.letter,
            ) == self.ended


async def _run(url: str, clock, live, schedule: list[tuple]) -> None:
    database = Database(url, clock)
    try:
        async with database.read() as unit:
            student = await unit.people.credentials("student1")
            sitting = await unit.session.scalar(
                select(Sitting.id).where(Sitting.student_id == student.actor.id)
            )
            assert await unit.session.scalar(select(Exam.id))
        assert student.actor.has(Role.STUDENT)
        run = Run(database, clock, live, student.actor, sitting)
        await run.prepare()
        await run.step("begin")
        for step in schedule:
            await run.step(*step)
    finally:
        await database.aclose()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(schedule=st.lists(steps, max_size=25))
def test_no_schedule_breaks_the_rules(sqlite_template, clock, live, schedule) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = sqlite_template.copy(Path(folder))
        asyncio.run(_run(url, type(clock)(), type(live)(), schedule))
