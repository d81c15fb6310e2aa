"""A capture server on loopback, and peers that publish to it over real WebRTC."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
import uvicorn
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from capture.contracts import CaptureEvent, PublishGrant, TrackKind, WatchGrant
from capture.errors import CaptureError, TokenInvalid
from capture.ice import IceSettings
from capture.service import CaptureService
from capture.settings import CaptureSettings
from capture.whep import whep_router
from capture.whip import whip_router
from tests.patience import PATIENCE_S

FPS = 15

NO_ICE = IceSettings()


@dataclass
class Encoded:
    """Packets of one stream, ready to be sent: (seconds, bytes, key)."""

    kind: str
    codec: str
    packets: list[tuple[Fraction, bytes, bool]]


def encode_video(codec: str, frames: int, size: tuple[int, int], key_every: int = FPS) -> Encoded:
    """A moving pattern with noise, key frames at a fixed distance."""
    encoder = av.CodecContext.create("libvpx" if codec == "vp8" else "libx264", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, FPS)
    encoder.framerate = Fraction(FPS)
    encoder.bit_rate = 300_000
    encoder.gop_size = key_every
    encoder.thread_count = 1
    encoder.options = (
        {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}
        if codec == "vp8"
        else {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
    )
    rng = np.random.default_rng(7)
    packets = []
    for number in range(frames):
        picture = rng.integers(0, 60, (size[1], size[0], 3), dtype=np.uint8)
        picture[:, (number * 8) % size[0] :][:, :40] = 200
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return Encoded(
        "video", codec, [(p.pts * p.time_base, bytes(p), p.is_keyframe) for p in packets]
    )


def encode_audio(seconds: float) -> Encoded:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "stereo", "s16"
    encoder.time_base = Fraction(1, 48000)
    packets = []
    for number in range(int(seconds * 50)):
        at = (np.arange(960) + number * 960) / 48000
        mono = (np.sin(2 * np.pi * (440 + 100 * at) * at) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.repeat(mono, 2).reshape(1, -1), format="s16", layout="stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48000, number * 960, Fraction(1, 48000)
        packets += encoder.encode(frame)
    sound = [(Fraction(n, 50), bytes(p), True) for n, p in enumerate(packets)]
    return Encoded("audio", "opus", sound)


class PacketTrack(MediaStreamTrack):
    """Sends pre-encoded packets at real speed; ``hold`` stops the RTP, as a lost network does."""

    def __init__(self, encoded: Encoded, start: asyncio.Event, *, loop: bool = False) -> None:
        super().__init__()
        self.kind = encoded.kind
        self.sent = 0
        self.done = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self._encoded, self._start, self._loop = encoded, start, loop
        self._zero: float | None = None

    def _next(self) -> tuple[Fraction, bytes]:
        packets = self._encoded.packets
        rounds, index = divmod(self.sent, len(packets))
        at, data, _ = packets[index]
        step = Fraction(1, FPS if self.kind == "video" else 50)
        return at + rounds * (packets[-1][0] + step), data

    async def recv(self) -> av.Packet:
        await self._start.wait()
        now = asyncio.get_running_loop().time
        self._zero = now() if self._zero is None else self._zero
        packets = self._encoded.packets
        if self.sent >= len(packets) and not self._loop:
            self.done.set()
            await asyncio.Event().wait()
        await asyncio.sleep(max(0.0, self._zero + float(self._next()[0]) - now()))
        if not self.go.is_set():
            await self.go.wait()
            while self._zero + float(self._next()[0]) < now():
                self.sent += 1  # what a dead line swallowed does not come later
        at, data = self._next()
        packet = av.Packet(data)
        rate = 90000 if self.kind == "video" else 48000
        packet.pts, packet.time_base = int(at * rate), Fraction(1, rate)
        self.sent += 1
        return packet


@dataclass
class Peer:
    """A publisher that sends what it is told to, without encoding."""

    connection: RTCPeerConnection
    tracks: list[PacketTrack]
    connected: asyncio.Event
    resource: str = ""

    @property
    def video(self) -> PacketTrack:
        return next(track for track in self.tracks if track.kind == "video")

    def hold(self, held: bool) -> None:
        for track in self.tracks:
            if held:
                track.go.clear()
            else:
                track.go.set()

    async def close(self) -> None:
        self.hold(held=False)
        for track in self.tracks:
            track.stop()
        await self.connection.close()


def make_peer(*media: Encoded, loop: bool = False) -> Peer:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connected = asyncio.Event()

    def state() -> None:
        if connection.connectionState == "connected":
            connected.set()

    connection.on("connectionstatechange", state)
    tracks = []
    for encoded in media:
        track = PacketTrack(encoded, connected, loop=loop)
        transceiver = connection.addTransceiver(track, direction="sendonly")
        wanted = f"{encoded.kind}/{encoded.codec}"
        capabilities = RTCRtpSender.getCapabilities(encoded.kind)
        assert capabilities is not None
        transceiver.setCodecPreferences(
            [codec for codec in capabilities.codecs if codec.mimeType.lower() == wanted]
        )
        tracks.append(track)
    return Peer(connection, tracks, connected)


async def offer_of(peer: Peer) -> str:
    await peer.connection.setLocalDescription(await peer.connection.createOffer())
    return str(peer.connection.localDescription.sdp)


@dataclass
class CaptureServer:
    """The service behind its real HTTP endpoint; a token is the sitting's id, or ``id:track``."""

    service: CaptureService
    root: Path
    url: str
    http: httpx.AsyncClient
    app: FastAPI
    events: list[CaptureEvent]
    origin: datetime
    peers: list[Peer] = field(default_factory=list)

    @property
    def whip(self) -> str:
        return f"{self.url}/whip"

    def seen(self, kind: type[CaptureEvent]) -> list[CaptureEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 - it looks at files and counters too
                await asyncio.sleep(0.02)

    async def publish(self, token: str, *media: Encoded, loop: bool = False) -> Peer:
        peer = make_peer(*media, loop=loop)
        self.peers.append(peer)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        reply = await self.http.post(self.whip, content=await offer_of(peer), headers=headers)
        assert reply.status_code == 201, reply.text
        peer.resource = self.url + reply.headers["Location"]
        await peer.connection.setRemoteDescription(RTCSessionDescription(reply.text, "answer"))
        async with asyncio.timeout(PATIENCE_S):
            await peer.connected.wait()
        return peer


@asynccontextmanager
async def serve(
    root: Path, settings: CaptureSettings, ice: IceSettings = NO_ICE
) -> AsyncIterator[CaptureServer]:
    events: list[CaptureEvent] = []
    service = CaptureService(root, on_event=events.append, settings=settings)
    await service.start()
    origin = datetime.now(UTC)

    async def authorize(token: str) -> PublishGrant:
        if token == "wrong":
            raise TokenInvalid("no such token")
        sitting_id, _, kind = token.partition(":")
        return PublishGrant(sitting_id, origin, TrackKind(kind or "camera"))

    app = FastAPI()
    app.include_router(whip_router(service, authorize, ice))

    async def watch(token: str) -> WatchGrant:
        grant = await authorize(token)
        return WatchGrant(grant.sitting_id, grant.track)

    app.include_router(whep_router(service, watch))

    @app.exception_handler(CaptureError)
    async def problem(_: Request, error: CaptureError) -> JSONResponse:
        return JSONResponse({"code": error.code}, status_code=error.status)

    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
        capture = CaptureServer(
            service, root, f"http://127.0.0.1:{port}", http, app, events, origin
        )
        try:
            yield capture
        finally:
            for peer in capture.peers:
                await peer.close()
            await service.aclose()
            server.should_exit = True
            await serving
            listening.close()


@pytest.fixture
def quick_settings() -> CaptureSettings:
    """Short segments, so that a test of seconds has several."""
    return CaptureSettings(segment_s=1.5, key_frame_every_s=1.0)


@pytest.fixture
def client_ice() -> IceSettings:
    """What the endpoint tells its clients: nothing, unless a test starts a TURN server."""
    return NO_ICE


@pytest.fixture
async def capture_server(
    tmp_path: Path, quick_settings: CaptureSettings, client_ice: IceSettings
) -> AsyncIterator[CaptureServer]:
    async with serve(tmp_path / "recordings", quick_settings, client_ice) as server:
        yield server


@pytest.fixture
async def open_peer() -> AsyncIterator[Callable[..., Awaitable[tuple[Peer, str]]]]:
    """Peers with their offers, closed at the end."""
    peers: list[Peer] = []

    async def make(*media: Encoded, loop: bool = False) -> tuple[Peer, str]:
        peers.append(make_peer(*media, loop=loop))
        return peers[-1], await offer_of(peers[-1])

    yield make
    for peer in peers:
        await peer.close()


@pytest.fixture(scope="session")
def vp8() -> Encoded:
    """4 s of 320×240 VP8, a key frame each second."""
    return encode_video("vp8", 4 * FPS, (320, 240))


@pytest.fixture(scope="session")
def h264() -> Encoded:
    return encode_video("h264", 4 * FPS, (320, 240))


@pytest.fixture(scope="session")
def opus() -> Encoded:
    return encode_audio(4.0)


@pytest.fixture(scope="session")
def larger_vp8() -> Encoded:
    return encode_video("vp8", 4 * FPS, (480, 360))


@pytest.fixture(scope="session")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 4 s file with picture and sound, to be played by the real publisher."""
    path = tmp_path_factory.mktemp("clip") / "camera.mp4"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        video.options = {"preset": "ultrafast"}
        sound = out.add_stream("aac", rate=48000)
        sound.layout = "stereo"
        for number in range(4 * FPS):
            picture = np.full((240, 320, 3), 40, np.uint8)
            picture[:, (number * 5) % 280 :][:, :40] = 220
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for number in range(4 * 48000 // 1024):
            tone = np.sin((np.arange(1024) + number * 1024) * 2 * np.pi * 440 / 48000)
            samples = np.stack([tone, tone]).astype(np.float32)
            audio = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            audio.sample_rate, audio.pts = 48000, number * 1024
            out.mux(sound.encode(audio))
        out.mux(sound.encode(None))
    return path
