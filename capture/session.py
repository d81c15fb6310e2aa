"""One WHIP publication of a sitting: its peer connection, its clocks, its decoder."""

import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Executor

from capture.codecs import KeyInfo, h264_key, h264_sample, vp8_key
from capture.decode import FrameSampler
from capture.offer import Offer
from capture.recorder import Recorder
from capture.rtp_seam import EncodedFrame, Ingest, SenderTime
from capture.settings import CaptureSettings
from capture.sound import SoundSampler
from capture.tap import Taps
from capture.timeline import LipSync, SittingClock, TrackClock
from capture.viewing import Audience

_log = logging.getLogger(__name__)
_KEY_RETRY_S = 0.5


class PublishSession:
    """Runs in the event loop's thread. ``taps`` is None while nobody wants it decoded."""

    def __init__(
        self,
        recorder: Recorder,
        clock: SittingClock,
        settings: CaptureSettings,
        pool: Executor,
        on_closed: Callable[["PublishSession"], None],
        *,
        audience: Audience,
    ) -> None:
        self.resource_id = secrets.token_urlsafe(18)
        self.etag = secrets.token_hex(8)
        self.clock = clock
        self.taps: Taps | None = None
        self.started = time.monotonic()
        self.last_rtp_ms: int | None = None
        self.last_frame_ms: int | None = None
        self.last_sound_ms: int | None = None
        self.sampler: FrameSampler | None = None
        self._sound: SoundSampler | None = None
        self.replaced = False
        self.flooded = False
        self._recorder = recorder
        self._audience = audience
        self._settings = settings
        self._pool = pool
        self._on_closed = on_closed
        self._tracks: dict[str, TrackClock] = {}
        self._sync = LipSync()
        self._packets = 0
        self._counted = self.started, 0  # when, and how many packets of the peer there were
        self._key_asked = 0.0
        self._ingest = Ingest(self, settings.ice.servers())

    async def answer(self, offer: Offer) -> str:
        return await self._ingest.answer(offer, self._settings.audio_ptime_ms)

    @property
    def connected(self) -> bool:
        return self._ingest.connected

    @property
    def gone_by_peer(self) -> bool:
        """The connection ended, and by the other side's own good-bye."""
        return self._ingest.ended_by_peer

    def on_frame(self, frame: EncodedFrame) -> None:
        now_ms = self.clock.now_ms()
        track = self._tracks.get(frame.codec)
        if track is None:
            track = self._sync.add(TrackClock(frame.clock_rate))
            self._tracks[frame.codec] = track
        at_ms = track.place(frame.ticks, now_ms, on_time=frame.on_time)
        if self.replaced or at_ms is None:
            return
        if frame.codec == "opus":
            self.last_sound_ms = now_ms
            self._recorder.audio(at_ms, frame.data)
            self._audience.audio(frame, at_ms)
            self._hear(frame.data, at_ms)
            return
        self.last_rtp_ms = self.last_frame_ms = now_ms
        self._video(frame, at_ms)

    def on_sender_time(self, time: SenderTime) -> None:
        if (track := self._tracks.get(time.codec)) is not None:
            track.report(time.ticks, time.sender_ms)
            self._sync.align()

    def on_closed(self) -> None:
        self._on_closed(self)

    def tick(self) -> None:
        """A few times a second: count packets, ask for key frames when they are due."""
        if self._is_flood():
            _log.warning("a publisher sends more packets than any camera: it is cut off")
            self.flooded = True
            self._on_closed(self)
            return
        packets = self._ingest.packets_received()
        if packets != self._packets:
            self._packets = packets
            self.last_rtp_ms = self.clock.now_ms()
        self._recorder.tick(self.clock.now_ms())
        if time.monotonic() - self._key_asked >= self._settings.key_frame_every_s:
            self._ask_key()

    def _is_flood(self) -> bool:
        """Only packets with the peer's own keys count: nobody else can have it cut off."""
        since, before = self._counted
        now, packets = time.monotonic(), self._ingest.packets_sent_by_peer()
        if now - since < 1:
            return False
        self._counted = now, packets
        return packets - before > self._settings.max_packets_per_s * (now - since)

    async def close(self) -> None:
        await self._ingest.close()
        if self.sampler is not None:
            self.sampler.close()
        if self._sound is not None:
            self._sound.close()

    def _video(self, frame: EncodedFrame, at_ms: int) -> None:
        key: KeyInfo | None
        if frame.codec == "vp8":
            key, sample = vp8_key(frame.data), frame.data
        else:
            key, sample = h264_key(frame.data), h264_sample(frame.data)
        self._recorder.video(frame.codec, at_ms, sample, key, lost=frame.after_loss)
        waited_for = self._audience.video(frame, at_ms, key=key is not None)
        if key is None and (frame.after_loss or self._recorder.wants_key_frame or waited_for):
            self._ask_key(soon=True)
        if self.taps is not None:
            if self.sampler is None:
                self.sampler = FrameSampler(
                    frame.codec, self.taps.frames, self._pool, self._settings.decode_backlog
                )
            self.sampler.feed(frame.data, at_ms, key is not None, frame.after_loss)

    def _hear(self, data: bytes, at_ms: int) -> None:
        sound = self.taps.sound if self.taps is not None else None
        if sound is not None:
            if self._sound is None:
                self._sound = SoundSampler(sound, self._pool)
            self._sound.feed(data, at_ms)

    def _ask_key(self, *, soon: bool = False) -> None:
        now = time.monotonic()
        if soon and now - self._key_asked < _KEY_RETRY_S:
            return
        self._key_asked = now
        self._ingest.request_key_frame()
