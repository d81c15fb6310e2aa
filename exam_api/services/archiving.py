"""Recordings in a bucket beside the local disk: segments go there as they close.

Nothing of recording waits for the bucket: the rows say what is still to be sent, and what fails is
tried again. With the local disk as the only store there is nothing to send: files lie where they
were recorded.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import structlog

from capture.contracts import Recording, TrackKey, TrackKind
from capture.errors import CaptureError
from capture.service import CaptureService
from exam_api.domain.errors import NotFound, StorageError
from exam_api.services.ports import Blobs, Clock
from exam_api.services.proctoring_ports import Transaction

_log = structlog.get_logger(__name__)
TICK_S: Final = 5.0
_AT_ONCE: Final = 50
_AGAIN: Final = timedelta(hours=1)  # a track whose files are not all there
_MANIFEST: Final = "segments.jsonl"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a track: its name in the track's folder and its digest."""

    key: TrackKey
    name: str
    sha256: str

    @property
    def blob_key(self) -> str:
        return f"recordings/{self.key.sitting_id}/{self.key.track}/{self.name}"


class ArchiveStore(Protocol):
    async def unsent(self, limit: int) -> Sequence[StoredFile]:
        """Closed segments that are not in the bucket, oldest first."""

    async def unarchived(self, limit: int) -> Sequence[TrackKey]:
        """Signed tracks that are not whole in the bucket, with their list."""

    async def lacking(self, key: TrackKey, files: Sequence[StoredFile]) -> Sequence[StoredFile]:
        """Those of the track's files that are not in the bucket."""

    async def sent(self, files: Sequence[StoredFile], at: datetime) -> None: ...
    async def archived(self, key: TrackKey, at: datetime) -> None: ...
    async def removable(self, before: datetime, limit: int) -> Sequence[TrackKey]:
        """Tracks that are whole in the bucket since then, and still on the local disk."""

    async def removed(self, key: TrackKey, at: datetime) -> None: ...
    async def restored(self, key: TrackKey, at: datetime) -> None:
        """Of a track that was removed: files of it are on the local disk again."""


class Archive:
    """``keep``: how long files stay on the local disk too; None: for good."""

    def __init__(
        self,
        read: Transaction[ArchiveStore],
        write: Transaction[ArchiveStore],
        bucket: Blobs,
        *,
        capture: CaptureService,
        root: Path,
        clock: Clock,
        keep: timedelta | None,
    ) -> None:
        self._read = read
        self._write = write
        self._bucket = bucket
        self._capture = capture
        self._root = root
        self._clock = clock
        self._keep = keep
        self._gone: set[StoredFile] = set()  # on the local disk no more, and never sent
        self._incomplete: dict[TrackKey, datetime] = {}

    async def run(self) -> None:
        """Until cancelled. What fails is tried again at the next tick."""
        while True:
            try:
                await self.tick()
            except (StorageError, CaptureError, OSError) as error:
                _log.warning("recordings_not_archived", error=str(error))
            await asyncio.sleep(TICK_S)

    async def tick(self) -> None:
        now = self._clock.now()
        self._incomplete = {key: at for key, at in self._incomplete.items() if now - at < _AGAIN}
        async with self._read() as store:  # what is gone keeps no other waiting
            unsent = await store.unsent(_AT_ONCE + len(self._gone))
            ended = await store.unarchived(_AT_ONCE + len(self._incomplete))
        await self._send(unsent)
        for key in ended:
            if key not in self._incomplete:
                await self._archive(key)
        if self._keep is not None:
            await self._remove(self._clock.now() - self._keep)

    async def _send(self, files: Sequence[StoredFile]) -> None:
        for file in files:
            path = self._path(file)
            if not path.is_file():
                if file not in self._gone:
                    _log.warning("segment_gone_before_it_was_sent", sitting=file.key.sitting_id)
                self._gone.add(file)
                continue
            await self._bucket.put(file.blob_key, await asyncio.to_thread(path.read_bytes))
            self._gone.discard(file)
            async with self._write() as store:
                await store.sent([file], self._clock.now())

    async def _archive(self, key: TrackKey) -> None:
        """What no row named: supplied segments, those whose row was lost, and the signed list."""
        recording = await asyncio.to_thread(self._capture.recording, key.sitting_id, key.track)
        await self._send(await self._lacking(key, recording))
        if recording.digest:
            listed = self._root / key.sitting_id / key.track / _MANIFEST
            name = f"segments-{recording.digest[:16]}.jsonl"
            data = await asyncio.to_thread(listed.read_bytes)
            await self._bucket.put(StoredFile(key, name, "").blob_key, data)
        if await self._lacking(key, recording):  # gone: what is there stays for good
            self._incomplete[key] = self._clock.now()
            return
        async with self._write() as store:
            await store.archived(key, self._clock.now())

    async def _remove(self, before: datetime) -> None:
        """The list stays: it says what there is. Joined files are made again when asked for."""
        async with self._read() as store:
            keys = await store.removable(before, _AT_ONCE)
        for key in keys:
            recording = await asyncio.to_thread(self._capture.recording, key.sitting_id, key.track)
            unsent = {file.name for file in await self._lacking(key, recording)}
            names = [one.name for one in recording.media if one.name not in unsent]
            folder = self._root / key.sitting_id / key.track
            for name in (*names, "recording.webm", "recording.mkv", "recording.parts"):
                (folder / name).unlink(missing_ok=True)
            async with self._write() as store:
                await store.removed(key, self._clock.now())

    async def _lacking(self, key: TrackKey, recording: Recording) -> Sequence[StoredFile]:
        files = [StoredFile(key, one.name, one.sha256) for one in recording.media]
        async with self._read() as store:
            return await store.lacking(key, files)

    async def restore(
        self, sitting_id: str, kind: TrackKind, start_ms: int = 0, end_ms: int = 2**62
    ) -> None:
        """Bring back what lies between and is not on the local disk. NotFound, StorageError."""
        key = TrackKey(sitting_id, kind)
        recording = await asyncio.to_thread(self._capture.recording, sitting_id, kind)
        wanted = _between(key, recording, start_ms, end_ms)
        lacking = [file for file in wanted if not self._path(file).is_file()]
        if lacking:  # noted first: whatever comes of it, what is here is removed again
            async with self._write() as store:
                await store.restored(key, self._clock.now())
        for file in lacking:
            data = await self._bucket.get(file.blob_key)
            if hashlib.sha256(data).hexdigest() != file.sha256:
                raise NotFound("the bucket's copy is not what was recorded")
            await asyncio.to_thread(_put_back, self._path(file), data)

    def _path(self, file: StoredFile) -> Path:
        return self._root / file.key.sitting_id / file.key.track / file.name


def _between(key: TrackKey, recording: Recording, start_ms: int, end_ms: int) -> list[StoredFile]:
    return [
        StoredFile(key, one.name, one.sha256)
        for one in recording.media
        if one.end_ms >= start_ms and one.start_ms <= end_ms
    ]


def _put_back(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(data)
    temporary.replace(path)


class ArchivedRecordings:
    """Recordings as reviewing and acts ask for them, brought back from the bucket where needed."""

    def __init__(self, capture: CaptureService, archive: Archive) -> None:
        self._capture = capture
        self._archive = archive
        self.status = capture.status
        self.recording = capture.recording
        self.recorded_until = capture.recorded_until
        self.explain = capture.explain

    async def joined(self, sitting_id: str, kind: TrackKind = TrackKind.CAMERA) -> Path:
        await self._archive.restore(sitting_id, kind)
        return await self._capture.joined(sitting_id, kind)

    async def clip(
        self,
        sitting_id: str,
        at_ms: int,
        before_ms: int = 5000,
        after_ms: int = 10000,
        kind: TrackKind = TrackKind.CAMERA,
    ) -> bytes:
        await self._archive.restore(sitting_id, kind, at_ms - before_ms, at_ms + after_ms)
        return await self._capture.clip(sitting_id, at_ms, before_ms, after_ms, kind)
