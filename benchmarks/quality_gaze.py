"""Somebody reads from the side: eyes held aside, or the head, after long enough to know the normal.

From two clips that show a close face looking straight and to the side, and one of a turning head.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from analysis.models_set import ModelSet
from analysis.normal import FAMILIAR_MS
from benchmarks.quality_measures import Event, tallied
from benchmarks.quality_watch import Outcome, watched
from capture.contracts import Frame
from capture.probe import read_frames

FPS: Final = 5
LOOKED_AT_FPS: Final = 2
NORMAL_S: Final = FAMILIAR_MS / 1000 + 15
GLANCE_S, CALM_S, READS_S = 3.0, 12.0, 14.0
SENSOR_NOISE: Final = 2

# Clip and seconds of it: straight, and to the side.
Part = tuple[str, float, float]
SIDES: Final[Sequence[tuple[Part, Part]]] = (
    (("gaze_centre.mp4", 0.0, 11.0), ("gaze_left.mp4", 6.2, 10.0)),
    (("head_pose.mp4", 0.6, 0.75), ("head_pose.mp4", 0.0, 0.5)),
)


def gaze_sessions(models: ModelSet, folders: Sequence[Path], *, quick: bool) -> list[Outcome]:
    """Straight until that is known, a glance, straight, reading from the side, straight."""
    outcomes = []
    for straight, aside in SIDES[: 1 if quick else None]:
        folder = next((one for one in folders if (one / straight[0]).is_file()), None)
        if folder is None or not (folder / aside[0]).is_file():
            continue
        plan = ((straight, NORMAL_S), (aside, GLANCE_S), (straight, CALM_S))
        begins = sum(seconds for _, seconds in plan)
        event = Event("looking_away", begins, begins + READS_S)
        shown = _played(folder, (*plan, (aside, READS_S), (straight, CALM_S)))
        claims = watched(models, shown, lambda _seen: None)
        hours = (begins + READS_S + CALM_S) / 3600
        outcomes.append(Outcome(tallied([event], claims), hours))
    return outcomes


def _played(folder: Path, plan: Sequence[tuple[Part, float]]) -> Iterator[Frame]:
    """Each part forth and back, with a sensor's noise."""
    draw, index = np.random.default_rng(3), 0
    for (name, begins, ends), seconds in plan:
        part = [f for f in read_frames(folder / name, FPS) if begins <= f.at_ms / 1000 <= ends]
        there_and_back = part + part[-2:0:-1]
        for step in range(round(seconds * LOOKED_AT_FPS)):
            clean = there_and_back[step % len(there_and_back)].i420
            noise = draw.integers(-SENSOR_NOISE, SENSOR_NOISE + 1, clean.shape)
            i420 = np.clip(clean + noise, 0, 255).astype(np.uint8)
            yield Frame("s", index * 1000 // LOOKED_AT_FPS, i420)
            index += 1
