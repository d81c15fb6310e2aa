"""Reading video files: facts, frames at a rate, upright; what is no video is said to be none."""

import itertools
from fractions import Fraction

import av
import numpy as np
import pytest

from capture.errors import NotAVideo
from capture.probe import probe, read_frames, upright


def write_video(path, *, frames=30, sound=False, noise=None):
    """64×48 at 15 fps: the left half bright, the right half dark."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        if sound:
            audio = out.add_stream("aac", rate=48000)
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[:, :32] = 220
        for number in range(frames):
            if noise is not None:
                picture = noise.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound:
            silence = np.zeros((2, 1024), np.float32)
            for number in range(60):
                chunk = av.AudioFrame.from_ndarray(silence, format="fltp", layout="stereo")
                chunk.sample_rate, chunk.pts = 48000, number * 1024
                out.mux(audio.encode(chunk))
            out.mux(audio.encode(None))
    return path


def turn_in_header(path):
    """Rewrite the MP4's display matrix to a quarter turn, as a phone held upright does."""
    data = bytearray(path.read_bytes())
    one, none = (65536).to_bytes(4, "big"), bytes(4)
    unity = one + none * 3 + one + none * 3 + (1 << 30).to_bytes(4, "big")
    minus = (-65536 & 0xFFFFFFFF).to_bytes(4, "big")
    turned = none + one + none + minus + none * 4 + (1 << 30).to_bytes(4, "big")
    track = data.index(b"tkhd")
    at = data.index(unity, track)
    data[at : at + len(unity)] = turned
    path.write_bytes(data)
    return path


def test_the_facts_of_a_file(tmp_path):
    info = probe(write_video(tmp_path / "a.mp4", sound=True))
    assert (info.width, info.height, info.fps) == (64, 48, 15.0)
    assert (info.video_codec, info.audio_codec, info.rotation) == ("h264", "aac", 0)
    assert info.duration_s == pytest.approx(2.0, abs=0.1)
    assert probe(write_video(tmp_path / "b.mp4")).audio_codec is None


def test_frames_come_at_the_wanted_rate(tmp_path):
    frames = list(read_frames(write_video(tmp_path / "a.mp4", frames=45), 5, "s1"))
    assert len(frames) == 15
    assert frames[0].at_ms == 0
    assert all(150 <= b.at_ms - a.at_ms <= 270 for a, b in itertools.pairwise(frames))
    assert frames[0].i420.shape == (72, 64)
    assert frames[0].sitting_id == "s1"
    assert len(list(read_frames(tmp_path / "a.mp4", 60))) == 45


def test_a_turned_picture_is_put_upright(tmp_path):
    path = turn_in_header(write_video(tmp_path / "a.mp4"))
    info = probe(path)
    assert (info.width, info.height) == (48, 64)
    frame = next(read_frames(path, 2))
    assert (frame.width, frame.height) == (48, 64)
    # A quarter turn clockwise: what was left is now on top.
    assert frame.luma[:28].mean() > frame.luma[36:].mean() + 100


@pytest.mark.parametrize("turn", [0, 90, 180, 270, -90])
def test_turning_an_i420_picture_turns_each_plane(turn):
    picture = np.arange(6 * 4, dtype=np.uint8).reshape(6, 4)
    turned = upright(picture, turn)
    assert turned.reshape(-1)[:16].sum() == picture[:4].sum()
    assert sorted(turned.reshape(-1)) == sorted(picture.reshape(-1))
    assert np.array_equal(upright(turned, -turn), picture)


@pytest.mark.parametrize("content", [b"", b"hello, I am no video" * 50, b"\x00" * 5000])
def test_what_is_no_video_is_told(tmp_path, content):
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(NotAVideo):
        probe(path)
    with pytest.raises(NotAVideo):
        list(read_frames(path, 2))


def test_sound_alone_a_picture_or_nothing_is_no_video(tmp_path):
    with av.open(str(tmp_path / "a.wav"), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000)
        stream.layout = "mono"
        chunk = av.AudioFrame.from_ndarray(
            np.zeros((1, 800), np.int16), format="s16", layout="mono"
        )
        chunk.sample_rate = 8000
        out.mux(stream.encode(chunk))
    from PIL import Image

    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    for name in ("a.wav", "a.png", "absent.mp4", "."):
        with pytest.raises(NotAVideo):
            probe(tmp_path / name)


def test_after_damage_in_the_middle_it_goes_on_at_the_next_key_frame(tmp_path):
    path = tmp_path / "a.webm"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libvpx", rate=15)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": "15", "lag-in-frames": "0"}
        noise = np.random.default_rng(1)
        sent = []
        for number in range(90):
            picture = noise.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 15)
            sent += stream.encode(frame)
        for packet in sent + stream.encode(None):
            out.mux(packet)
    data = path.read_bytes()
    broken = [bytes(packet) for packet in sent[15:35]]
    for content in broken:
        data = data.replace(content, bytes(len(content)))
    path.write_bytes(data)
    times = [frame.at_ms for frame in read_frames(path, 15)]
    assert times[-1] == pytest.approx(89 * 1000 / 15, abs=1)
    missed = {round(at * 1000 / 15) for at in range(15, 45)} - set(times)
    assert {round(at * 1000 / 15) for at in range(15, 35)} <= missed
    assert max(np.diff(times)) <= 2100


def test_a_video_cut_short_gives_what_is_whole(tmp_path):
    path = tmp_path / "a.mkv"
    write_video(path, frames=60, noise=np.random.default_rng(1))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    frames = list(read_frames(path, 15))
    assert 0 < len(frames) < 60
