"""The capture service: many sittings, each of their tracks published by one peer at a time.

All methods run in the event loop's thread. One writing thread hashes and syncs closed segments
in order; a small pool decodes; another reads for clips and joins.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from capture import clip, join
from capture.contracts import (
    CaptureEvent,
    CaptureFigures,
    ClockOffset,
    GapCause,
    LiveStatus,
    MediaLost,
    MediaStarted,
    PublisherEnded,
    PublishGrant,
    Recording,
    Relief,
    Segment,
    SuppliedSegment,
    TrackKey,
    TrackKind,
    WatchGrant,
)
from capture.endpoint import Publication
from capture.errors import (
    CapacityFull,
    NotLiveNow,
    ResourceUnknown,
    StillRecorded,
)
from capture.finalise import finalise
from capture.floods import Floods
from capture.folders import Folders
from capture.locks import KeyedLocks
from capture.manifest import Manifest
from capture.offer import check_offer
from capture.places import Places
from capture.recorder import Recorder
from capture.session import PublishSession
from capture.settings import CaptureSettings
from capture.signing import RecordingKey
from capture.supplied import LONGEST_MS, SupplyRequest, cut_out, missing, take_in
from capture.tap import AudioTap, FrameTap, Taps
from capture.timeline import SittingClock
from capture.track import LiveTrack
from capture.viewing import Viewing

_log = logging.getLogger(__name__)
Result = TypeVar("Result")
_HEARD_ALONE = 0.6  # of the patience: only sound that outlasts pictures so long is without them
_FRAME_PATIENCE_MS = 5000  # packets come but no whole frame: as good as lost


class CaptureService:
    """Receives, records and shows what sittings publish. ``root``/<sitting>/<track> holds it."""

    def __init__(
        self,
        root: Path,
        *,
        on_event: Callable[[CaptureEvent], None],
        settings: CaptureSettings | None = None,
    ) -> None:
        self._folders = Folders(root)
        self._on_event = on_event
        self._settings = settings or CaptureSettings()
        self._tracks: dict[TrackKey, LiveTrack] = {}
        self._by_resource: dict[str, TrackKey] = {}
        self._taps: dict[str, Taps] = {}
        self._past = CaptureFigures()  # of sittings that are no longer in memory
        self._locks = KeyedLocks()
        self._told: dict[TrackKey, GapCause] = {}
        self._viewing = Viewing(self._settings)
        self._places = Places(self._settings.max_sittings)
        self._floods = Floods()
        self._relief = Relief.NOTHING
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="capture-write")
        self._reading = ThreadPoolExecutor(2, thread_name_prefix="capture-read")
        self._decoding = ThreadPoolExecutor(
            self._settings.decode_threads, thread_name_prefix="capture-decode"
        )
        self._supplying = ThreadPoolExecutor(1, thread_name_prefix="capture-supply")
        self._ticker: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    # --- life ------------------------------------------------------------------------------

    async def start(self) -> list[Segment]:
        """Repair what a crash left; returns the segments gained by it."""
        self._ensure_ticking()
        return await self.repaired("*")

    async def repaired(self, sitting_id: str) -> list[Segment]:
        """Whatever a crash left of a sitting (``*``: of all) that nobody records now."""
        loop = asyncio.get_running_loop()
        work = partial(self._folders.repair, sitting_id, busy=self._tracks)
        return await loop.run_in_executor(self._writing, work)

    async def aclose(self) -> None:
        """End every publication; all segments are closed, hashed and chained when this returns."""
        self._closed = True
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        await self._viewing.aclose()
        for key in list(self._tracks):
            await self._retire(key, GapCause.SERVER_RESTART)
        for taps in self._taps.values():
            taps.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for pool in (self._decoding, self._reading, self._supplying, self._writing):
            pool.shutdown(wait=True)

    # --- publishing ------------------------------------------------------------------------

    async def publish(self, grant: PublishGrant, offer_sdp: str) -> Publication:
        """Answer an offer. An older publication of the same track ends once this one stands.

        SdpRefused, CapacityFull, PublisherFlooded, StorageFull.
        """
        offer = check_offer(offer_sdp, self._settings.max_offer_bytes)
        if self._closed:
            raise CapacityFull("this server is going down")
        self._floods.require_over(grant.key)
        self._ensure_ticking()
        with self._place(grant):
            async with self._locks.hold(grant.key):
                track = await self._track(grant.key)
                session = PublishSession(
                    track.recorder,
                    self._clock(grant),
                    self._settings,
                    self._decoding,
                    self._on_gone,
                    audience=track.audience,
                )
                answer = await session.answer(offer)
                await self._replace(grant.key, track, session)
        return Publication(session.resource_id, answer, session.etag)

    async def end(self, resource_id: str) -> None:
        """The publisher's good-bye (DELETE)."""
        await self._finish(self.track_of(resource_id), GapCause.CLIENT_ENDED, resource_id)

    async def end_sitting(self, sitting_id: str) -> None:
        """The sitting is over: nothing of it stays open or in memory, all of it is written."""
        keys = [TrackKey(sitting_id, kind) for kind in TrackKind]  # one may be about to begin
        await asyncio.gather(*(self._retire(key, GapCause.CLIENT_ENDED) for key in keys))
        self._places.leave(sitting_id)
        self._close_taps(sitting_id)

    def track_of(self, resource_id: str) -> TrackKey:
        """Whose publication this is. Raises ResourceUnknown."""
        try:
            return self._by_resource[resource_id]
        except KeyError:
            raise ResourceUnknown("no such publication") from None

    # --- watching --------------------------------------------------------------------------

    async def watch(self, grant: WatchGrant, offer_sdp: str) -> Publication:
        """A live view. Raises NotLiveNow, ViewsStopped, ViewsFull, SdpRefused."""
        offer = check_offer(offer_sdp, self._settings.max_offer_bytes, watches=True)
        track = self._tracks.get(grant.key)
        if track is None or not track.live:
            raise NotLiveNow("nothing of this track arrives now")
        return await self._viewing.open(grant.key, track.audience, offer)

    async def end_view(self, resource_id: str) -> None:
        """The viewer's good-bye (DELETE). Raises ResourceUnknown."""
        self._viewing.close(resource_id)

    async def end_views(self, sitting_id: str) -> None:
        """Somebody may watch no longer: all views of the sitting end, and are asked for anew."""
        self._viewing.close_all_of(sitting_id)

    def watched_track(self, resource_id: str) -> TrackKey:
        """Raises ResourceUnknown."""
        return self._viewing.track_of(resource_id)

    @property
    def views(self) -> int:
        """How many watch live now."""
        return len(self._viewing)

    # --- overload --------------------------------------------------------------------------

    @property
    def relief(self) -> Relief:
        """What is done without now."""
        return self._relief

    def relieve(self, relief: Relief) -> None:
        """Do without this much. Who has a place keeps it; newcomers wait while views are off."""
        self._relief = relief
        self._places.open = relief < Relief.NO_LIVE_VIEWS
        if relief >= Relief.NO_LIVE_VIEWS:
            self._viewing.stop()  # all end, new ones are refused
        else:
            self._viewing.allow()
        for taps in self._taps.values():
            taps.relieve(relief)

    # --- looking ---------------------------------------------------------------------------

    def status(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> LiveStatus:
        track = self._tracks.get(TrackKey(sitting_id, kind))
        if track is None:
            return LiveStatus(
                live=False, connected=False, last_media_ms=None, frames_decoded=0, frames_dropped=0
            )
        return track.status(self._taps.get(sitting_id) if kind is TrackKind.CAMERA else None)

    def tracks(self) -> Iterator[tuple[TrackKey, int, tuple[Path, ...]]]:
        """What is in memory: how far it is recorded, and the files after the sealed segments."""
        for key, track in self._tracks.items():
            yield key, track.recorder.until_ms, track.recorder.growing

    def figures(self) -> CaptureFigures:
        """Of all sittings together, seen by their cameras."""
        here = sum(map(self._figures, self._tracks), self._past)
        return here + CaptureFigures(waiting=self._places.waiting)

    def tap(self, sitting_id: str) -> FrameTap:
        """Decoded frames of the sitting's camera, from the first call on, at a key frame."""
        return self._tapped(sitting_id).frames

    def audio_tap(self, sitting_id: str) -> AudioTap:
        """Decoded sound of the sitting's microphone, from the first call on."""
        return self._tapped(sitting_id).listened()

    def _tapped(self, sitting_id: str) -> Taps:
        taps = self._taps.get(sitting_id)
        if taps is None:
            taps = self._taps[sitting_id] = Taps(sitting_id, self._settings.sample_fps)
            taps.relieve(self._relief)
            track = self._tracks.get(TrackKey(sitting_id))
            if track is not None and track.session is not None:
                track.session.taps = taps
        return taps

    def recording(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Recording:
        key = TrackKey(sitting_id, kind)
        track = self._tracks.get(key)
        if track is not None:
            return track.recorder.ledger.recording(key)
        return self._folders.recording(key)

    def recorded_until(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> int:
        """Milliseconds of the timeline recorded so far, the open segment included."""
        track = self._tracks.get(TrackKey(sitting_id, kind))
        if track is not None:
            return track.recorder.until_ms
        segments = self.recording(sitting_id, kind).segments
        return segments[-1].end_ms if segments else 0

    async def joined(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Path:
        """All that is recorded so far as one seekable file. Raises NothingRecorded."""
        key = TrackKey(sitting_id, kind)
        return await asyncio.get_running_loop().run_in_executor(
            self._reading, join.join, self._folders.of(key), *self._parts(key)
        )

    async def clip(
        self,
        sitting_id: str,
        at_ms: int,
        before_ms: int = 5000,
        after_ms: int = 10000,
        kind: TrackKind = TrackKind.CAMERA,
    ) -> bytes:
        """A playable cut around ``at_ms``, from the key frame before it. Raises NothingRecorded."""
        key = TrackKey(sitting_id, kind)
        return await asyncio.get_running_loop().run_in_executor(
            self._reading,
            clip.cut,
            self._folders.of(key),
            *self._parts(key),
            at_ms - before_ms,
            at_ms + after_ms,
        )

    def _figures(self, key: TrackKey) -> CaptureFigures:
        if key.track is not TrackKind.CAMERA:
            return CaptureFigures()
        return self._tracks[key].figures(key, self._taps.get(key.sitting_id))

    # --- keeping ---------------------------------------------------------------------------

    def tracks_on_record(self, sitting_id: str) -> list[TrackKey]:
        """Tracks of which there is anything, now published or not."""
        return self._folders.on_record(sitting_id)

    def explain(self, key: TrackKey, cause: GapCause | None) -> None:
        """Why there is or will be no picture, as the page that publishes it says."""
        track = self._tracks.get(key)
        if track is not None:
            track.recorder.explain(cause)
        elif cause is not None:
            self._told[key] = cause  # until it publishes again

    async def finalise(
        self, key: TrackKey, signer: RecordingKey, at: datetime, until_ms: int
    ) -> Recording:
        """Close the record of a sitting that ended at ``until_ms``, and sign it. OSError.

        StillRecorded: what is being recorded would not be under the signature.
        """
        self._told.pop(key, None)
        work = partial(finalise, signer=signer, at=at, until_ms=until_ms)
        return await self._amend(key, work, at_rest=True)

    async def note_clock(self, key: TrackKey, offset: ClockOffset) -> None:
        """Write down how far the student's clock is off."""
        await self._amend(key, lambda kept: kept.append(offset))

    async def supply(self, key: TrackKey, request: SupplyRequest) -> list[SuppliedSegment]:
        """Fill gaps with what the student's page kept. Again changes nothing.

        Never over what the server received: only gaps on record are filled. SupplyRefused,
        SupplyFailed.
        """
        recording = self.recording(*key)
        known = [one for one in recording.supplied if one.piece == request.piece]
        end_ms = request.start_ms + LONGEST_MS
        spans = [
            span
            for span in missing(recording)
            if span.start_ms < end_ms and span.end_ms > request.start_ms
        ]
        if known or not spans:
            return known
        loop = asyncio.get_running_loop()
        gaps = recording.gaps
        cuts = await loop.run_in_executor(self._supplying, cut_out, request, spans, gaps)
        folder = self._folders.of(key)
        return await self._amend(key, lambda kept: take_in(kept, folder, request, cuts))

    async def _amend(
        self,
        key: TrackKey,
        work: Callable[[Manifest], Result],
        *,
        at_rest: bool = False,
    ) -> Result:
        """Let ``work`` change a track's manifest, in the writing thread, whoever records it.

        ``at_rest``: only while nobody publishes it. StillRecorded.
        """
        async with self._locks.hold(key):
            track = self._tracks.get(key)
            if track is not None:
                if at_rest and track.session is not None:
                    raise StillRecorded("the track is still published")
                return await track.recorder.amend(work)
            return await asyncio.get_running_loop().run_in_executor(
                self._writing, lambda: work(self._folders.open(key))
            )

    # --- inside ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _place(self, grant: PublishGrant) -> Iterator[None]:
        """A newcomer whose offer comes to nothing takes nobody's place. Raises CapacityFull."""
        newcomer = self._places.enter(grant.sitting_id, returning=grant.returning)
        try:
            yield
        except BaseException:
            if newcomer:
                self._places.leave(grant.sitting_id)
            raise

    def _clock(self, grant: PublishGrant) -> SittingClock:
        """The one another track of the sitting runs by, so that all keep the same time."""
        siblings = [
            track for key, track in self._tracks.items() if key.sitting_id == grant.sitting_id
        ]
        for track in siblings:
            if track.session is not None:
                return track.session.clock
        until_ms = max(track.recorder.until_ms for track in siblings)
        return SittingClock(grant.origin, at_least_ms=until_ms)

    def _parts(self, key: TrackKey) -> tuple[tuple[join.Media, ...], tuple[Path, ...]]:
        """Sealed and supplied segments, and the files after them."""
        track = self._tracks.get(key)
        growing = track.recorder.growing if track is not None else ()
        return self.recording(*key).media, growing

    async def _track(self, key: TrackKey) -> LiveTrack:
        track = self._tracks.get(key)
        if track is None:
            loop = asyncio.get_running_loop()
            kept = await loop.run_in_executor(self._writing, self._folders.open, key)
            recorder = Recorder(
                key,
                self._folders.of(key),
                kept,
                writing=self._writing,
                settings=self._settings.of(key.track),
                emit=self._emit,
            )
            recorder.explain(self._told.pop(key, None))
            track = self._tracks[key] = LiveTrack(recorder)
        return track

    async def _replace(self, key: TrackKey, track: LiveTrack, session: PublishSession) -> None:
        old = track.session
        track.session = session
        session.taps = self._taps.get(key.sitting_id) if key.track is TrackKind.CAMERA else None
        self._by_resource[session.resource_id] = key
        if old is not None:
            self._detach(track, old)
            track.recorder.pause(GapCause.NETWORK)
            await old.close()

    def _detach(self, track: LiveTrack, session: PublishSession) -> None:
        """From here on nothing the session still delivers is recorded."""
        session.replaced = True
        self._by_resource.pop(session.resource_id, None)
        if session.sampler is not None:
            track.decoded += session.sampler.decoded
            track.skipped += session.sampler.skipped

    async def _finish(self, key: TrackKey, cause: GapCause, resource_id: str) -> None:
        """End this publication, if it is still the track's; all it received is written."""
        async with self._locks.hold(key):
            track = self._tracks.get(key)
            session = track.session if track is not None else None
            if track is not None and session is not None and session.resource_id == resource_id:
                await self._stop(key, track, session, cause)

    async def _stop(
        self, key: TrackKey, track: LiveTrack, session: PublishSession, cause: GapCause
    ) -> None:
        track.session = None
        track.idle_since = time.monotonic()
        self._by_resource.pop(session.resource_id, None)
        await session.close()
        self._detach(track, session)
        track.recorder.pause(cause)
        track.live = False
        await track.recorder.drain()
        self._emit(PublisherEnded(key.sitting_id, session.clock.now_ms(), key.track))

    async def _retire(self, key: TrackKey, cause: GapCause, *, if_idle: bool = False) -> None:
        """Out of memory, all it received written; ``if_idle``: unless it is published by now."""
        async with self._locks.hold(key):
            track = self._tracks.get(key)
            if track is None or (if_idle and track.session is not None):
                return
            if track.session is not None:
                await self._stop(key, track, track.session, cause)
            self._past += self._figures(key)
            del self._tracks[key]
            if key.track is TrackKind.CAMERA:
                self._close_taps(key.sitting_id)  # their figures are past now, too
            track.audience.leave()
            track.recorder.pause(cause)
            await track.recorder.drain()

    def _close_taps(self, sitting_id: str) -> None:
        if (taps := self._taps.pop(sitting_id, None)) is not None:
            taps.close()

    def _on_gone(self, session: PublishSession) -> None:
        """The connection closed or failed by itself."""
        key = self._by_resource.get(session.resource_id)
        track = self._tracks.get(key) if key is not None else None
        if key is None or track is None or track.session is not session:
            return
        if session.flooded:
            self._floods.cut_off(key)
        cause = GapCause.CLIENT_ENDED if session.gone_by_peer else GapCause.NETWORK
        self._lose(key, track, cause)
        track.session = None
        track.idle_since = time.monotonic()
        self._detach(track, session)
        self._spawn(session.close())
        self._emit(PublisherEnded(key.sitting_id, session.clock.now_ms(), key.track))

    def _lose(self, key: TrackKey, track: LiveTrack, cause: GapCause) -> None:
        track.recorder.pause(cause)
        self._tell_lost(key, track)

    def _tell_lost(self, key: TrackKey, track: LiveTrack) -> None:
        if track.live:
            track.live = False
            self._emit(MediaLost(key.sitting_id, track.last_rtp_ms or 0, key.track))

    def _emit(self, event: CaptureEvent) -> None:
        if isinstance(event, PublisherEnded) and event.track is TrackKind.CAMERA:
            self._places.gone(event.sitting_id)
        if isinstance(event, MediaStarted):
            track = self._tracks.get(TrackKey(event.sitting_id, event.track))
            if track is not None:
                track.live = True
        try:
            self._on_event(event)
        except Exception:  # noqa: BLE001 - a listener's fault must not end a recording
            _log.exception("a capture event was not handled: %s", type(event).__name__)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- the clock -------------------------------------------------------------------------

    def _ensure_ticking(self) -> None:
        if self._ticker is None and not self._closed:
            self._ticker = asyncio.ensure_future(self._tick_forever())

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.tick_s)
            for key, track in list(self._tracks.items()):
                try:
                    self._tick(key, track)
                except Exception:  # noqa: BLE001 - nor one track's fault the others'
                    _log.exception("a track's tick failed")

    def _tick(self, key: TrackKey, track: LiveTrack) -> None:
        session = track.session
        if session is None:
            if time.monotonic() - track.idle_since > self._settings.forget_after_s:
                track.idle_since = time.monotonic()
                self._spawn(self._retire(key, GapCause.NETWORK, if_idle=True))
            return
        session.tick()
        if session.last_rtp_ms is not None:
            track.last_rtp_ms = session.last_rtp_ms
            self._watch(key, track, session)
        elif time.monotonic() - session.started > self._settings.connect_within_s:
            session.started = time.monotonic()
            self._spawn(self._finish(key, GapCause.NETWORK, session.resource_id))
        elif track.live and session.clock.now_ms() - (track.last_rtp_ms or 0) > self._lost_ms(key):
            self._lose(key, track, GapCause.NETWORK)

    def _lost_ms(self, key: TrackKey) -> float:
        return self._settings.of(key.track).lost_after_s * 1000

    def _watch(self, key: TrackKey, track: LiveTrack, session: PublishSession) -> None:
        """2 s without RTP: the media is lost, whatever ICE believes (its consent takes 30 s).

        Where sound comes still the line is well, and only the camera is not: sound goes on. A line
        that was cut may give up its last sound up to a second after its last picture.
        """
        now_ms = session.clock.now_ms()
        patience_ms = self._lost_ms(key)
        silent = now_ms - (session.last_rtp_ms or 0) > patience_ms
        no_frame = now_ms - (session.last_frame_ms or 0) > max(patience_ms, _FRAME_PATIENCE_MS)
        sound_ms = -patience_ms if session.last_sound_ms is None else session.last_sound_ms
        seen_ms = (session.last_rtp_ms if silent else session.last_frame_ms) or 0
        heard = now_ms - sound_ms < patience_ms and sound_ms - seen_ms > _HEARD_ALONE * patience_ms
        lost = track.live and (silent or no_frame)
        if lost and heard:
            track.recorder.go_on_with_sound(GapCause.CAMERA_OFF if silent else GapCause.NETWORK)
            self._tell_lost(key, track)
        elif lost or (track.recorder.sound_alone and not heard):
            self._lose(key, track, GapCause.NETWORK)
