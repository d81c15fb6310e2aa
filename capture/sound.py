"""Decoding sound for analysis: Opus packets become chunks of 16 kHz mono.

Threads: as in ``capture.decode``. Packets are decoded half a second at a time, so that a stream
costs the pool two turns a second. If decoding falls behind, what waits is dropped and counted.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from capture.contracts import SOUND_RATE, AudioChunk, Relief
from capture.errors import NotASound, NotAVideo
from capture.probe import decoded, first_picture_s
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
    """A file's sound, half a second at a time; anew after each hole. Raises NotASound.

    ``at_ms`` as of the file's frames: from its first picture. Sound before that is left out; a
    file without pictures begins with its sound.
    """
    held, at = _NOTHING, 0
    size = GATHERED_MS * SOUND_RATE // 1000
    for place, samples in _placed(path):
        if place != at + held.size:
            if held.size:
                yield AudioChunk(sitting_id, at * 1000 // SOUND_RATE, held)
            held, at = _NOTHING, place
        held = np.concatenate([held, samples])
        while held.size >= size:
            yield AudioChunk(sitting_id, at * 1000 // SOUND_RATE, held[:size])
            held, at = held[size:], at + size
    if held.size:
        yield AudioChunk(sitting_id, at * 1000 // SOUND_RATE, held)


def check_sound(path: Path) -> None:
    """Raises NotASound."""
    next(read_sound(path), None)


def _placed(path: Path) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Samples and where they belong, counted in samples; where there is no hole they join up."""
    origin, mono, place = _origin_s(path), _Mono(), 0
    began = False
    for frame in _decoded(path):
        at_s = None if frame.pts is None else frame.pts * Fraction(frame.time_base or 0)
        if origin is None:
            origin = at_s
        due = place if at_s is None or origin is None else round((at_s - origin) * SOUND_RATE)
        if not began:
            place, began = due, True
        elif abs(due - place) * 1000 > _HOLE_MS * SOUND_RATE:
            yield from _from_zero(place, mono.of(None))
            mono, place = _Mono(), due
        samples = mono.of(frame)
        yield from _from_zero(place, samples)
        place += samples.size
    yield from _from_zero(place, mono.of(None))


def _from_zero(
    place: int, samples: NDArray[np.float32]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    early = min(samples.size, max(0, -place))
    if samples.size > early:
        yield place + early, samples[early:]


def _origin_s(path: Path) -> Fraction | None:
    try:
        return first_picture_s(path)
    except NotAVideo:
        return None


def _decoded(path: Path) -> Iterator[av.AudioFrame]:
    try:
        container = av.open(str(path), "r")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise NotASound("the file cannot be read as sound") from error
    with container:
        if not container.streams.audio:
            raise NotASound("the file holds no sound")
        yield from decoded(container, container.streams.audio[0])
