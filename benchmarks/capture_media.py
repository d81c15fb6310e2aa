"""Media encoded beforehand, and a track that sends it: what the benchmarks' publishers share."""

import asyncio
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack

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


class LoopTrack(MediaStreamTrack):
    """Sends the same packets over and over, at real speed, from a common start to ``until_s``."""

    def __init__(
        self,
        kind: str,
        packets: Packets,
        start: asyncio.Event,
        *,
        until_s: float = float("inf"),
    ) -> None:
        super().__init__()
        self.kind = kind
        self.done = asyncio.Event()
        self._until_s = until_s
        rate = 90000 if kind == "video" else 48000
        self._packets, self._rate, self._start = packets, rate, start
        self._sent, self._zero = 0, 0.0

    async def recv(self) -> "av.Packet[Any]":
        await self._start.wait()
        now = asyncio.get_running_loop().time
        self._zero = self._zero or now()
        rounds, index = divmod(self._sent, len(self._packets))
        at, data = self._packets[index]
        at += rounds * SECONDS
        if at >= self._until_s:
            self.done.set()
            await asyncio.Event().wait()
        await asyncio.sleep(max(0.0, self._zero + float(at) - now()))
        packet = av.Packet(data)
        packet.pts, packet.time_base = int(at * self._rate), Fraction(1, self._rate)
        self._sent += 1
        return packet
