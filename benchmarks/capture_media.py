"""Media encoded beforehand: what the benchmarks' publishers share."""

from fractions import Fraction

import av
import numpy as np

FPS, SIZE, SECONDS = 15, (640, 480), 6
VIDEO_BITS, AUDIO_BITS = 220_000, 24_000
PTIME_MS = 60  # what our answers ask for, and browsers obey
Packets = list[tuple[Fraction, bytes]]


def encode_video(noise: int = 120, bits: int = VIDEO_BITS) -> Packets:
    """A moving bar over noise, about 220 kbit/s of VP8 as the room's page sends by default.

    A key frame every 2 s. With much noise the first frame is several times a camera's; with 10
    all are as large.
    """
    encoder = av.VideoCodecContext.create("libvpx", "w")
    encoder.width, encoder.height = SIZE
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, FPS)
    encoder.bit_rate, encoder.gop_size = bits, 2 * FPS
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    rng = np.random.default_rng(1)
    background = rng.integers(0, noise, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    packets: Packets = []
    for number in range(FPS * SECONDS):
        picture = np.roll(background, number, axis=1)
        picture[:, (number * 9) % 580 :][:, :60] = 220
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += [(Fraction(number, FPS), bytes(p)) for p in encoder.encode(frame)]
    return packets


def encode_audio() -> Packets:
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format = 48000, "s16"
    encoder.layout, encoder.bit_rate = "mono", AUDIO_BITS
    encoder.time_base = Fraction(1, 48000)
    encoder.options = {"frame_duration": str(PTIME_MS)}
    rng = np.random.default_rng(2)
    packets: list[bytes] = []
    size = 48 * PTIME_MS
    for number in range(SECONDS * 1000 // PTIME_MS + 1):
        samples = rng.integers(-4000, 4000, (1, size), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, number * size, Fraction(1, 48000)
        packets += [bytes(p) for p in encoder.encode(frame)]
    sent = packets[: SECONDS * 1000 // PTIME_MS]
    return [(Fraction(number * PTIME_MS, 1000), data) for number, data in enumerate(sent)]
