"""Whether the analyzer stays as it is over a long day: memory, threads and what it finds.

    uv run python -m benchmarks.analysis_soak --json [--quick] [--hours H] [--sittings N]

``hours`` (8 unless told) of ``sittings`` (1) in virtual time, frame after frame as fast as the
machine goes: every frame of them at 2 a second, the sound between them and the enrolled photo pass
every detector and rule. ``factor`` says how many seconds of exam went by in a second of CPU time;
eight hours are 57,600 frames and take about ten minutes of one core. The scene is the demo's:
somebody leaves, comes back, is joined, again and again. Every sitting ends after an hour and begins
anew, one frame in 500 is no picture, and one look of the feed checks in 1,000 raises.
"""

import argparse
import ctypes
import itertools
import json
import random
import resource
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.contracts import FlagKind, FlagPhase, FlagUpdate
from analysis.detectors.contracts import Detector, Sighting
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.rounds import Receivers, Rounds, Watched
from benchmarks.analysis_load import Microphone, expected
from capture.contracts import Frame
from capture.demo_scene import FPS, demo_pictures

Image = NDArray[np.uint8]

SAMPLED_FPS = 2
SITTING_S = 3600
ODD_FRAME = 500
RAISES = 1000
SAMPLES = 10
QUICK_HOURS = 0.2


class Now:
    """The virtual time: that of the newest frame."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


class Clumsy:
    """A detector that raises now and then."""

    def __init__(self, detector: Detector, draw: random.Random) -> None:
        self._detector, self._draw = detector, draw
        self.models = detector.models

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        if self._draw.randrange(RAISES) == 0:
            raise RuntimeError("a detector that raises, on purpose")
        return self._detector.look(picture, closely=closely)


class Camera:
    """The scene, over and over; now and then what is no picture."""

    def __init__(self, now: Now, scene: Sequence[Image], number: int) -> None:
        self._now, self._scene, self._name = now, scene, f"s{number}"
        self._draw = random.Random(number)
        self._index, self._taken_s = number * 7, -1.0
        self.rate = float(SAMPLED_FPS)

    def take(self, timeout_s: float) -> Frame | None:  # noqa: ARG002 - a tap's signature
        if self._now.s == self._taken_s:
            return None
        self._taken_s = self._now.s
        self._index += 1
        shown = self._scene[self._index % len(self._scene)]
        odd = self._draw.randrange(ODD_FRAME) == 0
        return Frame(self._name, round(self._now.s * 1000), _odd(self._draw) if odd else shown)


def _odd(draw: random.Random) -> Image:
    shapes = [(0, 0), (1, 640), (720, 1), (3, 2), (721, 640), (480, 640, 3)]
    return np.zeros(draw.choice(shapes), np.uint8)


@dataclass(frozen=True, slots=True)
class Soak:
    hours: float
    sittings: int


def scene() -> list[Image]:
    """Two pictures a second of the demo's scene, as I420."""
    shown = itertools.islice(demo_pictures(), 0, None, FPS // SAMPLED_FPS)
    return [np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8) for image in shown]


def clumsy(models: ModelSet) -> ModelSet:
    draw, feed = random.Random(1), models.makers["feed"]
    return replace(models, makers={**models.makers, "feed": lambda: Clumsy(feed(), draw)})


def rss_mb() -> float:
    """After what is free was given back: its room would hide the first megabytes of a leak."""
    with suppress(OSError, AttributeError):  # of the GNU C library
        ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def run(models: ModelSet, wanted: Soak) -> dict[str, object]:
    """``growth_mb``: from the first tenth, when everything has been used once, to the last.

    ``mb_per_1000_frames``: what leaks; about 58,000 frames are eight hours of one sitting.
    """
    told: Counter[str] = Counter()

    def hear(update: FlagUpdate) -> None:
        if update.phase is FlagPhase.OPENED:
            told[update.flag.kind] += 1

    now, shown = Now(), scene()
    rounds = Rounds(clumsy(models), Receivers(hear, lambda *_: None), now)
    began, spent_before = time.monotonic(), time.process_time()
    samples, frames = [], 0
    ticks = round(wanted.hours * 3600 * SAMPLED_FPS)
    for tick, ends in _ticks(ticks):
        now.s = tick / SAMPLED_FPS
        frames += _renewed(rounds, wanted, now, shown)
        rounds.round()
        if ends:
            seen = tick * wanted.sittings
            samples.append(
                {"hours": round(now.s / 3600, 2), "frames": seen, "rss_mb": round(rss_mb(), 1)}
            )
    frames += sum(rounds.detach(name).frames for name in list(rounds.sittings))
    took, spent = time.monotonic() - began, time.process_time() - spent_before
    return {
        "hours": wanted.hours,
        "sittings": wanted.sittings,
        "frames": frames,
        "frames_of_8_h_at_2_fps": 8 * 3600 * SAMPLED_FPS,
        "factor": round(wanted.hours * 3600 * wanted.sittings / spent, 1),
        "cpu_s": round(spent, 1),
        "took_s": round(took, 1),
        "samples": samples,
        "growth_mb": round(float(samples[-1]["rss_mb"]) - float(samples[0]["rss_mb"]), 1),
        "mb_per_1000_frames": round(mb_per_1000_frames(samples), 2),
        "threads": threading.active_count(),
        "flags": {str(kind): count for kind, count in sorted(told.items())},
        "gaps": told[FlagKind.ANALYSIS_LOST],
    }


def mb_per_1000_frames(samples: Sequence[Mapping[str, float]]) -> float:
    """Growth over the second half; in the first, all that remembers five minutes fills up."""
    settled = samples[len(samples) // 2 - 1 :]
    frames, mb = ([float(one[name]) for one in settled] for name in ("frames", "rss_mb"))
    return float(np.polyfit(frames, mb, 1)[0]) * 1000


def _ticks(count: int) -> Iterator[tuple[int, bool]]:
    """Each, and whether a tenth of the way ends with it."""
    tenths = {round((number + 1) * count / SAMPLES) for number in range(SAMPLES)}
    return ((tick, tick in tenths) for tick in range(1, count + 1))


def _renewed(rounds: Rounds, wanted: Soak, now: Now, shown: Sequence[Image]) -> int:
    """Sittings begin and, an hour later each, end; how many frames those had that ended."""
    done = 0
    for number in range(wanted.sittings):
        name = f"s{number}"
        phase_s = number * SITTING_S / wanted.sittings
        if name in rounds.sittings and (now.s + phase_s) % SITTING_S == 0:
            done += rounds.detach(name).frames
        if name not in rounds.sittings:
            rounds.attach(name, _watched(now, shown, number))
    return done


def _watched(now: Now, shown: Sequence[Image], number: int) -> Watched:
    camera, subject = Camera(now, shown, number), expected([Frame("photo", 0, shown[0])])
    return Watched(camera, DEFAULT_POLICY, subject, Microphone(now))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object (the default)")
    parser.add_argument("--quick", action="store_true", help="under a minute on two cores")
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--sittings", type=int, default=1)
    asked = parser.parse_args()
    hours = QUICK_HOURS if asked.quick else asked.hours
    print(json.dumps(run(ModelSet.load(), Soak(hours, asked.sittings)), indent=1))


if __name__ == "__main__":
    main()
