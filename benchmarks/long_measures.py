"""What a joined recording is worth: does it decode cleanly, do sound and picture agree."""

import statistics
import subprocess
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

_EVERY_MS: Final = 2000  # the scene's beeps, by the clock (long_scene.js)
_BITS: Final = 11
_SQUARE, _STEP, _EDGE = 48, 56, 16  # its squares, in pixels
_BRIGHT: Final = 128
_LOUD: Final = 0.05  # of full scale
_AROUND_MS: Final = 900.0  # the pictures that tell where a beep belongs
_FEWEST: Final = 3


@dataclass(frozen=True, slots=True)
class Agreement:
    """``offset_ms``: sound after picture, median; ``worst_ms``: of 95 % of the beeps."""

    beeps: int
    offset_ms: float | None
    worst_ms: float | None


class Picture(NamedTuple):
    """Where it is on the timeline, and how long before it the scene's last beep was."""

    at_ms: float
    ago_ms: int


def ffmpeg_complaints(recording: Path, *, own_times: bool = False) -> str:
    """What ``ffmpeg -v error -i … -f null -`` says; empty where the file is clean.

    ``own_times``: by the file's own. Otherwise ffmpeg may take a short file for one of a steady
    frame rate, and then complain of its own rounding.
    """
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(recording)]
    command += [*(("-enc_time_base", "-1") if own_times else ()), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() or ("" if done.returncode == 0 else f"status {done.returncode}")


def agreement(
    beeps: Sequence[float], pictures: Sequence[Picture], within: Callable[[float], bool]
) -> Agreement:
    """Of the beeps ``within``: each beside the clock that the pictures around it show.

    A flash would only be seen as exactly as pictures are apart (67 ms, more where one was left
    out); the median of what a dozen pictures say is exact to a few milliseconds.
    """
    times = [picture.at_ms for picture in pictures]
    offsets: list[float] = []
    for beep in filter(within, beeps):
        first, end = (bisect_left(times, beep + side * _AROUND_MS) for side in (-1, 1))
        said = [beep - at + ago for at, ago in pictures[first:end] if within(at)]
        if len(said) >= _FEWEST:
            offsets.append(statistics.median(map(around_zero, said)))
    if not offsets:
        return Agreement(0, None, None)
    worst = np.percentile(np.abs(offsets), 95)
    return Agreement(len(offsets), round(statistics.median(offsets), 1), round(float(worst), 1))


def splice_ms(pictures: Sequence[Picture], supplied: Callable[[float], bool]) -> float | None:
    """How much later than received pictures the supplied ones are placed, median."""
    places: dict[bool, list[float]] = {True: [], False: []}
    for at_ms, ago_ms in pictures:
        places[supplied(at_ms)].append(at_ms - ago_ms)
    if not all(places.values()):
        return None
    zero = places[False][0]
    there, here = (
        statistics.median(around_zero(place - zero) for place in places[part])
        for part in (False, True)
    )
    return round(here - there, 1)


def around_zero(ms: float) -> float:
    """The same place between two beeps, counted from the nearer one."""
    return (ms + _EVERY_MS / 2) % _EVERY_MS - _EVERY_MS / 2


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


def pictures_of(recording: Path) -> list[Picture]:
    with av.open(str(recording)) as media:
        return [
            Picture(frame.time * 1000, ago_ms)
            for frame in media.decode(video=0)
            if frame.time is not None
            and (ago_ms := shown(frame.to_ndarray(format="gray"))) < _EVERY_MS
        ]


def shown(luma: NDArray[Any]) -> int:
    """Milliseconds since the last beep, as the squares say."""
    inner = _SQUARE // 4
    number = 0
    for bit in range(_BITS):
        left, top = _EDGE + bit * _STEP + inner, _EDGE + inner
        square = luma[top : top + 2 * inner, left : left + 2 * inner]
        number |= int(square.mean() > _BRIGHT) << bit
    return number


def beeps_of(recording: Path) -> list[float]:
    """Milliseconds at which one begins."""
    return onsets(_loudness(recording), _LOUD)


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
