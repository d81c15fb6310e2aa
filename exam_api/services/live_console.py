"""The proctor's console: a snapshot of every sitting's tile, then events that keep it true."""

import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.contracts import LiveStatus, TrackKind
from exam_api.domain.errors import NotFound
from exam_api.domain.roles import Actor
from exam_api.domain.sitting_log import LogEntry, LogKind, lacking
from exam_api.domain.states import SittingState
from exam_api.services.course import Want, wants_of
from exam_api.services.live import LiveHub
from exam_api.services.ports import Clock
from exam_api.services.proctoring_ports import (
    HANDED_OVER,
    Break,
    EventKind,
    Media,
    StoredDecision,
    StoredEvent,
    StoredFlag,
    Transaction,
)
from exam_api.services.review_ports import ReviewStore, WatchedSitting
from exam_api.services.review_rules import is_allowed, newest, risk
from exam_api.services.review_views import (
    FlagView,
    TileFlagView,
    WatchedExamView,
    exam_view,
    flag_view,
    sitting_result,
    tile_flag,
)
from exam_api.services.tracks import TrackView, track_views
from exam_api.services.views import ResultView

BATCH: Final = 200
# Not stored: said to who has lost sight of a sitting, or (without one) of the whole exam.
WATCH_ENDED: Final = "watch.ended"
_FLAG_EVENTS: Final = frozenset(
    {EventKind.FLAG_OPENED, EventKind.FLAG_UPDATED, EventKind.FLAG_CLOSED}
)


@dataclass(frozen=True, slots=True)
class TileStudentView:
    full_name: str
    group: str


@dataclass(frozen=True, slots=True)
class TileRecordingView:
    live: bool
    connected: bool


@dataclass(frozen=True, slots=True)
class TileAllowedView:
    """What this student has beyond the rules: never why. ``excused``: kinds not watched for."""

    extra_min: int
    break_min: int
    excused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TileView:
    sitting_id: str
    student: TileStudentView
    state: SittingState
    recording: TileRecordingView
    tracks: tuple[TrackView, ...]
    answered: int
    total: int
    began_at: datetime | None
    deadline_at: datetime | None
    risk: float
    thumbnail_at: datetime | None
    flags: tuple[TileFlagView, ...]
    result: ResultView | None
    allowed: TileAllowedView
    wants: tuple[Want, ...]
    second_log_in: bool
    lacking: tuple[LogKind, ...]


@dataclass(frozen=True, slots=True)
class ConsoleView:
    exam: WatchedExamView
    server_now: datetime
    cursor: int
    tiles: tuple[TileView, ...]


@dataclass(frozen=True, slots=True)
class LoadView:
    """How the server is. ``relief``: what it does without (``capture.contracts.Relief``).

    ``disk_low``: the operator is told before recordings have to stop.
    """

    relief: str
    publishing: int
    waiting: int
    disk_low: bool


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """A row of the stream with what a console needs to show it without asking again."""

    id: int
    kind: str
    sitting_id: str | None
    at: datetime
    payload: Mapping[str, object]
    flag: FlagView | None = None
    tile: TileView | None = None


class Thumbnails:
    """The latest small picture of each sitting, in memory only.

    Threads: written by the analysis worker, read by the loop; a lock guards both.
    """

    def __init__(self, clock: Clock, *, limit: int = 2_000) -> None:
        self._clock = clock
        self._limit = limit
        self._lock = threading.Lock()
        self._latest: OrderedDict[str, tuple[datetime, bytes]] = OrderedDict()

    def keep(self, sitting_id: str, _at_ms: int, jpeg: bytes) -> None:
        with self._lock:
            self._latest[sitting_id] = (self._clock.now(), jpeg)
            self._latest.move_to_end(sitting_id)
            while len(self._latest) > self._limit:
                self._latest.popitem(last=False)

    def of(self, sitting_id: str) -> tuple[datetime, bytes] | None:
        with self._lock:
            return self._latest.get(sitting_id)


class Console:
    def __init__(
        self,
        read: Transaction[ReviewStore],
        media: Media,
        thumbnails: Thumbnails,
        hub: LiveHub,
        clock: Clock,
        *,
        disk_low: Callable[[], bool] = lambda: False,
    ) -> None:
        self._disk_low = disk_low
        self._read = read
        self._media = media
        self._thumbnails = thumbnails
        self._hub = hub
        self._clock = clock

    async def snapshot(self, actor: Actor, exam_id: str) -> ConsoleView:
        """The cursor is taken first: an event after it may repeat what a tile already shows."""
        async with self._read() as store:
            exam = await store.exam(exam_id, actor)
            cursor = await store.last_event_id()
            tiles = await self._tiles(store, await store.sittings(exam_id, actor))
        return ConsoleView(exam_view(exam), self._clock.now(), cursor, tiles)

    async def require_watched(self, actor: Actor, exam_id: str) -> None:
        """NotFound."""
        async with self._read() as store:
            await store.exam(exam_id, actor)

    async def load(self, actor: Actor, exam_id: str) -> LoadView:
        """NotFound."""
        await self.require_watched(actor, exam_id)
        figures = self._media.figures()
        relief = self._media.relief.name.lower()
        return LoadView(relief, figures.publishing, figures.waiting, self._disk_low())

    async def thumbnail(self, actor: Actor, sitting_id: str) -> bytes:
        """JPEG. NotFound before the first picture."""
        async with self._read() as store:
            await store.sitting(sitting_id, actor)
        found = self._thumbnails.of(sitting_id)
        if found is None:
            raise NotFound
        return found[1]

    async def events(
        self, actor: Actor, exam_id: str, after: int
    ) -> AsyncIterator[LiveEvent | None]:
        """Events of the exam after the cursor, for as long as the actor may watch it.

        None now and then: nothing new, the line is alive. NotFound at once; where the right ends
        later, ``WATCH_ENDED`` is the last event.
        """
        await self.require_watched(actor, exam_id)
        seen = after

        async def read(after: int) -> Sequence[StoredEvent]:
            async with self._read() as store:
                await store.exam(exam_id, actor)
                return await store.events_after(exam_id, after, BATCH)

        try:
            async for event in self._hub.follow(after, read):
                seen = event.id if event else seen
                yield await self._shown(actor, event) if event else None
        except NotFound:
            yield LiveEvent(seen, WATCH_ENDED, None, self._clock.now(), {})

    async def _shown(self, actor: Actor, event: StoredEvent) -> LiveEvent | None:
        """None: of a student whom this actor does not watch."""
        async with self._read() as store:
            try:
                return await self._show(store, actor, event)
            except NotFound:
                if event.payload.get("kind") != HANDED_OVER:
                    return None
        return LiveEvent(event.id, WATCH_ENDED, event.sitting_id, event.at, {})

    async def _show(self, store: ReviewStore, actor: Actor, event: StoredEvent) -> LiveEvent:
        flag: FlagView | None = None
        tile: TileView | None = None
        if event.sitting_id is not None:
            watched = await store.sitting(event.sitting_id, actor)
            (tile,) = await self._tiles(store, [watched])
        if event.kind in _FLAG_EVENTS:
            found, _ = await store.flag(str(event.payload["flag_id"]), actor)
            breaks = (await store.breaks([found.sitting_id])).get(found.sitting_id, ())
            decisions = await store.decisions([found.sitting_id])
            flag = flag_view(found, decisions, allowed=is_allowed(found, breaks))
        return LiveEvent(
            event.id, event.kind, event.sitting_id, event.at, event.payload, flag, tile
        )

    async def _tiles(
        self, store: ReviewStore, sittings: Sequence[WatchedSitting]
    ) -> tuple[TileView, ...]:
        ids = [watched.sitting.id for watched in sittings]
        flags = await store.flags(ids)
        decisions = await store.decisions(ids)
        answered = await store.answered(ids)
        breaks, logs = await store.breaks(ids), await store.logs(ids)
        seconds = await store.second_log_ins(ids)
        return tuple(
            self._tile(
                watched,
                [flag for flag in flags if flag.sitting_id == watched.sitting.id],
                decisions,
                answered.get(watched.sitting.id, 0),
                breaks=breaks.get(watched.sitting.id, ()),
                log=logs.get(watched.sitting.id, ()),
                second_log_in=watched.sitting.id in seconds,
            )
            for watched in sittings
        )

    def _live(self, sitting_id: str) -> frozenset[TrackKind]:
        return frozenset(k for k in TrackKind if self._media.status(sitting_id, k).live)

    def _tile(
        self,
        watched: WatchedSitting,
        flags: Sequence[StoredFlag],
        decisions: Sequence[StoredDecision],
        answered: int,
        *,
        breaks: Sequence[Break],
        log: Sequence[LogEntry],
        second_log_in: bool,
    ) -> TileView:
        sitting, exam = watched.sitting, watched.exam
        status: LiveStatus = self._media.status(sitting.id)
        decided = newest(decisions)
        allowed = {flag.id for flag in flags if is_allowed(flag, breaks)}
        thumbnail = self._thumbnails.of(sitting.id)
        return TileView(
            sitting_id=sitting.id,
            student=TileStudentView(watched.student.full_name, watched.student.group),
            state=sitting.state,
            recording=TileRecordingView(status.live, status.connected),
            tracks=track_views(exam.policy, self._live(sitting.id)),
            answered=answered,
            total=len(sitting.paper.items) if sitting.paper else exam.policy.questions,
            began_at=sitting.began_at,
            deadline_at=sitting.deadline_at,
            risk=risk([flag for flag in flags if flag.id not in allowed], decisions),
            thumbnail_at=thumbnail[0] if thumbnail else None,
            flags=tuple(
                tile_flag(flag, decided.get(flag.id), allowed=flag.id in allowed) for flag in flags
            ),
            result=sitting_result(sitting, exam),
            allowed=TileAllowedView(
                exam.allowances.extra_min,
                exam.allowances.break_min,
                tuple(sorted(exam.allowances.excused)),
            ),
            wants=wants_of(sitting, log),
            second_log_in=second_log_in,
            lacking=lacking(log),
        )
