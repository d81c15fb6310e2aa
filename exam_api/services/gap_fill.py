"""Gap fill: a student's page uploads what it kept while the line was down (S-13).

A piece comes in parts, may be resumed and repeated, and is taken only where the server's own
recording has a gap: nothing that the server received is ever replaced.
"""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from capture.contracts import Recording, TrackKey
from capture.errors import CaptureError, SupplyKilled, SupplyRefused
from capture.locks import KeyedLocks
from capture.supplied import SupplyRequest, missing
from exam_api.domain.errors import (
    FillClosed,
    InvalidRequest,
    NothingLacking,
    PayloadTooLarge,
    PieceOffset,
    StorageFull,
)
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Sitting
from exam_api.services.keeping_ports import KeepingStore, Tracks
from exam_api.services.ports import Clock, Units
from exam_api.services.proctoring_ports import Transaction

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FillPolicy:
    """``reserve_bytes`` stay free for answers and for what other sittings record."""

    open_for: timedelta = timedelta(hours=24)  # after the end: a computer that has to be repaired
    piece_bytes: int = 8 * 2**20  # a minute at 180 kbit/s is 1.4 MB
    part_bytes: int = 2**20
    waiting_bytes: int = 64 * 2**20  # of one sitting, not whole yet
    reserve_bytes: int = 256 * 2**20
    deaths: int = 5  # of the process that reads a piece: more than one may be chance


DEFAULT_FILL: Final = FillPolicy()
FORGET_EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class SpanView:
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class LackingView:
    """What the camera's recording lacks, in milliseconds since ``origin_ms`` (since 1970).

    ``final``: the recording is closed, no further gap will appear.
    """

    origin_ms: int
    spans: tuple[SpanView, ...]
    final: bool
    part_bytes: int
    piece_bytes: int


@dataclass(frozen=True, slots=True)
class PieceView:
    """``offset``: bytes that arrived. ``done``: it is part of the recording, or not needed."""

    offset: int
    done: bool


@dataclass(frozen=True, slots=True)
class AnnouncedPiece:
    """``start_ms``: its first frame, milliseconds since 1970 by the server's clock."""

    id: str
    size: int
    sha256: str
    start_ms: float


class GapFill:
    def __init__(
        self,
        units: Units,
        write: Transaction[KeepingStore],
        tracks: Tracks,
        *,
        folder: Path,
        clock: Clock,
        policy: FillPolicy = DEFAULT_FILL,
    ) -> None:
        self._units = units
        self._write = write
        self._tracks = tracks
        self._folder = folder
        self._clock = clock
        self._policy = policy
        self._locks = KeyedLocks()

    async def lacking(self, actor: Actor, sitting_id: str) -> LackingView:
        """FillClosed where it is too late, or nothing was ever recorded."""
        _, origin = await self._open(actor, sitting_id)
        recording = await self._recording(sitting_id)
        return LackingView(
            origin_ms=round(origin.timestamp() * 1000),
            spans=tuple(SpanView(*span) for span in missing(recording)),
            final=bool(recording.signed_by),
            part_bytes=self._policy.part_bytes,
            piece_bytes=self._policy.piece_bytes,
        )

    async def arrived(self, actor: Actor, sitting_id: str, piece: AnnouncedPiece) -> PieceView:
        """Where to go on with a piece. SupplyRefused where it was tried often enough."""
        sitting, _ = await self._open(actor, sitting_id)
        self._require_harmless(self._path(sitting_id, piece))
        recording = await self._recording(sitting_id)
        return await self._arrived(sitting, piece, recording)

    async def take(
        self, actor: Actor, sitting_id: str, piece: AnnouncedPiece, offset: int, part: bytes
    ) -> PieceView:
        """The next part of a piece; the last one makes it part of the recording.

        PieceOffset (ask where to go on), NothingLacking (forget the piece), SupplyRefused;
        SupplyFailed: all of it is here, an empty part at its end tries again.
        """
        if piece.size > self._policy.piece_bytes or len(part) > self._policy.part_bytes:
            raise PayloadTooLarge
        sitting, origin = await self._open(actor, sitting_id)
        async with self._locks.hold(sitting_id):  # one piece after the other
            recording = await self._recording(sitting_id)
            view = await self._arrived(sitting, piece, recording)
            if view.done:
                return view
            start_ms = round(piece.start_ms - origin.timestamp() * 1000)
            self._require_lacking(recording, start_ms)
            path = self._path(sitting_id, piece)
            self._require_harmless(path)
            size = await asyncio.to_thread(self._append, path, offset, part, piece.size)
            if size < piece.size:
                return PieceView(size, done=False)
            await self._supply(sitting, piece, path, start_ms)
            return PieceView(size, done=True)

    async def _supply(
        self, sitting: Sitting, piece: AnnouncedPiece, path: Path, start_ms: int
    ) -> None:
        request = SupplyRequest(piece.id, path, start_ms, piece.sha256)
        try:
            await asyncio.to_thread(_require_announced, request)
            await self._supply_or_count(TrackKey(sitting.id), request)
        except (SupplyRefused, InvalidRequest) as refused:
            _log.warning("piece_refused", why=str(refused), size=piece.size)
            path.unlink(missing_ok=True)
            raise
        path.unlink(missing_ok=True)  # after a fault of ours it stays: it may be in use still
        await self._sign_anew(sitting)

    async def _supply_or_count(self, key: TrackKey, request: SupplyRequest) -> None:
        try:
            await self._tracks.supply(key, request)
        except SupplyKilled:
            with _deaths(request.path).open("ab") as deaths:
                deaths.write(b"+")
            self._require_harmless(request.path)
            raise

    def _require_harmless(self, path: Path) -> None:
        """A piece that killed each process that read it is not read once more. SupplyRefused.

        Its gap stays open, with its cause; the page forgets the piece.
        """
        deaths = _deaths(path)
        if deaths.exists() and deaths.stat().st_size >= self._policy.deaths:
            raise SupplyRefused("each process that read the piece died")

    async def _sign_anew(self, sitting: Sitting) -> None:
        if sitting.completed:
            async with self._write() as store:
                await store.forget_seal(sitting.id)

    def _require_lacking(self, recording: Recording, start_ms: int) -> None:
        """At least the beginning of the piece lies before the end of a gap."""
        if not any(span.end_ms > start_ms for span in missing(recording)):
            raise NothingLacking

    async def _open(self, actor: Actor, sitting_id: str) -> tuple[Sitting, datetime]:
        async with self._units.read() as unit:
            sitting = await unit.sittings.get(sitting_id, actor)
        sitting.require_own(actor.id)
        ended = sitting.finished_at
        if sitting.origin is None or (ended and self._clock.now() > ended + self._policy.open_for):
            raise FillClosed
        return sitting, sitting.origin

    async def _recording(self, sitting_id: str) -> Recording:
        try:
            return await asyncio.to_thread(self._tracks.recording, sitting_id)
        except (CaptureError, ValueError) as damaged:
            raise FillClosed from damaged

    async def _arrived(
        self, sitting: Sitting, piece: AnnouncedPiece, recording: Recording
    ) -> PieceView:
        if any(piece.id == one.piece for one in recording.supplied):
            if not recording.signed_by:
                await self._sign_anew(sitting)  # where a crash came between
            return PieceView(piece.size, done=True)
        path = self._path(sitting.id, piece)
        return PieceView(path.stat().st_size if path.exists() else 0, done=False)

    def _path(self, sitting_id: str, piece: AnnouncedPiece) -> Path:
        return self._folder / sitting_id / f"{piece.id}-{piece.sha256[:16]}.part"

    def _append(self, path: Path, offset: int, part: bytes, most: int) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        size = path.stat().st_size if path.exists() else 0
        if offset != size or size + len(part) > most:
            raise PieceOffset
        disk = os.statvfs(path.parent)
        waiting = sum(one.stat().st_size for one in path.parent.iterdir())
        if disk.f_bavail * disk.f_frsize < self._policy.reserve_bytes + len(part):
            raise StorageFull
        if waiting + len(part) > self._policy.waiting_bytes:
            raise PayloadTooLarge
        with path.open("ab") as file:
            file.write(part)
        return size + len(part)

    async def run(self) -> None:
        """Until cancelled: parts that nobody goes on with do not stay."""
        while True:
            await asyncio.to_thread(self.forget_old)
            await asyncio.sleep(FORGET_EVERY_S)

    def forget_old(self) -> None:
        """Parts that nobody went on with. Blocks."""
        before = (self._clock.now() - self._policy.open_for).timestamp()
        for path in self._folder.glob("*/*"):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)


def _deaths(path: Path) -> Path:
    """Beside a piece: one byte for each process that died of it, also of an earlier server."""
    return path.with_suffix(".deaths")


def _require_announced(request: SupplyRequest) -> None:
    with request.path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != request.sha256:
            raise InvalidRequest("the piece is not the one that was announced")
