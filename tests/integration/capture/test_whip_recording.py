"""From a real peer over the real HTTP endpoint to files that other programs read."""

import asyncio
import io
import itertools
import json
import subprocess

import av
import pytest

from capture.chain import verify_folder
from capture.contracts import MediaStarted, PublisherEnded, SegmentClosed
from capture.publisher import Publisher
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration


def ffprobe(program, path, *what):
    command = [program, "-v", "error", *what, "-of", "json", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def decodes_without_complaint(program, path):
    command = [program, "-v", "error", "-xerror", "-i", path, "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def times(source, kind):
    """Seconds of every packet of the first stream of a kind."""
    with av.open(source) as container:
        stream = next(s for s in container.streams if s.type == kind)
        return [float(p.pts * p.time_base) for p in container.demux(stream) if p.pts is not None]


async def test_a_published_file_is_recorded_whole_in_chained_segments(
    capture_server, clip_file, require
):
    await Publisher().publish(clip_file, capture_server.whip, "s1", http=capture_server.http)
    recording = capture_server.service.recording("s1")
    assert len(recording.segments) >= 2
    assert [s.index for s in recording.segments] == list(range(1, len(recording.segments) + 1))
    assert recording.gaps == ()
    assert recording.recorded_ms >= 3900
    assert verify_folder(capture_server.root / "s1" / "camera", recording.digest) == []
    assert isinstance(capture_server.events[0], MediaStarted)
    assert type(capture_server.events[-1]) is PublisherEnded
    assert len(capture_server.seen(SegmentClosed)) == len(recording.segments)
    joined = await capture_server.service.joined("s1")
    found = ffprobe(require("ffprobe"), joined, "-show_format", "-show_streams")
    assert {s["codec_name"] for s in found["streams"]} == {"vp8", "opus"}
    shown = float(found["format"]["duration"]) - float(found["format"]["start_time"])
    assert shown >= 3.9
    assert len(times(joined, "video")) >= 58  # of 60: none but what a slow start may cost
    decodes_without_complaint(require("ffmpeg"), joined)


async def test_sound_and_picture_keep_step_and_every_packet_arrives(capture_server, vp8, opus):
    peer = await capture_server.publish("s1", vp8, opus)
    await peer.video.done.wait()
    await asyncio.sleep(0.3)
    assert (
        await capture_server.http.delete(peer.resource, headers={"Authorization": "Bearer s1"})
    ).status_code == 200
    joined = await capture_server.service.joined("s1")
    picture, sound = times(joined, "video"), times(joined, "audio")
    assert len(picture) == len(vp8.packets)
    assert len(sound) >= len(opus.packets) - 1
    steps = [b - a for a, b in itertools.pairwise(picture)]
    assert max(abs(step - 1 / 15) for step in steps) < 0.02
    assert abs(picture[0] - sound[0]) < 0.1
    assert abs((picture[-1] - picture[0]) - (sound[-1] - sound[0])) < 0.12


async def test_h264_is_recorded_as_matroska_that_decodes(capture_server, h264, require):
    peer = await capture_server.publish("s1", h264)
    await peer.video.done.wait()
    await asyncio.sleep(0.3)
    await capture_server.service.end_sitting("s1")
    recording = capture_server.service.recording("s1")
    assert {s.video_codec for s in recording.segments} == {"h264"}
    assert (recording.segments[0].width, recording.segments[0].height) == (320, 240)
    joined = await capture_server.service.joined("s1")
    assert joined.name == "recording.mkv"
    with av.open(str(joined)) as container:
        assert container.streams.video[0].codec_context.extradata[0] == 1  # avcC
        assert len(list(container.decode(video=0))) == len(h264.packets)
    clip = await capture_server.service.clip("s1", recording.segments[0].end_ms)
    with av.open(io.BytesIO(clip)) as container:
        assert len(list(container.decode(video=0))) > 30
    decodes_without_complaint(require("ffmpeg"), joined)


async def test_a_clip_is_cut_from_the_live_recording_and_starts_at_a_key_frame(
    capture_server, vp8, opus
):
    service = capture_server.service
    await capture_server.publish("s1", vp8, opus, loop=True)
    await capture_server.until(lambda: service.recorded_until("s1") > 3500)
    clip = await service.clip("s1", 3000, before_ms=1200, after_ms=10_000)
    with av.open(io.BytesIO(clip)) as container:
        packets = [p for p in container.demux(video=0) if p.pts is not None]
        assert packets[0].is_keyframe
        assert packets[0].pts == 0
        assert container.duration is not None
    sound = times(io.BytesIO(clip), "audio")
    assert 0 <= sound[0] < 0.1
    assert len(times(io.BytesIO(clip), "video")) >= 20


async def test_the_live_recording_joins_and_grows(capture_server, vp8):
    service = capture_server.service
    await capture_server.publish("s1", vp8, loop=True)
    await capture_server.until(lambda: service.recorded_until("s1") > 2500)
    first = times(await service.joined("s1"), "video")
    await capture_server.until(lambda: service.recorded_until("s1") > 3500)
    second = times(await service.joined("s1"), "video")
    assert len(second) > len(first) > 10
    assert second[: len(first)] == first


async def test_a_joined_recording_seeks(capture_server, vp8, opus):
    peer = await capture_server.publish("s1", vp8, opus)
    await peer.video.done.wait()
    await capture_server.service.end_sitting("s1")
    joined = await capture_server.service.joined("s1")
    made = joined.stat().st_mtime_ns
    assert (await capture_server.service.joined("s1")).stat().st_mtime_ns == made  # kept
    with av.open(str(joined)) as container:
        container.seek(3_000_000)
        packet = next(p for p in container.demux(video=0) if p.pts is not None)
        assert packet.is_keyframe
        assert 1.5 <= packet.pts * packet.time_base <= 3.0


async def test_a_new_picture_size_starts_a_new_segment(capture_server, vp8, larger_vp8):
    service = capture_server.service
    await capture_server.publish("s1", vp8, loop=True)
    await capture_server.until(lambda: service.recorded_until("s1") > 900)
    await capture_server.publish("s1", larger_vp8, loop=True)  # replaces the first
    await capture_server.until(lambda: service.recorded_until("s1") > 2800)
    await service.end_sitting("s1")
    segments = service.recording("s1").segments
    assert {(s.width, s.height) for s in segments} == {(320, 240), (480, 360)}
    assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(segments))


async def test_decoded_frames_reach_the_tap_at_its_rate(capture_server, vp8):
    tap = capture_server.service.tap("s1")
    await capture_server.publish("s1", vp8, loop=True)
    frames = []
    async with asyncio.timeout(PATIENCE_S):
        while len(frames) < 4:
            frame = await asyncio.to_thread(tap.take, 1.0)
            frames += [frame] if frame else []
    assert all(frame.i420.shape == (360, 320) for frame in frames)
    steps = [b.at_ms - a.at_ms for a, b in itertools.pairwise(frames)]
    assert all(400 <= step <= 700 for step in steps), steps
    await asyncio.sleep(1.6)
    status = capture_server.service.status("s1")
    assert status.live
    assert status.frames_decoded > 20
    assert tap.dropped >= 1  # nobody took them meanwhile
    assert status.frames_dropped >= tap.dropped
