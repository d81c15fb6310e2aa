"""Live views: what a publisher sends is passed on, encoded as it came, to those who watch.

Everything runs in the event loop's thread. A view takes each frame after it was recorded and may
only drop it; its buffers are bounded, so a slow viewer costs itself pictures and nobody else.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import av
from aiortc import (
    MediaStreamTrack,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from capture.contracts import TrackKey
from capture.endpoint import Publication
from capture.errors import ResourceUnknown, SdpRefused, SdpUnsupported, ViewsFull, ViewsStopped
from capture.ice import IceServer
from capture.offer import Offer
from capture.rtp_seam import EncodedFrame, rtc_configuration
from capture.settings import CaptureSettings

_log = logging.getLogger(__name__)
_VIDEO_WAITING = 45  # frames, 3 s: they wait only until the connection stands
_AUDIO_WAITING = 10  # packets: old sound is of no use
_CONNECT_S = 10.0
_LOOK_S = 1.0
_SLOW_LOSS, _FAST_LOSS = 0.15, 0.03  # shares of the packets sent
_DRIFT_S = 0.2
Packet: TypeAlias = "av.Packet[Any]"


class LiveTrack(MediaStreamTrack):
    """Hands encoded frames to aiortc's sender, which only packs them into RTP."""

    def __init__(self, kind: str, limit: int) -> None:
        super().__init__()
        self.kind = kind
        self._packets: deque[Packet] = deque(maxlen=limit)
        self._some = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self._packets) == self._packets.maxlen

    def put(self, packet: Packet) -> None:
        self._packets.append(packet)
        self._some.set()

    def clear(self) -> None:
        self._packets.clear()

    async def recv(self) -> Packet:
        while not self._packets:
            if self.readyState != "live":
                raise MediaStreamError
            self._some.clear()
            await self._some.wait()
        return self._packets.popleft()

    def stop(self) -> None:
        super().stop()
        self._some.set()


class View:
    """One viewer's connection to one track."""

    def __init__(self, key: TrackKey, codec: str, ice: Sequence[IceServer]) -> None:
        self.key = key
        self.codec = codec
        self.resource_id = secrets.token_urlsafe(18)
        self.etag = secrets.token_hex(8)
        self._peer = RTCPeerConnection(rtc_configuration(ice))
        self._video = LiveTrack("video", _VIDEO_WAITING)
        self._audio = LiveTrack("audio", _AUDIO_WAITING)
        self._needs_key = True
        self._keys_only = False
        self._connected, self._gone = asyncio.Event(), asyncio.Event()
        self._closing: asyncio.Task[None] | None = None

    async def answer(self, offer: Offer) -> str:
        """Raises SdpRefused and leaves nothing behind."""
        try:
            self._offer_tracks(offer)
            await self._peer.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except Exception as error:
            await self.close()
            raise SdpRefused("the offer cannot be answered") from error
        except BaseException:
            await self.close()
            raise
        self._peer.on("connectionstatechange", self._on_state)
        return str(self._peer.localDescription.sdp)

    def video(self, packet: Packet, *, key: bool) -> bool:
        """Whether it waits for a key frame."""
        if not key and (self._needs_key or self._keys_only):
            return self._needs_key
        if self._video.full:
            self._video.clear()
            self._needs_key = not key
            if not key:
                return True
        self._needs_key = False
        self._video.put(packet)
        return False

    def audio(self, packet: Packet) -> None:
        self._audio.put(packet)

    async def attend(self) -> None:
        """Until the viewer is gone, or never came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                await self._connected.wait()
        while self._connected.is_set() and not self._gone.is_set():
            self._slow_down(await self._lost_share())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._gone.wait()

    def leave(self) -> None:
        self._connected.set()
        self._gone.set()

    async def close(self) -> None:
        if self._closing is None:
            self._video.stop()
            self._audio.stop()
            self._closing = asyncio.ensure_future(self._peer.close())
        await asyncio.shield(self._closing)

    def _offer_tracks(self, offer: Offer) -> None:
        wanted = [(self._video, {f"video/{self.codec}", "video/rtx"})]
        if offer.has_audio:
            wanted.append((self._audio, {"audio/opus"}))
        for track, names in wanted:
            transceiver = self._peer.addTransceiver(track, direction="sendonly")
            capabilities = RTCRtpSender.getCapabilities(track.kind)
            assert capabilities is not None
            transceiver.setCodecPreferences(
                [codec for codec in capabilities.codecs if codec.mimeType.lower() in names]
            )

    async def _lost_share(self) -> float:
        """Of the packets since the viewer's report before, as the viewer counts (RFC 3550)."""
        found = (await self._peer.getStats()).values()
        return max(
            (
                stats.fractionLost / 256
                for stats in found
                if stats.type == "remote-inbound-rtp" and stats.kind == "video"
            ),
            default=0.0,
        )

    def _slow_down(self, lost: float) -> None:
        """A line that loses much gets key frames only, until it carries them well."""
        if lost > _SLOW_LOSS:
            self._keys_only = True
        elif lost < _FAST_LOSS and self._keys_only:
            self._keys_only, self._needs_key = False, True

    def _on_state(self) -> None:
        if self._peer.connectionState == "connected":
            self._connected.set()
        elif self._peer.connectionState in {"failed", "closed"}:
            self.leave()


@dataclass(slots=True)
class _Times:
    """RTP times of one kind of media: spaced as they were sent, near the timeline, growing."""

    offset: int | None = None
    last: int = -1

    def place(self, frame: EncodedFrame, at_ms: int) -> int:
        rate = frame.clock_rate
        goal = at_ms * rate // 1000
        if self.offset is None or abs(frame.ticks + self.offset - goal) > _DRIFT_S * rate:
            self.offset = goal - frame.ticks  # the first, or the first of a new publication
        self.last = max(self.last + 1, frame.ticks + self.offset)
        return self.last


class Audience:
    """Those who watch a track now. ``codec``: of the picture that came last."""

    def __init__(self) -> None:
        self.views: set[View] = set()
        self.codec: str | None = None
        self._video, self._audio = _Times(), _Times()

    def video(self, frame: EncodedFrame, at_ms: int, *, key: bool) -> bool:
        """Pass a picture on; whether somebody waits for a key frame. Never raises."""
        if frame.codec != self.codec:
            self.codec = frame.codec
            self.leave()
        if not self.views:
            return False
        try:
            packet = _packet(frame, self._video.place(frame, at_ms))
            waiting = [view.video(packet, key=key) for view in self.views]
        except Exception:  # noqa: BLE001 - watching must not harm the recording
            _log.exception("a picture was not passed on")
            return False
        return any(waiting)

    def audio(self, frame: EncodedFrame, at_ms: int) -> None:
        if not self.views:
            return
        try:
            packet = _packet(frame, self._audio.place(frame, at_ms))
            for view in self.views:
                view.audio(packet)
        except Exception:  # noqa: BLE001 - likewise
            _log.exception("a sound was not passed on")

    def leave(self) -> None:
        """End every view of this track."""
        for view in self.views:
            view.leave()


def _packet(frame: EncodedFrame, pts: int) -> Packet:
    packet = av.Packet(frame.data)
    packet.pts, packet.time_base = pts, Fraction(1, frame.clock_rate)
    return packet


class Viewing:
    """All live views of this process, and how many there may be."""

    def __init__(self, settings: CaptureSettings) -> None:
        self._settings = settings
        self._views: dict[str, View] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    def __len__(self) -> int:
        return len(self._views)

    async def open(self, key: TrackKey, audience: Audience, offer: Offer) -> Publication:
        """Raises ViewsStopped, ViewsFull, SdpRefused."""
        if self._stopped:
            raise ViewsStopped("live views are stopped")
        full = len(self._views) >= self._settings.max_views
        if full or len(audience.views) >= self._settings.max_views_a_track:
            raise ViewsFull("as many watch as this server can serve")
        codec = audience.codec
        if codec is None or codec.upper() not in offer.video_codecs:
            raise SdpUnsupported("the picture's codec is not offered")
        view = View(key, codec, self._settings.ice.servers())
        self._views[view.resource_id] = view
        # From here on frames wait in the view, so that it can show one as soon as it stands.
        audience.views.add(view)
        try:
            answer = await view.answer(offer)
        except BaseException:
            audience.views.discard(view)
            del self._views[view.resource_id]
            raise
        task = asyncio.get_running_loop().create_task(self._attend(view, audience))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Publication(view.resource_id, answer, view.etag)

    def track_of(self, resource_id: str) -> TrackKey:
        """Raises ResourceUnknown."""
        return self._view(resource_id).key

    def close(self, resource_id: str) -> None:
        """The viewer's good-bye. Raises ResourceUnknown."""
        self._view(resource_id).leave()

    def close_all_of(self, sitting_id: str) -> None:
        """Whoever may still watch opens a new one."""
        for view in self._views.values():
            if view.key.sitting_id == sitting_id:
                view.leave()

    def stop(self) -> None:
        """End all views and refuse new ones: the recordings need the machine."""
        self._stopped = True
        for view in self._views.values():
            view.leave()

    def allow(self) -> None:
        self._stopped = False

    async def aclose(self) -> None:
        self.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _view(self, resource_id: str) -> View:
        try:
            return self._views[resource_id]
        except KeyError:
            raise ResourceUnknown("no such view") from None

    async def _attend(self, view: View, audience: Audience) -> None:
        """A view ends after a while, so that a right which was taken back ends with it."""
        try:
            async with asyncio.timeout(self._settings.view_life_s):
                await view.attend()
        except TimeoutError:
            _log.debug("a live view came to its end")
        finally:
            audience.views.discard(view)
            self._views.pop(view.resource_id, None)
            await view.close()
