"""A photograph before the camera: the face moves, and everything in it moves with it as one sheet.

A living face bends, turns in depth and blinks while it moves; a picture held in a hand does not.
Measured on crops of 96 pixels, a second apart or more: of people who moved, tracked points strayed
0.38 pixels and more (median) from the best flat motion; of photographs moved by hand 0.11-0.18 as
the camera sees them or at 400 kbit/s, up to 0.27 at 128. The mesh's own points jitter too much for
this: sitting still and a moved photograph were alike (0.17 and 0.19 % of the face's width).
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.mesh import OUTER_EYES, Fitted
from analysis.picture import Image

SIDE = 96
MARGIN = 1.5  # the crop's side in face widths
LEAST_FACE = 48  # pixels of width: smaller faces are blurs
POINTS = 60
LEAST_POINTS = 16
RENEW_MS = 10_000  # compared with a picture at most this old
EVERY_MS = 900
MOVED = 0.03  # of the face's width: less may be noise
MEMORY_MS = 60_000
WITHIN = 1.0  # pixels: what moves along

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    at_ms: int
    crop: Image
    points: Points
    centre: NDArray[np.float32]


class Stiffness:
    """One sitting's. Measures over the last minute: ``sheet_moves``, how often a moved face was
    compared; ``sheet_stray``, the median stray in pixels; ``sheet_share``, of points along.
    """  # noqa: D205 - one thought

    def __init__(self) -> None:
        self._kept: Kept | None = None
        self._found: deque[tuple[int, float, float]] = deque()
        self._last_ms = -EVERY_MS

    def look(self, luma: Image, mesh: Fitted, at_ms: int) -> Mapping[str, float]:
        if at_ms - self._last_ms < EVERY_MS:
            return self.told(at_ms)
        self._last_ms = at_ms
        flat = mesh.points[:, :2]
        width = float(np.ptp(flat[:, 0]))
        if width < LEAST_FACE:
            self._kept = None
            return {}
        crop, centre = _crop(luma, flat, width), flat.mean(0)
        kept = self._kept
        if kept is None or at_ms - kept.at_ms > RENEW_MS:
            found = cv2.goodFeaturesToTrack(crop, POINTS, 0.01, 4)
            points = np.asarray(() if found is None else found, np.float32)
            enough = len(points) >= LEAST_POINTS
            self._kept = Kept(at_ms, crop, points, centre) if enough else None
        elif float(np.linalg.norm(centre - kept.centre)) / width > MOVED:
            self._compare(kept, crop, at_ms)
        return self.told(at_ms)

    def _compare(self, kept: Kept, crop: Image, at_ms: int) -> None:
        moved, found, _ = cv2.calcOpticalFlowPyrLK(
            kept.crop, crop, kept.points, kept.points.copy(), winSize=(15, 15), maxLevel=2
        )
        tracked = found.ravel() > 0
        if tracked.sum() < LEAST_POINTS:
            return
        before, after = kept.points[tracked].reshape(-1, 2), moved[tracked].reshape(-1, 2)
        flat, along = cv2.estimateAffine2D(before, after, ransacReprojThreshold=WITHIN)
        if flat is None:
            return
        stray = np.linalg.norm(before @ flat[:, :2].T + flat[:, 2] - after, axis=1)
        self._found.append((at_ms, float(np.median(stray)), float(along.mean())))

    def told(self, at_ms: int) -> Mapping[str, float]:
        """What is known so far, where this picture adds nothing."""
        while self._found and self._found[0][0] < at_ms - MEMORY_MS:
            self._found.popleft()
        if not self._found:
            return {"sheet_moves": 0.0}
        _, strays, shares = zip(*self._found, strict=True)
        return {
            "sheet_moves": float(len(self._found)),
            "sheet_stray": float(np.median(strays)),
            "sheet_share": float(np.median(shares)),
        }


def _crop(luma: Image, flat: Points, width: float) -> Image:
    """Upright by the eyes, the face in its middle."""
    right, left = flat[OUTER_EYES[0]], flat[OUTER_EYES[1]]
    angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    scale, half = MARGIN * width / SIDE, SIDE / 2
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    x, y = (flat.min(0) + flat.max(0)) / 2
    turn = np.array(
        [[cos, -sin, x - cos * half + sin * half], [sin, cos, y - sin * half - cos * half]]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(luma, turn, (SIDE, SIDE), flags=flags), np.uint8)
