"""MP4 files of recordings, for offices whose players know no WebM: made by a job, kept for a while.

One export a track and state of its recording: what a student's page supplied later makes another
one. The file lies with the blobs; the job's row is all that is known of it.
"""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

import structlog

from capture.contracts import Recording, TrackKind
from capture.errors import CaptureError, NothingRecorded
from exam_api.domain.errors import (
    ExportFailed,
    ExportNotReady,
    ExportUnavailable,
    SittingNotOver,
    StorageError,
    StorageFull,
)
from exam_api.domain.roles import Actor
from exam_api.services.jobs import JobPolicy, JobRun, Jobs, JobState, JobStatus
from exam_api.services.ports import Clock
from exam_api.services.proctoring_ports import Transaction
from exam_api.services.review_ports import WatchedSitting
from exam_api.services.reviewing import Recordings

EXPORT: Final = "export"
# One at a time: whoever takes the exam now needs the processor more than an office its file.
EXPORT_JOBS: Final = JobPolicy(at_once=1, attempts=3, longest_delay=timedelta(minutes=5))
REMOVE_EVERY_S: Final = 3600.0
_PERCENT: Final = 100
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExportPolicy:
    """``kept``: from when a file is done. ``told_s``: how often progress goes on record.

    Transcoding is given up after ``least`` and ``times`` the recording's length.
    ``reserve_bytes`` stay free for answers and recordings beside ``bits_s``, the most a file takes.
    """

    kept: timedelta = timedelta(days=7)
    told_s: float = 2.0
    least: timedelta = timedelta(minutes=10)
    times: int = 4
    bits_s: int = 900_000
    reserve_bytes: int = 256 * 2**20

    def limit_s(self, length_ms: int) -> float:
        return self.least.total_seconds() + self.times * length_ms / 1000

    def room(self, length_ms: int) -> int:
        """Bytes: the file is written, then moved to its front once more, then copied."""
        return self.reserve_bytes + 2 * self.bits_s * length_ms // 8000


class ExportState(StrEnum):
    NONE = "none"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ExportView:
    """``progress``: 0 to 100. ``error``: why it failed. ``until``: the file is kept till then."""

    track: TrackKind
    state: ExportState
    progress: int = 0
    error: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredVideo:
    """``read(first, last)``: those bytes, both included, in pieces."""

    size: int
    read: Callable[[int, int], AsyncIterator[bytes]]


class ExportStore(Protocol):
    @property
    def jobs(self) -> Jobs: ...
    async def sitting(self, sitting_id: str, actor: Actor) -> WatchedSitting:
        """A sitting the actor watches. NotFound."""


class FileBlobs(Protocol):
    """Files too large for the memory."""

    async def put_file(self, key: str, path: Path) -> None:
        """Whole or not at all, in place of what was there."""

    async def stored(self, key: str) -> StoredVideo:
        """NotFound."""

    async def delete(self, key: str) -> None: ...


class Transcoder(Protocol):
    def available(self) -> bool: ...
    async def transcode(
        self, source: Path, target: Path, told: Callable[[int], Awaitable[None]]
    ) -> None:
        """H.264 and AAC in MP4; ``told`` hears of the milliseconds done. ExportFailed.

        Cancelled, it leaves no process behind.
        """


def length_ms(recording: Recording) -> int:
    return max((one.end_ms for one in recording.media), default=0)


def blob_key(key: str) -> str:
    return f"exports/{key.replace(':', '/')}.mp4"


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """Where files are made, by what, and where they go."""

    folder: Path
    blobs: FileBlobs
    transcoder: Transcoder
    policy: ExportPolicy = ExportPolicy()

    def path(self, key: str) -> Path:
        """Of the file that is whole and not in the store yet."""
        return self.folder / f"{key.replace(':', '-')}.mp4"

    def require_room(self, length: int) -> None:
        """StorageFull. Blocks."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < self.policy.room(length):
            raise StorageFull

    def forget_parts(self, key: str) -> None:
        """What earlier tries left. Blocks."""
        for path in self.folder.glob(f"{self.path(key).stem}.*.part"):
            path.unlink(missing_ok=True)

    def forget_old(self, before: datetime) -> None:
        """What a killed server left. Blocks."""
        for path in self.folder.glob("*"):
            if path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)


def export_key(recording: Recording) -> str:
    """The job's key: this track as it is on record now. NothingRecorded."""
    if not recording.media:
        raise NothingRecorded
    media = "".join(f"{one.name}:{one.sha256};" for one in recording.media)
    digest = hashlib.sha256(media.encode()).hexdigest()[:32]
    return f"{EXPORT}:{recording.sitting_id}:{recording.track}:{digest}"


class Exports:
    """What people who watch a sitting ask for and get."""

    def __init__(
        self,
        read: Transaction[ExportStore],
        write: Transaction[ExportStore],
        recordings: Recordings,
        files: ExportFiles,
        clock: Clock,
    ) -> None:
        self._read = read
        self._write = write
        self._recordings = recordings
        self._files = files
        self._clock = clock

    async def ask(self, actor: Actor, sitting_id: str, kind: TrackKind) -> ExportView:
        """Asked again it is the same export, and one that failed is tried again.

        SittingNotOver, NothingRecorded, ExportUnavailable, StorageFull.
        """
        watched = await self._watched(actor, sitting_id)
        if not watched.sitting.completed:
            raise SittingNotOver
        recording = await self._recording(sitting_id, kind)
        key = export_key(recording)
        if not self._files.transcoder.available():
            raise ExportUnavailable
        await asyncio.to_thread(self._files.require_room, length_ms(recording))
        async with self._write() as store:
            await store.sitting(sitting_id, actor)
            payload = {"sitting_id": sitting_id, "track": str(kind)}
            if not await store.jobs.add(key, EXPORT, payload):
                await store.jobs.retry(key)
            return self._view(kind, await store.jobs.statuses([key]))

    async def state(self, actor: Actor, sitting_id: str, kind: TrackKind) -> ExportView:
        """NotFound."""
        await self._watched(actor, sitting_id)
        recording = await self._recording(sitting_id, kind)
        if not recording.media:
            return ExportView(kind, ExportState.NONE)
        async with self._read() as store:
            return self._view(kind, await store.jobs.statuses([export_key(recording)]))

    async def video(self, actor: Actor, sitting_id: str, kind: TrackKind) -> StoredVideo:
        """ExportNotReady where it was not asked for, or is not done."""
        view = await self.state(actor, sitting_id, kind)
        if view.state is not ExportState.DONE:
            raise ExportNotReady
        return await self._files.blobs.stored(
            blob_key(export_key(await self._recording(sitting_id, kind)))
        )

    async def _watched(self, actor: Actor, sitting_id: str) -> WatchedSitting:
        async with self._read() as store:
            return await store.sitting(sitting_id, actor)

    async def _recording(self, sitting_id: str, kind: TrackKind) -> Recording:
        return await asyncio.to_thread(self._recordings.recording, sitting_id, kind)

    def _view(self, kind: TrackKind, found: Sequence[JobStatus]) -> ExportView:
        if not found:
            return ExportView(kind, ExportState.NONE)
        (job,) = found
        kept = self._files.policy.kept
        return ExportView(
            track=kind,
            state=ExportState(job.state),
            progress=_PERCENT if job.state is JobState.DONE else job.done,
            error=job.error if job.state is JobState.FAILED else "",
            until=job.finished_at + kept
            if job.state is JobState.DONE and job.finished_at
            else None,
        )

    async def run(self) -> None:
        """Until cancelled: files are not kept longer than the setting says."""
        while True:
            try:
                await self.remove_old()
            except StorageError as error:
                _log.warning("exports_not_removed", code=error.code)
            await asyncio.sleep(REMOVE_EVERY_S)

    async def remove_old(self) -> None:
        """The file before its row: what is not removed now is removed at the next time."""
        before = self._clock.now() - self._files.policy.kept
        async with self._read() as store:
            old = await store.jobs.finished(EXPORT, before)
        for job in old:
            await self._files.blobs.delete(blob_key(job.key))
            async with self._write() as store:
                await store.jobs.forget(job.key)
        await asyncio.to_thread(self._files.forget_old, before)


class ExportJob:
    """The handler of ``export`` jobs.

    Each try writes a file of its own: a process that outlived its server disturbs no later try.
    A file that is whole is not made again.
    """

    def __init__(self, recordings: Recordings, files: ExportFiles, clock: Clock) -> None:
        self._recordings = recordings
        self._files = files
        self._clock = clock

    async def __call__(self, run: JobRun) -> None:
        await run.advance(0, _PERCENT)
        whole = self._files.path(run.job.key)
        if not whole.exists():
            await self._make(run, whole)
        await self._files.blobs.put_file(blob_key(run.job.key), whole)
        whole.unlink(missing_ok=True)

    async def _make(self, run: JobRun, whole: Path) -> None:
        sitting_id, kind = run.job.payload["sitting_id"], TrackKind(run.job.payload["track"])
        recording = await asyncio.to_thread(self._recordings.recording, sitting_id, kind)
        length = length_ms(recording)
        part = whole.with_suffix(f".{run.job.attempt}.part")
        told = _Told(run, self._clock, length, self._files.policy.told_s)
        try:
            await asyncio.to_thread(self._files.forget_parts, run.job.key)
            await asyncio.to_thread(self._files.require_room, length)
            source = await self._recordings.joined(sitting_id, kind)
            async with asyncio.timeout(self._files.policy.limit_s(length)):
                await self._files.transcoder.transcode(source, part, told)
            part.replace(whole)
        except TimeoutError as slow:
            raise ExportFailed from slow
        except (CaptureError, StorageFull) as error:  # StorageFull would be tried without end
            raise ExportFailed(code=error.code) from error
        finally:
            part.unlink(missing_ok=True)


class _Told:
    """Puts progress on record, but not each of ffmpeg's lines."""

    def __init__(self, run: JobRun, clock: Clock, length: int, every_s: float) -> None:
        self._run = run
        self._clock = clock
        self._length = max(1, length)
        self._every = timedelta(seconds=every_s)
        self._next = clock.now()

    async def __call__(self, at_ms: int) -> None:
        now = self._clock.now()
        if now < self._next:
            return
        self._next = now + self._every
        # The last percent is the file's way into the store.
        await self._run.advance(min(_PERCENT - 1, at_ms * _PERCENT // self._length), _PERCENT)
