"""What a joined recording is worth: does it decode cleanly, do sound and picture agree."""

import statistics
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np

_BRIGHT: Final = 128
_LOUD: Final = 0.05  # of full scale
_APART_MS: Final = 700  # a flash and its beep belong together; the next pair is 2 s away


@dataclass(frozen=True, slots=True)
class Agreement:
    """``offset_ms``: sound after picture, median; ``worst_ms``: of 95 % of the pairs."""

    pairs: int
    offset_ms: float | None
    worst_ms: float | None


def ffmpeg_complaints(recording: Path) -> str:
    """What ``ffmpeg -v error -f null`` says; empty where the file is clean."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(recording), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() or ("" if done.returncode == 0 else f"status {done.returncode}")


def agreement(recording: Path) -> Agreement:
    flashes, beeps = onsets(_brightness(recording), _BRIGHT), onsets(_loudness(recording), _LOUD)
    offsets = [
        nearest - flash
        for flash in flashes
        if beeps
        and abs((nearest := min(beeps, key=lambda at: abs(at - flash))) - flash) < _APART_MS
    ]
    if not offsets:
        return Agreement(0, None, None)
    worst = np.percentile(np.abs(offsets), 95)
    return Agreement(len(offsets), round(statistics.median(offsets), 1), round(float(worst), 1))


def onsets(levels: Iterator[tuple[float, float]], threshold: float) -> list[float]:
    """Milliseconds at which a level rises over the threshold, having been below for 0.5 s."""
    found: list[float] = []
    quiet_since: float | None = None
    for at_ms, level in levels:
        if level < threshold:
            quiet_since = at_ms if quiet_since is None else quiet_since
            continue
        if quiet_since is not None and at_ms - quiet_since > 500:
            found.append(at_ms)
        quiet_since = None
    return found


def _brightness(recording: Path) -> Iterator[tuple[float, float]]:
    with av.open(str(recording)) as media:
        for frame in media.decode(video=0):
            if frame.time is not None:
                plane = np.frombuffer(bytes(frame.planes[0]), np.uint8)
                yield frame.time * 1000, float(plane.mean())


def _loudness(recording: Path) -> Iterator[tuple[float, float]]:
    """By 5 ms."""
    with av.open(str(recording)) as media:
        for frame in media.decode(audio=0):
            if frame.time is None:
                continue
            samples = np.abs(frame.to_ndarray().astype(np.float32))
            mono = samples.reshape(samples.shape[0], -1).max(axis=0)
            step = max(1, frame.sample_rate // 200)
            for at in range(0, mono.size, step):
                yield (
                    frame.time * 1000 + at * 1000 / frame.sample_rate,
                    float(mono[at : at + step].max()),
                )
