"""What every cell of the three levels should answer, from boxes and from the teacher.

Raw boxes are as the teacher's: centre from the cell's corner in cells, logarithms of the sides in
cells.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.training.contracts import HEADPHONES, LABELS, STRIDES, Labelled, Scene

Array = NDArray[np.float32]

SURE = 0.95  # what the cells at the middle of a known thing should say
BESIDE = 0.75  # of it: the next cells
OTHER_LEVEL = 0.63  # of it: the level that fits second best
FIRST_BORDER, SECOND_BORDER = 44.0, 104.0  # geometric mean side at which the level changes
REACH = 1.3  # cells from the middle
UNTOLD = 0.3  # weight of "no headphones" where nobody looked for them


def grid(side: int) -> tuple[Array, Array]:
    """Cell corners (cells, 2) in cells and strides (cells, 1), all levels in order."""
    corners, strides = [], []
    for stride in STRIDES:
        cells = side // stride
        rows, columns = np.meshgrid(np.arange(cells), np.arange(cells), indexing="ij")
        corners.append(np.stack([columns, rows], 2).reshape(-1, 2))
        strides.append(np.full((cells * cells, 1), stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(strides).astype(np.float32)


def levels_of(size: float) -> Iterator[tuple[int, float]]:
    """Which levels answer for a thing of this geometric mean side, and how loudly."""
    best = 0 if size < FIRST_BORDER else 1 if size < SECOND_BORDER else 2
    yield best, 1.0
    if best < 2 and size > (30.0, 75.0)[best]:
        yield best + 1, OTHER_LEVEL
    if best > 0 and size < (70.0, 150.0)[best - 1]:
        yield best - 1, OTHER_LEVEL


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Of one scene. Shapes: (cells, labels), (cells, 4), (cells, labels), (cells, labels).

    ``silent``: where another label is known to be, so that the teacher's word does not count.
    """

    scores: Array
    boxes: Array
    weights: Array
    silent: NDArray[np.bool_]


class Targets:
    def __init__(self, side: int) -> None:
        self.corners, self.strides = grid(side)
        self._middles = (self.corners + 0.5) * self.strides

    def of(self, scene: Scene) -> Known:
        cells = len(self.corners)
        known = Known(
            np.zeros((cells, len(LABELS)), np.float32),
            np.zeros((cells, 4), np.float32),
            np.ones((cells, len(LABELS)), np.float32),
            np.zeros((cells, len(LABELS)), np.bool_),
        )
        if HEADPHONES not in scene.told:
            known.weights[:, HEADPHONES] = UNTOLD
        for thing in scene.things:
            self._add(known, thing)
        return known

    def _add(self, known: Known, thing: Labelled) -> None:
        x0, y0, x1, y1 = thing.box
        width, height = x1 - x0, y1 - y0
        inside = self._inside(thing.box)
        if thing.score == 1.0:
            known.silent[inside, 1:] = True  # people stay people
            known.silent[inside, thing.label] = False
        if thing.label == HEADPHONES:
            known.weights[inside, HEADPHONES] = 1.0
        for level, loud in levels_of(math.sqrt(width * height)):
            cells = inside & (self.strides[:, 0] == STRIDES[level])
            centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2], np.float32)
            off = np.abs(self._middles - centre).max(1) / STRIDES[level]
            told = np.where(off <= 0.75, 1.0, BESIDE) * SURE * loud * thing.score
            chosen = np.flatnonzero(cells & (off < REACH) & (told > known.scores.max(1)))
            raw = (centre / STRIDES[level] - self.corners[chosen], np.zeros((len(chosen), 2)))
            known.boxes[chosen] = np.concatenate(raw, 1)
            known.boxes[chosen, 2:] = np.log([width / STRIDES[level], height / STRIDES[level]])
            known.scores[chosen, thing.label] = told[chosen]
            known.weights[chosen, thing.label] = 1.0

    def _inside(self, box: Sequence[float]) -> NDArray[np.bool_]:
        x, y = self._middles[:, 0], self._middles[:, 1]
        inside: NDArray[np.bool_] = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
        return inside
