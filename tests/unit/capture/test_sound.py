"""Opus becomes 16 kHz mono, bounded and in time; what is no sound does no harm."""

import wave
from concurrent.futures import Executor, Future
from fractions import Fraction

import av
import numpy as np
import pytest

from capture.contracts import SOUND_RATE, AudioChunk, Relief
from capture.errors import NotASound
from capture.sound import SoundSampler, read_sound
from capture.tap import AudioTap, Taps

PACKET_MS = 60
TONE_HZ = 440


class Later(Executor):
    """Runs nothing until told to: a decoder that has fallen behind."""

    def __init__(self):
        self.jobs = []

    def submit(self, fn, /, *args, **kwargs):
        self.jobs.append(fn)
        return Future()

    def run(self):
        while self.jobs:
            self.jobs.pop(0)()


def opus(seconds, layout):
    """A tone as a browser sends it: packets of 60 ms, with their times."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, layout, "s16"
    encoder.options = {"frame_duration": str(PACKET_MS)}
    encoder.open()
    channels = encoder.layout.nb_channels
    packets = []
    for start in range(0, seconds * 48_000, encoder.frame_size):
        times = (start + np.arange(encoder.frame_size)) / 48_000
        tone = (8000 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.repeat(tone, channels)[None], format="s16", layout=layout
        )
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        packets += encoder.encode(frame)
    return [(bytes(packet), number * PACKET_MS) for number, packet in enumerate(packets)]


@pytest.fixture(scope="module")
def packets():
    return opus(3, "mono")


def chunk(at_ms, ms=500):
    return AudioChunk("s1", at_ms, np.zeros(ms * SOUND_RATE // 1000, np.float32))


def loudest_hz(samples):
    return np.abs(np.fft.rfft(samples)).argmax() * SOUND_RATE / samples.size


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_packets_become_chunks_of_half_a_second_on_the_timeline(layout):
    tap, pool = AudioTap("s1"), Later()
    sampler = SoundSampler(tap, pool)
    for data, at_ms in opus(3, layout):
        sampler.feed(data, 1000 + at_ms)
        pool.run()
    chunks = tap.take()
    assert [one.at_ms for one in chunks] == [1000 + 540 * number for number in range(len(chunks))]
    assert len(chunks) == 5
    heard = np.concatenate([one.samples for one in chunks])
    assert heard.dtype == np.float32
    assert heard.size == pytest.approx(5 * 540 * SOUND_RATE / 1000, rel=0.02)
    assert loudest_hz(heard) == pytest.approx(TONE_HZ, abs=2)
    assert 0.15 < np.abs(heard).max() < 0.35
    assert tap.take() == []


def test_a_hole_in_time_parts_the_chunks(packets):
    tap, pool = AudioTap("s1"), Later()
    sampler = SoundSampler(tap, pool)
    for data, at_ms in packets[:10]:
        sampler.feed(data, at_ms if at_ms < 240 else at_ms + 5000)
    pool.run()
    assert [one.at_ms for one in tap.take()] == [0, 5240]


def test_a_decoder_that_falls_behind_drops_what_waits_and_counts_it(packets):
    tap, pool = AudioTap("s1"), Later()
    sampler = SoundSampler(tap, pool)
    for number in range(250):
        sampler.feed(packets[number % 50][0], number * PACKET_MS)
    assert tap.lost_ms == 200 * PACKET_MS
    assert len(pool.jobs) == 1
    pool.run()
    assert [one.at_ms for one in tap.take()] == [200 * PACKET_MS]


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff" * 40, bytes(range(256)) * 5])
def test_what_is_no_opus_is_passed_over(packets, data):
    tap, pool = AudioTap("s1"), Later()
    sampler = SoundSampler(tap, pool)
    for good, at_ms in packets[:20]:
        sampler.feed(data if at_ms == 120 else good, at_ms)
        pool.run()
    assert all(np.isfinite(one.samples).all() for one in tap.take())


def test_when_nothing_is_analysed_nothing_is_decoded(packets):
    tap, pool = AudioTap("s1"), Later()
    tap.relief = Relief.RECORDING_ONLY
    sampler = SoundSampler(tap, pool)
    for data, at_ms in packets:
        sampler.feed(data, at_ms)
    assert pool.jobs == []


def test_a_closed_sampler_and_tap_take_nothing(packets):
    tap, pool = AudioTap("s1"), Later()
    sampler = SoundSampler(tap, pool)
    sampler.close()
    for data, at_ms in packets:
        sampler.feed(data, at_ms)
    assert pool.jobs == []
    tap.close()
    tap.put(chunk(0))
    assert tap.take() == []


def test_who_does_not_take_the_sound_loses_the_oldest_and_it_is_counted():
    tap = AudioTap("s1", room_ms=2000)
    for at_ms in range(0, 5000, 500):
        tap.put(chunk(at_ms))
    assert [one.at_ms for one in tap.take()] == [3000, 3500, 4000, 4500]
    assert tap.lost_ms == 3000


def test_sound_is_decoded_only_once_somebody_listens_and_shares_the_relief():
    taps = Taps("s1", 2.0)
    taps.relieve(Relief.KEY_FRAMES_ONLY)
    assert taps.sound is None
    sound = taps.listened()
    assert taps.sound is sound is taps.listened()
    assert sound.relief is Relief.KEY_FRAMES_ONLY
    taps.relieve(Relief.RECORDING_ONLY)
    assert sound.relief is Relief.RECORDING_ONLY
    taps.close()
    sound.put(chunk(0))
    assert sound.take() == []


def test_a_wave_file_is_read_in_chunks(tmp_path):
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        tone = 8000 * np.sin(2 * np.pi * TONE_HZ * np.arange(44_100 * 2) / 44_100)
        file.writeframes(np.repeat(tone.astype("<i2"), 2).tobytes())
    chunks = list(read_sound(path, "s1"))
    assert [one.at_ms for one in chunks] == [0, 480, 960, 1440, 1920]
    assert chunks[-1].end_ms == pytest.approx(2000, abs=5)
    assert loudest_hz(np.concatenate([one.samples for one in chunks])) == pytest.approx(440, abs=2)


def film(path, sound_s, pictures_s=(0.0,), length_s=4.0):
    """Dark pictures, five a second, from a moment on; and a tone during the given seconds."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libvpx", rate=5)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = out.add_stream("libopus", rate=48_000)
        audio.layout = "mono"
        parts = []
        for number in range(int(pictures_s[0] * 5), int(length_s * 5)):
            picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 5)
            parts += video.encode(picture)
        parts += video.encode(None)
        for start_s, end_s in sound_s:
            for start in range(int(start_s * 48_000), int(end_s * 48_000), 960):
                times = (start + np.arange(960)) / 48_000
                tone = (8000 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
                parts += audio.encode(frame)
        parts += audio.encode(None)
        for packet in sorted(parts, key=lambda one: one.pts * one.time_base):
            out.mux(packet)
    return path


def heard(path):
    """From and to, of each stretch of sound without a hole."""
    stretches = []
    for one in read_sound(path):
        if stretches and abs(one.at_ms - stretches[-1][1]) <= 1:
            stretches[-1][1] = one.end_ms
        else:
            stretches.append([one.at_ms, one.end_ms])
    return stretches


def test_sound_after_a_gap_stays_in_its_time(tmp_path):
    """As a joined recording has it: the line was cut, and the gap is kept."""
    path = film(tmp_path / "gap.webm", [(0, 2), (62, 64)], length_s=64)
    (first, second) = heard(path)
    assert first == pytest.approx([0, 2000], abs=60)
    assert second == pytest.approx([62_000, 64_000], abs=60)


def test_a_microphone_that_starts_later_is_heard_later(tmp_path):
    path = film(tmp_path / "late.webm", [(3, 5)], length_s=5)
    assert heard(path) == [pytest.approx([3000, 5000], abs=60)]


def test_sound_is_timed_from_the_first_picture(tmp_path):
    path = film(tmp_path / "early.webm", [(0, 4)], pictures_s=(1.0,))
    assert heard(path) == [pytest.approx([0, 3000], abs=60)]


@pytest.mark.parametrize("content", [b"", b"no sound at all" * 100])
def test_a_file_that_is_no_sound_is_refused(tmp_path, content):
    path = tmp_path / "none.wav"
    path.write_bytes(content)
    with pytest.raises(NotASound):
        list(read_sound(path))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(NotASound):
        list(read_sound(tmp_path / "absent.wav"))
