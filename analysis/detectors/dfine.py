"""D-FINE and RT-DETR exported to ONNX with their post-processing: labels, boxes, scores."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.onnx import session
from analysis.detectors.yolox import Thing, suppressed
from analysis.errors import ModelInputUnexpected
from analysis.picture import Image
from models import LoadedModel

OUTPUTS = ["labels", "boxes", "scores"]


class DFine:
    """Inputs: RGB 0..1, stretched, and the picture's (width, height). The head has at most one
    box a thing; what overlaps all the same is thinned out as for other models.
    """  # noqa: D205 - one thought

    def __init__(self, model: LoadedModel, wanted: Sequence[str], threshold: float) -> None:
        self._session = session(model.content)
        inputs = self._session.get_inputs()
        outputs = {one.name for one in self._session.get_outputs()}
        if len(inputs) != len(OUTPUTS) - 1 or not outputs.issuperset(OUTPUTS):
            raise ModelInputUnexpected(f"{model.entry.name}: not {OUTPUTS} of two inputs")
        self._image, self._size = (one.name for one in inputs)
        self._side = model.entry.input[2]
        self._labels = model.entry.labels
        self._wanted = frozenset(wanted)
        self._threshold = threshold

    def find(self, bgr: Image) -> list[Thing]:
        size = (self._side, self._side)
        image = cv2.resize(bgr, size, interpolation=cv2.INTER_LINEAR)[..., ::-1]
        tensor = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) / 255
        height, width = bgr.shape[:2]
        given = {self._image: tensor, self._size: np.array([[width, height]], np.int64)}
        labels, boxes, scores = self._session.run(OUTPUTS, given)
        return self.things(labels[0], boxes[0], scores[0], np.array([width, height] * 2))

    def things(
        self,
        labels: NDArray[np.int64],
        boxes: NDArray[np.float32],
        scores: NDArray[np.float32],
        limits: NDArray[np.int64],
    ) -> list[Thing]:
        found: list[Thing] = []
        for index in np.unique(labels):
            label = self._labels[index] if 0 <= index < len(self._labels) else ""
            if label not in self._wanted:
                continue
            chosen = np.flatnonzero((labels == index) & (scores >= self._threshold))
            clipped = np.clip(boxes[chosen], 0, limits).astype(np.float32)
            kept = suppressed(clipped, scores[chosen])
            found += [Thing(label, float(scores[chosen[i]]), clipped[i]) for i in kept]
        return found
