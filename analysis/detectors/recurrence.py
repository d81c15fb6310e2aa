"""A feed that repeats itself: pictures of before come again, in the same order, with motion."""

from collections import deque
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.picture import Image

SIZE = (64, 48)
EVERY_MS = 450  # about two pictures a second, whatever the frame rate
STEP_MS = 500
COMPARE_MS = 900  # about once a second: it costs a millisecond
MEMORY = 600  # pictures: five minutes, 1.8 MB a sitting
LATEST = 10  # pictures that must come again: ten seconds
SHORTEST = 6  # steps: a loop shorter than three seconds is nobody's recording
NEAR = slice(2, 5)  # steps: how much the picture changes by itself within one to two seconds
NEAR_SELDOM = slice(5, 7)  # three, where an overloaded machine looks at key frames only
ENOUGH = 10  # lags to compare with

Diffs = NDArray[np.float32]


class Recurrence:
    """One sitting's. Compares the last ten seconds with every ten seconds of the last minutes.

    Measures: ``loop_best``, the mean difference (0..255) to the ten seconds that are most alike;
    ``loop_usual``, to the middle ones; ``loop_near``, within these ten seconds. A loop's best is
    far below both; people who sit still come near the first only.
    """

    def __init__(self) -> None:
        self._seen = np.zeros((MEMORY, SIZE[0] * SIZE[1]), np.uint8)
        self._times = np.zeros(MEMORY, np.int64)
        self._count = 0
        self._rows: deque[Diffs] = deque(maxlen=LATEST)
        self._last_ms = self._compared_ms = -COMPARE_MS

    def look(self, thumb: Image, at_ms: int) -> Mapping[str, float]:
        """Nothing between its own pictures, and before there is enough to compare with."""
        if at_ms - self._last_ms < EVERY_MS:
            return {}
        self._last_ms = at_ms
        small = cv2.resize(thumb, SIZE, interpolation=cv2.INTER_AREA).reshape(1, -1)
        compares = at_ms - self._compared_ms >= COMPARE_MS
        if compares:
            self._compared_ms = at_ms
            self._rows.append(self._row(np.asarray(small, np.uint8), at_ms))
        place = self._count % MEMORY
        self._seen[place], self._times[place] = small, at_ms
        self._count += 1
        return self._told() if compares else {}

    def _row(self, small: Image, at_ms: int) -> Diffs:
        """Mean difference by lag in steps; NaN where there is no picture of that time."""
        row = np.full(MEMORY, np.nan, np.float32)
        known = min(self._count, MEMORY)
        if not known:
            return row
        seen = self._seen[:known]
        apart = cv2.absdiff(seen, np.repeat(small, known, axis=0))
        means = apart.sum(1, dtype=np.uint32) / np.float32(apart.shape[1])
        lags = np.rint((at_ms - self._times[:known]) / STEP_MS).astype(np.int64)
        inside = (lags >= 0) & (lags < MEMORY)
        row[lags[inside]] = means[inside]
        return row

    def _told(self) -> Mapping[str, float]:
        if len(self._rows) < LATEST:
            return {}
        rows = np.stack(self._rows)
        near = rows[:, NEAR]
        if not np.isfinite(near).any():
            near = rows[:, NEAR_SELDOM]
        # A loop is no whole number of steps long: the neighbour may be the one that fits.
        padded = np.pad(rows, ((0, 0), (1, 1)), constant_values=np.nan)
        alike = np.fmin(np.fmin(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
        whole = np.isfinite(alike).all(0)
        whole[:SHORTEST] = False
        if whole.sum() < ENOUGH or not np.isfinite(near).any():
            return {}
        by_lag = alike[:, whole].mean(0)
        return {
            "loop_best": float(by_lag.min()),
            "loop_usual": float(np.median(by_lag)),
            "loop_near": float(np.nanmean(near)),
        }
