"""Whether the student still sits where they sat: what stands around them, against their own normal.

Who takes the laptop elsewhere, or sits down at another place, has another room behind them. A lid
that is tilted, a lamp or a cloud changes the picture too, but what stands in it stays: so edges are
compared, not light, and a picture moved by a little is still the same.

Measured on twelve clips of people at webcams: in the same room 0.64 and more, also in half and a
third of the light, lit from the side, moved by 6 % or with somebody else in it; of two different
rooms at most 0.38, half of them under 0.2.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.contracts import Box
from analysis.picture import Image, Picture

SIZE: Final = (80, 60)
SHIFT: Final = 6  # pixels of these to each side: 7 % of the picture
EVERY_MS: Final = 2000
KEPT_EVERY_MS: Final = 10_000
KEPT: Final = 30  # five minutes with somebody seen: then another place is the normal one
FAMILIAR: Final = 12  # two minutes
BODY: Final = 1.6  # face widths to each side of its middle
LEAST_SEEN: Final = 0.25  # share of the picture that the student leaves to be seen
LEAST_EDGES: Final = 2.0  # of a bare wall less is left: it looks like any other

Edges = NDArray[np.float32]


class Seat:
    """One sitting's. Measure ``view_same``: 1 where the room is as usual, about 0 in another.

    Nothing without a face, before there is a normal, or of a room in which nothing stands.
    """

    def __init__(self) -> None:
        self._kept: deque[Image] = deque(maxlen=KEPT)
        self._kept_ms = self._looked_ms = -KEPT_EVERY_MS
        self._usual: Edges | None = None

    def look(self, picture: Picture, boxes: Sequence[Box]) -> Mapping[str, float]:
        at_ms = picture.at_ms
        face = max((box for box in boxes if box.label == "face"), key=_width, default=None)
        if face is None or at_ms - self._looked_ms < EVERY_MS:
            return {}
        self._looked_ms = at_ms
        small = np.asarray(cv2.resize(picture.thumb, SIZE, interpolation=cv2.INTER_AREA), np.uint8)
        same = None if self._usual is None else _alike(self._usual, _edges(small), _around(face))
        if at_ms - self._kept_ms >= KEPT_EVERY_MS:
            self._keep(small, at_ms)
        return {} if same is None else {"view_same": same}

    def _keep(self, small: Image, at_ms: int) -> None:
        self._kept.append(small)
        self._kept_ms = at_ms
        if len(self._kept) >= FAMILIAR:
            self._usual = _edges(np.asarray(np.median(np.stack(self._kept), axis=0), np.uint8))


def _width(box: Box) -> float:
    return box.x1 - box.x0


def _edges(small: Image) -> Edges:
    """What differs from its surroundings, whatever the light."""
    lit = small.astype(np.float32)
    return np.asarray(lit - cv2.GaussianBlur(lit, (0, 0), 4), np.float32)


def _around(face: Box) -> NDArray[np.uint8]:
    """1 where the room is, 0 where the student sits."""
    seen = np.ones(SIZE[::-1], np.uint8)
    middle, half = (face.x0 + face.x1) / 2, BODY * _width(face)
    left, right = (round(max(0.0, x) * SIZE[0]) for x in (middle - half, middle + half))
    top = round(max(0.0, face.y0 - (face.y1 - face.y0) / 2) * SIZE[1])
    seen[top:, left:right] = 0
    return seen


def _alike(usual: Edges, now: Edges, seen: NDArray[np.uint8]) -> float | None:
    part = (slice(SHIFT, -SHIFT), slice(SHIFT, -SHIFT))
    shown, mask = now[part], seen[part]
    if (
        mask.mean() < LEAST_SEEN
        or min(one[part][mask > 0].std() for one in (usual, now)) < LEAST_EDGES
    ):
        return None
    found = cv2.matchTemplate(usual, shown, cv2.TM_CCORR_NORMED, mask=mask.astype(np.float32))
    return float(np.nan_to_num(found, posinf=0.0, neginf=0.0).max())
