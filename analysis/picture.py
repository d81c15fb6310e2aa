"""A frame made ready for detectors: checked, bounded in size, converted once and only if asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.errors import PictureUnreadable
from capture.contracts import AudioChunk, Frame

SMALLEST = 32  # pixels a side: below this nothing can be told
LARGEST = 1280  # longer sides are made smaller: no detector's input is larger than 416
DARK_LUMA = 60.0
GAIN_TO = 95.0
GAIN_LIMIT = 12.0
THUMB = (160, 120)

Image = NDArray[np.uint8]


def _checked(i420: NDArray[np.uint8]) -> tuple[int, int]:
    """(height, width) of a well-formed I420 array."""
    if i420.ndim != 2 or i420.dtype != np.uint8 or i420.shape[0] % 3 or i420.shape[1] % 2:
        raise PictureUnreadable(f"no I420 array: shape {i420.shape}, {i420.dtype}")
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    if min(height, width) < SMALLEST or height % 2:
        raise PictureUnreadable(f"a picture of {width}x{height}")
    return height, width


def _bounded(i420: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Each plane a whole number of times smaller, by mean: an 8K frame then costs little."""
    times = -(-max(height, width) // LARGEST)
    if times == 1:
        return i420
    columns, rows = (max(side // times & ~1, 2) for side in (width, height))
    blue, red = i420[height:].reshape(2, height // 2, width // 2)
    halves = (columns // 2, rows // 2)
    chroma = [cv2.resize(plane, halves, interpolation=cv2.INTER_AREA) for plane in (blue, red)]
    luma = cv2.resize(i420[:height], (columns, rows), interpolation=cv2.INTER_AREA)
    return np.concatenate([luma, np.reshape(chroma, (rows // 2, columns))])


@dataclass(frozen=True, eq=False)
class Picture:
    """``i420`` as in ``Frame``, at most ``LARGEST`` a side. ``sound``: heard since the last one."""

    at_ms: int
    i420: NDArray[np.uint8]
    sound: tuple[AudioChunk, ...] = ()

    @classmethod
    def of(cls, frame: Frame, sound: Sequence[AudioChunk] = ()) -> "Picture":
        height, width = _checked(frame.i420)
        return cls(frame.at_ms, _bounded(frame.i420, height, width), tuple(sound))

    @property
    def width(self) -> int:
        return int(self.i420.shape[1])

    @property
    def height(self) -> int:
        return int(self.i420.shape[0]) * 2 // 3

    @property
    def luma(self) -> Image:
        """(height, width)."""
        return self.i420[: self.height]

    @cached_property
    def thumb(self) -> Image:
        """The luma plane at 160x120, shape (120, 160): enough for every check of the feed."""
        return _u8(cv2.resize(self.luma, THUMB, interpolation=cv2.INTER_AREA))

    @cached_property
    def brightness(self) -> float:
        """Mean luma, 0..255."""
        return float(self.thumb.mean())

    @cached_property
    def bgr(self) -> Image:
        """(height, width, 3)."""
        return _u8(cv2.cvtColor(self.i420, cv2.COLOR_YUV2BGR_I420))

    @cached_property
    def lit(self) -> Image:
        """As ``bgr``, brightened when dark: at a tenth of the light it finds .93 of faces, not .59.

        The blur keeps the gain from turning sensor noise into edges.
        """
        if self.brightness >= DARK_LUMA:
            return self.bgr
        gain = min(GAIN_LIMIT, GAIN_TO / max(self.brightness, 1.0))
        return _u8(cv2.convertScaleAbs(cv2.GaussianBlur(self.bgr, (3, 3), 0), alpha=gain))

    def at_most(self, longest: int) -> "Picture":
        """The same with no more than ``longest`` pixels a side."""
        scale = longest / max(self.width, self.height)
        if scale >= 1:
            return self
        width, height = (max(1, round(side * scale / 2)) for side in (self.width, self.height))
        chroma = self.i420[self.height :].reshape(2, self.height // 2, self.width // 2)
        planes = [(self.luma, (2 * width, 2 * height)), *((one, (width, height)) for one in chroma)]
        # By planes: half the pixels of a colour picture, and nothing is converted but what is left.
        small = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one, size in planes]
        i420 = np.concatenate([one.ravel() for one in small]).reshape(3 * height, 2 * width)
        return Picture(self.at_ms, _u8(i420))

    def jpeg(self, longest: int, quality: int) -> bytes:
        """The unaltered picture, at most ``longest`` pixels a side."""
        image = self.at_most(longest).bgr
        _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return encoded.tobytes()


def _u8(image: object) -> Image:
    """OpenCV's stubs lose the element type; nothing is copied."""
    return np.asarray(image, dtype=np.uint8)
