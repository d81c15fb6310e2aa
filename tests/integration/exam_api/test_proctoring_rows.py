"""Flags, decisions and acts on both databases, while students write at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import pytest

from analysis.contracts import Flag, FlagKind, FlagPhase, FlagUpdate, Severity
from capture.contracts import (
    Gap,
    GapCause,
    LiveStatus,
    MediaLost,
    MediaStarted,
    Recording,
    TrackKind,
)
from capture.errors import NothingRecorded
from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.sql import tables
from exam_api.adapters.sql.act_store import SqlActStore
from exam_api.adapters.sql.proctoring_store import SqlProctoringStore
from exam_api.domain.errors import NotFound
from exam_api.services.act_documents import Place
from exam_api.services.acts import Acts
from exam_api.services.proctoring import ProctoringBridge
from exam_api.services.proctoring_ports import EventKind, Verdict
from exam_api.services.reviewing import Reviewing
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


class NothingOnRecord:
    def status(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> LiveStatus:
        return LiveStatus(True, True, None, 0, 0)

    def recording(self, sitting_id: str) -> Recording:
        return Recording(sitting_id, ())

    def recorded_until(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> int:
        return 0

    async def clip(self, sitting_id: str, at_ms: int, *_: int) -> bytes:
        raise NothingRecorded


class NoAnalysis:
    def attach(self, sitting_id: str, _excused: object) -> None: ...
    def detach(self, sitting_id: str) -> None: ...


class Rows:
    def __init__(self, database, clock, folder) -> None:
        self._database, self._clock = database, clock
        self.blobs = LocalBlobs(folder)
        self.recordings = NothingOnRecord()
        self.bridge = ProctoringBridge(self.proctoring, self.blobs, clock=clock)

    @asynccontextmanager
    async def proctoring(self) -> AsyncIterator[SqlProctoringStore]:
        async with self._database.write() as unit:
            yield SqlProctoringStore(unit, self._clock)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqlActStore]:
        async with self._database.write() as unit:
            yield SqlActStore(unit, self._clock)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlActStore]:
        async with self._database.read() as unit:
            yield SqlActStore(unit, self._clock)

    def acts(self) -> Acts:
        return Acts(
            self.read,
            self.write,
            self.recordings,
            self.blobs,
            self._clock,
            place=Place("https://exam.example", ZoneInfo("Asia/Almaty")),
            number_format="{year}-{seq}",
            render=lambda document, language: f"{document.number} {language}".encode(),
            render_form4=lambda document: b"",
        )

    async def actor(self, login: str):
        async with self._database.read() as unit:
            return (await unit.people.credentials(login)).actor

    @asynccontextmanager
    async def bridging(self) -> AsyncIterator[ProctoringBridge]:
        self.bridge.open()
        task = asyncio.create_task(self.bridge.run(NoAnalysis(), self.recordings))
        try:
            yield self.bridge
        finally:
            task.cancel()


@pytest.fixture
def rows(database, clock, tmp_path) -> Rows:
    return Rows(database, clock, tmp_path / "blobs")


def update(sitting_id: str, start_ms: int, phase: FlagPhase) -> FlagUpdate:
    end_ms = start_ms + 4_000 if phase is FlagPhase.CLOSED else None
    flag = Flag(
        FlagKind.ABSENCE, Severity.ALERT, start_ms, end_ms, 0.9, (), {"enter": 0.8}, (), None
    )
    return FlagUpdate(sitting_id, phase, flag)


async def test_flags_and_answers_at_once_lose_nothing(begun, rows) -> None:
    """Writers that hold a sitting and writers of its events must not wait for each other."""
    questions = await begun.questions()
    async with rows.bridging() as bridge:
        for number in range(20):
            start_ms = 60_000 + number * 10_000
            for phase in (FlagPhase.OPENED, FlagPhase.UPDATED, FlagPhase.CLOSED):
                bridge.on_flag(update(begun.id, start_ms, phase))
            bridge.on_capture(MediaLost(begun.id, start_ms + 5_000))
            gap = Gap(start_ms + 5_000, start_ms + 8_000, GapCause.NETWORK)
            bridge.on_capture(MediaStarted(begun.id, start_ms + 8_000, gap))
        answers = asyncio.gather(
            *(begun.answer(q["id"], q["choices"][0]["id"], 1) for q in questions)
        )
        assert {answer.status_code for answer in await answers} == {200}
        assert (await begun.finish()).status_code == 200
        await bridge.settled()
    async with rows.read() as store:
        flags = await store.flags([begun.id])
        assert len(await store.gaps(begun.id)) == 20
    kinds = [flag.kind for flag in flags]
    assert kinds.count(FlagKind.ABSENCE) <= 20
    assert all(flag.end_ms is not None for flag in flags if flag.kind is FlagKind.ABSENCE)


async def test_a_held_sitting_and_its_events_are_waited_for_in_one_order(
    begun, rows, database, exam_id
) -> None:
    """A student's request holds the sitting and then appends an event; the bridge does too."""
    held = asyncio.Event()

    async def student() -> None:
        async with database.write() as unit:
            await unit.sittings.lock(begun.id)
            held.set()
            await asyncio.sleep(0.3)
            await unit.events.append(exam_id, begun.id, "sitting.changed", {})

    async def bridge() -> None:
        await held.wait()
        async with rows.proctoring() as store:
            times = await store.times(begun.id)
            await store.append_event(times.exam_id, times.id, EventKind.MEDIA_LOST, {})

    await asyncio.wait_for(asyncio.gather(student(), bridge()), PATIENCE_S)


async def test_one_act_however_many_processes_make_it(begun, rows) -> None:
    async with rows.bridging() as bridge:
        bridge.on_flag(update(begun.id, 60_000, FlagPhase.CLOSED))
        await bridge.settled()
    async with rows.read() as store:
        (flag,) = await store.flags([begun.id])
    reviewing = Reviewing(rows.read, rows.write, rows.recordings, rows.blobs, rows._clock)
    proctor = await rows.actor("proctor1")
    decided = await asyncio.gather(
        *(reviewing.decide(proctor, flag.id, Verdict.CONFIRMED, "seen") for _ in range(6))
    )
    assert len({one.decision.id for one in decided}) == 1
    made = await asyncio.gather(*(rows.acts().settle(begun.id) for _ in range(6)))
    assert {(act.number, act.revision) for act in made} == {("2026-1", 1)}
    async with rows.read() as store:
        assert len(await store.acts([begun.id])) == 1


@pytest.mark.parametrize("address", ["x\0y", "x" * 99])
async def test_an_address_that_names_no_act_is_not_found(rows, address) -> None:
    with pytest.raises(NotFound):
        await rows.acts().verification(address, "0" * 16)


async def test_numbers_drawn_at_once_have_no_gap_and_no_double(rows) -> None:
    async def draw(fails: bool) -> int:
        async with rows.write() as store:
            number = await store.draw_number(2026, 1)
            return number // 0 if fails else number

    drawn = await asyncio.gather(
        *(draw(fails=index % 5 == 0) for index in range(50)), return_exceptions=True
    )
    assert sorted(number for number in drawn if isinstance(number, int)) == list(range(1, 41))


async def test_what_is_not_watched_for_is_the_exams_and_the_students(begun, rows, database) -> None:
    async with database.write() as unit:
        sitting = await unit.session.get(tables.Sitting, begun.id)
        exam = await unit.session.get(tables.Exam, sitting.exam_id)
        key = sitting.exam_id, sitting.student_id
        enrolment = await unit.session.get(tables.Enrolment, key)
        exam.policy = {**exam.policy, "unwatched": ["notes"]}
        enrolment.excused = ["looking_away"]
    async with rows.proctoring() as store:
        assert set(await store.excused(begun.id)) == {"notes", "looking_away"}
        assert not await store.excused("nobody")


async def test_how_often_the_console_gets_a_picture_is_the_exams(begun, rows, database) -> None:
    async with rows.proctoring() as store:
        assert await store.thumbnail_s(begun.id) == 0
    async with database.write() as unit:
        sitting = await unit.session.get(tables.Sitting, begun.id)
        exam = await unit.session.get(tables.Exam, sitting.exam_id)
        exam.policy = {**exam.policy, "thumbnail_s": 5}
    async with rows.proctoring() as store:
        assert await store.thumbnail_s(begun.id) == 5
        assert await store.thumbnail_s("nobody") == 0
