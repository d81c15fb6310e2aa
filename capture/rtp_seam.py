"""The only module that touches aiortc's internals (pinned ``aiortc==1.16.*``).

aiortc has no public API for encoded frames on receive. Here its SDP, ICE, DTLS, SRTP, REMB and
receiver reports are kept, and in each RTCRtpReceiver, before it starts, are replaced: the jitter
buffer by our own assembly, the decoder queue by an end-of-stream signal (nothing is decoded, no
thread runs), and the NACK generator by timed requests for sound and picture. Its two packet
handlers are wrapped to tell retransmissions from originals and to hear sender reports.
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
from aiortc.rtp import RtcpSrPacket, RtpPacket

from capture.assembly import AudioAssembler, VideoAssembler
from capture.codecs import nal_units
from capture.errors import SdpRefused
from capture.offer import Offer
from capture.reorder import Arrival, RoundTrip

_SPS = 7
_BUSY_S = 0.05  # a timer later than this: the loop was held up, packets wait in the socket
_NTP_MS = 1000 / (1 << 32)


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One frame as received. ``ticks``: RTP time from the track's first frame, wraps undone.

    ``codec`` is vp8, h264 (an Annex B access unit) or opus. ``after_loss``: frames before it
    are missing, a decoder should wait for a key frame. ``on_time``: it did not wait for a
    retransmission, so its arrival tells of the sender's clock.
    """

    codec: str
    ticks: int
    clock_rate: int
    data: bytes
    after_loss: bool
    on_time: bool = True


@dataclass(frozen=True, slots=True)
class SenderTime:
    """What a sender report says: this RTP time (as in EncodedFrame) was that time of its clock."""

    codec: str
    ticks: int
    sender_ms: float


class FrameSink(Protocol):
    """Called in the event loop's thread; must not block and must not raise."""

    def on_frame(self, frame: EncodedFrame) -> None: ...
    def on_sender_time(self, time: SenderTime) -> None: ...
    def on_closed(self) -> None: ...


class _Stream:
    """One receiver's packets: stands in for its jitter buffer, and asks for what is missing."""

    def __init__(
        self,
        receiver: Any,
        codec: str,
        rate: int,
        *,
        sink: FrameSink,
        trip: RoundTrip,
        run: Callable[[Awaitable[None]], None],
    ) -> None:
        self.ssrc: int | None = None  # of the media itself, not of its retransmissions
        self._receiver, self._codec, self._rate = receiver, codec, rate
        self._sink, self._run = sink, run
        self._timer: asyncio.TimerHandle | None = None
        self._wake_at = 0.0
        self._repair: bool | None = None  # what the packet now in ``add`` is
        self._arrival = Arrival.ORIGINAL
        self._assembler: AudioAssembler | VideoAssembler
        if codec == "opus":
            self._assembler = AudioAssembler(self._deliver, time.monotonic, trip)
        else:
            starts = _KEY_STARTS[codec]
            self._assembler = VideoAssembler(self._deliver, starts, time.monotonic, trip)
        self._handle_rtp = receiver._handle_rtp_packet  # noqa: SLF001
        self._handle_rtcp = receiver._handle_rtcp_packet  # noqa: SLF001
        receiver._handle_rtp_packet = self.on_rtp  # noqa: SLF001
        receiver._handle_rtcp_packet = self.on_rtcp  # noqa: SLF001
        receiver._RTCRtpReceiver__nack_generator = None  # noqa: SLF001
        receiver._RTCRtpReceiver__jitter_buffer = self  # noqa: SLF001
        receiver._RTCRtpReceiver__decoder_queue = _EndOfStream(self)  # noqa: SLF001

    async def on_rtp(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        repairs = self._receiver._RTCRtpReceiver__rtx_ssrc  # noqa: SLF001
        if packet.ssrc in repairs:
            self._repair = True
        else:
            self.ssrc = packet.ssrc
            self._repair = False if repairs else None
        self._arrival = Arrival.ORIGINAL
        await self._handle_rtp(packet, arrival_time_ms=arrival_time_ms)
        if self._arrival is not Arrival.ORIGINAL and not self._repair:
            self._discount(packet.ssrc)

    async def on_rtcp(self, packet: object) -> None:
        await self._handle_rtcp(packet)
        if isinstance(packet, RtcpSrPacket) and packet.ssrc == self.ssrc:
            info = packet.sender_info
            ticks = self._assembler.clock.ticks_of(info.rtp_timestamp)
            if ticks is not None and info.ntp_timestamp:
                at_ms = info.ntp_timestamp * _NTP_MS
                self._sink.on_sender_time(SenderTime(self._codec, ticks, at_ms))

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """The jitter buffer's method; no frame is ever handed to a decoder."""
        data: bytes = packet._data  # type: ignore[attr-defined] # noqa: SLF001 - set by aiortc
        self._arrival = self._assembler.push(
            packet.sequence_number, bool(packet.marker), packet.timestamp, data, self._repair
        )
        self._arm()
        return self._needs_key(), None

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._assembler.flush()

    def _deliver(self, ticks: int, data: bytes, lost: bool, on_time: bool) -> None:
        self._sink.on_frame(EncodedFrame(self._codec, ticks, self._rate, data, lost, on_time))

    def _discount(self, ssrc: int) -> None:
        """A packet received twice, or again only because it was lost, must not hide the loss.

        Receiver reports tell the sender how much the network drops (RFC 4588 §8.3 likewise).
        """
        streams = self._receiver._RTCRtpReceiver__remote_streams  # noqa: SLF001
        streams[ssrc].packets_received -= 1

    def _needs_key(self) -> bool:
        lost, self._assembler.gap_since = self._assembler.gap_since, False
        return lost and self._codec != "opus"

    def _arm(self) -> None:
        wake_at = self._assembler.reorder.wake_at()
        if wake_at is None or (self._timer is not None and self._wake_at <= wake_at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._wake_at = wake_at
        delay = max(0.001, wake_at - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(delay, self._wake)

    def _wake(self) -> None:
        self._timer = None
        reorder = self._assembler.reorder
        if (late := time.monotonic() - self._wake_at) > _BUSY_S:
            reorder.excuse(late + _BUSY_S)
        reorder.expire()
        wanted = reorder.wanted()
        if self.ssrc is not None and wanted:
            self._run(self._receiver._send_rtcp_nack(self.ssrc, wanted))  # noqa: SLF001
        if self.ssrc is not None and self._needs_key():
            self._run(self._receiver._send_rtcp_pli(self.ssrc))  # noqa: SLF001
        self._arm()


class _EndOfStream:
    """In place of the decoder queue: only its end marker ever comes; the thread ends at once."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def put(self, _end: None) -> None:
        self._stream.flush()

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
        self._video: _Stream | None = None
        self._receiver: RTCRtpReceiver | None = None
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
        return _with_audio_wishes(self._peer.localDescription.sdp, audio_ptime_ms)

    @property
    def connected(self) -> bool:
        return bool(self._peer.connectionState == "connected")

    def packets_received(self) -> int:
        """Video RTP packets so far: what tells a living camera from a lost one."""
        streams = getattr(self._receiver, "_RTCRtpReceiver__remote_streams", {})
        return sum(stream.packets_received for stream in streams.values())

    def request_key_frame(self) -> None:
        if self._video is None or self._video.ssrc is None or not self.connected:
            return
        assert self._receiver is not None
        self._run(self._receiver._send_rtcp_pli(self._video.ssrc))  # noqa: SLF001 - no public way

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
        trip = RoundTrip()
        for transceiver in self._peer.getTransceivers():
            codec = transceiver._codecs[0]  # noqa: SLF001 - what was negotiated
            name, rate = codec.name.lower(), codec.clockRate
            stream = _Stream(
                transceiver.receiver, name, rate, sink=self._sink, trip=trip, run=self._run
            )
            if transceiver.kind == "video":
                self._video, self._receiver = stream, transceiver.receiver

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


def _with_audio_wishes(sdp: str, ptime_ms: int) -> str:
    """Ask for larger audio packets (RFC 8866 §6.4): browsers obey, 30 % fewer packets in all.

    And for lost ones again: browsers offer no NACK for Opus, but honour it in an answer.
    """
    head, audio, rest = sdp.partition("m=audio")
    if not audio:
        return sdp
    line, end, body = rest.partition("\r\n")
    section, video, tail = body.partition("m=video")
    opus = line.split()[2]
    wishes = f"a=ptime:{ptime_ms}\r\na=rtcp-fb:{opus} nack\r\n"
    return f"{head}{audio}{line}{end}{section}{wishes}{video}{tail}"
