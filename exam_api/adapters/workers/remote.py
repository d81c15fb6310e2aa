"""The capture service of a server whose sittings are recorded by worker processes.

What acts on a sitting goes to its worker: the least loaded at first, then always the same one, as
the sitting's files have one writer. What looks at what is live answers from the workers' last
reports. What reads recordings reads them here, from the disk that all share.
"""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path
from typing import cast

import structlog

from analysis.contracts import FlagUpdate
from capture.contracts import (
    CaptureEvent,
    CaptureFigures,
    GapCause,
    LiveStatus,
    MediaLost,
    PublisherEnded,
    PublishGrant,
    Segment,
    SegmentClosed,
    TrackKey,
    TrackKind,
)
from capture.endpoint import Publication
from capture.errors import ResourceUnknown
from capture.service import CaptureService
from capture.settings import CaptureSettings
from capture.tap import FrameTap
from exam_api.adapters.workers.messages import (
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
        on_thumbnail: Callable[[str, int, bytes], None],
        on_analysis_lost: Callable[[str, int], None],
        settings: CaptureSettings | None = None,
    ) -> None:
        super().__init__(root, on_event=on_event, settings=settings)
        self._on_flag, self._on_thumbnail = on_flag, on_thumbnail
        self._on_analysis_lost = on_analysis_lost
        self._owners: dict[str, Worker] = {}
        self._resources: dict[str, TrackKey] = {}
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
        worker = self._owners.get(grant.sitting_id) or self._least_loaded()
        self._owners[grant.sitting_id] = worker
        publication = cast("Publication", await worker.call("publish", grant, offer_sdp))
        self._forget(grant.key)
        self._resources[publication.resource_id] = grant.key
        return publication

    async def end(self, resource_id: str) -> None:
        await self.ask(self.track_of(resource_id).sitting_id, "end", resource_id)

    async def end_sitting(self, sitting_id: str) -> None:
        await self.ask(sitting_id, "end_sitting", sitting_id)
        self._owners.pop(sitting_id, None)

    def explain(self, key: TrackKey, cause: GapCause | None) -> None:
        worker = self._owners.get(key.sitting_id)
        if worker is not None:
            worker.tell("explain", key, cause)

    async def ask(self, sitting_id: str, name: str, *arguments: object) -> None:
        """Of the sitting's worker. Where that is gone, or there was none, nothing is left to do."""
        worker = self._owners.get(sitting_id)
        if worker is not None and not worker.lost:
            await worker.call(name, *arguments)

    # --- looking: as last reported -----------------------------------------------------------

    def track_of(self, resource_id: str) -> TrackKey:
        try:
            return self._resources[resource_id]
        except KeyError:
            raise ResourceUnknown("no such publication") from None

    def status(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> LiveStatus:
        state = self._state(TrackKey(sitting_id, kind))
        return state.status if state is not None else super().status(sitting_id, kind)

    def recorded_until(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> int:
        state = self._state(TrackKey(sitting_id, kind))
        return state.until_ms if state is not None else super().recorded_until(sitting_id, kind)

    def figures(self) -> CaptureFigures:
        return sum((worker.figures for worker in self.pool.workers), self._lost_figures)

    def tap(self, sitting_id: str) -> FrameTap:
        raise NotImplementedError("decoded frames stay in the sitting's worker")

    # --- inside ------------------------------------------------------------------------------

    def _parts(self, key: TrackKey) -> tuple[tuple[Segment, ...], tuple[Path, ...]]:
        """Between two reports a growing segment may have been sealed, and listed."""
        segments = self.recording(*key).segments
        state, listed = self._state(key), {segment.name for segment in segments}
        growing = [name for name in state.growing if name not in listed] if state else []
        return segments, tuple(self._folder(key) / name for name in growing)

    def _state(self, key: TrackKey) -> TrackState | None:
        owner = self._owners.get(key.sitting_id)
        return owner.tracks.get(key) if owner is not None and not owner.lost else None

    def _least_loaded(self) -> Worker:
        """By sittings; one that still starts comes last. Raises WorkerUnavailable."""
        owned = list(self._owners.values())
        workers = self.pool.workers
        if not workers:
            raise WorkerUnavailable("no capture worker runs now")
        return min(workers, key=lambda one: (not one.ready, owned.count(one), one.index))

    def _forget(self, key: TrackKey) -> None:
        for resource_id in [one for one, of in self._resources.items() if of == key]:
            del self._resources[resource_id]

    def _hear(self, worker: Worker, message: Message) -> None:
        if isinstance(message, Happened):
            self._happened(worker, message)
        elif isinstance(message, Flagged):
            self._on_flag(message.update)
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
            frames_decoded=figures.frames_decoded, frames_dropped=figures.frames_dropped
        )
        for sitting_id in sittings:
            for segment in await self.repaired(sitting_id):
                self._emit(SegmentClosed(segment))
            del self._owners[sitting_id]  # from now on another worker may have it
            self._on_analysis_lost(sitting_id, self.recorded_until(sitting_id))
        for key, state in worker.tracks.items():
            at_ms = state.status.last_media_ms or 0
            self._forget(key)
            if state.status.live:
                self._emit(MediaLost(key.sitting_id, at_ms, key.track))
            elif state.status.connected:
                self._emit(PublisherEnded(key.sitting_id, at_ms, key.track))


class RemoteAnalysis:
    """Switches a sitting's analysis where its frames are. Threads: called off the loop."""

    def __init__(self, capture: RemoteCapture, loop: asyncio.AbstractEventLoop) -> None:
        self._capture = capture
        self._loop = loop

    def attach(self, sitting_id: str, excused: Collection[str]) -> None:
        self._ask("attach", sitting_id, tuple(excused))

    def detach(self, sitting_id: str) -> None:
        self._ask("detach", sitting_id)

    def _ask(self, name: str, sitting_id: str, *arguments: object) -> None:
        asked = self._capture.ask(sitting_id, name, sitting_id, *arguments)
        try:
            asyncio.run_coroutine_threadsafe(asked, self._loop).result()
        except WorkerUnavailable:  # its end is told, and handled, elsewhere
            _log.warning("analysis_not_switched_worker_gone", wanted=name)
