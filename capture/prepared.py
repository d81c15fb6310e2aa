"""Media encoded beforehand, and a WHIP peer that sends it as it is: many fit into one process.

The picture is the built-in scene at a student's bit rate: somebody sits there, goes away for ten
seconds and comes back, so that analysis has what it has in an exam. Nothing is encoded while
sending, so key frames come when they come and not when they are asked for.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any
from urllib.parse import urljoin

import av
import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from capture.demo_scene import FPS, HEIGHT, WIDTH, demo_pictures
from capture.errors import ServerRefusedPublisher
from capture.rtp_seam import use_loopback_when_offline

SCENE_S = 22  # the student's first absence, and a little of what follows
KEY_EVERY = 2 * FPS
VIDEO_BITS, AUDIO_BITS = 220_000, 24_000  # together within the 256 kbit/s of a student's page
_AUDIO_RATE, _AUDIO_MS = 48_000, 60
_CONNECT_S = 20.0

Packets = Sequence[tuple[Fraction, bytes]]


@dataclass(frozen=True, slots=True)
class PreparedMedia:
    video: Packets
    audio: Packets


def prepare(seconds: int = SCENE_S) -> PreparedMedia:
    """Some seconds of work, done once for all publishers. Raises DemoPortraitMissing."""
    return PreparedMedia(_video(seconds), _audio(seconds))


def _video(seconds: int) -> Packets:
    encoder = av.VideoCodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, FPS)
    encoder.bit_rate, encoder.gop_size, encoder.thread_count = VIDEO_BITS, KEY_EVERY, 1
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    packets: list[tuple[Fraction, bytes]] = []
    for number, picture in enumerate(islice(demo_pictures(), seconds * FPS)):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += [(Fraction(number, FPS), bytes(packet)) for packet in encoder.encode(frame)]
    return packets


def _audio(seconds: int) -> Packets:
    """A murmur, in the 60 ms packets that the server's answers ask for."""
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format, encoder.layout = _AUDIO_RATE, "s16", "stereo"
    encoder.bit_rate, encoder.time_base = AUDIO_BITS, Fraction(1, _AUDIO_RATE)
    encoder.options = {"frame_duration": str(_AUDIO_MS)}
    samples = _AUDIO_RATE * _AUDIO_MS // 1000
    chance = np.random.default_rng(2)
    encoded: list[bytes] = []
    for number in range(seconds * 1000 // _AUDIO_MS):
        noise = chance.integers(-800, 800, (1, 2 * samples), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = _AUDIO_RATE, number * samples
        frame.time_base = Fraction(1, _AUDIO_RATE)
        encoded += map(bytes, encoder.encode(frame))
    step = Fraction(_AUDIO_MS, 1000)
    return [(number * step, data) for number, data in enumerate(encoded)]


class LoopTrack(MediaStreamTrack):
    """Sends the same packets over and over, at real speed, from a common start to ``until_s``.

    ``first``: the packet to begin with (a key frame), so that many do not show the same at once.
    """

    def __init__(
        self,
        kind: str,
        packets: Packets,
        start: asyncio.Event,
        *,
        until_s: float = float("inf"),
        first: int = 0,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.done = asyncio.Event()
        self._until_s = until_s
        self._rate = 90000 if kind == "video" else _AUDIO_RATE
        self._packets, self._start = packets, start
        self._next, self._zero = first, 0.0
        self._began_s = packets[first][0]
        self._round_s = packets[-1][0] + packets[1][0] - packets[0][0]

    async def recv(self) -> "av.Packet[Any]":
        await self._start.wait()
        now = asyncio.get_running_loop().time
        self._zero = self._zero or now()
        rounds, index = divmod(self._next, len(self._packets))
        placed, data = self._packets[index]
        at = placed + rounds * self._round_s - self._began_s
        if at >= self._until_s:
            self.done.set()
            await asyncio.Event().wait()
        await asyncio.sleep(max(0.0, self._zero + float(at) - now()))
        packet = av.Packet(data)
        packet.pts, packet.time_base = int(at * self._rate), Fraction(1, self._rate)
        self._next += 1
        return packet


class PreparedPublisher:
    """One connection of one sitting; for another, make another."""

    def __init__(self, media: PreparedMedia, phase: int = 0) -> None:
        use_loopback_when_offline()
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connected, self._failed = asyncio.Event(), asyncio.Event()
        self._peer.on("connectionstatechange", self._changed)
        first = phase * KEY_EVERY % len(media.video)
        for track in (
            LoopTrack("video", media.video, self._connected, first=first),
            LoopTrack("audio", media.audio, self._connected),
        ):
            self._peer.addTransceiver(track, direction="sendonly")
        self._resource = ""

    async def connect(self, http: httpx.AsyncClient, whip_url: str, token: str) -> None:
        """Returns once media flows. Raises ServerRefusedPublisher; then close all the same."""
        await self._peer.setLocalDescription(await self._peer.createOffer())
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
        try:
            answer = await http.post(
                whip_url, content=self._peer.localDescription.sdp, headers=headers
            )
        except httpx.HTTPError as error:
            raise ServerRefusedPublisher("the server cannot be reached") from error
        if answer.status_code != 201:
            raise ServerRefusedPublisher(f"the server answered {answer.status_code}")
        self._resource = urljoin(str(answer.url), answer.headers["Location"])
        await self._peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                await self._connected.wait()
        if not self._connected.is_set() or self._failed.is_set():
            raise ServerRefusedPublisher("no connection came about")

    async def close(self) -> None:
        """Without a good-bye to the server, as a broken line."""
        await self._peer.close()

    async def leave(self, http: httpx.AsyncClient, token: str) -> None:
        with contextlib.suppress(httpx.HTTPError):
            await http.delete(self._resource, headers={"Authorization": f"Bearer {token}"})
        await self.close()

    def _changed(self) -> None:
        if self._peer.connectionState == "connected":
            self._connected.set()
        elif self._peer.connectionState in {"failed", "closed"}:
            self._failed.set()
