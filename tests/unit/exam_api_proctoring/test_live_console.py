"""The console's snapshot and its stream: rows are the truth, a stream resumes after any row."""

import asyncio
import json
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass

import pytest

from analysis.contracts import Flag, FlagKind, FlagPhase, FlagUpdate, Severity
from capture.contracts import MediaStarted
from exam_api.domain.errors import NotFound
from exam_api.services.live import LiveHub
from exam_api.services.live_console import WATCH_ENDED, Console, LiveEvent, Thumbnails
from exam_api.services.proctoring import ProctoringBridge
from exam_api.services.proctoring_ports import HANDED_OVER, EventKind, StoredEvent, Verdict
from exam_api.services.reviewing import Reviewing
from exam_api.web.api.live_routes import MAX_CURSOR, cursor_of, stream, wire
from tests.patience import PATIENCE_S


def event(number: int) -> StoredEvent:
    return StoredEvent(number, "exam", None, "media.started", {}, None)


@dataclass
class Rows:
    """Stands for the event table."""

    rows: list[StoredEvent]

    async def newest(self) -> int:
        return self.rows[-1].id if self.rows else 0

    async def after(self, cursor: int):
        return [row for row in self.rows if row.id > cursor]


async def take(events, count: int):
    return [(await asyncio.wait_for(anext(events), PATIENCE_S)) for _ in range(count)]


@pytest.fixture
async def hub():
    made = LiveHub(poll_s=0.01)
    yield made
    made.close()


async def test_a_listener_gets_what_it_missed_and_then_what_comes(hub):
    rows = Rows([event(1), event(2), event(3)])
    task = asyncio.create_task(hub.run(rows.newest))
    async with aclosing(hub.follow(1, rows.after)) as events:
        assert [row.id for row in await take(events, 2)] == [2, 3]
        coming = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.05)
        rows.rows.append(event(4))
        hub.wake()
        assert (await asyncio.wait_for(coming, PATIENCE_S)).id == 4
    task.cancel()


async def test_a_lost_wake_up_costs_one_look(hub):
    rows = Rows([event(1)])
    task = asyncio.create_task(hub.run(rows.newest))
    async with aclosing(hub.follow(1, rows.after)) as events:
        coming = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.05)
        rows.rows.append(event(2))  # written by another process: nobody wakes the hub
        assert (await asyncio.wait_for(coming, PATIENCE_S)).id == 2
    task.cancel()


async def test_silence_is_broken_by_heartbeats(hub):
    async with aclosing(hub.follow(0, Rows([]).after, heartbeat_s=0.01)) as events:
        assert await take(events, 3) == [None, None, None]


async def test_closing_the_hub_ends_every_stream(hub):
    rows = Rows([])

    async def listen() -> list[StoredEvent | None]:
        return [row async for row in hub.follow(0, rows.after)]

    listeners = [asyncio.create_task(listen()) for _ in range(3)]
    await asyncio.sleep(0.02)
    hub.close()
    assert await asyncio.wait_for(asyncio.gather(*listeners), PATIENCE_S) == [[], [], []]


async def test_without_listeners_the_table_is_left_alone(hub):
    asked: list[int] = []

    async def newest() -> int:
        asked.append(1)
        return 0

    task = asyncio.create_task(hub.run(newest))
    await asyncio.sleep(0.1)
    assert not asked
    task.cancel()


# --- on real rows -------------------------------------------------------------------------------


class Stage:
    def __init__(self, world) -> None:
        self.world = world
        self.hub = LiveHub(poll_s=0.05)
        world.database.listeners.append(self.hub.wake)
        self.thumbnails = Thumbnails(world.clock, limit=2)
        self.console = Console(world.read, world.recordings, self.thumbnails, self.hub, world.clock)
        self.bridge = ProctoringBridge(world.proctoring, world.blobs, clock=world.clock)
        self.reviewing = Reviewing(
            world.read, world.write, world.recordings, world.blobs, world.clock
        )

    async def newest(self) -> int:
        async with self.world.read() as store:
            return await store.last_event_id()

    async def flag(self, sitting_id: str, start_ms: int = 20_000) -> str:
        flag = Flag(
            FlagKind.ABSENCE, Severity.ALERT, start_ms, None, 0.9, (), {"enter": 0.8}, (), None
        )
        async with self.world.proctoring() as store:
            stored, _ = await store.save_flag(sitting_id, flag, None)
            payload = {"flag_id": stored.id}
            await store.append_event(self.world.exam_id, sitting_id, EventKind.FLAG_OPENED, payload)
        return stored.id


@pytest.fixture
async def stage(world):
    made = Stage(world)
    task = asyncio.create_task(made.hub.run(made.newest))
    yield made
    made.hub.close()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_tile_shows_student_state_media_and_flags(stage, world):
    sitting_id = await world.sitting()
    world.recordings.live[sitting_id] = True
    flag_id = await stage.flag(sitting_id)
    view = await stage.console.snapshot(await world.actor("proctor1"), world.exam_id)
    assert len(view.tiles) == 2  # the third student is the other proctor's
    tile = next(tile for tile in view.tiles if tile.sitting_id == sitting_id)
    assert tile.student.full_name == (await world.actor("student1")).full_name
    assert (tile.state, tile.recording.live, tile.answered, tile.total) == (
        "in_progress",
        True,
        0,
        25,
    )
    assert [(flag.id, flag.end_ms, flag.verdict) for flag in tile.flags] == [(flag_id, None, None)]
    assert tile.risk == 2.0  # an alert that still lasts
    assert view.cursor == await stage.newest()


async def test_events_of_another_proctors_student_are_not_told(stage, world):
    theirs = await world.sitting("student2")
    await stage.flag(theirs)
    mine = await world.sitting("student1")
    await stage.flag(mine)
    stream = stage.console.events(await world.actor("proctor1"), world.exam_id, 0)
    told = [await anext(stream) for _ in range(2)]
    await stream.aclose()
    assert [event and event.sitting_id for event in told] == [None, mine]


async def test_a_student_handed_over_leaves_the_console_of_who_watched_before(stage, world):
    sitting_id = await world.sitting()
    proctor = await world.actor("proctor1")
    cursor = (await stage.console.snapshot(proctor, world.exam_id)).cursor
    await world.give_to(sitting_id, "proctor2")
    async with world.proctoring() as store:
        told = (world.exam_id, sitting_id, EventKind.SITTING_NOTED)
        await store.append_event(*told, {"kind": "message"})
        await store.append_event(*told, {"kind": HANDED_OVER})
    async with aclosing(stage.console.events(proctor, world.exam_id, cursor)) as events:
        nothing, gone = await take(events, 2)
    assert nothing is None
    assert (gone.kind, gone.sitting_id, gone.tile) == (WATCH_ENDED, sitting_id, None)
    other = await world.actor("proctor2")
    async with aclosing(stage.console.events(other, world.exam_id, cursor)) as events:
        come = (await take(events, 2))[1]
    assert (come.kind, come.tile.sitting_id) == (EventKind.SITTING_NOTED, sitting_id)


async def test_whoever_is_taken_off_an_exam_is_told_so_last(stage, world):
    proctor = await world.actor("proctor1")
    cursor = await stage.newest()
    await stage.flag(await world.sitting())
    async with aclosing(stage.console.events(proctor, world.exam_id, cursor)) as events:
        cursor = (await asyncio.wait_for(anext(events), PATIENCE_S)).id  # now it is open
        coming = asyncio.ensure_future(anext(events))
        async with world.database.write() as unit:
            assert await unit.schedule.leave(world.exam_id, proctor.id)
        await stage.flag(await world.sitting("student2"))
        last = await asyncio.wait_for(coming, PATIENCE_S)
        assert (last.kind, last.sitting_id, last.id) == (WATCH_ENDED, None, cursor)
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_a_decided_flag_weighs_nothing(stage, world):
    sitting_id = await world.sitting()
    flag_id = await stage.flag(sitting_id)
    proctor = await world.actor("proctor1")
    await stage.reviewing.decide(proctor, flag_id, Verdict.DISMISSED, "")
    view = await stage.console.snapshot(proctor, world.exam_id)
    tile = next(tile for tile in view.tiles if tile.sitting_id == sitting_id)
    assert (tile.risk, tile.flags[0].verdict) == (0.0, Verdict.DISMISSED)


async def test_only_those_who_watch_the_exam_see_its_console(stage, world, stranger):
    for actor in (stranger, await world.actor("student1")):
        with pytest.raises(NotFound):
            await stage.console.snapshot(actor, world.exam_id)
        with pytest.raises(NotFound):
            await anext(stage.console.events(actor, world.exam_id, 0))
        with pytest.raises(NotFound):
            await stage.console.thumbnail(actor, await world.sitting("student2"))


async def test_a_flag_reaches_the_stream_with_its_tile_as_it_is_written(stage, world):
    sitting_id = await world.sitting()
    proctor = await world.actor("proctor1")
    cursor = (await stage.console.snapshot(proctor, world.exam_id)).cursor
    async with aclosing(stage.console.events(proctor, world.exam_id, cursor)) as events:
        coming = asyncio.ensure_future(anext(events))
        stage.hub._poll_s = 3600.0  # whoever is not woken waits for longer than the test
        await asyncio.sleep(0.1)
        flag_id = await stage.flag(sitting_id)
        seen = await asyncio.wait_for(coming, PATIENCE_S)
    assert (seen.kind, seen.sitting_id, seen.flag.id) == ("flag.opened", sitting_id, flag_id)
    assert [flag.id for flag in seen.tile.flags] == [flag_id]


async def test_a_stream_resumes_after_the_last_event_it_gave(stage, world):
    sitting_id = await world.sitting()
    proctor = await world.actor("proctor1")
    cursor = await stage.newest()
    for start_ms in (20_000, 40_000, 60_000):
        await stage.flag(sitting_id, start_ms)
    async with aclosing(stage.console.events(proctor, world.exam_id, cursor)) as events:
        first = (await take(events, 1))[0]
    resumed = cursor_of(str(first.id), 0)
    async with aclosing(stage.console.events(proctor, world.exam_id, resumed)) as events:
        rest = await take(events, 2)
    assert [one.flag.start_ms for one in (first, *rest)] == [20_000, 40_000, 60_000]


async def test_a_thumbnail_is_the_latest_and_old_sittings_make_room(stage, world):
    sitting_id = await world.sitting()
    proctor = await world.actor("proctor1")
    with pytest.raises(NotFound):
        await stage.console.thumbnail(proctor, sitting_id)
    stage.thumbnails.keep(sitting_id, 0, b"first")
    stage.thumbnails.keep(sitting_id, 2_000, b"second")
    assert await stage.console.thumbnail(proctor, sitting_id) == b"second"
    for other in ("a", "b"):
        stage.thumbnails.keep(other, 0, b"")
    assert stage.thumbnails.of(sitting_id) is None


async def test_what_the_bridge_stores_is_streamed(stage, world):
    """The whole way from the worker's thread to a console, without a wake-up of its own."""

    class NoAnalysis:
        def attach(self, sitting_id: str, *_how: object) -> None: ...
        def detach(self, sitting_id: str) -> None: ...

    sitting_id = await world.sitting()
    proctor = await world.actor("proctor1")
    cursor = await stage.newest()
    stage.bridge.open()
    task = asyncio.create_task(stage.bridge.run(NoAnalysis(), world.recordings))
    async with aclosing(stage.console.events(proctor, world.exam_id, cursor)) as events:
        stage.bridge.on_capture(MediaStarted(sitting_id, 0))
        flag = Flag(FlagKind.ABSENCE, Severity.ALERT, 20_000, None, 0.9, (), {}, (), None)
        update = FlagUpdate(sitting_id, FlagPhase.OPENED, flag)
        await asyncio.to_thread(stage.bridge.on_flag, update)
        assert [one.kind for one in await take(events, 2)] == ["media.started", "flag.opened"]
    task.cancel()


# --- the wire -----------------------------------------------------------------------------------


def test_an_event_on_the_wire_is_one_line_of_json(hand_clock):
    at = hand_clock.now()
    payload = {"flag_id": "f", "comment": "two\nlines"}
    raw = wire(LiveEvent(7, "decision.made", "s", at, payload)).decode()
    lines = raw.split("\n")
    assert lines[:2] == ["id: 7", "event: decision.made"]
    assert lines[3:] == ["", ""]
    data = json.loads(lines[2].removeprefix("data: "))
    assert data == {**payload, "sitting_id": "s", "at": "2026-11-22T04:00:00Z"}


@pytest.mark.parametrize(
    ("header", "after", "cursor"),
    [("", 5, 5), ("9", 5, 9), ("x", 5, 5), ("-1", 5, 5), ("９", 5, 5), ("9" * 40, 0, MAX_CURSOR)],
)
def test_the_last_event_id_wins_where_it_is_one(header, after, cursor):
    assert cursor_of(header, after) == cursor


async def test_a_stream_ends_now_and_then_so_that_the_log_in_is_checked_again():
    async def endless():
        while True:
            yield None

    pieces = [piece async for piece in stream(endless(), until=time.monotonic() - 1)]
    assert len(pieces) == 2


async def test_a_stop_that_meets_a_wake_up_still_ends_the_watch() -> None:
    hub = LiveHub(poll_s=60)

    async def newest() -> int:
        return 0

    watch = asyncio.create_task(hub.run(newest))
    await asyncio.sleep(0)  # it waits for a hint
    hub.wake()
    watch.cancel()
    done, _ = await asyncio.wait([watch], timeout=PATIENCE_S)
    assert watch in done
