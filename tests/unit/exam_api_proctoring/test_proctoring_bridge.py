"""What capture and analysis report becomes rows: once, in order, and again after a crash."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from analysis.contracts import (
    AnalysedStretch,
    Box,
    Evidence,
    Flag,
    FlagKind,
    FlagPhase,
    FlagUpdate,
    ModelRef,
    Severity,
    Still,
    Subject,
)
from capture.contracts import (
    Gap,
    GapCause,
    MediaLost,
    MediaStarted,
    PublisherEnded,
    RecordingFailed,
    Segment,
    SegmentClosed,
    TrackKind,
)
from exam_api.adapters.sql import tables
from exam_api.domain.errors import StorageBusy
from exam_api.domain.policy import ExamPolicy
from exam_api.services.identity_ports import Photo, PhotoKind
from exam_api.services.proctoring import ProctoringBridge
from exam_api.services.proctoring_ports import EventKind
from tests.patience import PATIENCE_S


class FakeAnalysis:
    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.expected: list[Subject] = []
        self.paces: list[int] = []

    def attach(self, sitting_id: str, _excused: object, subject: Subject, thumbnail_s: int) -> None:
        self.paces.append(thumbnail_s)
        self.calls.append(("attach", sitting_id))
        self.expected.append(subject)

    def detach(self, sitting_id: str) -> None:
        self.calls.append(("detach", sitting_id))


class Bench:
    """A running bridge whose clock ticks only when told."""

    def __init__(self, world) -> None:
        self.world = world
        self.analysis = FakeAnalysis()
        self.ticks: asyncio.Queue[None] = asyncio.Queue()
        self.slept: list[float] = []
        self.bridge = self.make(world.proctoring)

    def make(self, transaction) -> ProctoringBridge:
        return ProctoringBridge(
            transaction, self.world.blobs, clock=self.world.clock, sleep=self._sleep
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds == 1.0 and len(self.slept) == 1:
            await self.ticks.get()

    async def settle(self) -> None:
        await self.bridge.settled()

    async def tick(self) -> None:
        await self.bridge.tick(self.world.recordings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.bridge.open()
        task = asyncio.create_task(self.bridge.run(self.analysis, self.world.recordings))
        try:
            await asyncio.sleep(0)
            yield
        finally:
            task.cancel()

    async def flags(self, sitting_id: str):
        async with self.world.read() as store:
            return await store.flags([sitting_id])


@pytest.fixture
async def bench(world) -> AsyncIterator[Bench]:
    made = Bench(world)
    async with made.running():
        yield made


def segment(sitting_id: str, index: int) -> Segment:
    return Segment(
        sitting_id=sitting_id,
        index=index,
        name=f"{index:06}.webm",
        start_ms=(index - 1) * 15_000,
        end_ms=index * 15_000,
        size_bytes=1000,
        sha256="a" * 64,
        chain="b" * 64,
        video_codec="vp8",
        audio_codec="opus",
        width=640,
        height=480,
    )


def flag(start_ms: int = 20_000, **changes) -> Flag:
    evidence = Evidence(start_ms + 500, b"jpeg", (Box("face", 0.9, 0.1, 0.1, 0.4, 0.4),))
    made = Flag(
        kind=FlagKind.ABSENCE,
        severity=Severity.ALERT,
        start_ms=start_ms,
        end_ms=None,
        confidence=0.9,
        models=(ModelRef("face", "1", "c" * 64),),
        thresholds={"enter": 0.8},
        scores=((start_ms, 1.0),),
        evidence=evidence,
    )
    return replace(made, **changes)


def opened(sitting_id: str, start_ms: int = 20_000) -> FlagUpdate:
    return FlagUpdate(sitting_id, FlagPhase.OPENED, flag(start_ms))


def closed(sitting_id: str, start_ms: int = 20_000, end_ms: int = 25_000) -> FlagUpdate:
    return FlagUpdate(sitting_id, FlagPhase.CLOSED, flag(start_ms, end_ms=end_ms))


async def test_a_segment_told_twice_is_one_row(bench, world):
    sitting_id = await world.sitting()
    for _ in range(2):
        bench.bridge.on_capture(SegmentClosed(segment(sitting_id, 1)))
    await bench.settle()
    async with world.read() as store:
        assert list(await store.segments(sitting_id)) == [segment(sitting_id, 1)]


async def test_a_worker_that_hangs_keeps_no_row_of_another_sitting_waiting(bench, world):
    stuck, other = await world.sitting("student1"), await world.sitting("student2")
    go_on, switch_off = threading.Event(), bench.analysis.detach

    def detach(sitting_id: str) -> None:
        if sitting_id == stuck:
            go_on.wait()
        switch_off(sitting_id)

    bench.analysis.detach = detach
    try:
        for sitting_id in (stuck, other):
            bench.bridge.on_capture(MediaLost(sitting_id, 30_000))
        bench.bridge.on_capture(MediaStarted(stuck, 31_000))
        async with asyncio.timeout(PATIENCE_S):
            await bench.bridge._reports.join()
        kinds = [kind for kind in await world.kinds() if kind.startswith("media.")]
        assert kinds == ["media.lost", "media.lost", "media.started"]
    finally:
        go_on.set()
    await bench.settle()
    of_stuck = [call for call, sitting_id in bench.analysis.calls if sitting_id == stuck]
    assert of_stuck == ["detach", "attach"]  # in turn all the same


async def test_media_switches_analysis_and_tells_the_console(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_capture(MediaStarted(sitting_id, 100))
    bench.bridge.on_capture(MediaLost(sitting_id, 30_000))
    await bench.settle()
    assert bench.analysis.calls == [("attach", sitting_id), ("detach", sitting_id)]
    assert [k for k in await world.kinds() if k.startswith("media.")] == [
        "media.started",
        "media.lost",
    ]


async def test_the_exam_says_how_often_its_console_gets_a_picture(bench, world):
    sitting_id = await world.sitting()
    async with world.database.write() as unit:
        exam = await unit.session.get(tables.Exam, world.exam_id)
        exam.policy = ExamPolicy(thumbnail_s=7).to_json()
    bench.bridge.on_capture(MediaStarted(sitting_id, at_ms=0))
    await bench.settle()
    assert bench.analysis.paces == [7]


async def test_whoever_watches_a_sitting_knows_whom_to_expect(bench, world):
    """T-4.3: the photos that the student took, before the camera was on or after."""
    one = await world.sitting()
    media = bench.world.recordings
    await world.blobs.put("face", b"jpeg of a face")
    async with world.database.write() as unit:
        await unit.identity.add_photo(one, Photo(PhotoKind.FACE, "face", world.clock.now()))
    bench.bridge.on_capture(MediaStarted(one, at_ms=0))
    await bench.settle()
    assert bench.analysis.expected == [Subject(faces=(b"jpeg of a face",))]

    await world.blobs.put("card", b"jpeg of a card")
    async with world.database.write() as unit:
        await unit.identity.add_photo(one, Photo(PhotoKind.DOCUMENT, "card", world.clock.now()))
    bench.bridge.on_photos(one)  # nobody watches it now: the next start will know
    await bench.settle()
    assert len(bench.analysis.expected) == 1
    media.live[one] = True
    bench.bridge.on_photos(one)
    await bench.settle()
    both = Subject(faces=(b"jpeg of a face",), documents=(b"jpeg of a card",))
    assert bench.analysis.expected[1:] == [both]
    assert "jpeg" not in repr(both)


async def test_a_stranger_before_the_test_is_known_until_seen_to_leave(bench, world):
    sitting_id = await world.sitting(begun=False)
    stranger = flag(1000, kind=FlagKind.IDENTITY_MISMATCH)
    assert not bench.bridge.somebody_else(sitting_id)
    bench.bridge.on_flag(FlagUpdate(sitting_id, FlagPhase.OPENED, stranger))
    await bench.settle()
    assert bench.bridge.somebody_else(sitting_id)
    assert not bench.bridge.somebody_else("another")
    gone = replace(stranger, end_ms=9000)
    bench.bridge.on_flag(FlagUpdate(sitting_id, FlagPhase.CLOSED, gone))
    await bench.settle()
    assert not bench.bridge.somebody_else(sitting_id)


async def test_a_photo_that_cannot_be_read_is_left_out(bench, world):
    one = await world.sitting()
    async with world.database.write() as unit:
        await unit.identity.add_photo(one, Photo(PhotoKind.FACE, "gone", world.clock.now()))
    bench.bridge.on_capture(MediaStarted(one, at_ms=0))
    await bench.settle()
    assert bench.analysis.expected == [Subject()]


async def test_a_flag_lives_from_opened_to_closed_in_one_row(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_flag(opened(sitting_id))
    bench.bridge.on_flag(
        FlagUpdate(sitting_id, FlagPhase.UPDATED, flag(confidence=0.95, evidence=None))
    )
    bench.bridge.on_flag(closed(sitting_id))
    await bench.settle()
    (row,) = await bench.flags(sitting_id)
    assert (row.start_ms, row.end_ms, row.kind) == (20_000, 25_000, FlagKind.ABSENCE)
    assert row.models == flag().models
    assert row.scores == flag().scores
    assert row.boxes == flag().evidence.boxes
    assert await world.blobs.get(row.evidence_key) == b"jpeg"
    assert [k for k in await world.kinds() if k.startswith("flag.")] == [
        "flag.opened",
        "flag.updated",
        "flag.closed",
    ]


BEFORE = (Still(18_000, b"small one"), Still(19_000, b"small two"))


async def pictures(world, row) -> list[tuple[int, bytes]]:
    return [(still.at_ms, await world.blobs.get(still.key)) for still in row.before]


async def test_the_seconds_before_a_flag_are_stored_as_it_opens_and_stay(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_flag(FlagUpdate(sitting_id, FlagPhase.OPENED, flag(before=BEFORE)))
    await bench.settle()
    (row,) = await bench.flags(sitting_id)
    assert await pictures(world, row) == [(18_000, b"small one"), (19_000, b"small two")]
    for phase, end_ms in ((FlagPhase.UPDATED, None), (FlagPhase.CLOSED, 25_000)):
        changed = flag(before=BEFORE, end_ms=end_ms, confidence=0.95)
        bench.bridge.on_flag(FlagUpdate(sitting_id, phase, changed))
    await bench.settle()
    (later,) = await bench.flags(sitting_id)
    assert later.end_ms == 25_000
    assert later.before == row.before


async def test_an_update_stores_no_picture_from_before_anew(bench, world, monkeypatch):
    """A flag that lasts is told every five seconds; five more uploads each would hold up others."""
    sitting_id = await world.sitting()
    put: list[str] = []
    store = world.blobs.put

    async def counted(key: str, data: bytes) -> None:
        put.append(key)
        await store(key, data)

    monkeypatch.setattr(world.blobs, "put", counted)
    for phase in (FlagPhase.OPENED, FlagPhase.UPDATED, FlagPhase.UPDATED):
        bench.bridge.on_flag(FlagUpdate(sitting_id, phase, flag(before=BEFORE)))
    await bench.settle()
    assert len([key for key in put if "-before-" in key]) == 2


@pytest.mark.parametrize("direct", [True, False], ids=["told again", "ticked"])
async def test_a_flag_that_lasts_into_the_test_has_them_too(bench, world, direct):
    sitting_id = await world.sitting(begun=False)
    update = FlagUpdate(sitting_id, FlagPhase.UPDATED, flag(before=BEFORE))
    bench.bridge.on_flag(update)
    await bench.settle()
    await world.begin(sitting_id, 21_000)
    if direct:
        bench.bridge.on_flag(update)
        await bench.settle()
    else:
        await bench.tick()
    (row,) = await bench.flags(sitting_id)
    assert [still.at_ms for still in row.before] == [18_000, 19_000]


async def test_a_flag_whose_pictures_cannot_be_stored_counts_and_gets_them_as_it_ends(
    bench, world, monkeypatch
):
    sitting_id = await world.sitting()

    async def full(_key: str, _data: bytes) -> None:
        raise StorageBusy

    with monkeypatch.context() as patch:
        patch.setattr(world.blobs, "put", full)
        bench.bridge.on_flag(FlagUpdate(sitting_id, FlagPhase.OPENED, flag(before=BEFORE)))
        await bench.settle()
        (row,) = await bench.flags(sitting_id)
        assert (row.evidence_key, row.before) == (None, ())
    ended = flag(before=BEFORE, end_ms=25_000)
    bench.bridge.on_flag(FlagUpdate(sitting_id, FlagPhase.CLOSED, ended))
    await bench.settle()
    (row,) = await bench.flags(sitting_id)
    assert len(await pictures(world, row)) == 2


async def test_a_flag_that_ended_stays_as_it_is(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_flag(closed(sitting_id))
    for late in (opened(sitting_id), closed(sitting_id, end_ms=99_000)):
        bench.bridge.on_flag(late)
    await bench.settle()
    (row,) = await bench.flags(sitting_id)
    assert row.end_ms == 25_000
    assert (await world.kinds()).count("flag.closed") == 1


async def test_an_analyzer_that_died_ends_what_it_saw_and_nothing_that_the_page_said(bench, world):
    sitting_id = await world.sitting()
    focus = flag(kind=FlagKind.FOCUS_LOST, models=())
    for one in (flag(), focus):
        bench.bridge.on_flag(FlagUpdate(sitting_id, FlagPhase.OPENED, one))
    await bench.settle()
    bench.bridge.on_analysis_lost(sitting_id, 24_000)
    await bench.settle()
    ends = {row.kind: row.end_ms for row in await bench.flags(sitting_id)}
    assert ends == {flag().kind: 24_000, FlagKind.FOCUS_LOST: None}
    bench.bridge.on_flag(FlagUpdate(sitting_id, FlagPhase.CLOSED, replace(focus, end_ms=90_000)))
    await bench.settle()
    assert 90_000 in [row.end_ms for row in await bench.flags(sitting_id)]


async def test_flags_arrive_from_the_workers_thread(bench, world):
    sitting_id = await world.sitting()
    thread = threading.Thread(target=bench.bridge.on_flag, args=(opened(sitting_id),))
    thread.start()
    await asyncio.to_thread(thread.join)
    await bench.settle()
    assert len(await bench.flags(sitting_id)) == 1


async def test_a_flag_before_the_test_counts_only_if_it_lasts_into_it(bench, world):
    sitting_id = await world.sitting(begun=False)
    for update in (opened(sitting_id, 1_000), opened(sitting_id, 4_000)):
        bench.bridge.on_flag(update)
    bench.bridge.on_flag(closed(sitting_id, 1_000, 3_000))
    await bench.settle()
    await bench.tick()
    assert not await bench.flags(sitting_id)
    await world.begin(sitting_id, 6_000)
    await bench.tick()
    assert [row.start_ms for row in await bench.flags(sitting_id)] == [4_000]


async def test_a_flag_after_the_end_is_none(bench, world):
    sitting_id = await world.sitting()
    await world.finish(sitting_id, 60_000)
    bench.bridge.on_flag(opened(sitting_id, 60_500))
    bench.bridge.on_flag(closed(sitting_id, 55_000, 60_500))
    await bench.settle()
    assert [row.start_ms for row in await bench.flags(sitting_id)] == [55_000]


async def test_silence_is_a_technical_flag_until_media_returns(bench, world):
    sitting_id = await world.sitting()
    gap = Gap(30_000, 41_000, GapCause.NETWORK)
    bench.bridge.on_capture(MediaLost(sitting_id, 30_000))
    await bench.settle()
    (row,) = await bench.flags(sitting_id)
    assert (row.kind, row.severity, row.end_ms) == (
        FlagKind.CONNECTION_LOST,
        Severity.TECHNICAL,
        None,
    )
    for _ in range(2):
        bench.bridge.on_capture(MediaStarted(sitting_id, 41_000, gap))
    await bench.settle()
    (row,) = await bench.flags(sitting_id)
    assert (row.start_ms, row.end_ms) == (30_000, 41_000)
    async with world.read() as store:
        assert list(await store.gaps(sitting_id)) == [gap]


async def test_a_gap_nobody_saw_begin_is_flagged_when_it_ends(bench, world):
    """A restart of the server: nobody was there to tell of the loss."""
    sitting_id = await world.sitting()
    gap = Gap(30_000, 34_000, GapCause.SERVER_RESTART)
    bench.bridge.on_capture(MediaStarted(sitting_id, 34_000, gap))
    await bench.settle()
    (row,) = await bench.flags(sitting_id)
    assert (row.kind, row.start_ms, row.end_ms) == (FlagKind.CONNECTION_LOST, 30_000, 34_000)


async def test_a_gap_during_the_device_check_is_no_flag(bench, world):
    sitting_id = await world.sitting(begun=False)
    bench.bridge.on_capture(MediaLost(sitting_id, 3_000))
    bench.bridge.on_capture(MediaStarted(sitting_id, 7_000, Gap(3_000, 7_000, GapCause.NETWORK)))
    await bench.settle()
    assert not await bench.flags(sitting_id)


async def test_a_publisher_that_left_is_flagged_only_if_it_stays_away(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_capture(PublisherEnded(sitting_id, 30_000))
    await bench.settle()
    world.clock.move(seconds=31)
    await bench.tick()
    assert not await bench.flags(sitting_id)
    world.clock.move(seconds=2)
    await bench.tick()
    (row,) = await bench.flags(sitting_id)
    assert (row.kind, row.start_ms, row.end_ms) == (FlagKind.CONNECTION_LOST, 30_000, None)


async def test_a_connection_that_breaks_is_one_flag(bench, world):
    """Capture tells first of the silence, then that the connection is gone for good."""
    sitting_id = await world.sitting()
    bench.bridge.on_capture(MediaLost(sitting_id, 30_000))
    bench.bridge.on_capture(PublisherEnded(sitting_id, 32_000))
    await bench.settle()
    world.clock.move(seconds=60)
    await bench.tick()
    assert [row.start_ms for row in await bench.flags(sitting_id)] == [30_000]


async def test_a_publisher_that_left_because_the_sitting_ended_is_no_flag(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_capture(PublisherEnded(sitting_id, 30_000))
    await bench.settle()
    await world.finish(sitting_id, 30_100)
    world.clock.move(seconds=60)
    await bench.tick()
    assert not await bench.flags(sitting_id)


async def test_flags_of_an_ended_sitting_end_with_it(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_capture(MediaLost(sitting_id, 50_000))
    await bench.settle()
    await world.finish(sitting_id, 60_000)
    await bench.tick()
    (row,) = await bench.flags(sitting_id)
    assert row.end_ms == 60_000


async def test_a_start_takes_up_what_a_crash_left(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_flag(opened(sitting_id))
    await bench.settle()
    world.recordings.until_ms[sitting_id] = 47_000
    again = bench.make(world.proctoring)
    await again.resume([segment(sitting_id, 1)], [], world.recordings)
    (row,) = await bench.flags(sitting_id)
    assert row.end_ms == 47_000
    async with world.read() as store:
        assert [one.index for one in await store.segments(sitting_id)] == [1]
    world.clock.move(seconds=60)
    await again.tick(world.recordings)
    lost = (await bench.flags(sitting_id))[-1]
    assert (lost.kind, lost.start_ms, lost.end_ms) == (FlagKind.CONNECTION_LOST, 47_000, None)
    await again.resume([segment(sitting_id, 1)], [], world.recordings)
    assert len(await bench.flags(sitting_id)) == 2


async def test_a_busy_database_delays_a_report_but_loses_none(world):
    bench = Bench(world)
    refusals = iter([StorageBusy(), StorageBusy()])

    @asynccontextmanager
    async def sometimes():
        if (refusal := next(refusals, None)) is not None:
            raise refusal
        async with world.proctoring() as store:
            yield store

    bench.bridge = bench.make(sometimes)
    sitting_id = await world.sitting()
    async with bench.running():
        bench.bridge.on_flag(opened(sitting_id))
        await bench.settle()
    assert len(await bench.flags(sitting_id)) == 1
    assert bench.slept == [1.0, 0.2, 1.0]  # the ticker's, then two delays


async def test_a_report_of_an_unknown_sitting_stops_nobody(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_capture(MediaLost("nobody", 1))
    bench.bridge.on_flag(opened(sitting_id))
    await bench.settle()
    assert len(await bench.flags(sitting_id)) == 1


async def test_a_recording_that_fails_is_told_to_the_console(bench, world):
    sitting_id = await world.sitting()
    bench.bridge.on_capture(RecordingFailed(sitting_id, 9_000, "disk_full"))
    await bench.settle()
    assert "recording.failed" in await world.kinds()


async def test_a_lost_screen_is_a_gap_and_a_word_to_the_console_but_no_flag(bench, world):
    sitting_id = await world.sitting()
    screen = TrackKind.SCREEN
    gap = Gap(30_000, 41_000, GapCause.CLIENT_ENDED, screen)
    for event in (
        PublisherEnded(sitting_id, 30_000, screen),
        MediaLost(sitting_id, 30_000, screen),
        MediaStarted(sitting_id, 41_000, gap, screen),
        SegmentClosed(segment(sitting_id, 1)),
        SegmentClosed(replace(segment(sitting_id, 1), track=screen)),
    ):
        bench.bridge.on_capture(event)
    await bench.settle()
    await bench.tick()
    assert await bench.flags(sitting_id) == []
    assert bench.analysis.calls == []
    async with world.read() as store:
        assert list(await store.gaps(sitting_id)) == [gap]
        assert [s.track for s in await store.segments(sitting_id)] == [TrackKind.CAMERA, screen]
        told = await store.events_after(world.exam_id, 0, 100)
    lost = [event.payload for event in told if event.kind == EventKind.MEDIA_LOST]
    assert [payload["track"] for payload in lost] == ["screen", "screen"]


async def test_frames_analysed_are_kept_by_stretch_and_never_shrink(bench, world):
    sitting_id = await world.sitting()
    for frames, start_ms, end_ms in (
        (120, 0, 60_000),
        (240, 0, 120_000),
        (120, 0, 60_000),  # again, of before
        (30, 130_000, 140_000),
    ):
        bench.bridge.on_stretch(AnalysedStretch(sitting_id, frames, start_ms, end_ms))
    bench.bridge.on_stretch(AnalysedStretch("nobody's", 1, 0, 1))
    await bench.settle()
    async with world.read() as store:
        kept = await store.analysed(sitting_id)
        assert await store.analysed("nobody's") == []
    assert kept == [
        AnalysedStretch(sitting_id, 240, 0, 120_000),
        AnalysedStretch(sitting_id, 30, 130_000, 140_000),
    ]
