"""Recording one track of a sitting: segments cut on key frames, gaps explained, failures contained.

Everything here runs in the event loop's thread, except ``_seal`` and ``_append``, which run in
the service's one writing thread, in the order they were asked for; the manifest belongs to it.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeVar

from capture.codecs import KeyInfo
from capture.contracts import (
    CaptureEvent,
    Gap,
    GapCause,
    MediaStarted,
    RecordingFailed,
    Segment,
    SegmentClosed,
    TrackKey,
)
from capture.errors import FULL
from capture.manifest import Entry, Ledger, Manifest
from capture.manifest import Stop as StopEntry
from capture.segment_file import SegmentFile
from capture.settings import CaptureSettings
from capture.webm import H264_TRACK, OPUS_TRACK, TRACK_OF_CODEC, Block, Track

_log = logging.getLogger(__name__)
Result = TypeVar("Result")
# What the server can tell by itself of a silent line; the page may know better.
_SEEN_FROM_HERE = frozenset({GapCause.NETWORK, GapCause.CLIENT_ENDED})
_EARLY_AUDIO_MS = 2000  # sound kept while the first key frame is awaited


class Recorder:
    """``recording``: frames are reaching the disk. ``failed``: they cannot, for now."""

    def __init__(
        self,
        key: TrackKey,
        folder: Path,
        manifest: Manifest,
        *,
        writing: Executor,
        settings: CaptureSettings,
        emit: Callable[[CaptureEvent], None],
    ) -> None:
        self.key = key
        self.folder = folder
        kept = manifest.ledger
        self.ledger = kept.copy()
        self.recording = False
        self.failed = False
        self._manifest = manifest
        self._writing = writing
        self._settings = settings
        self._emit = emit
        self._open: SegmentFile | None = None
        self._end_ms = kept.end_ms
        self._floor_ms = kept.end_ms or 0
        self._heard_ms = -1
        self._cause = kept.stop.cause if kept.stop else GapCause.SERVER_RESTART
        self._sound_until_ms = kept.stop.sound_until_ms if kept.stop else None
        self._next_name = 1 + max((int(s.name.split(".")[0]) for s in kept.segments), default=0)
        self._early: deque[Block] = deque(maxlen=256)
        self._follows = False  # the open segment begins where the last one ended
        self._told: tuple[GapCause, float] | None = None
        self._blind: GapCause | None = None  # why pictures are missing while sound comes
        self._sealing: list[Path] = []
        self._jobs: set[asyncio.Future[list[Entry]]] = set()

    @property
    def wants_key_frame(self) -> bool:
        return self._open is None

    @property
    def growing(self) -> tuple[Path, ...]:
        """Files that the ledger does not have yet: being sealed, and the open one, in order.

        Their flushed clusters may be read by anyone.
        """
        file = self._open
        last = (file.path,) if file is not None and file.has_media else ()
        return (*self._sealing, *last)

    @property
    def until_ms(self) -> int:
        """How far the timeline is recorded, what still waits in memory included."""
        if self._open is None:
            return self._end_ms or 0
        return self._open.picture_end_ms if self.sound_alone else self._open.last_ms

    @property
    def sound_alone(self) -> bool:
        """The open segment goes on without pictures: only their seconds count."""
        return self._blind is not None

    def video(
        self, codec: str, at_ms: int, data: bytes, key: KeyInfo | None, *, lost: bool = False
    ) -> None:
        """A picture; ``lost``: others before it were sent and never came."""
        number = TRACK_OF_CODEC[codec]
        self._end_before_hole(at_ms)
        if self._open is not None and at_ms - self._open.picture_end_ms >= self._settings.hole_ms:
            # There was sound, or the segment had ended above.
            self._blind = None if lost else self._blind
            self.pause(GapCause.NETWORK if lost else GapCause.CAMERA_OFF)
        elif self._blind is not None:
            self._see(at_ms)
        # A publication that replaces another may begin within the other's last frame.
        at_ms = max(at_ms, self._floor_ms)
        if key is not None:
            track = Track(number, key.width, key.height, key.private)
            if self._open is None or self._is_due(track, at_ms):
                self._begin(track, at_ms)
        if self._open is not None and self._open.tracks[0].number == number:
            self._put(Block(number, at_ms, key is not None, data))
            self._floor_ms = at_ms + 1

    def go_on_with_sound(self, cause: GapCause) -> None:
        """Pictures are missing for ``cause``, sound is not: it stays on record, in a gap."""
        if self._open is None or not self.recording:
            self.pause(cause)
        elif self._blind is None:
            self._blind = cause

    def _see(self, at_ms: int) -> None:
        """Pictures that were only late: nothing of them is missing."""
        self._blind = None
        self._emit(MediaStarted(self.key.sitting_id, at_ms, None, self.key.track))

    def audio(self, at_ms: int, data: bytes) -> None:
        if at_ms <= self._heard_ms:
            return  # a publication that replaces another repeats what that one was ahead by
        self._heard_ms = at_ms
        self._end_before_hole(at_ms)
        block = Block(OPUS_TRACK, at_ms, key=True, data=data)
        if self._open is None:
            self._early.append(block)
        elif self._follows or at_ms >= (self._open.start_ms or 0):
            self._put(block)
        # Else the line had held it back: its time is a gap, which the page fills with both.

    def tick(self, now_ms: int) -> None:
        """Write what waits too long because nothing newer pushed it out."""
        if self._open is not None and self._open.stale(now_ms):
            try:
                self._open.flush()
            except OSError as error:
                self._fail(error, now_ms)

    def pause(self, cause: GapCause) -> None:
        """Media is gone: the segment is closed, and the gap that begins has this cause.

        One that began before keeps its own: a good-bye to a dead connection, or its end, explains
        nothing. Only a disk that refuses what comes is told anyway, and never put down to others.
        """
        told, self._told = self._told, None
        if told is not None and time.monotonic() - told[1] > self._settings.told_for_s:
            told = None
        blind, self._blind = self._blind, None
        if blind is not None and cause is not GapCause.STORAGE:
            cause = blind
        self._close()
        self._early.clear()
        begins, self.recording = self.recording, False
        if begins and told is not None and cause in _SEEN_FROM_HERE:
            cause = told[0]
        if begins or cause is GapCause.STORAGE:
            self._note(cause)

    def explain(self, cause: GapCause | None) -> None:
        """The page's word on silence: that is here now, or begins soon. None takes it back."""
        if self.recording:
            self._told = None if cause is None else (cause, time.monotonic())
        elif cause is not None and self._cause in _SEEN_FROM_HERE:
            self._note(cause)

    def _note(self, cause: GapCause) -> None:
        """In the manifest too, so that whoever opens it later takes the gap for no crash."""
        self._cause = cause
        if self._end_ms is not None:
            self._submit(self._append, StopEntry(self._end_ms, cause, self._sound_until_ms))

    def _end_before_hole(self, at_ms: int) -> None:
        """A cut shorter than what counts as lost leaves a hole: it is a gap all the same."""
        if self._open is not None and self._open.is_before_hole(at_ms, self._settings.hole_ms):
            self.pause(GapCause.NETWORK)

    async def drain(self) -> None:
        """Wait until everything closed so far is hashed, chained and on the disk."""
        while self._jobs:
            await asyncio.wait(set(self._jobs))

    async def amend(self, work: Callable[[Manifest], Result]) -> Result:
        """Change the manifest in its thread, in turn with what is recorded."""

        def job() -> tuple[Result, Ledger]:
            return work(self._manifest), self._manifest.ledger.copy()

        loop = asyncio.get_running_loop()
        result, self.ledger = await loop.run_in_executor(self._writing, job)
        return result

    # --- segments --------------------------------------------------------------------------

    def _is_due(self, track: Track, at_ms: int) -> bool:
        assert self._open is not None
        old = self._open.tracks[0]
        if (old.number, old.width, old.height) != (track.number, track.width, track.height):
            return True
        if old.private != track.private:
            return True
        began = self._open.start_ms
        return began is not None and at_ms - began >= self._settings.segment_s * 1000

    def _begin(self, track: Track, at_ms: int) -> None:
        self._follows = self._close(end_ms=at_ms)
        suffix = "mkv" if track.number == H264_TRACK else "webm"
        path = self.folder / f"{self._next_name:06d}.{suffix}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # The microphone's track is always declared: sound may join at any time.
            self._open = SegmentFile(
                path,
                (track, Track(OPUS_TRACK)),
                self._settings.cluster_ms,
                reserve_bytes=self._settings.reserve_bytes,
            )
        except OSError as error:
            self._fail(error, at_ms)
            return
        self._next_name += 1
        if self._follows:
            self._open.start_ms = at_ms
        earliest = max(at_ms - _EARLY_AUDIO_MS, self._end_ms or 0)
        early = [block for block in self._early if block.at_ms >= earliest]
        self._early.clear()
        # Sound came first: its seconds do not count, and it is kept where nothing else would be.
        # Where it was hardly away itself, only the picture was; after a longer cut the page
        # supplies both, up to the picture.
        hole_ms, ended_ms = self._settings.hole_ms, self._end_ms
        back_ms = early[0].at_ms if early else at_ms
        if at_ms - back_ms >= hole_ms:
            self._open.start_ms = at_ms
            if ended_ms is not None and back_ms - ended_ms >= hole_ms:
                early.clear()
            else:
                self._sound_until_ms = at_ms
        for block in early:
            if self._open is not None:
                self._put(block)

    def _put(self, block: Block) -> None:
        assert self._open is not None
        try:
            self._open.add(block)
        except OSError as error:
            self._fail(error, block.at_ms)
            return
        if not self.recording and self._open.has_media:
            self._announce(self._open.start_ms or 0)

    def _announce(self, start_ms: int) -> None:
        """The first cluster since the beginning or a gap is on the disk: recording is real."""
        self.recording, self.failed = True, False
        gap = None
        if self._end_ms is not None and start_ms - self._end_ms >= self._settings.gap_ms:
            heard, track = self._sound_until_ms, self.key.track
            gap = Gap(self._end_ms, start_ms, self._cause, track, sound_until_ms=heard)
            self._submit(self._append, gap)
        self._emit(MediaStarted(self.key.sitting_id, start_ms, gap, self.key.track))

    def _close(self, end_ms: int | None = None) -> bool:
        """Close the open segment, at ``end_ms`` if another follows; whether it is kept."""
        file, self._open = self._open, None
        if file is None:
            return False
        try:
            file.flush()
        except OSError as error:
            self._report(error, file.last_ms)
        if not file.has_media:
            file.discard()
            return False
        if not self.recording:  # shorter than a cluster
            self._announce(file.start_ms or 0)
        self._sound_until_ms = None
        if end_ms is None and file.end_ms - file.picture_end_ms >= self._settings.hole_ms:
            # Sound alone is no record of a sitting: it stays in the file, and a gap begins.
            end_ms, self._sound_until_ms = file.picture_end_ms, file.end_ms
        segment = self._describe(file, end_ms)
        self._end_ms = segment.end_ms
        self._floor_ms = max(self._floor_ms, segment.end_ms)
        self._sealing.append(file.path)
        self._submit(self._seal, file, segment)
        return True

    def _describe(self, file: SegmentFile, end_ms: int | None) -> Segment:
        video = file.tracks[0]
        return Segment(
            sitting_id=self.key.sitting_id,
            index=0,
            name=file.path.name,
            start_ms=file.start_ms or 0,
            end_ms=file.end_ms if end_ms is None else end_ms,
            size_bytes=file.size,
            sha256="",
            chain="",
            video_codec=video.codec,
            audio_codec="opus" if file.has_audio else None,
            width=video.width,
            height=video.height,
            track=self.key.track,
        )

    # --- failures --------------------------------------------------------------------------

    def _fail(self, error: OSError, at_ms: int) -> None:
        """The disk refuses: keep what is whole, try again at each key frame to come."""
        self._report(error, at_ms)
        self.pause(GapCause.STORAGE)

    def _report(self, error: OSError, at_ms: int) -> None:
        if self.failed:
            return
        self.failed = True
        code = "disk_full" if error.errno in FULL else "storage_error"
        _log.error("recording failed: %s (errno %s)", code, error.errno)
        self._emit(RecordingFailed(self.key.sitting_id, at_ms, code, self.key.track))

    # --- the writing thread ----------------------------------------------------------------

    def _submit(self, job: Callable[..., list[Entry]], *arguments: object) -> None:
        future = asyncio.get_running_loop().run_in_executor(self._writing, job, *arguments)
        self._jobs.add(future)
        future.add_done_callback(self._done)

    def _done(self, future: asyncio.Future[list[Entry]]) -> None:
        self._jobs.discard(future)
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, OSError):
            self._report(error, self.until_ms)
            return
        if error is not None:
            raise error
        for entry in future.result():
            self.ledger.add(entry)
            if isinstance(entry, Segment):
                self._sealing.remove(self.folder / entry.name)
                self._emit(SegmentClosed(entry))

    def _append(self, entry: Entry) -> list[Entry]:
        return self._manifest.append(entry)

    def _seal(self, file: SegmentFile, segment: Segment) -> list[Entry]:
        return self._manifest.append(file.sealed(segment))
