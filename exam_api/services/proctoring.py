"""The bridge: what capture and analysis report becomes rows; consoles follow the rows.

Threads: capture calls ``on_capture`` in the loop's thread; the analysis worker calls ``on_flag``
and ``on_stretch`` in its own. All only hand over. Everything else happens in the loop's task
``run``, one report at a time and in order, so a sitting's rows have one writer; only analysis is
switched beside it, after the row.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from analysis.contracts import (
    AnalysedStretch,
    Flag,
    FlagKind,
    FlagPhase,
    FlagUpdate,
    Severity,
    Subject,
)
from capture.contracts import (
    CaptureEvent,
    Gap,
    MediaLost,
    MediaStarted,
    PublisherEnded,
    RecordingFailed,
    Segment,
    SegmentClosed,
    TrackKind,
)
from exam_api.services.flag_pictures import keep_before, keep_best
from exam_api.services.identity_ports import Photo, PhotoKind
from exam_api.services.ports import Blobs, Clock
from exam_api.services.proctoring_ports import (
    EventKind,
    Media,
    ProctoringStore,
    Saved,
    SittingAnalysis,
    SittingTimes,
    StoredFlag,
    StoredStill,
    Transaction,
)

_log = structlog.get_logger(__name__)

LOST_AFTER_MS: Final = 2_000  # as capture's own rule for silence (LiveStatus)
RETRY_DELAYS_S: Final = (0.2, 1.0, 5.0)
TICK_S: Final = 1.0

_PHASE_EVENT: Final = {
    FlagPhase.OPENED: EventKind.FLAG_OPENED,
    FlagPhase.UPDATED: EventKind.FLAG_UPDATED,
    FlagPhase.CLOSED: EventKind.FLAG_CLOSED,
}


@dataclass(frozen=True, slots=True)
class _Tick:
    """Time for what only time tells; queued like a report so that rows keep one writer."""


@dataclass(frozen=True, slots=True)
class AnalysisLost:
    """The analyzer of a sitting is gone with all it knew: what it had opened lasts no longer."""

    sitting_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class PhotosTaken:
    """The student took an identity photo, after the camera had been switched on."""

    sitting_id: str


ForRows = CaptureEvent | FlagUpdate | AnalysedStretch | AnalysisLost
Report = ForRows | PhotosTaken | _Tick


@dataclass(slots=True)
class _Waiting:
    """What is known but not yet a row. Owned by the loop's thread."""

    # Publishers that left without the sitting having ended, and when (timeline).
    left: dict[str, int] = field(default_factory=dict)
    # Flags seen before the student began: they count only if they last into the test.
    early: dict[tuple[str, FlagKind, int], FlagUpdate] = field(default_factory=dict)


class ProctoringBridge:
    def __init__(
        self,
        transaction: Transaction[ProctoringStore],
        blobs: Blobs,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        flag_took: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """``flag_took`` hears the seconds from the frame that opened a flag to the flag's row."""
        self._flag_took = flag_took
        self._transaction = transaction
        self._blobs = blobs
        self._clock = clock
        self._sleep = sleep
        self._reports: asyncio.Queue[Report] = asyncio.Queue()
        self._waiting = _Waiting()
        self._switching: dict[str, asyncio.Task[None]] = {}  # the last one of each sitting
        self._loop: asyncio.AbstractEventLoop | None = None

    # --- hand-over --------------------------------------------------------------------------

    def on_capture(self, event: CaptureEvent) -> None:
        self._reports.put_nowait(event)

    def on_flag(self, update: FlagUpdate) -> None:
        """Any thread. After the loop has ended there is nobody left to tell."""
        self._from_thread(update)

    def on_stretch(self, stretch: AnalysedStretch) -> None:
        """As ``on_flag``."""
        self._from_thread(stretch)

    def _from_thread(self, report: FlagUpdate | AnalysedStretch) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._reports.put_nowait, report)

    def on_analysis_lost(self, sitting_id: str, at_ms: int) -> None:
        self._reports.put_nowait(AnalysisLost(sitting_id, at_ms))

    def on_photos(self, sitting_id: str) -> None:
        """In the loop's thread."""
        self._reports.put_nowait(PhotosTaken(sitting_id))

    def somebody_else(self, sitting_id: str) -> bool:
        """Before the test: whether a face unlike the photos was seen, and not yet seen to leave."""
        return any(
            one == sitting_id and kind is FlagKind.IDENTITY_MISMATCH
            for one, kind, _ in self._waiting.early
        )

    # --- life -------------------------------------------------------------------------------

    def open(self) -> None:
        """Call in the loop's thread before the worker starts."""
        self._loop = asyncio.get_running_loop()

    async def resume(
        self, segments: Iterable[Segment], gaps: Iterable[tuple[str, Gap]], media: Media
    ) -> None:
        """After a start: what the manifests hold becomes rows, what a crash left open is ended.

        Sittings in progress are without media until their publisher returns.
        """
        async with self._transaction() as store:
            for segment in segments:
                await store.save_segment(segment)
            for sitting_id, gap in gaps:
                await store.save_gap(sitting_id, gap)
            left_open = await store.open_flags()
            for times in await store.in_progress():
                self._waiting.left[times.id] = media.recorded_until(times.id)
        for flag in left_open:
            if flag.kind is not FlagKind.CONNECTION_LOST:
                await self._close_alone(flag, media.recorded_until(flag.sitting_id))

    async def run(self, analysis: SittingAnalysis, media: Media) -> None:
        """Take reports until cancelled."""
        ticker = asyncio.create_task(self._tick_forever(), name="proctoring-tick")
        try:
            while True:
                report = await self._reports.get()
                try:
                    await self._take(report, analysis, media)
                finally:
                    self._reports.task_done()
        finally:
            ticker.cancel()
            for switch in self._switching.values():
                switch.cancel()

    async def settled(self) -> None:
        """Until everything handed over so far is in the database."""
        await asyncio.sleep(0)  # lets call_soon_threadsafe hand-overs arrive
        await self._reports.join()
        while self._switching:
            await asyncio.wait(set(self._switching.values()))
            await asyncio.sleep(0)
            await self._reports.join()

    # --- one report -------------------------------------------------------------------------

    async def _take(self, report: Report, analysis: SittingAnalysis, media: Media) -> None:
        if isinstance(report, _Tick):
            await self._tick_safely(media)
            return
        if isinstance(report, PhotosTaken):
            self._switch(report.sitting_id, self._expect_anew(report, analysis, media))
            return
        await self._store(report)
        if isinstance(report, MediaStarted | MediaLost | PublisherEnded):
            self._switch(report.sitting_id, self._switch_analysis(report, analysis))

    async def _store(self, report: ForRows) -> None:
        for delay_s in (*RETRY_DELAYS_S, None):
            try:
                async with self._transaction() as store:
                    await self._record(report, store)
            except Exception:  # noqa: BLE001 - see below
                # A full disk or a busy database passes; a report that cannot be stored at all
                # must not stop those of the other sittings.
                _log.exception("report_not_stored", report=type(report).__name__)
                if delay_s is not None:
                    await self._sleep(delay_s)
            else:
                return

    def _switch(self, sitting_id: str, work: Coroutine[None, None, None]) -> None:
        """In turn for each sitting: a worker that hangs keeps no report of the others waiting."""
        before = self._switching.get(sitting_id)

        async def in_turn() -> None:
            if before is not None:
                await asyncio.wait({before})
            await work

        def forget(done: asyncio.Task[None]) -> None:
            work.close()  # where it was cancelled before it began
            if self._switching.get(sitting_id) is done:
                del self._switching[sitting_id]

        task = self._switching[sitting_id] = asyncio.create_task(in_turn())
        task.add_done_callback(forget)

    async def _switch_analysis(self, report: ForRows, analysis: SittingAnalysis) -> None:
        try:
            match report:
                case MediaStarted(track=TrackKind.CAMERA):
                    await self._attach(report.sitting_id, analysis)
                case MediaLost(track=TrackKind.CAMERA) | PublisherEnded(track=TrackKind.CAMERA):
                    await asyncio.to_thread(analysis.detach, report.sitting_id)
        except Exception:  # noqa: BLE001 - recording and test go on without analysis
            _log.exception("analysis_not_switched")

    async def _expect_anew(
        self, report: PhotosTaken, analysis: SittingAnalysis, media: Media
    ) -> None:
        """A sitting that is watched already knows whom to expect from now on."""
        if not media.status(report.sitting_id).live:
            return
        try:
            await self._attach(report.sitting_id, analysis)
        except Exception:  # noqa: BLE001 - what was known before goes on being watched
            _log.exception("analysis_not_switched")

    async def _attach(self, sitting_id: str, analysis: SittingAnalysis) -> None:
        async with self._transaction() as store:
            excused = await store.excused(sitting_id)
            thumbnail_s = await store.thumbnail_s(sitting_id)
            photos = await store.identity_photos(sitting_id)
        subject = await self._subject(photos.values())
        await asyncio.to_thread(analysis.attach, sitting_id, excused, subject, thumbnail_s)

    async def _subject(self, photos: Iterable[Photo]) -> Subject:
        """A photo that cannot be read is not there: the others are compared with."""
        read: dict[PhotoKind, tuple[bytes, ...]] = {}
        for photo in photos:
            try:
                read[photo.kind] = (await self._blobs.get(photo.key),)
            except Exception:  # noqa: BLE001 - everything else is watched without it
                _log.exception("identity_photo_unreadable")
        return Subject(read.get(PhotoKind.FACE, ()), read.get(PhotoKind.DOCUMENT, ()))

    async def _record(self, report: ForRows, store: ProctoringStore) -> None:
        if isinstance(report, SegmentClosed):
            await store.save_segment(report.segment)
            return
        times = await store.times(report.sitting_id)
        if times is None:
            _log.warning("report_of_unknown_sitting")
            return
        match report:
            case MediaStarted(track=TrackKind.CAMERA):
                await self._media_started(report, times, store)
            case MediaLost(track=TrackKind.CAMERA):
                await self._media_lost(report.at_ms, times, store)
            case PublisherEnded(track=TrackKind.CAMERA):
                await self._publisher_ended(report, times, store)
            case MediaStarted() | MediaLost() | PublisherEnded():
                await self._beside_camera(report, times, store)
            case RecordingFailed():
                payload = {"code": report.code, "at_ms": report.at_ms, "track": str(report.track)}
                await self._tell(store, times, EventKind.RECORDING_FAILED, payload)
            case FlagUpdate() | AnalysedStretch() | AnalysisLost():
                await self._analysed(report, times, store)

    async def _media_started(
        self, report: MediaStarted, times: SittingTimes, store: ProctoringStore
    ) -> None:
        self._waiting.left.pop(times.id, None)
        gap = report.gap
        if gap is not None and await store.save_gap(times.id, gap):
            lost = _connection_lost(gap.start_ms, gap.end_ms)
            known = await self._close_lost(store, times, gap.end_ms)
            if not known and _within_test(times, lost):
                await self._save(FlagUpdate(times.id, FlagPhase.CLOSED, lost), times, store)
        else:
            await self._close_lost(store, times, report.at_ms)
        await self._tell(store, times, EventKind.MEDIA_STARTED, _camera_at(report.at_ms))

    async def _media_lost(self, at_ms: int, times: SittingTimes, store: ProctoringStore) -> None:
        self._waiting.left.pop(times.id, None)
        if times.in_progress and not await self._open_losses(store, times):
            lost = _connection_lost(at_ms, None)
            await self._save(FlagUpdate(times.id, FlagPhase.OPENED, lost), times, store)
        await self._tell(store, times, EventKind.MEDIA_LOST, _camera_at(at_ms))

    async def _publisher_ended(
        self, report: PublisherEnded, times: SittingTimes, store: ProctoringStore
    ) -> None:
        """A good-bye is no loss yet: the sitting may be ending, or the page reloading."""
        if times.finished_at is None and not await self._open_losses(store, times):
            self._waiting.left.setdefault(times.id, report.at_ms)
        payload = {**_camera_at(report.at_ms), "ended": True}
        await self._tell(store, times, EventKind.MEDIA_LOST, payload)

    async def _beside_camera(
        self,
        report: MediaStarted | MediaLost | PublisherEnded,
        times: SittingTimes,
        store: ProctoringStore,
    ) -> None:
        """Screen or second camera come and go: a gap on record, a word to the console, no flag."""
        payload = {"at_ms": report.at_ms, "track": str(report.track)}
        match report:
            case MediaStarted():
                if report.gap is not None:
                    await store.save_gap(times.id, report.gap)
                await self._tell(store, times, EventKind.MEDIA_STARTED, payload)
            case MediaLost():
                await self._tell(store, times, EventKind.MEDIA_LOST, payload)
            case PublisherEnded():
                await self._tell(store, times, EventKind.MEDIA_LOST, {**payload, "ended": True})

    async def _close_lost(self, store: ProctoringStore, times: SittingTimes, end_ms: int) -> bool:
        open_now = await self._open_losses(store, times)
        for flag in open_now:
            await self._close(store, times, flag, end_ms)
        return bool(open_now)

    async def _open_losses(self, store: ProctoringStore, times: SittingTimes) -> list[StoredFlag]:
        return [
            flag
            for flag in await store.open_flags(times.id)
            if flag.kind is FlagKind.CONNECTION_LOST
        ]

    # --- flags ------------------------------------------------------------------------------

    async def _flag(self, update: FlagUpdate, times: SittingTimes, store: ProctoringStore) -> None:
        early = self._waiting.early.pop(_name(update), None)
        if early is not None and update.phase is FlagPhase.UPDATED:
            update = replace(update, phase=FlagPhase.OPENED)  # which no row knows of
        if times.began_at is None:
            if update.phase is not FlagPhase.CLOSED:
                self._waiting.early[_name(update)] = update
            return
        if _within_test(times, update.flag):
            await self._save(update, times, store)

    async def _analysed(
        self,
        report: FlagUpdate | AnalysedStretch | AnalysisLost,
        times: SittingTimes,
        store: ProctoringStore,
    ) -> None:
        match report:
            case FlagUpdate():
                await self._flag(report, times, store)
                self._note_delay(report, times)
            case AnalysedStretch():
                await store.save_stretch(report)
            case AnalysisLost():
                await self._analysis_lost(report.at_ms, times, store)

    async def _analysis_lost(self, at_ms: int, times: SittingTimes, store: ProctoringStore) -> None:
        """What the page says goes on meanwhile, and so does a lost line: no model made those."""
        for flag in await store.open_flags(times.id):
            if flag.models or flag.kind is FlagKind.ANALYSIS_LOST:
                await self._close(store, times, flag, at_ms)

    def _note_delay(self, update: FlagUpdate, times: SittingTimes) -> None:
        now_ms, scores = times.at_ms(self._clock.now()), update.flag.scores
        if update.phase is FlagPhase.OPENED and times.in_progress and scores and now_ms is not None:
            self._flag_took((now_ms - scores[-1][0]) / 1000)

    async def _save(self, update: FlagUpdate, times: SittingTimes, store: ProctoringStore) -> None:
        key, before = await self._keep_pictures(update)
        stored, saved = await store.save_flag(times.id, update.flag, key, before)
        if saved is Saved.SAME:
            return
        if saved is Saved.NEW and update.phase is FlagPhase.UPDATED:
            update = replace(update, phase=FlagPhase.OPENED)
        await self._tell(store, times, _PHASE_EVENT[update.phase], {"flag_id": stored.id})

    async def _keep_pictures(self, update: FlagUpdate) -> tuple[str | None, Sequence[StoredStill]]:
        """The pictures first, then the row that names them.

        Those from before the flag do not change: they are stored as it opens, and where that
        failed, as it ends.
        """
        sitting_id, flag = update.sitting_id, update.flag
        key: str | None = None
        before: Sequence[StoredStill] = ()
        try:
            key = await keep_best(self._blobs, sitting_id, flag)
            if update.phase is not FlagPhase.UPDATED:
                before = await keep_before(self._blobs, sitting_id, flag)
        except Exception:  # noqa: BLE001 - the flag counts without its pictures too
            _log.exception("evidence_not_stored")
        return key, before

    async def _close_alone(self, flag: StoredFlag, end_ms: int) -> None:
        """One sitting a transaction: see ProctoringStore.times."""
        async with self._transaction() as store:
            times = await store.times(flag.sitting_id)
            if times is not None:
                await self._close(store, times, flag, end_ms)

    async def _close(
        self, store: ProctoringStore, times: SittingTimes, flag: StoredFlag, end_ms: int
    ) -> None:
        await store.close_flag(flag.id, max(flag.start_ms, end_ms))
        await self._tell(store, times, EventKind.FLAG_CLOSED, {"flag_id": flag.id})

    async def _tell(
        self,
        store: ProctoringStore,
        times: SittingTimes,
        kind: EventKind,
        payload: dict[str, object],
    ) -> None:
        await store.append_event(times.exam_id, times.id, kind, payload)

    # --- what only time tells ---------------------------------------------------------------

    async def _tick_forever(self) -> None:
        while True:
            await self._sleep(TICK_S)
            self._reports.put_nowait(_Tick())

    async def _tick_safely(self, media: Media) -> None:
        try:
            await self.tick(media)
        except Exception:  # noqa: BLE001 - the next tick does this one's work
            _log.exception("proctoring_tick_failed")

    async def tick(self, media: Media) -> None:
        """Publishers that stayed away, flags that lasted into the test, flags of ended sittings."""
        for sitting_id, at_ms in list(self._waiting.left.items()):
            async with self._transaction() as store:
                await self._check_left(sitting_id, at_ms, media, store)
        for update in list(self._waiting.early.values()):
            async with self._transaction() as store:
                await self._check_early(update, store)
        async with self._transaction() as store:
            overdue = await store.flags_after_end()
        for flag, end_ms in overdue:
            await self._close_alone(flag, end_ms)

    async def _check_early(self, update: FlagUpdate, store: ProctoringStore) -> None:
        times = await store.times(update.sitting_id)
        if times is None:
            del self._waiting.early[_name(update)]
        elif times.began_at is not None:
            await self._flag(update, times, store)

    async def _check_left(
        self, sitting_id: str, at_ms: int, media: Media, store: ProctoringStore
    ) -> None:
        times = await store.times(sitting_id)
        if times is None or times.finished_at is not None or media.status(sitting_id).live:
            self._waiting.left.pop(sitting_id, None)
            return
        now_ms = times.at_ms(self._clock.now()) or 0
        if times.in_progress and now_ms - at_ms >= LOST_AFTER_MS:
            await self._media_lost(at_ms, times, store)


def _camera_at(at_ms: int) -> dict[str, object]:
    return {"at_ms": at_ms, "track": str(TrackKind.CAMERA)}


def _name(update: FlagUpdate) -> tuple[str, FlagKind, int]:
    return (update.sitting_id, update.flag.kind, update.flag.start_ms)


def _connection_lost(start_ms: int, end_ms: int | None) -> Flag:
    return Flag(
        kind=FlagKind.CONNECTION_LOST,
        severity=Severity.TECHNICAL,
        start_ms=start_ms,
        end_ms=end_ms,
        confidence=1.0,
        models=(),
        thresholds={"silence_ms": float(LOST_AFTER_MS)},
        scores=(),
        evidence=None,
    )


def _within_test(times: SittingTimes, flag: Flag) -> bool:
    """Only what happens while the test runs is a flag: not the device check, not the farewell."""
    began_ms, finished_ms = times.at_ms(times.began_at), times.at_ms(times.finished_at)
    if began_ms is None:
        return False
    over_before = flag.end_ms is not None and flag.end_ms <= began_ms
    starts_after = finished_ms is not None and flag.start_ms >= finished_ms
    return not over_before and not starts_after
