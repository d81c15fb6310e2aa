"""The capture service of a server whose sittings are recorded by worker processes.

What acts on a sitting goes to its worker: the least loaded at first, then always the same one, as
the sitting's files have one writer. What looks at what is live answers from the workers' last
reports. What reads recordings reads them here, from the disk that all share.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar, cast

import structlog

from analysis.contracts import AnalysedStretch, FlagUpdate, Subject
from capture.contracts import (
    CaptureEvent,
    CaptureFigures,
    ClockOffset,
    GapCause,
    LiveStatus,
    MediaLost,
    PublisherEnded,
    PublishGrant,
    Recording,
    Relief,
    Segment,
    SegmentClosed,
    SuppliedSegment,
    TrackKey,
    TrackKind,
    WatchGrant,
)
from capture.endpoint import Publication
from capture.errors import NotLiveNow, ResourceUnknown
from capture.join import Media
from capture.locks import KeyedLocks
from capture.manifest import Manifest
from capture.service import CaptureService
from capture.settings import CaptureSettings
from capture.signing import RecordingKey
from capture.supplied import SupplyRequest
from capture.tap import AudioTap, FrameTap
from exam_api.adapters.workers.messages import (
    Beat,
    Counted,
    Flagged,
    Happened,
    Message,
    Pictured,
    Setup,
    TrackState,
    WorkerUnavailable,
)
from exam_api.adapters.workers.pool import Worker, WorkerPool

_log = structlog.get_logger(__name__)
# A piece may take capture.supplied.CHILD_S, and waits for those of other sittings.
SUPPLY_S: Final = 1200.0
_VIEWS_KNOWN: Final = 2000  # a view that ends by itself is forgotten when newer ones push it out
Result = TypeVar("Result")


class RemoteCapture(CaptureService):
    """``on_analysis_lost`` hears of sittings whose analyzer died: id, how far on record (ms)."""

    def __init__(
        self,
        root: Path,
        *,
        workers: int,
        setup: Callable[[int], Setup],
        on_event: Callable[[CaptureEvent], None],
        on_flag: Callable[[FlagUpdate], None],
        on_stretch: Callable[[AnalysedStretch], None],
        on_thumbnail: Callable[[str, int, bytes], None],
        on_analysis_lost: Callable[[str, int], None],
        settings: CaptureSettings | None = None,
    ) -> None:
        super().__init__(root, on_event=on_event, settings=settings)
        self._on_flag, self._on_stretch = on_flag, on_stretch
        self._on_thumbnail = on_thumbnail
        self._on_analysis_lost = on_analysis_lost
        self._owners: dict[str, Worker] = {}
        self._resources: dict[str, TrackKey] = {}
        self._views: OrderedDict[str, TrackKey] = OrderedDict()
        self._assigning = KeyedLocks()
        self._lost_figures = CaptureFigures()
        self.pool = WorkerPool(workers, setup, self._hear, self._lost)

    # --- life ------------------------------------------------------------------------------

    async def start(self) -> list[Segment]:
        gained = await super().start()
        await self.pool.start()
        return gained

    async def aclose(self) -> None:
        await self.pool.aclose()
        await super().aclose()

    # --- acting: done by the sitting's worker ------------------------------------------------

    async def publish(self, grant: PublishGrant, offer_sdp: str) -> Publication:
        with self._place(grant):
            async with self._assigning.hold(grant.sitting_id):
                worker = self._owners.get(grant.sitting_id) or self._least_loaded()
                self._owners[grant.sitting_id] = worker
            if (cause := self._told.pop(grant.key, None)) is not None:
                worker.tell("explain", grant.key, cause)
            publication = cast("Publication", await worker.call("publish", grant, offer_sdp))
            if self._owners.get(grant.sitting_id) is not worker:  # it has ended meanwhile
                worker.tell("end_sitting", grant.sitting_id)
                raise WorkerUnavailable("the sitting has just ended")
        self._forget(grant.key)
        self._resources[publication.resource_id] = grant.key
        return publication

    async def end(self, resource_id: str) -> None:
        await self.ask(self.track_of(resource_id).sitting_id, "end", resource_id)

    async def end_sitting(self, sitting_id: str) -> None:
        await self.ask(sitting_id, "end_sitting", sitting_id)
        self._owners.pop(sitting_id, None)
        self._places.leave(sitting_id)

    def explain(self, key: TrackKey, cause: GapCause | None) -> None:
        worker = self._owners.get(key.sitting_id)
        if worker is not None:
            worker.tell("explain", key, cause)
        else:
            super().explain(key, cause)

    async def watch(self, grant: WatchGrant, offer_sdp: str) -> Publication:
        worker = self._owners.get(grant.sitting_id)
        if worker is None:
            raise NotLiveNow("nothing of this track arrives now")
        publication = cast("Publication", await worker.call("watch", grant, offer_sdp))
        self._views[publication.resource_id] = grant.key
        while len(self._views) > _VIEWS_KNOWN:
            self._views.popitem(last=False)
        return publication

    async def end_view(self, resource_id: str) -> None:
        key = self.watched_track(resource_id)
        del self._views[resource_id]
        await self.ask(key.sitting_id, "end_view", resource_id)

    async def end_views(self, sitting_id: str) -> None:
        with suppress(WorkerUnavailable):  # its views are gone with it
            await self.ask(sitting_id, "end_views", sitting_id)

    async def ask(self, sitting_id: str, name: str, *arguments: object) -> None:
        """Of the sitting's worker. Where that is gone, or there was none, nothing is left to do."""
        worker = self._owners.get(sitting_id)
        if worker is not None and not worker.lost:
            await worker.call(name, *arguments)

    # --- keeping: by the worker that has the sitting, else here -------------------------------

    async def finalise(
        self, key: TrackKey, signer: RecordingKey, at: datetime, until_ms: int
    ) -> Recording:
        worker = self._owners.get(key.sitting_id)
        if worker is None:
            return await super().finalise(key, signer, at, until_ms)
        return cast("Recording", await worker.call("finalise", key, signer, at, until_ms))

    async def note_clock(self, key: TrackKey, offset: ClockOffset) -> None:
        worker = self._owners.get(key.sitting_id)
        if worker is None:
            await super().note_clock(key, offset)
        else:
            await worker.call("note_clock", key, offset)

    async def supply(self, key: TrackKey, request: SupplyRequest) -> list[SuppliedSegment]:
        worker = self._owners.get(key.sitting_id)
        if worker is None:
            return await super().supply(key, request)
        found = await worker.call("supply", key, request, within_s=SUPPLY_S)
        return cast("list[SuppliedSegment]", found)

    async def _amend(
        self, key: TrackKey, work: Callable[[Manifest], Result], *, at_rest: bool = False
    ) -> Result:
        """A manifest has one writer: no worker is given the sitting meanwhile."""
        async with self._assigning.hold(key.sitting_id):
            if key.sitting_id in self._owners:
                raise WorkerUnavailable("the sitting has just gone to a worker")
            return await super()._amend(key, work, at_rest=at_rest)

    # --- looking: as last reported -----------------------------------------------------------

    def track_of(self, resource_id: str) -> TrackKey:
        try:
            return self._resources[resource_id]
        except KeyError:
            raise ResourceUnknown("no such publication") from None

    def watched_track(self, resource_id: str) -> TrackKey:
        try:
            return self._views[resource_id]
        except KeyError:
            raise ResourceUnknown("no such view") from None

    @property
    def views(self) -> int:
        return sum(worker.load.views for worker in self.pool.workers)

    def status(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> LiveStatus:
        state = self._state(TrackKey(sitting_id, kind))
        return state.status if state is not None else super().status(sitting_id, kind)

    def recorded_until(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> int:
        state = self._state(TrackKey(sitting_id, kind))
        return state.until_ms if state is not None else super().recorded_until(sitting_id, kind)

    def figures(self) -> CaptureFigures:
        there = sum((worker.figures for worker in self.pool.workers), self._lost_figures)
        return there + CaptureFigures(waiting=self._places.waiting)

    @property
    def relief(self) -> Relief:
        """Of the worker that is worst off."""
        return max((worker.load.relief for worker in self.pool.workers), default=Relief.NOTHING)

    def relieve(self, relief: Relief) -> None:
        raise NotImplementedError("each worker decides for itself")

    def tap(self, sitting_id: str) -> FrameTap:
        raise NotImplementedError("decoded frames stay in the sitting's worker")

    def audio_tap(self, sitting_id: str) -> AudioTap:
        raise NotImplementedError("decoded sound stays in the sitting's worker")

    # --- inside ------------------------------------------------------------------------------

    def _parts(self, key: TrackKey) -> tuple[tuple[Media, ...], tuple[Path, ...]]:
        """Between two reports a growing segment may have been sealed, and listed."""
        recording = self.recording(*key)
        state, listed = self._state(key), {segment.name for segment in recording.segments}
        growing = [name for name in state.growing if name not in listed] if state else []
        return recording.media, tuple(self._folders.of(key) / name for name in growing)

    def _state(self, key: TrackKey) -> TrackState | None:
        owner = self._owners.get(key.sitting_id)
        return owner.tracks.get(key) if owner is not None and not owner.lost else None

    def _least_loaded(self) -> Worker:
        """By sittings; overloaded ones and those that still start come last. WorkerUnavailable."""
        owned = list(self._owners.values())
        workers = self.pool.workers
        if not workers:
            raise WorkerUnavailable("no capture worker runs now")
        return min(
            workers, key=lambda one: (not one.ready, not _takes(one), owned.count(one), one.index)
        )

    def _forget(self, key: TrackKey) -> None:
        for resource_id in [one for one, of in self._resources.items() if of == key]:
            del self._resources[resource_id]

    def _hear(self, worker: Worker, message: Message) -> None:
        if isinstance(message, Beat):
            self._places.open = any(_takes(one) for one in self.pool.workers)
        elif isinstance(message, Happened):
            self._happened(worker, message)
        elif isinstance(message, Flagged):
            self._on_flag(message.update)
        elif isinstance(message, Counted):
            self._on_stretch(message.stretch)
        elif isinstance(message, Pictured):
            self._on_thumbnail(message.sitting_id, message.at_ms, message.jpeg)

    def _happened(self, worker: Worker, message: Happened) -> None:
        event = message.event
        worker.tracks.update(message.tracks)
        if isinstance(event, PublisherEnded):
            self._forget(TrackKey(event.sitting_id, event.track))
        self._emit(event)

    async def _lost(self, worker: Worker) -> None:
        """Its recordings are made whole, and all who watch its sittings hear that media is gone."""
        sittings = [one for one, owner in self._owners.items() if owner is worker]
        figures = worker.figures
        self._lost_figures += CaptureFigures(
            frames_decoded=figures.frames_decoded,
            frames_dropped=figures.frames_dropped,
            sound_lost_ms=figures.sound_lost_ms,
        )
        for sitting_id in sittings:
            await self._release(sitting_id, worker)

    async def _release(self, sitting_id: str, lost: Worker) -> None:
        """What its worker left of it is made whole, then another may have it."""
        gained: list[Segment] = []
        until_ms = 0
        try:
            gained = await self.repaired(sitting_id)
            until_ms = self.recorded_until(sitting_id)
        except Exception:  # noqa: BLE001 - a damaged recording keeps nobody from coming back
            _log.exception("recording_not_repaired", sitting=sitting_id)
        for segment in gained:
            self._emit(SegmentClosed(segment))
        if self._owners.get(sitting_id) is lost:  # else it has ended meanwhile
            del self._owners[sitting_id]
            self._places.gone(sitting_id)
        self._on_analysis_lost(sitting_id, until_ms)
        for key, state in lost.tracks.items():
            if key.sitting_id == sitting_id:
                self._worker_lost(key, state.status)

    def _worker_lost(self, key: TrackKey, status: LiveStatus) -> None:
        at_ms = status.last_media_ms or 0
        self._forget(key)
        if status.live:
            self._emit(MediaLost(key.sitting_id, at_ms, key.track))
        elif status.connected:
            self._emit(PublisherEnded(key.sitting_id, at_ms, key.track))


def _takes(worker: Worker) -> bool:
    """Newcomers."""
    return worker.load.relief < Relief.NO_LIVE_VIEWS


class RemoteAnalysis:
    """Switches a sitting's analysis where its frames are. Threads: called off the loop."""

    def __init__(self, capture: RemoteCapture, loop: asyncio.AbstractEventLoop) -> None:
        self._capture = capture
        self._loop = loop

    def attach(
        self, sitting_id: str, excused: Collection[str], subject: Subject, thumbnail_s: int
    ) -> None:
        self._ask("attach", sitting_id, tuple(excused), subject, thumbnail_s)

    def detach(self, sitting_id: str) -> None:
        self._ask("detach", sitting_id)

    def _ask(self, name: str, sitting_id: str, *arguments: object) -> None:
        asked = self._capture.ask(sitting_id, name, sitting_id, *arguments)
        try:
            asyncio.run_coroutine_threadsafe(asked, self._loop).result()
        except WorkerUnavailable:  # its end is told, and handled, elsewhere
            _log.warning("analysis_not_switched_worker_gone", wanted=name)
