"""Checks of the feed itself: is it dark, covered, blurred, frozen? No network needed."""

import hashlib
from pathlib import Path

import cv2
import numpy as np

from analysis.contracts import ModelRef
from analysis.detectors import recurrence
from analysis.detectors.contracts import Sighting
from analysis.detectors.recurrence import Recurrence
from analysis.picture import Image, Picture

# Two pictures closer in time than this may be the same one delivered twice (a 5 fps source
# sampled faster), so they say nothing about freezing.
MIN_STEP_MS = 150


def feed_ref() -> ModelRef:
    """These checks are code, not weights: the digest is that of their files."""
    code = b"".join(Path(one).read_bytes() for one in (__file__, recurrence.__file__))
    digest = hashlib.sha256(code).hexdigest()
    return ModelRef("feed_checks", "2", digest)


class FeedDetector:
    """Luma (mean), std, sharpness and change against the sitting's previous picture, at 160x120;
    and whether what was seen before comes again (``Recurrence``).
    """  # noqa: D205 - one thought

    def __init__(self, ref: ModelRef) -> None:
        self.models = (ref,)
        self._previous: Image | None = None
        self._previous_ms = 0
        self._recurrence = Recurrence()

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:  # noqa: ARG002 - cheap
        thumb = picture.thumb
        measures = {
            "luma": picture.brightness,
            "std": float(thumb.std()),
            "sharpness": float(cv2.Laplacian(thumb, cv2.CV_16S).std()),
        }
        measures.update(self._change(thumb, picture.at_ms))
        measures.update(self._recurrence.look(thumb, picture.at_ms))
        return Sighting(measures=measures)

    def _change(self, thumb: Image, at_ms: int) -> dict[str, float]:
        """Mean absolute difference to the previous picture of the same sitting, 0..255."""
        previous, step = self._previous, at_ms - self._previous_ms
        if previous is not None and step < MIN_STEP_MS:
            return {}
        self._previous, self._previous_ms = thumb, at_ms
        if previous is None:
            return {}
        return {"change": float(np.mean(cv2.absdiff(thumb, previous)))}
