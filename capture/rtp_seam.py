"""The only module that touches aiortc's internals (pinned ``aiortc==1.16.*``).

aiortc has no public API for encoded frames on receive. Its SDP, ICE, DTLS, SRTP, bandwidth
estimate and RTCP are kept; RTP leaves its way right behind the socket (``_Line``) and is
assembled by our own code (``_Stream``), which asks for what is missing and counts for the
receiver reports. In each RTCRtpReceiver, before it starts, the decoder queue is replaced by an
end-of-stream signal (nothing is decoded, no thread runs).
A test with a real peer pair guards the contract; callers see only ``Ingest``.
"""

import asyncio
import contextlib
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from aioice import ice
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.codecs import is_rtx
from aiortc.codecs.h264 import h264_depayload
from aiortc.rate import (
    MIN_FRAME_PERIOD_HISTORY_LENGTH,
    OveruseEstimator,
    RemoteBitrateEstimator,
)
from aiortc.rtp import RtcpReceiverInfo, RtcpSrPacket
from pylibsrtp import Error as SrtpError

from capture.assembly import AudioAssembler, VideoAssembler
from capture.codecs import nal_units
from capture.errors import SdpRefused
from capture.feedback import Capacity, ReportedSource, report, wait_s
from capture.ice import IceServer
from capture.offer import Offer
from capture.reorder import Arrival, RoundTrip
from capture.rtp import ByteRate, Parsed, Reception, parse, send_time, vp8_payload
from capture.sockets import BatchedTransport, can_be_read_together

_SPS = 7
_SHORTEST = 12  # RTP's header; DTLS records and protected RTCP are longer
# Of the peer's addresses, and of all others: ICE begins with some dozens, then there is one each
# few seconds.
_MAX_OTHERS_PER_S = 300
_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_BUSY_S = 0.05  # a timer later than this: the loop was held up, packets wait in the socket
_NTP_MS = 1000 / (1 << 32)


class EncodedFrame(NamedTuple):
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
    """One receiver's packets, from the wire to frames; what is missing is asked for."""

    def __init__(
        self,
        transceiver: Any,
        *,
        sink: FrameSink,
        trip: RoundTrip,
        run: Callable[[Awaitable[None]], None],
        line: "_Line",
    ) -> None:
        codec = transceiver._codecs[0]  # noqa: SLF001 - what was negotiated
        self.ssrc: int | None = None  # of the media itself, not of its retransmissions
        self.packets = 0
        self._burst = 0  # bytes since a picture's last packet
        self._receiver = transceiver.receiver
        self._codec, self._rate = codec.name.lower(), codec.clockRate
        self._sink, self._run, self._line = sink, run, line
        self._timer: asyncio.TimerHandle | None = None
        self._wake_at = 0.0
        self._repairable = any(is_rtx(known) for known in transceiver._codecs)  # noqa: SLF001
        self._assembler: AudioAssembler | VideoAssembler
        self._estimator: RemoteBitrateEstimator | None = None
        self._send_time_id = _send_time_id(transceiver)
        if self._codec == "opus":
            self._assembler = AudioAssembler(self._deliver, time.monotonic, trip)
        else:
            starts = _KEY_STARTS[self._codec]
            self._assembler = VideoAssembler(self._deliver, starts, time.monotonic, trip)
            if self._send_time_id:
                self._estimator = RemoteBitrateEstimator()
                self._estimator.incoming_bitrate = ByteRate()  # type: ignore[assignment]
                self._estimator.estimator = _Estimator()
        self._reorder = self._assembler.reorder
        self._reception = Reception(self._rate, self._reorder)
        self._reported = ReportedSource(self._reception)
        self._depayload = _DEPAYLOAD[self._codec]
        self._replace_internals()

    def _replace_internals(self) -> None:
        receiver = self._receiver
        self._handle_rtcp = receiver._handle_rtcp_packet  # noqa: SLF001
        receiver._handle_rtcp_packet = self.on_rtcp  # noqa: SLF001
        receiver._run_rtcp = self._run_rtcp  # noqa: SLF001
        receiver._RTCRtpReceiver__decoder_queue = _EndOfStream(self)  # noqa: SLF001

    def on_rtp(self, packet: Parsed, data: bytes, arrival_s: float, *, repair: bool) -> None:
        """A decrypted packet of this stream. Raises ValueError where it is none."""
        _, marker, sequence, timestamp, ssrc, start, end = packet
        if self._estimator is not None:
            self._burst += end - start
            if marker:
                self._estimate(data, ssrc, arrival_s)
        if repair:  # RFC 4588 §4: the original's number comes first
            if end - start < 2:
                return  # padding that probes the line
            sequence = int.from_bytes(data[start : start + 2], "big")
            start += 2
        elif ssrc != self.ssrc and not self._begin(ssrc):
            return
        if self.ssrc is None:
            return
        self.packets += 1
        payload = self._depayload(data, start, end)
        known = repair if self._repairable else None
        arrival = self._assembler.push(sequence, marker, timestamp, payload, known)
        # A packet received twice, or again only because it was lost, must not hide the loss:
        # reports tell the sender how much the network drops (RFC 4588 §8.3 likewise).
        if arrival is Arrival.ORIGINAL:
            self._reception.packets_received += 1
            self._reception.time(timestamp, arrival_s)
        if self._assembler.gap_since and self._needs_key():
            self._run(self._receiver._send_rtcp_pli(self.ssrc))  # noqa: SLF001
        if self._reorder.incomplete:
            self._arm()

    async def on_rtcp(self, packet: object) -> None:
        await self._handle_rtcp(packet)
        if isinstance(packet, RtcpSrPacket) and packet.ssrc == self.ssrc:
            info = packet.sender_info
            self._reported.heard(info.ntp_timestamp)
            ticks = self._assembler.clock.ticks_of(info.rtp_timestamp)
            if ticks is not None and info.ntp_timestamp:
                at_ms = info.ntp_timestamp * _NTP_MS
                self._sink.on_sender_time(SenderTime(self._codec, ticks, at_ms))

    @property
    def own_ssrc(self) -> int | None:
        """Under which the sender hears from us."""
        known: int | None = self._receiver._RTCRtpReceiver__rtcp_ssrc  # noqa: SLF001
        return known

    def report(self) -> RtcpReceiverInfo | None:
        return None if self.ssrc is None else self._reported.block(self.ssrc)

    async def _run_rtcp(self) -> None:
        """In place of the receiver's own task: the line reports for all its streams at once."""
        self._receiver._RTCRtpReceiver__rtcp_started.set()  # noqa: SLF001
        try:
            await self._line.report_for(self)
        except asyncio.CancelledError:
            pass
        finally:
            self._receiver._RTCRtpReceiver__rtcp_exited.set()  # noqa: SLF001

    def request_key_frame(self) -> None:
        if self.ssrc is not None:
            self._run(self._receiver._send_rtcp_pli(self.ssrc))  # noqa: SLF001 - no public way

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._assembler.flush()

    def _begin(self, ssrc: int) -> bool:
        """The first source is the stream's for good: another one's packets are foreign."""
        if self.ssrc is not None:
            return False
        self.ssrc = ssrc
        self._receiver._RTCRtpReceiver__remote_streams[ssrc] = self._reception  # noqa: SLF001
        return True

    def _deliver(self, ticks: int, data: bytes, lost: bool, on_time: bool) -> None:
        self._sink.on_frame(EncodedFrame(self._codec, ticks, self._rate, data, lost, on_time))

    def _estimate(self, data: bytes, ssrc: int, arrival_s: float) -> None:
        """Tell the sender how much the line carries (REMB), by when pictures left and came.

        At a picture's last packet, for all of it: the estimator would group them anyway.
        """
        assert self._estimator is not None
        size, self._burst = self._burst, 0
        left = send_time(data, self._send_time_id)
        if left is None:
            return
        estimate = self._estimator.add(int(arrival_s * 1000), left, size, ssrc)
        if estimate is not None and self._line.capacity.estimated(*estimate, arrival_s):
            self._run(self._line.tell())

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


class _Estimator(OveruseEstimator):
    """As aiortc's, without a Python loop over the last 60 frames for each packet."""

    def update_min_frame_period(self, ts_delta: float) -> float:
        known = self.ts_delta_hist
        if len(known) >= MIN_FRAME_PERIOD_HISTORY_LENGTH:
            del known[0]
        known.append(ts_delta)
        return min(known)


class _Line:
    """One transport's datagrams: SRTP is decrypted and handed to its stream where it arrives.

    aioice's queue, aiortc's receiving task and its packet objects cost several times as much
    as the decryption (docs/decisions/0008); everything that is no RTP still goes that way.
    """

    def __init__(self, dtls: Any) -> None:
        self._dtls = dtls
        self._streams: dict[int, tuple[_Stream, bool]] = {}  # by payload type
        connection = dtls.transport._connection  # noqa: SLF001
        self._pass_on: Callable[[bytes, int], None] = connection.data_received
        self._passed_on: asyncio.Queue[object] = connection._queue  # noqa: SLF001
        connection.data_received = self.on_datagram
        dtls._handle_rtp_data = self.on_passed_on  # noqa: SLF001
        self._handle_rtcp = dtls._handle_rtcp_data  # noqa: SLF001
        dtls._handle_rtcp_data = self.on_rtcp  # noqa: SLF001
        self._direct = False  # nothing that came before the handshake's end still waits
        self._reporting: list[_Stream] = []
        self.capacity = Capacity()
        self.ended = asyncio.Event()
        self.packets = 0  # that were the sender's, whatever is in them

    def add(self, stream: _Stream, codecs: Sequence[Any]) -> None:
        for codec in codecs:
            self._streams[codec.payloadType] = stream, is_rtx(codec)

    async def report_for(self, stream: _Stream) -> None:
        """Until the connection's end. The first stream's task reports for all of them."""
        self._reporting.append(stream)
        if len(self._reporting) > 1:
            await self.ended.wait()
        while not self.ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s()):
                    await self.ended.wait()
            with contextlib.suppress(ConnectionError):
                await self.tell()

    async def tell(self) -> None:
        """What came of all streams, and what the line carries, in one datagram. ConnectionError."""
        own = next((stream.own_ssrc for stream in self._reporting if stream.own_ssrc), None)
        blocks = [block for stream in self._reporting if (block := stream.report()) is not None]
        if own is not None and blocks:
            said = report(own, blocks) + self.capacity.packet(own, time.monotonic())
            await self._dtls._send_rtp(said)  # noqa: SLF001

    def shorten(self) -> None:
        """Once the sockets are there: they are read together, and RTP is not tried as STUN."""
        connection = self._dtls.transport._connection  # noqa: SLF001
        for protocol in connection._protocols:  # noqa: SLF001
            door = _Door(protocol.datagram_received, self.on_datagram, lambda: _peers(connection))
            protocol.datagram_received = door
            if can_be_read_together(protocol.transport):
                protocol.transport = BatchedTransport(protocol.transport, protocol, door)

    def on_datagram(self, data: bytes, component: int, arrival_s: float | None = None) -> None:
        """Called for whatever is no STUN, within the socket's own callback."""
        if len(data) < _SHORTEST:
            return  # an empty datagram, from anybody, would end aiortc's receiving task
        session = self._dtls._rx_srtp  # noqa: SLF001 - none before the handshake's end
        # RFC 7983 tells SRTP from DTLS by the first byte, RFC 5761 RTCP from RTP by the second.
        rtp = data[0] >> 6 == 2 and not 192 <= data[1] < 224
        if not rtp or session is None or not self._is_direct():
            self._pass_on(data, component)
            return
        try:
            plain = session.unprotect(data)
        except SrtpError:
            return
        self._on_plain(plain, arrival_s)

    def _is_direct(self) -> bool:
        self._direct = self._direct or self._passed_on.empty()
        return self._direct

    async def on_passed_on(self, data: bytes, arrival_time_ms: int) -> None:  # noqa: ARG002
        """In place of the transport's own: what came before its handshake was complete."""
        self._on_plain(data)

    async def on_rtcp(self, data: bytes) -> None:
        self.packets += 1
        await self._handle_rtcp(data)

    def _on_plain(self, data: bytes, arrival_s: float | None = None) -> None:
        self.packets += 1
        try:
            packet = parse(data)
            known = self._streams.get(packet[0])
            if known is not None:
                stream, repair = known
                stream.on_rtp(packet, data, arrival_s or time.monotonic(), repair=repair)
        except (ValueError, struct.error):
            return  # broken: no packet at all


class _Door:
    """In place of a socket's ``datagram_received``: RTP goes straight on, the rest in measure.

    STUN and DTLS cost a hundred times as much to look at as a line of them ever needs: what
    exceeds ``_MAX_OTHERS_PER_S`` is noise from somebody, and dropped unread. Strangers and the
    peer's own addresses are counted apart, so that no stranger uses up what keeps ICE's consent.
    """

    def __init__(
        self,
        stun: Callable[[bytes, Any], None],
        rtp: Callable[[bytes, int, float | None], None],
        peers: Callable[[], set[tuple[str, int]]],
    ) -> None:
        self._stun, self._rtp, self._peers = stun, rtp, peers
        self._second = 0
        self._known: set[tuple[str, int]] = set()
        self._seen = {False: 0, True: 0}  # in this second, by whether the sender is known

    def __call__(self, data: bytes, address: Any, arrival_s: float | None = None) -> None:
        if data and data[0] >> 6 == 2:  # RFC 7983: neither STUN nor DTLS begins so
            self._rtp(data, 1, arrival_s)
            return
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._seen = second, {False: 0, True: 0}
            self._known = self._peers()
        known = address[:2] in self._known
        self._seen[known] += 1
        if self._seen[known] <= _MAX_OTHERS_PER_S:
            with contextlib.suppress(struct.error):  # aioice's parser, of a number cut short
                self._stun(data, address)


def _peers(connection: Any) -> set[tuple[str, int]]:
    """Where the peer said that it is, and where it proved to be."""
    pairs = [*connection._check_list, *connection._nominated.values()]  # noqa: SLF001
    return {pair.remote_addr for pair in pairs}


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


def rtc_configuration(ice: Sequence[IceServer]) -> RTCConfiguration:
    """Only the servers named: aiortc's default would tell a third party of every exam."""
    servers = [
        RTCIceServer(server.url, server.username or None, server.credential or None)
        for server in ice
    ]
    return RTCConfiguration(iceServers=servers)


class Ingest:
    """A peer connection that receives one camera (and microphone) without decoding."""

    def __init__(self, sink: FrameSink, ice: Sequence[IceServer] = ()) -> None:
        use_loopback_when_offline()
        self._peer = RTCPeerConnection(rtc_configuration(ice))
        self._sink = sink
        self._lines: dict[int, _Line] = {}
        self._video: _Stream | None = None
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
            for line in self._lines.values():
                line.shorten()
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
        return self._video.packets if self._video is not None else 0

    def packets_sent_by_peer(self) -> int:
        """All RTP packets that carry the peer's keys: what tells a camera from a flood."""
        return sum(line.packets for line in self._lines.values())

    def request_key_frame(self) -> None:
        if self._video is not None and self.connected:
            self._video.request_key_frame()

    async def close(self) -> None:
        """End the connection; frames already here are delivered first."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._end())
        await asyncio.shield(self._closing)

    async def _end(self) -> None:
        """Receivers are started even where the end came while aiortc was still connecting."""
        await self._peer.close()
        for line in self._lines.values():
            line.ended.set()

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
            dtls = transceiver.receiver.transport  # one for all tracks that are bundled
            line = self._lines.get(id(dtls)) or _Line(dtls)
            self._lines[id(dtls)] = line
            stream = _Stream(transceiver, sink=self._sink, trip=trip, run=self._run, line=line)
            line.add(stream, transceiver._codecs)  # noqa: SLF001
            if transceiver.kind == "video":
                self._video = stream

    def _on_state(self) -> None:
        if self._peer.connectionState in {"failed", "closed"} and self._closing is None:
            self.ended_by_peer = self._peer.connectionState == "closed"
            self._closing = asyncio.ensure_future(self._end())
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


def _h264_payload(data: bytes, start: int, end: int) -> bytes:
    return h264_depayload(data[start:end])


def _opus_payload(data: bytes, start: int, end: int) -> bytes:
    return data[start:end]


_DEPAYLOAD: dict[str, Callable[[bytes, int, int], bytes]] = {
    "vp8": vp8_payload,
    "h264": _h264_payload,
    "opus": _opus_payload,
}


def _send_time_id(transceiver: Any) -> int:
    """The negotiated number of the header extension that the bandwidth estimate needs; 0: none."""
    extensions = transceiver._headerExtensions  # noqa: SLF001
    return next((known.id for known in extensions if known.uri == _SEND_TIME), 0)


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
