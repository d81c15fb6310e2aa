"""Which worker a sitting goes to, what is told of it, and what a worker's end leads to."""

import asyncio
import inspect
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from analysis.contracts import NOBODY_KNOWN, AnalysedStretch
from capture.contracts import (
    CaptureFigures,
    ClockOffset,
    GapCause,
    LiveStatus,
    MediaLost,
    MediaStarted,
    PublisherEnded,
    PublishGrant,
    Relief,
    TrackKey,
    TrackKind,
    WatchGrant,
)
from capture.endpoint import Publication
from capture.errors import CapacityFull, NotLiveNow, ResourceUnknown
from capture.places import HOLD_S
from capture.service import CaptureService
from capture.supplied import CHILD_S, SupplyRequest
from exam_api.adapters.workers.child import CAPTURE_CALLS
from exam_api.adapters.workers.messages import (
    Beat,
    Counted,
    Happened,
    TrackState,
    WorkerLoad,
    WorkerUnavailable,
)
from exam_api.adapters.workers.pool import CALL_S
from exam_api.adapters.workers.remote import SUPPLY_S, RemoteCapture
from tests.patience import PATIENCE_S

# Where each public method of the capture service is done when workers record.
BY_THE_WORKER = {*CAPTURE_CALLS, "explain"}
AS_REPORTED = {
    *("status", "recorded_until", "track_of", "watched_track"),
    *("figures", "relief", "views"),
}
FROM_THE_DISK = {"recording", "joined", "clip", "tracks_on_record"}
OF_THE_MAIN_PROCESS = {"start", "aclose", "repaired"}
INSIDE_A_WORKER = {"tap", "audio_tap", "tracks", "relieve"}
LIVE = LiveStatus(True, True, 900, 10, 2)
SILENT = LiveStatus(False, True, 900, 10, 2)


def public(owner: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(owner) if not name.startswith("_")}


def test_every_method_of_the_capture_service_has_its_place():
    placed = BY_THE_WORKER | AS_REPORTED | FROM_THE_DISK | OF_THE_MAIN_PROCESS | INSIDE_A_WORKER
    assert public(CaptureService) == placed
    own = {name for name in vars(RemoteCapture) if not name.startswith("_")}
    assert own >= BY_THE_WORKER | AS_REPORTED
    assert own.isdisjoint(FROM_THE_DISK)


@dataclass(eq=False)
class FakeWorker:
    index: int
    tracks: dict = field(default_factory=dict)
    figures: CaptureFigures = field(default_factory=CaptureFigures)
    ready: bool = True
    lost: bool = False
    load: WorkerLoad = field(default_factory=WorkerLoad)
    calls: list = field(default_factory=list)
    patience: dict = field(default_factory=dict)

    def tell(self, name, *arguments):
        self.calls.append((name, *arguments))

    async def call(self, name, *arguments, within_s=CALL_S):
        if self.lost:
            raise WorkerUnavailable
        self.patience[name] = within_s
        self.calls.append((name, *arguments))
        return Publication(f"r{self.index}-{len(self.calls)}", "sdp", "tag")


@pytest.fixture
def told():
    return []


@pytest.fixture
async def capture(tmp_path, told):
    service = RemoteCapture(
        tmp_path,
        workers=2,
        setup=lambda _index: pytest.fail("no process is started here"),
        on_event=told.append,
        on_flag=told.append,
        on_stretch=told.append,
        on_thumbnail=lambda *_: None,
        on_analysis_lost=lambda *lost: told.append(lost),
    )
    service.pool._workers = {0: FakeWorker(0), 1: FakeWorker(1)}
    yield service
    await CaptureService.aclose(service)


def grant(sitting_id: str, track: TrackKind = TrackKind.CAMERA) -> PublishGrant:
    return PublishGrant(sitting_id, datetime(2026, 1, 1, tzinfo=UTC), track)


def owners(capture) -> dict[str, int]:
    return {sitting: worker.index for sitting, worker in capture._owners.items()}


async def test_sittings_are_spread_and_stay_with_their_worker(capture):
    for sitting in ("a", "b", "c", "d"):
        await capture.publish(grant(sitting), "v=0")
    assert owners(capture) == {"a": 0, "b": 1, "c": 0, "d": 1}
    await capture.end_sitting("b")
    for sitting in ("e", "a", "c"):
        await capture.publish(grant(sitting), "v=0")
    await capture.publish(grant("a", TrackKind.SCREEN), "v=0")
    assert owners(capture) == {"a": 0, "c": 0, "d": 1, "e": 1}


async def test_recordings_are_kept_by_their_worker_or_else_here(capture):
    key, offset = TrackKey("a"), ClockOffset(1, 2, 3, 4)
    await capture.publish(grant("a"), "v=0")
    await capture.note_clock(key, offset)
    assert capture._owners["a"].calls[-1] == ("note_clock", key, offset)
    await capture.end_sitting("a")
    await capture.note_clock(key, offset)
    assert capture.recording("a").clocks == (offset,)


async def test_what_a_page_supplies_may_wait_for_that_of_others(capture, tmp_path):
    await capture.publish(grant("a"), "v=0")
    request = SupplyRequest("p", tmp_path / "p.part", 0, "0" * 64)
    await capture.supply(TrackKey("a"), request)
    worker = capture._owners["a"]
    assert worker.calls[-1] == ("supply", TrackKey("a"), request)
    assert worker.patience == {"publish": CALL_S, "supply": SUPPLY_S}
    assert SUPPLY_S >= 5 * CHILD_S


async def test_no_worker_gets_a_sitting_whose_manifest_is_written_here(capture):
    begun, go_on = threading.Event(), threading.Event()

    def slow(_manifest) -> None:
        begun.set()
        go_on.wait(PATIENCE_S)

    amending = asyncio.create_task(capture._amend(TrackKey("a"), slow))
    await asyncio.to_thread(begun.wait, PATIENCE_S)
    publishing = asyncio.create_task(capture.publish(grant("a"), "v=0"))
    await asyncio.sleep(0.05)
    assert owners(capture) == {}
    go_on.set()
    await asyncio.gather(amending, publishing)
    assert owners(capture) == {"a": 0}


async def test_a_view_is_opened_and_ended_where_its_sitting_is(capture):
    with pytest.raises(NotLiveNow):
        await capture.watch(WatchGrant("a"), "v=0")
    await capture.publish(grant("a"), "v=0")
    view = await capture.watch(WatchGrant("a"), "v=0")
    assert capture.watched_track(view.resource_id) == TrackKey("a")
    await capture.end_views("a")
    assert capture._owners["a"].calls[-1] == ("end_views", "a")
    await capture.end_view(view.resource_id)
    assert capture._owners["a"].calls[-1] == ("end_view", view.resource_id)
    with pytest.raises(ResourceUnknown):
        await capture.end_view(view.resource_id)


async def test_why_the_camera_is_off_reaches_the_worker_that_comes_next(capture):
    capture.explain(TrackKey("a"), GapCause.CAMERA_OFF)
    await capture.publish(grant("a"), "v=0")
    told = [call for call in capture._owners["a"].calls if call[0] == "explain"]
    assert told == [("explain", TrackKey("a"), GapCause.CAMERA_OFF)]


async def test_a_resource_lasts_until_the_next_or_the_end(capture):
    first = await capture.publish(grant("a"), "v=0")
    second = await capture.publish(grant("a"), "v=0")
    with pytest.raises(ResourceUnknown):
        capture.track_of(first.resource_id)
    assert capture.track_of(second.resource_id) == TrackKey("a")
    await capture.end(second.resource_id)
    worker = capture._owners["a"]
    assert worker.calls[-1] == ("end", second.resource_id)
    capture._hear(worker, Happened(PublisherEnded("a", 5), {}))
    with pytest.raises(ResourceUnknown):
        await capture.end(second.resource_id)


async def test_what_is_live_is_as_the_worker_said(capture, told):
    assert not capture.status("a").live
    await capture.publish(grant("a"), "v=0")
    worker = capture._owners["a"]
    started = MediaStarted("a", 5)
    capture._hear(worker, Happened(started, {TrackKey("a"): TrackState(LIVE, 700, ())}))
    assert told == [started]
    assert capture.status("a") == LIVE
    assert not capture.status("a", TrackKind.SCREEN).live
    assert capture.recorded_until("a") == 700
    worker.figures = CaptureFigures(publishing=1, live=1, frames_decoded=10)
    assert capture.figures() == worker.figures


async def test_what_a_worker_has_analysed_is_handed_on(capture, told):
    stretch = AnalysedStretch("a", 121, 0, 60_000)
    capture._hear(capture.pool.workers[0], Counted(stretch))
    assert told == [stretch]


async def test_the_growing_segment_is_read_unless_it_is_listed_already(capture, tmp_path):
    await capture.publish(grant("a"), "v=0")
    worker = capture._owners["a"]
    worker.tracks[TrackKey("a")] = TrackState(LIVE, 700, ("000001.webm",))
    assert capture._parts(TrackKey("a")) == ((), (tmp_path / "a/camera/000001.webm",))


async def test_newcomers_avoid_an_overloaded_worker_and_wait_where_all_are(capture):
    busy, other = capture.pool.workers
    busy.load = WorkerLoad(relief=Relief.NO_LIVE_VIEWS)
    for sitting in ("a", "b"):
        await capture.publish(grant(sitting), "v=0")
    assert owners(capture) == {"a": 1, "b": 1}
    assert capture.relief is Relief.NO_LIVE_VIEWS
    other.load = busy.load
    beat = Beat({}, CaptureFigures(), other.load)
    capture._hear(other, beat)
    with pytest.raises(CapacityFull) as full:
        await capture.publish(grant("c"), "v=0")
    assert full.value.position == 1
    assert capture.figures().waiting == 1
    await capture.publish(grant("a"), "v=0")  # who is in stays in
    busy.load = WorkerLoad()
    capture._hear(busy, beat)
    await capture.publish(grant("c"), "v=0")
    assert owners(capture)["c"] == 0


async def test_a_workers_end_is_told_for_each_of_its_sittings_only(capture, told):
    for sitting in ("a", "b", "c"):
        await capture.publish(grant(sitting), "v=0")
    dead = capture._owners["a"]
    dead.tracks = {
        TrackKey("a"): TrackState(LIVE, 700, ()),
        TrackKey("a", TrackKind.SCREEN): TrackState(LIVE, 700, ()),
        TrackKey("c"): TrackState(SILENT, 800, ()),
    }
    dead.figures = CaptureFigures(2, 0, 2, frames_decoded=10, frames_dropped=2, sound_lost_ms=480)
    before = capture.figures()
    dead.lost = True
    await capture._lost(dead)
    assert told == [
        ("a", 0),
        MediaLost("a", 900),
        MediaLost("a", 900, TrackKind.SCREEN),
        ("c", 0),
        PublisherEnded("c", 900),
    ]
    assert owners(capture) == {"b": 1}
    assert (before.live, capture.figures().live) == (2, 0)
    after = capture.figures()  # a counter never goes back
    assert (after.frames_decoded, after.frames_dropped, after.sound_lost_ms) == (10, 2, 480)
    await capture.publish(grant("a"), "v=0")
    assert owners(capture) == {"b": 1, "a": 1}
    del capture.pool._workers[0]


async def test_a_sitting_that_ends_while_its_lost_worker_is_cleared_up_stops_nothing(capture, told):
    for sitting in ("a", "b", "c"):
        await capture.publish(grant(sitting), "v=0")
    dead = capture._owners["a"]
    dead.lost = True

    async def repaired(sitting_id):
        if sitting_id == "a":
            await capture.end_sitting("a")
            return []
        raise ValueError("line 1 is no manifest line")

    capture.repaired = repaired
    await capture._lost(dead)
    assert owners(capture) == {"b": 1}
    assert told == [("a", 0), ("c", 0)]
    del capture.pool._workers[0]
    await capture.publish(grant("c"), "v=0")  # whatever its manifest is like
    assert owners(capture)["c"] == 1


async def test_the_place_of_a_lost_workers_sitting_is_not_held_for_good(capture):
    await capture.publish(grant("a"), "v=0")
    dead = capture._owners["a"]
    dead.tracks, dead.lost = {TrackKey("a"): TrackState(LIVE, 700, ())}, True
    await capture._lost(dead)
    later = capture._places.now() + HOLD_S + 1
    capture._places.now = lambda: later
    assert capture._places.free == capture._places.limit


async def test_who_publishes_as_the_sitting_ends_is_sent_away(capture):
    await capture.publish(grant("a"), "v=0")
    worker = capture._owners["a"]
    answer, call = asyncio.Event(), worker.call

    async def slow(name, *arguments):
        if name == "publish":
            await answer.wait()
        return await call(name, *arguments)

    worker.call = slow
    publishing = asyncio.create_task(capture.publish(grant("a"), "v=0"))
    await asyncio.sleep(0)
    await capture.end_sitting("a")
    answer.set()
    with pytest.raises(WorkerUnavailable):
        await publishing
    assert worker.calls[-1] == ("end_sitting", "a")  # nobody records what nobody owns
    assert owners(capture) == {}


async def test_without_workers_the_page_is_told_to_come_again(capture):
    await capture.publish(grant("a"), "v=0")
    for worker in capture.pool.workers:
        worker.lost = True
    with pytest.raises(WorkerUnavailable) as refused:
        await capture.publish(grant("b"), "v=0")
    assert (refused.value.status, refused.value.retryable) == (503, True)
    await capture.end_sitting("a")  # nothing is left to end


async def test_analysis_of_a_lost_worker_is_no_failure(capture, caplog):
    from exam_api.adapters.workers.remote import RemoteAnalysis

    await capture.publish(grant("a"), "v=0")
    analysis = RemoteAnalysis(capture, asyncio.get_running_loop())
    await asyncio.to_thread(analysis.attach, "a", ["phone"], NOBODY_KNOWN, 5)
    assert capture._owners["a"].calls[-1] == ("attach", "a", ("phone",), NOBODY_KNOWN, 5)
    await asyncio.to_thread(analysis.detach, "unknown")
