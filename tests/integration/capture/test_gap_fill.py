"""Gap fill with real files: what the server lacks is cut out, spliced in, and plays."""

import hashlib
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise

import av
import pytest

from capture.chain import verify_recording
from capture.codecs import vp8_key
from capture.contracts import ClockOffset, Gap, GapCause, Span, TrackKey
from capture.ebml import element, vint
from capture.errors import SupplyRefused
from capture.manifest import NAME, Manifest
from capture.recorder import Recorder
from capture.service import CaptureService
from capture.settings import CaptureSettings
from capture.signing import RecordingKey
from capture.supplied import SupplyRequest, cut_out, missing

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def ffmpeg(require):
    return require("ffmpeg")


KEY = TrackKey("s1")


def page_piece(path, video, audio, *, cut_off=False, written_by=""):
    """A file as a browser's MediaRecorder writes it: live WebM, clusters of unknown order."""
    options = {"live": "1", "cluster_time_limit": "1000"}
    with av.open(str(path), "w", format="webm", options=options) as out:
        pictures = out.add_stream("libvpx", rate=15)
        pictures.width, pictures.height, pictures.pix_fmt = 320, 240, "yuv420p"
        sound = out.add_stream("libopus", rate=48000)
        sound.codec_context.open()
        pictures.codec_context.open()
        packets = []
        for stream, encoded, rate in ((pictures, video, 90000), (sound, audio, 48000)):
            for at, data, key in encoded.packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base = stream, Fraction(1, rate)
                packet.pts = packet.dts = int(at * rate)
                packet.is_keyframe = key
                packets.append((at, packet))
        for _, packet in sorted(packets, key=lambda one: one[0]):
            out.mux(packet)
    if written_by:
        path.write_bytes(signed(path.read_bytes(), written_by.encode()))
    if cut_off:  # the browser was killed while it wrote
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 2 // 3])
    return path


def signed(data, app):
    """The same file by another muxing application, as long as it was."""
    own = next(re.finditer(rb"M\x80.(Lavf[\d.]+)", data))
    void = b"\xec" + vint(len(own[1]) - len(app) - 2) + bytes(len(own[1]) - len(app) - 2)
    by_app = element(b"M\x80", app) + void
    # The muxer repeats itself in a tag, which would be believed instead.
    return (data[: own.start()] + by_app + data[own.end() :]).replace(b"ENCODER", b"WHATSON")


@pytest.fixture
async def service(tmp_path):
    service = CaptureService(tmp_path / "recordings", on_event=lambda _: None)
    yield service
    await service.aclose()


def recorder_in(tmp_path, service):
    folder = tmp_path / "recordings" / "s1" / "camera"
    folder.mkdir(parents=True)
    return Recorder(
        KEY, folder, Manifest(folder, KEY), writing=service._writing,
        settings=CaptureSettings(), emit=lambda _: None,
    )  # fmt: skip


@pytest.fixture
async def recorded(service, tmp_path, vp8, opus):
    """Four seconds twice, and a gap of 2.3 s between: on record by the server."""
    recorder = recorder_in(tmp_path, service)
    for zero in (0, 6325):
        feed(recorder, zero, vp8, opus)
        recorder.pause(GapCause.NETWORK)
    await recorder.drain()
    return recorder.folder


def feed(recorder, zero_ms, video, audio, *, dark=range(0)):
    """``dark``: when no picture comes, in milliseconds."""
    frames = [(float(at), "v", data) for at, data, _ in video.packets]
    frames += [(float(at), "a", data) for at, data, _ in audio.packets]
    for at, kind, data in sorted(frames):
        at_ms = zero_ms + round(at * 1000)
        if kind == "v" and at_ms in dark:
            continue
        if kind == "v":
            recorder.video("vp8", at_ms, data, vp8_key(data))
        else:
            recorder.audio(at_ms, data)


def request(path, start_ms, piece="a" * 32):
    return SupplyRequest(piece, path, start_ms, hashlib.sha256(path.read_bytes()).hexdigest())


def is_clean(path):
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "null", "-"], capture_output=True, check=False
    )
    return done.returncode, done.stderr


async def test_pictures_of_an_uneven_pace_decode_without_a_word(service, tmp_path, vp8):
    recorder, at_ms = recorder_in(tmp_path, service), 0
    for number, (_, data, _key) in enumerate(vp8.packets):
        recorder.video("vp8", at_ms, data, vp8_key(data))
        # First as from a clock, so that a reader may believe in it; then as cameras are.
        at_ms += 66 if number < 40 else (20, 113, 66)[number % 3]
    recorder.pause(GapCause.NETWORK)
    await recorder.drain()
    assert is_clean(await service.joined("s1")) == (0, b"")


async def test_the_sound_of_chromium_pieces_is_drawn_to_their_pictures(
    service, recorded, tmp_path, vp8, opus
):
    pieces = [
        page_piece(tmp_path / f"{browser}.part", vp8, opus, written_by=browser)
        for browser in ("Chrome", "Other")
    ]
    spans = missing(service.recording("s1"))
    heard = []
    for piece in pieces:
        (cut,) = cut_out(request(piece, 3520), spans, ())
        with av.open(str(tmp_path / cut.name)) as container:
            heard.append({bytes(one): one.pts for one in container.demux(audio=0) if one.size})
    chromium, other = heard
    assert len(chromium.keys() & other.keys()) > 50
    assert {other[sound] - chromium[sound] for sound in chromium.keys() & other.keys()} == {35}


async def test_a_gap_is_filled_to_the_millisecond_and_plays(service, recorded, tmp_path, vp8, opus):
    (gap,) = service.recording("s1").gaps
    assert missing(service.recording("s1")) == [Span(gap.start_ms, gap.end_ms)]
    before = (recorded / "000001.webm").read_bytes()
    piece = page_piece(tmp_path / "piece.part", vp8, opus)
    found = await service.supply(KEY, request(piece, 3520))
    recording = service.recording("s1")
    assert list(recording.supplied) == found
    assert [one.name for one in found] == ["c000001.webm"]
    assert found[0].start_ms == gap.start_ms
    assert gap.end_ms - found[0].end_ms < 80  # a frame's length
    assert (found[0].video_codec, found[0].audio_codec) == ("vp8", "opus")
    assert missing(recording) == []
    assert (recorded / "000001.webm").read_bytes() == before
    joined = await service.joined("s1")
    assert is_clean(joined) == (0, b"")
    with av.open(str(joined)) as container:
        times = sorted(float(f.pts * f.time_base) for f in container.decode(video=0))
    assert max(b - a for a, b in pairwise(times)) < 0.15
    assert times[-1] > 10.0
    clip = await service.clip("s1", 5000, 500, 500)
    (tmp_path / "clip.webm").write_bytes(clip)
    assert is_clean(tmp_path / "clip.webm") == (0, b"")


async def test_a_picture_that_cannot_be_decoded_is_left_out(service, recorded, tmp_path, vp8, opus):
    """A crash tears the last picture of a piece: the recording would no longer decode cleanly."""
    at_s, data, key = vp8.packets[20]
    pictures = [*vp8.packets[:20], (at_s, data[:12], key)]
    sound = [one for one in opus.packets if one[0] < at_s]
    piece = page_piece(
        tmp_path / "piece.part", replace(vp8, packets=pictures), replace(opus, packets=sound)
    )
    (found,) = await service.supply(KEY, request(piece, 3520))
    assert is_clean(await service.joined("s1")) == (0, b"")
    with av.open(str(recorded / found.name)) as container:
        assert data[:12] not in [bytes(one) for one in container.demux(video=0)]


async def test_seconds_of_a_piece_in_which_nobody_is_seen_do_not_count(
    service, recorded, tmp_path, vp8, opus
):
    """S-13: the camera was closed while the line was down. What was said then is kept."""
    (gap,) = service.recording("s1").gaps
    until = page_piece(tmp_path / "1.part", replace(vp8, packets=vp8.packets[:20]), opus)
    (first,) = await service.supply(KEY, request(until, 3520))
    assert first.start_ms == gap.start_ms
    assert first.end_ms == pytest.approx(3520 + 20 * 1000 / 15, abs=10)
    assert missing(service.recording("s1")) == [Span(first.end_ms, gap.end_ms)]
    assert is_clean(await service.joined("s1")) == (0, b"")
    heard_ms = [one.pts for one in _demuxed(recorded / first.name, "audio")]
    assert heard_ms[-1] > gap.end_ms - 50


async def test_a_camera_that_was_opened_late_counts_from_then_on(
    service, recorded, tmp_path, vp8, opus
):
    (gap,) = service.recording("s1").gaps
    pictures = [*vp8.packets[:5], *vp8.packets[30:]]
    piece = page_piece(tmp_path / "1.part", replace(vp8, packets=pictures), opus)
    (found,) = await service.supply(KEY, request(piece, 3400))
    assert found.start_ms == 5400
    assert missing(service.recording("s1")) == [Span(gap.start_ms, 5400)]
    assert is_clean(await service.joined("s1")) == (0, b"")
    assert _demuxed(recorded / found.name, "audio")[0].pts < gap.start_ms + 50


async def test_a_hole_within_a_piece_is_no_second_on_record(service, recorded, tmp_path, vp8, opus):
    """S-13: the computer slept for 1.2 s; what was said meanwhile is kept beside the pictures."""
    (gap,) = service.recording("s1").gaps
    pictures = [*vp8.packets[:15], *vp8.packets[33:]]
    piece = page_piece(tmp_path / "1.part", replace(vp8, packets=pictures), opus)
    before, after = await service.supply(KEY, request(piece, 3520))
    assert (before.start_ms, after.end_ms) == (gap.start_ms, gap.end_ms)
    assert before.end_ms == pytest.approx(3520 + 15 * 1000 / 15, abs=10)
    assert after.start_ms == pytest.approx(3520 + 33 * 1000 / 15, abs=10)
    assert missing(service.recording("s1")) == [Span(before.end_ms, after.start_ms)]
    assert is_clean(await service.joined("s1")) == (0, b"")
    assert _demuxed(recorded / before.name, "audio")[-1].pts > after.start_ms - 100
    assert await service.supply(KEY, request(piece, 3520)) == [before, after]
    assert len(service.recording("s1").supplied) == 2


def _demuxed(path, kind):
    with av.open(str(path)) as container:
        return [one for one in container.demux(**{kind: 0}) if one.pts is not None]


async def test_pictures_alone_are_filled_in_where_sound_is_on_record(service, tmp_path, vp8, opus):
    """S-13: a short cut, after which the sender had the sound still, but not the pictures."""
    recorder = recorder_in(tmp_path, service)
    for zero in (0, 4000):
        feed(recorder, zero, vp8, opus, dark=range(2500, 4000) if zero == 0 else range(0))
    recorder.pause(GapCause.CLIENT_ENDED)
    await recorder.drain()
    (gap,) = service.recording("s1").gaps
    assert gap.end_ms == 4000
    assert gap.sound_until_ms == pytest.approx(4000, abs=100)
    piece = page_piece(tmp_path / "piece.part", vp8, opus)
    (found,) = await service.supply(KEY, request(piece, 1000))
    assert (found.audio_codec, missing(service.recording("s1"))) == (None, [])
    joined = await service.joined("s1")
    assert is_clean(joined) == (0, b"")
    for kind, most in (("video", 0.15), ("audio", 0.03)):
        with av.open(str(joined)) as container:
            frames = container.decode(**{kind: 0})
            seen = [float(f.pts * f.time_base) for f in frames]
        assert max(b - a for a, b in pairwise(seen)) < most
        assert min(b - a for a, b in pairwise(seen)) >= 0
    (tmp_path / "clip.webm").write_bytes(await service.clip("s1", 3000, 1000, 1500))
    assert is_clean(tmp_path / "clip.webm") == (0, b"")


async def test_pictures_come_beside_the_sound_that_went_on_without_them(
    service, tmp_path, vp8, opus
):
    """A camera that was off for long: the joined file runs in time's order all the same."""
    recorder = recorder_in(tmp_path, service)
    for zero in (0, 4000, 8000, 12_000):
        feed(recorder, zero, vp8, opus, dark=range(4000, 12_000))
        if zero == 4000:
            recorder.go_on_with_sound(GapCause.CAMERA_OFF)
    recorder.pause(GapCause.CLIENT_ENDED)
    await recorder.drain()
    (gap,) = service.recording("s1").gaps
    assert gap.cause is GapCause.CAMERA_OFF
    assert gap.sound_until_ms == pytest.approx(12_000, abs=100)
    piece = page_piece(tmp_path / "piece.part", vp8, opus)
    for number, start_ms in enumerate((3990, 7980)):
        await service.supply(KEY, request(piece, start_ms, str(number) * 32))
    (tmp_path / "clip.webm").write_bytes(await service.clip("s1", 9000, 1500, 1500))
    for path in (await service.joined("s1"), tmp_path / "clip.webm"):
        assert is_clean(path) == (0, b"")
        with av.open(str(path)) as container:
            last_ms = 0
            for packet in container.demux():
                if packet.pts is not None:
                    assert packet.pts >= last_ms - 500  # a cluster's length
                    last_ms = max(last_ms, packet.pts)
        for kind, most in (("video", 0.25), ("audio", 0.03)):
            with av.open(str(path)) as container:
                seen = [float(f.pts * f.time_base) for f in container.decode(**{kind: 0})]
            assert max(b - a for a, b in pairwise(seen)) < most


async def test_the_same_piece_again_and_one_beside_the_gap_change_nothing(
    service, recorded, tmp_path, vp8, opus
):
    piece = page_piece(tmp_path / "piece.part", vp8, opus)
    await service.supply(KEY, request(piece, 3500))
    manifest = (recorded / NAME).read_bytes()
    await service.supply(KEY, request(piece, 3500))
    await service.supply(KEY, request(piece, 3600, "b" * 32))
    await service.supply(KEY, request(piece, 0, "c" * 32))
    assert (recorded / NAME).read_bytes() == manifest
    assert sorted(path.name for path in recorded.glob("c*")) == ["c000001.webm"]


async def test_two_pieces_share_a_gap_and_a_torn_one_gives_what_it_has(
    service, recorded, tmp_path, vp8, opus
):
    torn = page_piece(tmp_path / "one.part", vp8, opus, cut_off=True)
    (first,) = await service.supply(KEY, request(torn, 3000))
    left = missing(service.recording("s1"))
    assert [left[0].start_ms] == [first.end_ms]
    whole = page_piece(tmp_path / "two.part", vp8, opus)
    (second,) = await service.supply(KEY, request(whole, 4500, "b" * 32))
    assert (second.start_ms, second.name) == (first.end_ms, "c000002.webm")
    assert missing(service.recording("s1")) == []


async def test_supplied_segments_are_marked_chained_and_signed(
    service, recorded, tmp_path, vp8, opus
):
    key = RecordingKey.load_or_create(tmp_path / "key.pem")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    await service.finalise(KEY, key, at, 11_000)
    piece = page_piece(tmp_path / "piece.part", vp8, opus)
    await service.supply(KEY, request(piece, 3500))
    assert [p.code for p in verify_recording(recorded).problems] == ["unsigned"]
    recording = await service.finalise(KEY, key, at, 11_000)
    assert recording.signed_by == key.public
    checked = verify_recording(recorded, trusted=key.public)
    assert checked.problems == ()
    (line,) = [line for line in checked.lines if line.kind == "supplied"]
    assert line.said["source_sha256"] == hashlib.sha256(piece.read_bytes()).hexdigest()
    (recorded / "c000001.webm").write_bytes(b"other")
    assert [str(p) for p in verify_recording(recorded).problems] == ["c000001.webm: changed"]


@pytest.mark.parametrize("content", [b"", b"text", b"\x1a\x45\xdf\xa3" + b"\x00" * 4000])
async def test_what_is_no_recording_is_refused(service, recorded, tmp_path, content):
    (tmp_path / "odd.part").write_bytes(content)
    with pytest.raises(SupplyRefused):
        await service.supply(KEY, request(tmp_path / "odd.part", 3500))
    assert service.recording("s1").supplied == ()
    assert not list(recorded.glob("c*"))


async def test_other_codecs_are_refused(service, recorded, tmp_path):
    with av.open(str(tmp_path / "h264.part"), "w", format="matroska") as out:
        stream = out.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        out.mux(stream.encode(av.VideoFrame(320, 240, "yuv420p")))
        out.mux(stream.encode(None))
    with pytest.raises(SupplyRefused):
        await service.supply(KEY, request(tmp_path / "h264.part", 3500))


async def test_what_a_crash_left_half_moved_in_is_taken_away(service, recorded):
    (recorded / "c000007.webm").write_bytes(b"moved, not written down")
    await service.note_clock(KEY, ClockOffset(1, 2, 3, 4))
    assert not list(recorded.glob("c*"))
    assert Gap(4000, 6325, GapCause.NETWORK).cause == service.recording("s1").gaps[0].cause
