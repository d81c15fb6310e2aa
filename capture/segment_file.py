"""One segment's file while it grows: whole clusters only, its hash kept along the way."""

import errno
import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from capture.contracts import Segment
from capture.webm import MAX_RELATIVE_MS, Block, Track, encode_cluster, live_header


class SegmentFile:
    """Owned by the event loop's thread until ``seal``, which any one thread may call.

    A cluster is one write(); if it fails (a full disk) the file is cut back to the clusters
    before, so that it stays whole, and the OSError goes on to the caller. The last
    ``reserve_bytes`` of the disk are never used: there ENOSPC is raised too.
    """

    def __init__(
        self, path: Path, tracks: Sequence[Track], cluster_ms: int, *, reserve_bytes: int = 0
    ) -> None:
        self.path = path
        self.size = 0
        self.tracks = tuple(tracks)
        self.start_ms: int | None = None  # of the first frame, unless the owner knows better
        self.last_ms = 0
        self.flushed_ms = 0
        self.has_audio = False
        self._cluster_ms = cluster_ms
        self._reserve_bytes = reserve_bytes
        self._blocks: list[Block] = []
        self._base_ms = 0
        self._video_ms = [0, 0]  # the last two video frames: their distance ends the segment
        self._hash = hashlib.sha256()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            self._write(live_header(self.tracks))
        except OSError:
            self.discard()
            raise
        self._empty = self.size

    @property
    def has_media(self) -> bool:
        return self.size > self._empty

    @property
    def end_ms(self) -> int:
        """When the last flushed frame ends: a frame's length after it, at most 200 ms."""
        return self.flushed_ms + self._step_ms

    @property
    def picture_end_ms(self) -> int:
        """As ``end_ms``, of the last picture; the start where there is none."""
        return self._video_ms[1] + self._step_ms if self._video_ms[1] else self.start_ms or 0

    @property
    def _step_ms(self) -> int:
        return min(max(self._video_ms[1] - self._video_ms[0], 1), 200)

    def add(self, block: Block) -> None:
        """Take a frame; a full cluster, or one before a key frame, is written at once."""
        starts = block.key and block.is_video
        far = abs(block.at_ms - self._base_ms)
        if self._blocks and (starts or self._cluster_ms <= far or far >= MAX_RELATIVE_MS):
            self.flush()
        if not self._blocks:
            self._base_ms = block.at_ms
        self._blocks.append(block)
        if self.start_ms is None:
            self.start_ms = block.at_ms
        self.last_ms = max(self.last_ms, block.at_ms)
        if block.is_video:
            self._video_ms = [self._video_ms[1] or block.at_ms, block.at_ms]
        else:
            self.has_audio = True

    def flush(self) -> None:
        """Write what waits, as one cluster."""
        if not self._blocks:
            return
        data, last_ms = encode_cluster(self._blocks), self.last_ms
        self._blocks = []  # what the disk refuses is lost; the next cluster must not repeat it
        self._write(data)
        self.flushed_ms = last_ms

    def is_before_hole(self, at_ms: int, hole_ms: int) -> bool:
        """Frames are in it, and the next one comes that much later than the last."""
        return self.start_ms is not None and at_ms - self.last_ms >= hole_ms

    def stale(self, now_ms: int) -> bool:
        """Frames wait although no newer ones came to push them out."""
        return bool(self._blocks) and now_ms - self._base_ms > 2 * self._cluster_ms

    def sync(self) -> None:
        """Close the file, on the disk for good. It waits for I/O."""
        try:
            os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)

    def sealed(self, segment: Segment) -> Segment:
        """As sync; ``segment`` with its digest."""
        self.sync()
        return replace(segment, sha256=self._hash.hexdigest())

    def discard(self) -> None:
        """Close and remove a file that holds no media."""
        os.close(self._descriptor)
        self.path.unlink(missing_ok=True)

    def _require_room(self, size: int) -> None:
        disk = os.fstatvfs(self._descriptor)
        if disk.f_bavail * disk.f_frsize < self._reserve_bytes + size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _write(self, data: bytes) -> None:
        view, written = memoryview(data), 0
        try:
            self._require_room(len(data))
            while written < len(view):
                written += os.write(self._descriptor, view[written:])
        except OSError:
            os.ftruncate(self._descriptor, self.size)
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            raise
        self._hash.update(data)
        self.size += len(data)
