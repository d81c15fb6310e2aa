"""The only module that touches aiortc's internals (pinned ``aiortc==1.16.*``).

aiortc has no public API for encoded frames on receive. Here its SDP, ICE, DTLS, SRTP, NACK and
RTCP reports are kept, and two private attributes of each RTCRtpReceiver are replaced before it
starts: the jitter buffer by our own assembly (frames whole at the marker bit, audio at once)
and the decoder queue by an end-of-stream signal, so that nothing is decoded and no thread runs.
A test with a real peer pair guards the contract; callers see only ``Ingest``.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aioice import ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.rtp import RtpPacket

from capture.assembly import AudioAssembler, Deliver, VideoAssembler
from capture.codecs import nal_units
from capture.errors import SdpRefused
from capture.offer import Offer

_SPS = 7


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One frame as received. ``ticks``: RTP time from the track's first frame, wraps undone.

    ``codec`` is vp8, h264 (an Annex B access unit) or opus. ``after_loss``: frames before it
    are missing, a decoder should wait for a key frame.
    """

    codec: str
    ticks: int
    clock_rate: int
    data: bytes
    after_loss: bool


class FrameSink(Protocol):
    """Called in the event loop's thread; must not block and must not raise."""

    def on_frame(self, frame: EncodedFrame) -> None: ...
    def on_closed(self) -> None: ...


class _Assembler(Protocol):
    def push(self, sequence: int, _marker: bool, timestamp: int, data: bytes) -> bool: ...
    def flush(self) -> None: ...


class _JitterBuffer:
    """In place of aiortc's: same ``add``, but it never hands a frame to a decoder."""

    def __init__(self, assembler: _Assembler) -> None:
        self._assembler = assembler

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        data: bytes = packet._data  # type: ignore[attr-defined] # noqa: SLF001 - set by aiortc
        asks_key = self._assembler.push(
            packet.sequence_number, bool(packet.marker), packet.timestamp, data
        )
        return asks_key, None


class _EndOfStream:
    """In place of the decoder queue: only its end marker ever comes; the thread ends at once."""

    def __init__(self, assembler: _Assembler) -> None:
        self._assembler = assembler

    def put(self, _end: None) -> None:
        self._assembler.flush()

    def get(self) -> None:
        return None


def use_loopback_when_offline() -> None:
    """Let peers on a machine without any network meet on 127.0.0.1 (a demo on a train).

    aioice leaves loopback out; its list of addresses is asked for at each gathering, so the
    replacement sees networks come and go. Calling this again changes nothing.
    """
    known = ice.get_host_addresses
    if getattr(known, "with_loopback", False):
        return

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        found: list[str] = known(use_ipv4, use_ipv6)
        return found or (["127.0.0.1"] if use_ipv4 else [])

    addresses.with_loopback = True  # type: ignore[attr-defined]
    ice.get_host_addresses = addresses


class Ingest:
    """A peer connection that receives one camera (and microphone) without decoding."""

    def __init__(self, sink: FrameSink) -> None:
        use_loopback_when_offline()
        # No STUN server: aiortc's default would tell a third party of every exam.
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._sink = sink
        self._video: RTCRtpReceiver | None = None
        self._closing: asyncio.Task[None] | None = None
        self.ended_by_peer = False  # by its DTLS good-bye, not by a lost network
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, offer: Offer, audio_ptime_ms: int) -> str:
        """The answer's SDP, all candidates in it. Raises SdpRefused and leaves nothing behind."""
        try:
            self._prefer(offer)
            await self._peer.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            self._attach()
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except Exception as error:
            # aiortc's parser raises whatever a hostile line provokes.
            await self.close()
            raise SdpRefused("the offer cannot be answered") from error
        except BaseException:
            await self.close()
            raise
        self._peer.on("connectionstatechange", self._on_state)
        return _with_ptime(self._peer.localDescription.sdp, audio_ptime_ms)

    @property
    def connected(self) -> bool:
        return bool(self._peer.connectionState == "connected")

    def packets_received(self) -> int:
        """Video RTP packets so far: what tells a living camera from a lost one."""
        streams = getattr(self._video, "_RTCRtpReceiver__remote_streams", {})
        return sum(stream.packets_received for stream in streams.values())

    def request_key_frame(self) -> None:
        receiver = self._video
        if receiver is None or not self.connected:
            return
        repairs = receiver._RTCRtpReceiver__rtx_ssrc  # type: ignore[attr-defined] # noqa: SLF001
        sources = [s.source for s in receiver.getSynchronizationSources()]
        for source in [s for s in sources if s not in repairs][-1:]:
            self._run(receiver._send_rtcp_pli(source))  # noqa: SLF001 - no public way

    async def close(self) -> None:
        """End the connection; frames already here are delivered first."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._peer.close())
        await asyncio.shield(self._closing)

    def _prefer(self, offer: Offer) -> None:
        """Answer with one codec per track, so that what comes can always be recorded."""
        wanted = {"video": {f"video/{offer.video_codec}".lower(), "video/rtx"}}
        if offer.has_audio:
            wanted["audio"] = {"audio/opus"}
        for kind, names in wanted.items():
            transceiver = self._peer.addTransceiver(kind, direction="recvonly")
            capabilities = RTCRtpReceiver.getCapabilities(kind)
            assert capabilities is not None
            transceiver.setCodecPreferences(
                [codec for codec in capabilities.codecs if codec.mimeType.lower() in names]
            )

    def _attach(self) -> None:
        for transceiver in self._peer.getTransceivers():
            codec = transceiver._codecs[0]  # noqa: SLF001 - what was negotiated
            name, rate = codec.name.lower(), codec.clockRate
            deliver = self._deliver(name, rate)
            assembler: _Assembler
            if transceiver.kind == "video":
                self._video = transceiver.receiver
                assembler = VideoAssembler(deliver, _KEY_STARTS[name], time.monotonic)
            else:
                assembler = AudioAssembler(deliver)
            receiver: Any = transceiver.receiver
            receiver._RTCRtpReceiver__jitter_buffer = _JitterBuffer(assembler)  # noqa: SLF001
            receiver._RTCRtpReceiver__decoder_queue = _EndOfStream(assembler)  # noqa: SLF001

    def _deliver(self, codec: str, rate: int) -> Deliver:
        def deliver(ticks: int, data: bytes, lost: bool) -> None:
            self._sink.on_frame(EncodedFrame(codec, ticks, rate, data, lost))

        return deliver

    def _on_state(self) -> None:
        if self._peer.connectionState in {"failed", "closed"} and self._closing is None:
            self.ended_by_peer = self._peer.connectionState == "closed"
            self._closing = asyncio.ensure_future(self._peer.close())
            self._sink.on_closed()

    def _run(self, work: Awaitable[None]) -> None:
        async def quietly() -> None:
            with contextlib.suppress(ConnectionError):
                await work

        task = asyncio.ensure_future(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _vp8_starts_key(data: bytes) -> bool:
    return len(data) >= 10 and not data[0] & 1 and data[3:6] == b"\x9d\x01\x2a"


def _h264_starts_key(data: bytes) -> bool:
    return any(unit[0] & 31 == _SPS for unit in nal_units(data))


_KEY_STARTS: dict[str, Callable[[bytes], bool]] = {
    "vp8": _vp8_starts_key,
    "h264": _h264_starts_key,
}


def _with_ptime(sdp: str, milliseconds: int) -> str:
    """Ask for larger audio packets (RFC 8866 §6.4): browsers obey, 30 % fewer packets in all."""
    head, audio, rest = sdp.partition("m=audio")
    if not audio:
        return sdp
    line, end, body = rest.partition("\r\n")
    section, video, tail = body.partition("m=video")
    return f"{head}{audio}{line}{end}{section}a=ptime:{milliseconds}\r\n{video}{tail}"
