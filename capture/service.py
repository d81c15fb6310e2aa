"""The capture service: many sittings, each published by at most one peer at a time.

All methods run in the event loop's thread. One writing thread hashes and syncs closed segments
in order; a small pool decodes; another reads for clips and joins.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from capture import clip, join, manifest
from capture.contracts import (
    CaptureEvent,
    GapCause,
    LiveStatus,
    MediaLost,
    MediaStarted,
    PublisherEnded,
    PublishGrant,
    Recording,
    Segment,
)
from capture.errors import FULL, CapacityFull, CaptureError, ResourceUnknown, StorageFull
from capture.locks import KeyedLocks
from capture.offer import check_offer
from capture.recorder import Recorder
from capture.repair import repair_folder
from capture.session import PublishSession
from capture.settings import CaptureSettings
from capture.tap import FrameTap
from capture.timeline import SittingClock

_log = logging.getLogger(__name__)
_SITTING_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_CAMERA = "camera"
_FRAME_PATIENCE_MS = 5000  # packets come but no whole frame: as good as lost


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publisher gets back: its resource, our answer, the ICE session's tag."""

    resource_id: str
    answer_sdp: str
    etag: str


@dataclass(slots=True)
class _Sitting:
    """A sitting in memory: who publishes it now and who writes it down."""

    recorder: Recorder
    session: PublishSession | None = None
    live: bool = False  # announced as started and not yet as lost
    last_rtp_ms: int | None = None
    decoded: int = 0  # by earlier publications
    skipped: int = 0
    idle_since: float = field(default_factory=time.monotonic)


class CaptureService:
    """Receives, records and shows what sittings publish. ``root``/<sitting>/camera holds it."""

    def __init__(
        self,
        root: Path,
        *,
        on_event: Callable[[CaptureEvent], None],
        settings: CaptureSettings | None = None,
    ) -> None:
        self._root = root
        self._on_event = on_event
        self._settings = settings or CaptureSettings()
        self._sittings: dict[str, _Sitting] = {}
        self._by_resource: dict[str, str] = {}
        self._taps: dict[str, FrameTap] = {}
        self._locks = KeyedLocks()
        self._answering = 0
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="capture-write")
        self._reading = ThreadPoolExecutor(2, thread_name_prefix="capture-read")
        self._decoding = ThreadPoolExecutor(
            self._settings.decode_threads, thread_name_prefix="capture-decode"
        )
        self._ticker: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    # --- life ------------------------------------------------------------------------------

    async def start(self) -> list[Segment]:
        """Repair what a crash left; returns the segments gained by it."""
        self._ensure_ticking()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writing, self._repair_all)

    async def aclose(self) -> None:
        """End every publication; all segments are closed, hashed and chained when this returns."""
        self._closed = True
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        for sitting_id in list(self._sittings):
            await self._retire(sitting_id, GapCause.SERVER_RESTART)
        for tap in self._taps.values():
            tap.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for pool in (self._decoding, self._reading, self._writing):
            pool.shutdown(wait=True)

    # --- publishing ------------------------------------------------------------------------

    async def publish(self, grant: PublishGrant, offer_sdp: str) -> Publication:
        """Answer an offer. An older publication of the same sitting ends once this one stands."""
        offer = check_offer(offer_sdp, self._settings.max_offer_bytes)
        if self._closed or len(self._by_resource) + self._answering >= self._limit(grant):
            raise CapacityFull("this server takes no more publishers now")
        self._ensure_ticking()
        self._answering += 1
        try:
            async with self._locks.hold(grant.sitting_id):
                sitting = await self._sitting(grant.sitting_id)
                clock = SittingClock(grant.origin, at_least_ms=sitting.recorder.until_ms)
                session = PublishSession(
                    sitting.recorder, clock, self._settings, self._decoding, self._on_gone
                )
                answer = await session.answer(offer)
                await self._replace(grant.sitting_id, sitting, session)
        finally:
            self._answering -= 1
        return Publication(session.resource_id, answer, session.etag)

    async def end(self, resource_id: str) -> None:
        """The publisher's good-bye (DELETE)."""
        sitting_id = self._by_resource.get(resource_id)
        if sitting_id is None:
            raise ResourceUnknown("no such publication")
        await self._finish(sitting_id, GapCause.CLIENT_ENDED, resource_id)

    async def end_sitting(self, sitting_id: str) -> None:
        """The sitting is over: nothing of it stays open or in memory."""
        if sitting_id in self._sittings:
            await self._retire(sitting_id, GapCause.CLIENT_ENDED)
        if (tap := self._taps.pop(sitting_id, None)) is not None:
            tap.close()

    def sitting_of(self, resource_id: str) -> str:
        """Whose publication this is. Raises ResourceUnknown."""
        try:
            return self._by_resource[resource_id]
        except KeyError:
            raise ResourceUnknown("no such publication") from None

    # --- looking ---------------------------------------------------------------------------

    def status(self, sitting_id: str) -> LiveStatus:
        sitting = self._sittings.get(sitting_id)
        if sitting is None:
            return LiveStatus(
                live=False, connected=False, last_media_ms=None, frames_decoded=0, frames_dropped=0
            )
        session = sitting.session
        sampler = session.sampler if session else None
        tap = self._taps.get(sitting_id)
        return LiveStatus(
            live=sitting.live and sitting.recorder.recording and session is not None,
            connected=session is not None and session.connected,
            last_media_ms=sitting.last_rtp_ms,
            frames_decoded=sitting.decoded + (sampler.decoded if sampler else 0),
            frames_dropped=sitting.skipped
            + (sampler.skipped if sampler else 0)
            + (tap.dropped if tap else 0),
        )

    def tap(self, sitting_id: str) -> FrameTap:
        """The sitting's decoded frames. Decoding begins with the first call, at a key frame."""
        tap = self._taps.get(sitting_id)
        if tap is None:
            tap = self._taps[sitting_id] = FrameTap(sitting_id, self._settings.sample_fps)
            sitting = self._sittings.get(sitting_id)
            if sitting is not None and sitting.session is not None:
                sitting.session.tap = tap
        return tap

    def recording(self, sitting_id: str) -> Recording:
        sitting = self._sittings.get(sitting_id)
        if sitting is not None:
            return sitting.recorder.ledger.recording(sitting_id)
        return manifest.read(self._folder(sitting_id), sitting_id).recording(sitting_id)

    def recorded_until(self, sitting_id: str) -> int:
        """Milliseconds of the timeline recorded so far, the open segment included."""
        sitting = self._sittings.get(sitting_id)
        if sitting is not None:
            return sitting.recorder.until_ms
        segments = self.recording(sitting_id).segments
        return segments[-1].end_ms if segments else 0

    async def joined(self, sitting_id: str) -> Path:
        """All that is recorded so far as one seekable file. Raises NothingRecorded."""
        return await asyncio.get_running_loop().run_in_executor(
            self._reading, join.join, self._folder(sitting_id), *self._parts(sitting_id)
        )

    async def clip(
        self, sitting_id: str, at_ms: int, before_ms: int = 5000, after_ms: int = 10000
    ) -> bytes:
        """A playable cut around ``at_ms``, from the key frame before it. Raises NothingRecorded."""
        return await asyncio.get_running_loop().run_in_executor(
            self._reading,
            clip.cut,
            self._folder(sitting_id),
            *self._parts(sitting_id),
            at_ms - before_ms,
            at_ms + after_ms,
        )

    # --- inside ----------------------------------------------------------------------------

    def _limit(self, grant: PublishGrant) -> int:
        """A sitting that already publishes takes no new place when it reconnects."""
        sitting = self._sittings.get(grant.sitting_id)
        again = sitting is not None and sitting.session is not None
        return self._settings.max_publications + again

    def _folder(self, sitting_id: str) -> Path:
        if not _SITTING_ID.fullmatch(sitting_id):
            raise CaptureError("a sitting's id is letters, digits, - and _", code="sitting_invalid")
        return self._root / sitting_id / _CAMERA

    def _parts(self, sitting_id: str) -> tuple[tuple[Segment, ...], Path | None]:
        """Closed segments, and the growing one's file."""
        sitting = self._sittings.get(sitting_id)
        growing = sitting.recorder.open_path if sitting is not None else None
        return self.recording(sitting_id).segments, growing

    async def _sitting(self, sitting_id: str) -> _Sitting:
        sitting = self._sittings.get(sitting_id)
        if sitting is None:
            loop = asyncio.get_running_loop()
            folder = self._folder(sitting_id)
            kept = await loop.run_in_executor(self._writing, self._open_folder, sitting_id)
            recorder = Recorder(
                sitting_id,
                folder,
                kept,
                writing=self._writing,
                settings=self._settings,
                emit=self._emit,
            )
            sitting = self._sittings[sitting_id] = _Sitting(recorder)
        return sitting

    def _open_folder(self, sitting_id: str) -> manifest.Manifest:
        folder = self._folder(sitting_id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            kept = manifest.Manifest(folder, sitting_id)
            repair_folder(folder, kept, sitting_id)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise StorageFull("no room for a recording") from error
            raise CaptureError("the recording cannot be opened", code="storage_error") from error
        return kept

    def _repair_all(self) -> list[Segment]:
        gained: list[Segment] = []
        for folder in sorted(self._root.glob(f"*/{_CAMERA}")):
            sitting_id = folder.parent.name
            if sitting_id in self._sittings or not _SITTING_ID.fullmatch(sitting_id):
                continue
            try:
                kept = manifest.Manifest(folder, sitting_id)
                gained += repair_folder(folder, kept, sitting_id)
            except (OSError, ValueError):
                _log.exception("a recording folder could not be repaired")
        return gained

    async def _replace(self, sitting_id: str, sitting: _Sitting, session: PublishSession) -> None:
        old = sitting.session
        sitting.session = session
        session.tap = self._taps.get(sitting_id)
        self._by_resource[session.resource_id] = sitting_id
        if old is not None:
            self._detach(sitting, old)
            sitting.recorder.pause(GapCause.NETWORK)
            await old.close()

    def _detach(self, sitting: _Sitting, session: PublishSession) -> None:
        """From here on nothing the session still delivers is recorded."""
        session.replaced = True
        self._by_resource.pop(session.resource_id, None)
        if session.sampler is not None:
            sitting.decoded += session.sampler.decoded
            sitting.skipped += session.sampler.skipped

    async def _finish(
        self, sitting_id: str, cause: GapCause, resource_id: str | None = None
    ) -> None:
        """End the sitting's publication (or only ``resource_id``'s), all it received written."""
        async with self._locks.hold(sitting_id):
            sitting = self._sittings.get(sitting_id)
            session = sitting.session if sitting is not None else None
            if sitting is None or session is None:
                return
            if resource_id in {None, session.resource_id}:
                await self._stop(sitting_id, sitting, session, cause)

    async def _stop(
        self, sitting_id: str, sitting: _Sitting, session: PublishSession, cause: GapCause
    ) -> None:
        sitting.session = None
        sitting.idle_since = time.monotonic()
        self._by_resource.pop(session.resource_id, None)
        await session.close()
        self._detach(sitting, session)
        at_ms = session.clock.now_ms()
        sitting.recorder.stop(at_ms, cause)
        sitting.live = False
        await sitting.recorder.drain()
        self._emit(PublisherEnded(sitting_id, at_ms))

    async def _retire(self, sitting_id: str, cause: GapCause) -> None:
        await self._finish(sitting_id, cause)
        async with self._locks.hold(sitting_id):
            sitting = self._sittings.pop(sitting_id, None)
            if sitting is not None:
                sitting.recorder.pause(cause)
                await sitting.recorder.drain()

    def _on_gone(self, session: PublishSession) -> None:
        """The connection closed or failed by itself."""
        sitting_id = self._by_resource.get(session.resource_id)
        sitting = self._sittings.get(sitting_id) if sitting_id is not None else None
        if sitting_id is None or sitting is None or sitting.session is not session:
            return
        cause = GapCause.CLIENT_ENDED if session.gone_by_peer else GapCause.NETWORK
        self._lose(sitting_id, sitting, cause)
        sitting.session = None
        sitting.idle_since = time.monotonic()
        self._detach(sitting, session)
        self._spawn(session.close())
        self._emit(PublisherEnded(sitting_id, session.clock.now_ms()))

    def _lose(self, sitting_id: str, sitting: _Sitting, cause: GapCause) -> None:
        sitting.recorder.pause(cause)
        if sitting.live:
            sitting.live = False
            self._emit(MediaLost(sitting_id, sitting.last_rtp_ms or 0))

    def _emit(self, event: CaptureEvent) -> None:
        if isinstance(event, MediaStarted) and event.sitting_id in self._sittings:
            self._sittings[event.sitting_id].live = True
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
            for sitting_id, sitting in list(self._sittings.items()):
                try:
                    self._tick(sitting_id, sitting)
                except Exception:  # noqa: BLE001 - nor one sitting's fault the others'
                    _log.exception("a sitting's tick failed")

    def _tick(self, sitting_id: str, sitting: _Sitting) -> None:
        session = sitting.session
        if session is None:
            if time.monotonic() - sitting.idle_since > self._settings.forget_after_s:
                sitting.idle_since = time.monotonic()
                self._spawn(self._retire(sitting_id, GapCause.NETWORK))
            return
        session.tick()
        if session.last_rtp_ms is not None:
            sitting.last_rtp_ms = session.last_rtp_ms
            self._watch(sitting_id, sitting, session)
        elif time.monotonic() - session.started > self._settings.connect_within_s:
            session.started = time.monotonic()
            self._spawn(self._finish(sitting_id, GapCause.NETWORK, session.resource_id))
        elif sitting.live and session.clock.now_ms() - (sitting.last_rtp_ms or 0) > self._lost_ms:
            self._lose(sitting_id, sitting, GapCause.NETWORK)

    @property
    def _lost_ms(self) -> float:
        return self._settings.lost_after_s * 1000

    def _watch(self, sitting_id: str, sitting: _Sitting, session: PublishSession) -> None:
        """2 s without RTP: the media is lost, whatever ICE believes (its consent takes 30 s)."""
        now_ms = session.clock.now_ms()
        silent = now_ms - (session.last_rtp_ms or 0) > self._lost_ms
        no_frame = now_ms - (session.last_frame_ms or 0) > _FRAME_PATIENCE_MS
        if sitting.live and (silent or no_frame):
            self._lose(sitting_id, sitting, GapCause.NETWORK)
