"""Decoding sound for analysis: Opus packets become chunks of 16 kHz mono.

Threads: as in ``capture.decode``. Packets are decoded half a second at a time, so that a stream
costs the pool two turns a second. If decoding falls behind, what waits is dropped and counted.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from capture.contracts import SOUND_RATE, AudioChunk, Relief
from capture.errors import NotASound
from capture.tap import AudioTap

_log = logging.getLogger(__name__)
GATHERED_MS = 480
_HOLE_MS = 200  # packets further apart do not belong together
_BACKLOG = 200  # packets; 12 s of sound
_NOTHING = np.zeros(0, np.float32)

Packet = tuple[bytes, int]


class _Mono:
    """Decoded frames of any layout and rate as 16 kHz mono."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_RATE)

    def of(self, frame: av.AudioFrame | None) -> NDArray[np.float32]:
        parts = [made.to_ndarray().reshape(-1) for made in self._resampler.resample(frame)]
        return np.concatenate(parts).astype(np.float32, copy=False) if parts else _NOTHING


class _OpusStream:
    """FFmpeg's own decoder: 1.5 ms a second of sound, resampling included."""

    def __init__(self) -> None:
        decoder = av.CodecContext.create("opus", "r")
        assert isinstance(decoder, AudioCodecContext)
        decoder.sample_rate, decoder.layout = 48_000, "mono"
        self._decoder, self._mono = decoder, _Mono()

    def decode(self, data: bytes) -> NDArray[np.float32]:
        """Nothing of a packet that is none."""
        try:
            frames = self._decoder.decode(av.Packet(data))
            parts = [self._mono.of(frame) for frame in frames]
        except (av.FFmpegError, ValueError):
            _log.debug("a packet of sound could not be decoded")
            return _NOTHING
        return np.concatenate(parts) if parts else _NOTHING


class SoundSampler:
    """Feeds one publication's sound to its sitting's tap."""

    def __init__(self, tap: AudioTap, pool: Executor) -> None:
        self._tap, self._pool = tap, pool
        self._waiting: list[Packet] = []
        self._lock = threading.Lock()
        self._busy = False
        self._closed = False
        self._stream = _OpusStream()

    def feed(self, data: bytes, at_ms: int) -> None:
        """Take a packet; never blocks."""
        with self._lock:
            if self._closed or self._tap.relief >= Relief.RECORDING_ONLY:
                return
            if len(self._waiting) >= _BACKLOG:
                self._tap.lose(max(0, at_ms - self._waiting[0][1]))
                self._waiting.clear()
            self._waiting.append((data, at_ms))
            if self._busy or at_ms - self._waiting[0][1] < GATHERED_MS:
                return
            self._busy = True
        try:
            self._pool.submit(self._run)
        except RuntimeError:  # the pool is shutting down: so is this stream
            self.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._waiting.clear()

    def _run(self) -> None:
        with self._lock:
            packets, self._waiting = self._waiting, []
        for part in _unbroken(packets):
            samples = np.concatenate([self._stream.decode(data) for data, _ in part])
            if samples.size:
                self._tap.put(AudioChunk(self._tap.sitting_id, part[0][1], samples))
        with self._lock:
            self._busy = False


def _unbroken(packets: Iterable[Packet]) -> Iterator[list[Packet]]:
    part: list[Packet] = []
    for packet in packets:
        if part and not 0 <= packet[1] - part[-1][1] <= _HOLE_MS:
            yield part
            part = []
        part.append(packet)
    if part:
        yield part


def read_sound(path: Path, sitting_id: str = "") -> Iterator[AudioChunk]:
    """A file's sound, half a second at a time. Raises NotASound."""
    mono, held, at = _Mono(), _NOTHING, 0
    size = GATHERED_MS * SOUND_RATE // 1000
    for samples in _decoded(path, mono):
        held = np.concatenate([held, samples])
        while held.size >= size:
            yield AudioChunk(sitting_id, at * 1000 // SOUND_RATE, held[:size])
            held, at = held[size:], at + size
    if held.size:
        yield AudioChunk(sitting_id, at * 1000 // SOUND_RATE, held)


def check_sound(path: Path) -> None:
    """Raises NotASound."""
    next(read_sound(path), None)


def _decoded(path: Path, mono: _Mono) -> Iterator[NDArray[np.float32]]:
    """A damaged end ends it."""
    try:
        container = av.open(str(path), "r")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise NotASound("the file cannot be read as sound") from error
    with container:
        if not container.streams.audio:
            raise NotASound("the file holds no sound")
        with suppress(av.FFmpegError):
            for frame in container.decode(container.streams.audio[0]):
                yield mono.of(frame)
        yield mono.of(None)
