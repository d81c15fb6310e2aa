"""Pixels as the networks want them: each byte is looked up, which is several times as fast as to
convert and scale it, and gives the same numbers.
"""  # noqa: D205 - one thought

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.picture import Image

Tensor = NDArray[np.float32]

_BYTES = np.arange(256, dtype=np.float32)
UNIT: Tensor = _BYTES * np.float32(1 / 255)  # 0..1
CENTRED: Tensor = _BYTES * np.float32(1 / 127.5) - 1  # -1..1


def rgb(bgr: Image, scale: Tensor) -> Tensor:
    """(height, width, 3), each pixel as ``scale`` (256,) says."""
    return np.asarray(cv2.LUT(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), scale), np.float32)
