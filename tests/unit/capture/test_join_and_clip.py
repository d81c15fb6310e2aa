"""Joining and cutting without decoding: the timeline stays as it was, gaps included."""

import errno
import io
import itertools
import os
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import av
import pytest

from capture import clip, join
from capture.codecs import KeyInfo
from capture.contracts import GapCause, TrackKey
from capture.errors import NoRoomToJoin, NothingRecorded, StorageFull
from capture.manifest import NAME, Manifest
from capture.recorder import Recorder
from capture.settings import CaptureSettings


def picture_at(at_ms):
    """The lowest bit of a VP8 frame's first byte is 0 in key frames: demuxers look at it."""
    return (b"\x10" if at_ms % 1000 == 0 else b"\x11") + b"picture %d" % at_ms


def sound_at(at_ms):
    """One Opus frame of 20 ms, as its first byte says."""
    return b"\xfcsound %d" % at_ms


@pytest.fixture
async def recorded(tmp_path):
    """Picture at 10 and sound at 50 a second, 0–6 s and 10–14 s; a key frame each second."""
    with ThreadPoolExecutor(1) as pool:
        recorder = Recorder(
            TrackKey("s1"),
            tmp_path,
            Manifest(tmp_path, TrackKey("s1")),
            writing=pool,
            settings=CaptureSettings(segment_s=3.0),
            emit=lambda _: None,
        )
        for start, end in ((0, 6000), (10_000, 14_000)):
            for at_ms in range(start, end, 20):
                if at_ms % 100 == 0:
                    key = KeyInfo(640, 480) if at_ms % 1000 == 0 else None
                    recorder.video("vp8", at_ms, picture_at(at_ms), key)
                recorder.audio(at_ms, sound_at(at_ms))
            recorder.pause(GapCause.NETWORK)
            await recorder.drain()
        yield tmp_path, tuple(recorder.ledger.segments)


def packets(source, kind):
    with av.open(source) as container:
        stream = next(s for s in container.streams if s.type == kind)
        return [(p.pts, bytes(p), p.is_keyframe) for p in container.demux(stream) if p.size]


async def test_a_join_keeps_every_packet_at_its_time(recorded):
    folder, segments = recorded
    path = str(join.join(folder, segments, ()))
    picture, sound = packets(path, "video"), packets(path, "audio")
    moments = [*range(0, 6000, 100), *range(10_000, 14_000, 100)]
    assert [(at, data) for at, data, _ in picture] == [(m, picture_at(m)) for m in moments]
    assert [at for at, _, key in picture if key] == [m for m in moments if m % 1000 == 0]
    assert len(sound) == 500
    assert all(data == sound_at(at) for at, data, _ in sound)
    with av.open(path) as container:
        assert container.duration == segments[-1].end_ms * 1000


async def test_a_join_is_kept_until_something_is_added(recorded):
    folder, segments = recorded
    first = join.join(folder, segments[:2], ())
    made = first.stat().st_ino
    assert join.join(folder, segments[:2], ()).stat().st_ino == made
    assert join.join(folder, segments, ()).stat().st_ino != made


@pytest.fixture
def watched(recorded):
    """Root, folder and segments of a track that was joined long ago."""
    folder, segments = recorded
    home = folder / "recordings" / "s1" / "camera"
    home.mkdir(parents=True)
    for path in [*folder.glob("*.webm"), folder / NAME]:
        path.rename(home / path.name)
    join.join(home, segments, ())
    for name in ("recording.webm", join.STAMP):
        os.utime(home / name, (1000, 1000))
    return home.parent.parent, home, segments


def test_a_join_that_nobody_asks_for_any_more_is_removed_and_made_again(watched):
    root, folder, segments = watched
    join.forget_unused(root, 1000)
    assert (folder / "recording.webm").exists()
    assert join.forget_unused(root, 1001) == 1
    assert {path.name for path in folder.iterdir()} == {NAME, *(one.name for one in segments)}
    assert join.join(folder, segments, ()).is_file()


def test_a_join_that_was_asked_for_again_stays(watched):
    root, folder, segments = watched
    join.join(folder, segments, ())
    assert join.forget_unused(root, time.time() - 60) == 0
    assert (folder / "recording.webm").exists()


@pytest.mark.parametrize("lost", ["gone", "cut", "list"])
def test_a_join_that_is_more_than_a_copy_is_never_removed(watched, lost):
    root, folder, segments = watched
    if lost == "gone":
        (folder / segments[1].name).unlink()
    elif lost == "cut":
        os.truncate(folder / segments[1].name, segments[1].size_bytes - 1)
    else:
        (folder / NAME).write_bytes(b"no list\n" + (folder / NAME).read_bytes())
    assert join.forget_unused(root, time.time() + 60) == 0
    assert (folder / "recording.webm").exists()


async def test_a_lost_segment_file_costs_only_itself(recorded):
    folder, segments = recorded
    (folder / segments[1].name).unlink()
    picture = packets(str(join.join(folder, segments, ())), "video")
    assert [at for at, _, _ in picture] == [*range(0, 3000, 100), *range(10_000, 14_000, 100)]


async def test_without_room_the_join_says_so_and_leaves_nothing(recorded, monkeypatch):
    folder, segments = recorded

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("capture.join.os.sendfile", full)
    with pytest.raises(StorageFull):
        join.join(folder, segments, ())
    assert not list(folder.glob(f"{join.TEMPORARY}*"))
    assert not (folder / "recording.webm").exists()


@pytest.mark.parametrize(("beyond", "fits"), [(0, True), (-1, False)])
async def test_a_join_leaves_answers_their_room(recorded, monkeypatch, beyond, fits):
    folder, segments = recorded
    size = join.join(folder, segments, ()).stat().st_size
    (folder / join.STAMP).unlink()
    free = join.RESERVE_BYTES + size + beyond
    monkeypatch.setattr("capture.join.shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    if fits:
        join.join(folder, segments, ())
        return
    with pytest.raises(NoRoomToJoin) as refused:
        join.join(folder, segments, ())
    assert (refused.value.status, refused.value.code) == (507, "no_room_to_join")
    assert not (folder / join.STAMP).exists()


async def test_a_clip_starts_at_the_key_frame_before_and_counts_from_zero(recorded):
    folder, segments = recorded
    data = clip.cut(folder, segments, (), 2400, 4500)
    picture, sound = packets(io.BytesIO(data), "video"), packets(io.BytesIO(data), "audio")
    assert picture[0] == (0, picture_at(2000), True)
    assert picture[-1][:2] == (2500, picture_at(4500))
    assert [b[0] - a[0] for a, b in itertools.pairwise(picture)] == [100] * 25
    assert len(sound) == 126
    assert all(data == sound_at(at + 2000) for at, data, _ in sound)
    with av.open(io.BytesIO(data)) as container:
        assert container.duration == pytest.approx(2_500_000, abs=25_000)


async def test_a_gap_in_a_clip_stays_a_gap(recorded):
    folder, segments = recorded
    picture = packets(io.BytesIO(clip.cut(folder, segments, (), 5000, 11_000)), "video")
    steps = [b[0] - a[0] for a, b in itertools.pairwise(picture)]
    assert max(steps) == 4100


async def test_a_clip_in_a_gap_begins_with_what_follows(recorded):
    folder, segments = recorded
    picture = packets(io.BytesIO(clip.cut(folder, segments, (), 8000, 10_500)), "video")
    assert picture[0] == (0, picture_at(10_000), True)


@pytest.mark.parametrize(("start", "end"), [(20_000, 30_000), (7000, 9000), (-5000, -1000)])
async def test_where_nothing_is_recorded_there_is_no_clip(recorded, start, end):
    folder, segments = recorded
    with pytest.raises(NothingRecorded):
        clip.cut(folder, segments, (), start, end)


def test_nothing_recorded_cannot_be_joined(tmp_path):
    with pytest.raises(NothingRecorded):
        join.join(tmp_path, (), ())
