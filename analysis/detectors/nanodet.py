"""NanoDet-Plus exported to ONNX: distances to four sides as distributions over bins."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.onnx import session
from analysis.detectors.yolox import Thing, suppressed
from analysis.errors import ModelInputUnexpected
from analysis.picture import Image
from models import LoadedModel

STRIDES = (8, 16, 32, 64)
SIDES = 4
MEAN = np.array([103.53, 116.28, 123.675], np.float32)  # BGR, as it was trained
STD = np.array([57.375, 57.12, 58.395], np.float32)


def _cells(side: int) -> NDArray[np.float32]:
    """(n, 3): x, y and stride of every cell, in the order of the output."""
    levels = []
    for stride in STRIDES:
        cells = -(-side // stride)
        rows, columns = np.mgrid[0:cells, 0:cells] * stride
        strides = np.full(rows.size, stride)
        levels.append(np.stack([columns.ravel(), rows.ravel(), strides], 1))
    return np.asarray(np.concatenate(levels), np.float32)


class NanoDet:
    """Output (1, n, C + 4 bins): class scores 0..1, then a distribution a side. ONNX as exported
    by NanoDet's own tool; the picture is stretched to the square input.
    """  # noqa: D205 - one thought

    def __init__(self, model: LoadedModel, wanted: Sequence[str], threshold: float) -> None:
        self._session = session(model.content)
        tensor = self._session.get_inputs()[0]
        if tuple(tensor.shape) != model.entry.input:
            raise ModelInputUnexpected(f"{model.entry.name}: input {tensor.shape}")
        self._name = tensor.name
        self._side = model.entry.input[2]
        self._labels = model.entry.labels
        self._wanted = [(self._labels.index(label), label) for label in wanted]
        self._threshold = threshold
        self._cells = _cells(self._side)

    def find(self, bgr: Image) -> list[Thing]:
        size = (self._side, self._side)
        image = cv2.resize(bgr, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
        tensor = np.ascontiguousarray(((image - MEAN) / STD).transpose(2, 0, 1)[None], np.float32)
        output = self._session.run(None, {self._name: tensor})[0][0]
        return self.things(output, bgr.shape[1], bgr.shape[0])

    def things(self, output: NDArray[np.float32], width: int, height: int) -> list[Thing]:
        """What an output (n, C + 4 bins) says of a picture of this size."""
        classes = len(self._labels)
        if output.shape[0] != len(self._cells) or (output.shape[1] - classes) % SIDES:
            raise ModelInputUnexpected(f"an output {output.shape} with {classes} labels")
        stretch = np.array([width, height] * 2, np.float32) / self._side
        found: list[Thing] = []
        for index, label in self._wanted:
            scores = output[:, index]
            chosen = np.flatnonzero(scores >= self._threshold)
            boxes = np.clip(self._boxes(output[chosen, classes:], chosen), 0, self._side) * stretch
            kept = suppressed(boxes, scores[chosen])
            found += [Thing(label, float(scores[chosen[i]]), boxes[i]) for i in kept]
        return found

    def _boxes(self, raw: NDArray[np.float32], chosen: NDArray[np.intp]) -> NDArray[np.float32]:
        bins = raw.reshape(len(raw), SIDES, raw.shape[1] // SIDES)
        shares = np.exp(bins - bins.max(2, keepdims=True))
        shares /= shares.sum(2, keepdims=True)
        cells = self._cells[chosen]
        away = (shares * np.arange(bins.shape[2], dtype=np.float32)).sum(2) * cells[:, 2:]
        centre = cells[:, :2]
        return np.asarray(np.concatenate([centre - away[:, :2], centre + away[:, 2:]], 1))
