"""Decoding for analysis: every frame goes through FFmpeg's own decoder, few become pictures.

Threads: ``feed`` runs in the event loop's thread, ``_run`` in one pool thread at a time per
stream; the lock guards only the waiting list. If decoding falls behind, waiting frames are
dropped up to the next key frame and counted: recording never waits for this.
"""

import logging
import threading
from collections import deque
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from capture.contracts import Frame, Relief
from capture.tap import FrameTap

_log = logging.getLogger(__name__)
_MS = Fraction(1, 1000)
_TURN = 8  # frames one stream may decode before others get the thread


@dataclass(frozen=True, slots=True)
class _Waiting:
    data: bytes
    at_ms: int
    key: bool


def i420(picture: av.VideoFrame) -> NDArray[np.uint8]:
    """The picture as I420, shape (height * 3 // 2, width), sides cut to even."""
    width, height = picture.width & ~1, picture.height & ~1
    if (width, height) != (picture.width, picture.height) or picture.format.name != "yuv420p":
        picture = picture.reformat(width=width, height=height, format="yuv420p")
    return picture.to_ndarray(format="yuv420p").astype(np.uint8, copy=False)


def open_decoder(codec: str) -> VideoCodecContext:
    """FFmpeg's native ``vp8`` or ``h264`` decoder on one thread (more would be one per core)."""
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    return decoder


class FrameSampler:
    """Feeds one publication's video to its sitting's tap."""

    def __init__(self, codec: str, tap: FrameTap, pool: Executor, backlog: int) -> None:
        self._codec, self._tap, self._pool, self._backlog = codec, tap, pool, backlog
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self._busy = False
        self._closed = False
        self._needs_key = True
        self._decoder: VideoCodecContext | None = None
        self._next_ms = float("-inf")
        self.decoded = 0
        self.skipped = 0

    def feed(self, data: bytes, at_ms: int, key: bool, after_loss: bool) -> None:
        """Take an encoded frame; never blocks."""
        with self._lock:
            if self._closed:
                return
            if self._spared(key):
                return
            if after_loss:
                self._needs_key = True
            if len(self._waiting) >= self._backlog:
                self.skipped += len(self._waiting)
                self._waiting.clear()
                self._needs_key = True
            if self._needs_key and not key:
                self.skipped += 1
                return
            self._needs_key = False
            self._waiting.append(_Waiting(data, at_ms, key))
            if self._busy:
                return
            self._busy = True
        self._submit()

    def _spared(self, key: bool) -> bool:
        """Whether overload leaves this frame undecoded; that is on purpose and not counted."""
        relief = self._tap.relief
        if relief < Relief.KEY_FRAMES_ONLY or (key and relief < Relief.RECORDING_ONLY):
            return False
        self._needs_key = True
        return True

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._waiting.clear()

    def _submit(self) -> None:
        try:
            self._pool.submit(self._run)
        except RuntimeError:  # the pool is shutting down: so is this stream
            self.close()

    def _run(self) -> None:
        for _ in range(_TURN):
            with self._lock:
                if not self._waiting:
                    self._busy = False
                    return
                frame = self._waiting.popleft()
            self._decode(frame)
        self._submit()

    def _decode(self, frame: _Waiting) -> None:
        if self._decoder is None:
            self._decoder = open_decoder(self._codec)
        packet = av.Packet(frame.data)
        packet.pts, packet.time_base = frame.at_ms, _MS
        try:
            pictures = self._decoder.decode(packet)
            for picture in pictures:
                self._sample(picture, frame.at_ms)
        except (av.FFmpegError, ValueError):
            _log.debug("a frame could not be decoded; waiting for a key frame")
            with self._lock:
                self._needs_key = True
            return
        self.decoded += 1

    def _sample(self, picture: av.VideoFrame, at_ms: int) -> None:
        if at_ms < self._next_ms:
            return
        step = 1000 / max(self._tap.sampled, 0.1)
        if at_ms - self._next_ms > step:  # the first picture, or the first after a gap
            self._next_ms = at_ms
        self._next_ms += step
        self._tap.put(Frame(self._tap.sitting_id, at_ms, i420(picture)))
