"""YOLOX exported to ONNX: grid decoding and suppression. Boxes in pixels of the given picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.blazeface import overlap
from analysis.detectors.onnx import session
from analysis.errors import ModelInputUnexpected
from analysis.picture import Image
from models import LoadedModel

STRIDES = (8, 16, 32)
PAD = 114.0
SAME_OBJECT_IOU = 0.5
OBJECT = 4  # column of how sure it is that there is an object at all, 0..1
HEAD = 5  # x, y, width, height, that; then one column per class, 0..1


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """``box`` is (x0, y0, x1, y1) in pixels."""

    label: str
    score: float
    box: NDArray[np.float32]


def _grid(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cell corners (n, 2) and strides (n, 1) of all levels, in the order of the output."""
    corners, strides = [], []
    for stride in STRIDES:
        cells = side // stride
        rows, columns = np.meshgrid(np.arange(cells), np.arange(cells), indexing="ij")
        corners.append(np.stack([columns, rows], 2).reshape(-1, 2))
        strides.append(np.full((cells * cells, 1), stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(strides).astype(np.float32)


class Yolox:
    def __init__(self, model: LoadedModel, wanted: Sequence[str], threshold: float) -> None:
        self._session = session(model.content)
        tensor = self._session.get_inputs()[0]
        if tuple(tensor.shape) != model.entry.input:
            raise ModelInputUnexpected(f"{model.entry.name}: input {tensor.shape}")
        self._name = tensor.name
        self._side = model.entry.input[2]
        self._wanted = [(model.entry.labels.index(label), label) for label in wanted]
        self._columns = HEAD + len(model.entry.labels)
        self._threshold = threshold
        self._corners, self._strides = _grid(self._side)

    def find(self, bgr: Image) -> list[Thing]:
        height, width = bgr.shape[:2]
        scale = min(self._side / height, self._side / width)
        output = self._session.run(None, {self._name: self._fitted(bgr, scale)})[0][0]
        if output.shape != (len(self._strides), self._columns):
            raise ModelInputUnexpected(f"an output {output.shape}, not {self._columns} columns")
        limits = np.array([width, height] * 2, np.float32)
        return self._things(output, scale, limits)

    def _fitted(self, bgr: Image, scale: float) -> NDArray[np.float32]:
        """Top left in a padded square, BGR as 0..255: the way YOLOX was trained."""
        size = (max(1, int(bgr.shape[1] * scale)), max(1, int(bgr.shape[0] * scale)))
        canvas = np.full((1, 3, self._side, self._side), PAD, np.float32)
        resized = cv2.resize(bgr, size, interpolation=cv2.INTER_LINEAR)
        for plane, shown in zip(canvas[0], cv2.split(resized), strict=True):
            plane[: size[1], : size[0]] = shown
        return canvas

    def _things(
        self, output: NDArray[np.float32], scale: float, limits: NDArray[np.float32]
    ) -> list[Thing]:
        # A score is the share of an object's: where there is hardly one there is no thing.
        cells = np.flatnonzero(output[:, OBJECT] >= self._threshold)
        raw = output[cells]
        boxes = np.clip(self._boxes(raw, cells) / scale, 0, limits)
        things: list[Thing] = []
        for index, label in self._wanted:
            scores = raw[:, OBJECT] * raw[:, HEAD + index]
            chosen = np.flatnonzero(scores >= self._threshold)
            kept = chosen[suppressed(boxes[chosen], scores[chosen])]
            things += [Thing(label, float(scores[i]), boxes[i]) for i in kept]
        return things

    def _boxes(self, raw: NDArray[np.float32], cells: NDArray[np.intp]) -> NDArray[np.float32]:
        stride = self._strides[cells]
        centre = (raw[:, :2] + self._corners[cells]) * stride
        half = np.exp(np.clip(raw[:, 2:4], -10, 10)) * stride / 2
        return np.concatenate([centre - half, centre + half], 1)


def suppressed(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> list[int]:
    """Indices of the boxes that stay, surest first: of those that overlap only the surest."""
    left = np.argsort(-scores)
    kept: list[int] = []
    while left.size:
        kept.append(int(left[0]))
        left = left[1:][overlap(boxes[left[0]], boxes[left[1:]]) <= SAME_OBJECT_IOU]
    return kept
