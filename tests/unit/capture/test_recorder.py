"""The recorder: segments on key frames, gaps with their cause, a full disk survived."""

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import monotonic, time

import pytest

from capture import clip, repair, webm
from capture.chain import verify_folder
from capture.codecs import KeyInfo
from capture.contracts import Gap, GapCause, MediaStarted, RecordingFailed, SegmentClosed, TrackKey
from capture.finalise import finalise
from capture.join import TEMPORARY
from capture.manifest import Manifest, read
from capture.recorder import Recorder
from capture.settings import CaptureSettings
from capture.signing import RecordingKey

KEY = KeyInfo(640, 480)


class Bench:
    """A recorder on a real folder, fed with made-up frames at 10 a second."""

    def __init__(self, folder, pool):
        self.folder = folder
        self.pool = pool
        self.events = []
        folder.mkdir(exist_ok=True)
        self.open()

    def open(self):
        self.recorder = Recorder(
            TrackKey("s1"),
            self.folder,
            Manifest(self.folder, TrackKey("s1")),
            writing=self.pool,
            settings=CaptureSettings(segment_s=3.0),
            emit=self.events.append,
        )

    def feed(self, start_ms, end_ms, *, key=KEY, key_every=10, sound=False):
        for number, at_ms in enumerate(range(start_ms, end_ms, 100)):
            info = key if number % key_every == 0 else None
            self.recorder.video("vp8", at_ms, b"frame %d" % at_ms, info)
            if sound:
                self.recorder.audio(at_ms + 5, b"sound")

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    async def finish(self, cause=GapCause.CLIENT_ENDED):
        self.recorder.pause(cause)
        await self.recorder.drain()
        return read(self.folder, TrackKey("s1"))


@pytest.fixture
def bench(tmp_path):
    with ThreadPoolExecutor(1) as pool:
        yield Bench(tmp_path / "camera", pool)


def times(folder, segment):
    data = (folder / segment.name).read_bytes()
    return [b.at_ms for c in webm.scan(data).clusters for b in webm.blocks_of(data, c)]


async def test_segments_begin_with_key_frames_and_leave_no_hole(bench):
    bench.feed(0, 10_000, sound=True)
    ledger = await bench.finish()
    segments = ledger.segments
    assert [s.start_ms for s in segments] == [0, 3000, 6000, 9000]
    assert [s.end_ms for s in segments][:3] == [3000, 6000, 9000]
    assert verify_folder(bench.folder, segments[-1].chain) == []
    assert ledger.gaps == []
    data = [(bench.folder / s.name).read_bytes() for s in segments]
    assert all(webm.scan(d).clusters[0].key_ms is not None for d in data)
    video = [t for s in segments for t in times(bench.folder, s) if t % 100 == 0]
    assert video == list(range(0, 10_000, 100))
    assert [e.segment for e in bench.told(SegmentClosed)] == segments
    assert bench.told(MediaStarted) == [MediaStarted("s1", 0, None)]


async def test_nothing_is_recorded_before_the_first_key_frame(bench):
    bench.recorder.video("vp8", 0, b"delta", None)
    assert bench.recorder.wants_key_frame
    assert bench.told(MediaStarted) == []
    assert (await bench.finish()).segments == []


async def test_sound_that_came_before_the_picture_is_kept(bench):
    for at_ms in range(0, 5000, 60):
        bench.recorder.audio(at_ms, b"early")
    bench.feed(5000, 6000)
    (segment,) = (await bench.finish()).segments
    kept = [t for t in times(bench.folder, segment) if t < 5000]
    assert min(kept) >= 3000
    assert len(kept) > 25
    assert segment.audio_codec == "opus"


async def test_sound_that_the_line_held_back_stays_out_of_the_gap(bench):
    bench.feed(0, 2000)
    bench.recorder.pause(GapCause.NETWORK)
    bench.feed(7000, 7500)
    for at_ms in range(4000, 7600, 60):
        bench.recorder.audio(at_ms, b"late")
    bench.feed(7500, 11_000, sound=True)
    ledger = await bench.finish()
    assert ledger.gaps == [Gap(2000, 7000, GapCause.NETWORK)]
    second = times(bench.folder, ledger.segments[1])
    assert min(second) == ledger.segments[1].start_ms == 7000
    assert [t for t in second if t % 100 and t < 7500] == [7060, 7120, 7180, 7240, 7360, 7420, 7480]


async def test_sound_of_just_before_a_new_segment_is_kept(bench):
    bench.feed(0, 3000)
    bench.recorder.video("vp8", 3000, b"key", KEY)
    bench.recorder.audio(2990, b"sound")
    bench.feed(3100, 3500)
    ledger = await bench.finish()
    assert 2990 in times(bench.folder, ledger.segments[1])


async def test_a_pause_becomes_a_gap_with_its_cause(bench):
    bench.feed(0, 2000)
    bench.recorder.pause(GapCause.NETWORK)
    assert not bench.recorder.recording
    bench.feed(7000, 9000)
    ledger = await bench.finish()
    assert ledger.gaps == [Gap(2000, 7000, GapCause.NETWORK)]
    assert bench.told(MediaStarted)[1] == MediaStarted("s1", 7000, ledger.gaps[0])


@pytest.mark.parametrize(
    "cause", [GapCause.CLIENT_ENDED, GapCause.NETWORK, GapCause.SERVER_RESTART]
)
async def test_after_a_restart_the_gap_tells_what_it_began_with(bench, cause):
    bench.feed(0, 2000)
    await bench.finish(cause)
    bench.open()
    bench.feed(60_000, 61_000)
    assert [gap.cause for gap in (await bench.finish()).gaps] == [cause]


async def test_a_recording_that_nobody_paused_was_cut_off_by_the_server(bench):
    bench.feed(0, 4000)
    await bench.recorder.drain()
    repair.repair_folder(bench.folder, Manifest(bench.folder, TrackKey("s1")), TrackKey("s1"))
    bench.open()
    bench.feed(60_000, 61_000)
    assert [gap.cause for gap in (await bench.finish()).gaps] == [GapCause.SERVER_RESTART]


@pytest.mark.parametrize("told", [None, GapCause.CAMERA_OFF])
@pytest.mark.parametrize("reopened", [False, True])
@pytest.mark.parametrize(
    "later", [GapCause.CLIENT_ENDED, GapCause.SERVER_RESTART, GapCause.NETWORK]
)
async def test_a_gap_keeps_its_first_cause(bench, told, later, reopened):
    """A good-bye, or the end of everything, that comes in the silence is no reason for it."""
    bench.feed(0, 2000)
    bench.recorder.explain(told)
    bench.recorder.pause(GapCause.NETWORK)
    bench.recorder.pause(later)
    await bench.recorder.drain()
    if reopened:
        bench.open()
    bench.feed(9000, 10_000)
    first = told or GapCause.NETWORK
    assert [gap.cause for gap in (await bench.finish()).gaps] == [first]


async def test_a_disk_that_refuses_is_never_put_down_to_the_student(bench, monkeypatch):
    bench.feed(0, 2000)
    bench.recorder.pause(GapCause.NETWORK)
    there_is_space = refuse_after(monkeypatch, 0)
    bench.feed(5000, 7000)
    there_is_space()
    bench.feed(9000, 10_000)
    assert [gap.cause for gap in (await bench.finish()).gaps] == [GapCause.STORAGE]


async def test_a_new_size_starts_a_segment_at_its_key_frame(bench):
    bench.feed(0, 1000)
    bench.feed(1000, 2000, key=KeyInfo(320, 240))
    segments = (await bench.finish()).segments
    assert [(s.width, s.height) for s in segments] == [(640, 480), (320, 240)]


async def test_a_publication_that_begins_within_the_last_frame_stays_behind_it(bench):
    bench.feed(0, 1000)
    bench.recorder.pause(GapCause.NETWORK)
    bench.feed(930, 2000)
    ledger = await bench.finish()
    assert ledger.segments[1].start_ms >= ledger.segments[0].end_ms
    assert ledger.gaps == []


async def test_sound_of_a_publication_that_replaces_another_goes_on_behind_it(bench):
    bench.feed(0, 1000, sound=True)
    for at_ms in range(1005, 1400, 60):  # the old one's sound was ahead of its picture
        bench.recorder.audio(at_ms, b"sound")
    bench.feed(1000, 2000, sound=True)
    ledger = await bench.finish()
    (segment,) = ledger.segments
    data = (bench.folder / segment.name).read_bytes()
    blocks = [b for c in webm.scan(data).clusters for b in webm.blocks_of(data, c)]
    heard = [block.at_ms for block in blocks if block.track == webm.OPUS_TRACK]
    assert heard == sorted(set(heard))
    assert heard[-1] == 1905


async def test_waiting_frames_are_written_when_nothing_newer_comes(bench):
    bench.feed(0, 400)
    assert bench.recorder.growing == ()
    bench.recorder.tick(2000)
    assert len(bench.recorder.growing) == 1


@pytest.fixture
def slow_disk(bench):
    """Hashes and syncs wait until it is set."""
    held = threading.Event()
    bench.pool.submit(held.wait)
    yield held
    held.set()


async def test_a_segment_that_is_being_sealed_can_be_read_all_the_time(bench, slow_disk):
    bench.feed(0, 8500)
    files = bench.recorder.growing
    assert [path.name for path in files] == ["000001.webm", "000002.webm", "000003.webm"]
    assert bench.recorder.ledger.segments == []
    assert clip.cut(bench.folder, (), files, 1000, 4000)
    slow_disk.set()
    await bench.recorder.drain()
    assert [path.name for path in bench.recorder.growing] == ["000003.webm"]
    assert len(bench.recorder.ledger.segments) == 2


def refuse_after(monkeypatch, allowed):
    """The disk takes ``allowed`` bytes more, then it is full, in the middle of a write."""
    real, left = os.write, [allowed]

    def write(descriptor, data):
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(descriptor, bytes(data)[: left[0]])
        left[0] -= written
        return written

    monkeypatch.setattr("capture.segment_file.os.write", write)
    return lambda: monkeypatch.setattr("capture.segment_file.os.write", real)


async def test_a_full_disk_keeps_what_is_whole_and_recording_resumes(bench, monkeypatch):
    bench.feed(0, 1000)
    there_is_space = refuse_after(monkeypatch, 150)
    bench.feed(1000, 5000)
    assert [e.code for e in bench.told(RecordingFailed)] == ["disk_full"]
    assert bench.recorder.failed
    assert not bench.recorder.recording
    there_is_space()
    bench.feed(5000, 7000)
    assert bench.recorder.recording
    assert not bench.recorder.failed
    ledger = await bench.finish()
    assert verify_folder(bench.folder, ledger.chain) == []
    assert [gap.cause for gap in ledger.gaps] == [GapCause.STORAGE]
    assert ledger.segments[0].start_ms == 0
    assert 1000 <= ledger.segments[0].end_ms <= 1100
    assert ledger.segments[-1].start_ms == 5000
    again = bench.told(MediaStarted)[-1]
    assert again.gap == ledger.gaps[0]


async def test_the_last_room_on_the_disk_is_left_to_the_answers(bench, monkeypatch):
    real = os.fstatvfs
    free = [CaptureSettings().reserve_bytes + 10_000]

    def little(descriptor):
        found = list(real(descriptor))
        found[1], found[4] = 1, free[0]  # f_frsize, f_bavail
        return os.statvfs_result(found)

    monkeypatch.setattr("capture.segment_file.os.fstatvfs", little)
    bench.feed(0, 2000)
    free[0] = CaptureSettings().reserve_bytes - 1
    bench.feed(2000, 4000)
    (failed,) = bench.told(RecordingFailed)
    assert failed.code == "disk_full"
    assert not bench.recorder.recording
    free[0] += 10_000
    bench.feed(4000, 6000)
    assert bench.recorder.recording
    ledger = await bench.finish()
    assert [gap.cause for gap in ledger.gaps] == [GapCause.STORAGE]
    assert verify_folder(bench.folder, ledger.segments[-1].chain) == []


async def test_a_full_manifest_loses_no_segment(bench, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    real = os.pwrite
    monkeypatch.setattr("capture.manifest.os.pwrite", full)
    bench.feed(0, 3500)
    bench.recorder.pause(GapCause.NETWORK)
    await bench.recorder.drain()
    assert [e.code for e in bench.told(RecordingFailed)] == ["disk_full"]
    monkeypatch.setattr("capture.manifest.os.pwrite", real)
    bench.feed(4000, 5000)
    ledger = await bench.finish()
    assert [s.index for s in ledger.segments] == [1, 2, 3]
    assert [e.segment.index for e in bench.told(SegmentClosed)] == [1, 2, 3]
    assert verify_folder(bench.folder, ledger.chain) == []


async def test_a_crash_leaves_a_segment_that_is_repaired_once(bench):
    bench.feed(0, 4000)
    await bench.recorder.drain()
    (growing,) = bench.recorder.growing
    with growing.open("ab") as file:
        file.write(b"\x1f\x43\xb6\x75\x10\x00\x40\x00torn")
    (bench.folder / "000003.webm").write_bytes(b"\x1a\x45")  # a header cut off
    manifest = Manifest(bench.folder, TrackKey("s1"))
    (gained,) = repair.repair_folder(bench.folder, manifest, TrackKey("s1"))
    assert (gained.index, gained.start_ms, gained.width) == (2, 3000, 640)
    assert gained.end_ms >= 3500
    assert not (bench.folder / "000003.webm").exists()
    assert verify_folder(bench.folder, gained.chain) == []
    assert (
        repair.repair_folder(bench.folder, Manifest(bench.folder, TrackKey("s1")), TrackKey("s1"))
        == []
    )
    bench.recorder.pause(GapCause.NETWORK)


async def test_a_short_cut_within_a_segment_is_a_gap(bench):
    """1.5 s without packets is too short to be lost, but it is not on record either."""
    bench.feed(0, 2000, sound=True)
    bench.feed(3500, 5000, sound=True)
    ledger = await bench.finish()
    assert ledger.gaps == [Gap(2005, 3500, GapCause.NETWORK)]
    assert [(s.start_ms, s.end_ms) for s in ledger.segments][1:] == [(3500, 5005)]
    assert bench.told(MediaStarted)[1].gap == ledger.gaps[0]


@pytest.mark.parametrize(
    ("lost", "cause"), [(True, GapCause.NETWORK), (False, GapCause.CAMERA_OFF)]
)
async def test_sound_without_pictures_is_kept_within_a_gap(bench, lost, cause):
    """After a cut, sound is sent again longer than pictures are; a camera may be off for long."""
    bench.feed(0, 2000, sound=True)
    for at_ms in range(2000, 3960, 60):
        bench.recorder.audio(at_ms, b"sound")
    bench.recorder.video("vp8", 4000, b"frame", KEY, lost=lost)
    bench.feed(4100, 5000, sound=True)
    ledger = await bench.finish()
    assert ledger.gaps == [Gap(2000, 4000, cause, sound_until_ms=4020)]
    assert [(s.start_ms, s.end_ms) for s in ledger.segments][-2:] == [(0, 2000), (4000, 5005)]
    assert max(times(bench.folder, ledger.segments[0])) == 3920


async def test_sound_that_comes_back_before_the_picture_is_kept_within_the_gap(bench):
    bench.feed(0, 2000, sound=True)
    bench.recorder.pause(GapCause.NETWORK)
    for at_ms in range(2040, 4000, 60):
        bench.recorder.audio(at_ms, b"sound")
    bench.feed(4000, 5000, sound=True)
    ledger = await bench.finish()
    assert ledger.gaps == [Gap(2005, 4000, GapCause.NETWORK, sound_until_ms=4000)]
    assert [(s.start_ms, s.end_ms) for s in ledger.segments][-1] == (4000, 5005)
    assert min(times(bench.folder, ledger.segments[-1])) == 2040


async def test_sound_that_comes_back_late_leaves_a_gap_of_both(bench):
    """Up to the picture, of which the page supplies both: seconds of sound alone do not count."""
    bench.feed(0, 2000, sound=True)
    bench.recorder.pause(GapCause.NETWORK)
    for at_ms in range(62_500, 64_000, 60):
        bench.recorder.audio(at_ms, b"sound")
    bench.feed(64_000, 65_000, sound=True)
    ledger = await bench.finish()
    assert ledger.gaps == [Gap(2005, 64_000, GapCause.NETWORK)]
    assert min(times(bench.folder, ledger.segments[-1])) == ledger.segments[-1].start_ms == 64_000


async def test_sound_goes_on_record_for_as_long_as_the_camera_is_off(bench):
    bench.feed(0, 2000, sound=True)
    for at_ms in range(2000, 90_000, 60):
        bench.recorder.audio(at_ms, b"sound")
        if at_ms == 4040:
            bench.recorder.go_on_with_sound(GapCause.CAMERA_OFF)
    assert bench.recorder.until_ms == 2000
    bench.feed(90_000, 91_000, sound=True)
    ledger = await bench.finish()
    assert ledger.gaps == [Gap(2000, 90_000, GapCause.CAMERA_OFF, sound_until_ms=90_060)]
    assert [(s.start_ms, s.end_ms) for s in ledger.segments][:1] == [(0, 2000)]
    assert max(times(bench.folder, ledger.segments[0])) == 89_960
    assert verify_folder(bench.folder, ledger.chain) == []
    assert [event.at_ms for event in bench.told(MediaStarted)] == [0, 90_000]


@pytest.mark.parametrize(
    ("later", "cause"),
    [
        (GapCause.NETWORK, GapCause.CAMERA_OFF),
        (GapCause.CLIENT_ENDED, GapCause.CAMERA_OFF),
        (GapCause.SERVER_RESTART, GapCause.CAMERA_OFF),
        (GapCause.STORAGE, GapCause.STORAGE),
    ],
)
async def test_a_gap_with_sound_keeps_its_cause_when_the_sound_ends_too(bench, later, cause):
    bench.feed(0, 2000, sound=True)
    for at_ms in range(2000, 8000, 60):
        bench.recorder.audio(at_ms, b"sound")
    bench.recorder.go_on_with_sound(GapCause.CAMERA_OFF)
    bench.recorder.pause(later)
    bench.feed(60_000, 61_000)
    (gap,) = (await bench.finish()).gaps
    assert (gap.start_ms, gap.end_ms, gap.cause) == (2000, 60_000, cause)
    assert gap.sound_until_ms == 8040


async def test_pictures_that_were_only_late_end_the_silence_without_a_gap(bench):
    bench.feed(0, 2000, sound=True)
    bench.recorder.go_on_with_sound(GapCause.CAMERA_OFF)
    bench.feed(2000, 3000, sound=True)
    assert [event.at_ms for event in bench.told(MediaStarted)] == [0, 2000]
    assert not bench.recorder.sound_alone
    assert (await bench.finish()).gaps == []


async def test_a_crash_while_only_sound_came_makes_no_seconds_of_it(bench):
    bench.feed(0, 2000, sound=True)
    for at_ms in range(2000, 9000, 60):
        bench.recorder.audio(at_ms, b"sound")
    bench.recorder.go_on_with_sound(GapCause.CAMERA_OFF)
    manifest = Manifest(bench.folder, TrackKey("s1"))
    (gained,) = repair.repair_folder(bench.folder, manifest, TrackKey("s1"))
    assert (gained.start_ms, gained.end_ms) == (0, 2000)
    bench.open()
    bench.feed(60_000, 61_000)
    (gap,) = (await bench.finish()).gaps
    assert gap == Gap(2000, 60_000, GapCause.CAMERA_OFF, sound_until_ms=gap.sound_until_ms)
    assert 8400 < gap.sound_until_ms < 9000


async def test_a_pause_of_the_pictures_alone_is_no_gap(bench):
    bench.feed(0, 2000, sound=True)
    for at_ms in range(2000, 2900, 60):
        bench.recorder.audio(at_ms, b"sound")
    bench.feed(2900, 4000)
    assert (await bench.finish()).gaps == []


async def test_a_camera_that_stays_off_is_a_gap_up_to_the_end(bench, tmp_path):
    bench.feed(0, 2000, sound=True)
    for at_ms in range(2000, 4960, 60):
        bench.recorder.audio(at_ms, b"sound")
    await bench.finish(GapCause.CAMERA_OFF)
    manifest = Manifest(bench.folder, TrackKey("s1"))
    signer = RecordingKey.load_or_create(tmp_path / "key.pem")
    recording = finalise(manifest, signer=signer, at=datetime.now(UTC), until_ms=6000)
    assert recording.gaps == (Gap(2000, 6000, GapCause.CAMERA_OFF, sound_until_ms=5040),)


@pytest.mark.parametrize(
    ("before", "told", "seen", "cause"),
    [
        (True, GapCause.CAMERA_OFF, GapCause.NETWORK, GapCause.CAMERA_OFF),
        (False, GapCause.BROWSER_CLOSED, GapCause.CLIENT_ENDED, GapCause.BROWSER_CLOSED),
        (True, None, GapCause.NETWORK, GapCause.NETWORK),
        (False, GapCause.BROWSER_CLOSED, GapCause.STORAGE, GapCause.STORAGE),
    ],
)
async def test_the_page_may_say_why_there_is_silence(bench, before, told, seen, cause):
    """Before the silence or in it; never where the server knows better."""
    bench.feed(0, 2000)
    if before:
        bench.recorder.explain(GapCause.CAMERA_OFF)
        bench.recorder.explain(told)
    bench.recorder.pause(seen)
    if not before:
        bench.recorder.explain(told)
    await bench.recorder.drain()
    bench.open()  # it is on record at once: a restart makes no other gap of it
    bench.feed(9000, 10_000)
    assert [gap.cause for gap in (await bench.finish()).gaps] == [cause]


async def test_an_old_word_explains_nothing(bench, monkeypatch):
    bench.feed(0, 2000)
    bench.recorder.explain(GapCause.CAMERA_OFF)
    monkeypatch.setattr("capture.recorder.time.monotonic", lambda: monotonic() + 60)
    bench.recorder.pause(GapCause.NETWORK)
    bench.feed(9000, 10_000)
    assert [gap.cause for gap in (await bench.finish()).gaps] == [GapCause.NETWORK]


async def test_a_file_is_on_the_disk_before_the_line_that_names_it(bench, monkeypatch):
    """What survives a power loss is in this order (docs/decisions: what a power loss leaves)."""
    synced, real = [], os.fsync

    def watched(descriptor):
        synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))  # noqa: PTH115, PTH119
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    bench.feed(0, 5000)
    await bench.finish()
    segment, listed = "000001.webm", "segments.jsonl"
    assert synced[:3] == [segment, listed, bench.folder.name]  # and the list's own new name
    assert synced[3:5] == ["000002.webm", listed]


def test_a_join_that_is_being_written_outlives_the_opening_of_its_folder(bench):
    fresh, left = (bench.folder / f"{TEMPORARY}{name}" for name in ("fresh", "left"))
    for path in (fresh, left):
        path.write_bytes(b"clusters")
    long_ago = time() - repair.ABANDONED_S - 1
    os.utime(left, (long_ago, long_ago))
    repair.repair_folder(bench.folder, Manifest(bench.folder, TrackKey("s1")), TrackKey("s1"))
    assert fresh.exists()
    assert not left.exists()
