"""Media encoded beforehand: what the benchmarks' publishers share."""

from fractions import Fraction

import av
import numpy as np

FPS, SIZE, SECONDS = 15, (640, 480), 4
Packets = list[tuple[Fraction, bytes]]


def encode_video(noise: int = 120) -> Packets:
    """A moving bar over noise, about 450 kbit/s of VP8, a key frame every 2 s.

    With much noise the first frame has 146 kB; with 10 all are as large as a camera's.
    """
    encoder = av.VideoCodecContext.create("libvpx", "w")
    encoder.width, encoder.height = SIZE
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, FPS)
    encoder.bit_rate, encoder.gop_size = 450_000, 2 * FPS
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
    encoder.layout, encoder.bit_rate = "stereo", 32_000
    encoder.time_base = Fraction(1, 48000)
    rng = np.random.default_rng(2)
    packets: Packets = []
    for number in range(SECONDS * 50):
        samples = rng.integers(-4000, 4000, (1, 1920), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, number * 960, Fraction(1, 48000)
        packets += [(Fraction(len(packets), 50), bytes(p)) for p in encoder.encode(frame)]
    packets += [(Fraction(len(packets), 50), bytes(p)) for p in encoder.encode(None)]
    return packets[: SECONDS * 50]
