"""MediaPipe's face detector (BlazeFace): letter-boxed input, anchors, weighted suppression."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.contracts import ModelRef
from analysis.detectors.litert import LiteRtNet
from analysis.detectors.pixels import CENTRED, Tensor, rgb
from analysis.picture import Image
from models import LoadedModel

SAME_FACE_IOU = 0.3
KEYPOINTS = 6  # right eye, left eye, nose, mouth, right ear, left ear; as seen by the viewer


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """In pixels: ``box`` (x0, y0, x1, y1), ``points`` (6, 2)."""

    box: NDArray[np.float32]
    points: NDArray[np.float32]
    score: float

    @property
    def width(self) -> float:
        return float(self.box[2] - self.box[0])

    @property
    def height(self) -> float:
        return float(self.box[3] - self.box[1])

    @property
    def centre(self) -> tuple[float, float]:
        return float(self.box[0] + self.box[2]) / 2, float(self.box[1] + self.box[3]) / 2


def _grid(size: int, repeat: int) -> Tensor:
    rows, columns = np.mgrid[0:size, 0:size]
    centres = np.stack([(columns + 0.5) / size, (rows + 0.5) / size], -1).reshape(-1, 2)
    return np.repeat(centres, repeat, 0).astype(np.float32)


# Per decoder: anchors as (cells a side, anchors a cell). Model cards: models/cards.
_ANCHORS = {"blazeface_short": ((16, 2), (8, 6)), "blazeface_full": ((48, 1),)}


@dataclass(frozen=True, slots=True)
class _Fit:
    """How the picture lies in the square input."""

    scale: float
    left: int
    top: int


class BlazeFace:
    def __init__(self, model: LoadedModel, threshold: float) -> None:
        self._net = LiteRtNet(model)
        self._side = model.entry.input[1]
        grids = _ANCHORS[model.entry.decoder]
        self._anchors = np.concatenate([_grid(size, repeat) for size, repeat in grids])
        self._threshold = threshold

    @property
    def ref(self) -> ModelRef:
        return self._net.ref

    def find(self, bgr: Image) -> list[Face]:
        """Faces with at least the threshold's score, best first."""
        tensor, fit = self._fitted(bgr)
        regressors, logits = self._net.run(tensor)
        scores = _sigmoid(logits.reshape(-1))
        chosen = np.flatnonzero(scores >= self._threshold)
        if not chosen.size:
            return []
        boxes, points = self._decoded(regressors.reshape(-1, 4 + 2 * KEYPOINTS), chosen)
        faces = _merged(boxes, points, scores[chosen])
        return [_unfitted(face, fit) for face in faces]

    def _fitted(self, bgr: Image) -> tuple[Tensor, _Fit]:
        height, width = bgr.shape[:2]
        scale = self._side / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        left, top = (self._side - size[0]) // 2, (self._side - size[1]) // 2
        canvas = np.full((self._side, self._side, 3), -1, np.float32)
        resized = cv2.resize(bgr, size, interpolation=cv2.INTER_LINEAR)
        shown = rgb(np.asarray(resized, np.uint8), CENTRED)
        canvas[top : top + size[1], left : left + size[0]] = shown
        return canvas[None], _Fit(scale, left, top)

    def _decoded(
        self, regressors: Tensor, chosen: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        raw = regressors[chosen]
        anchors = self._anchors[chosen] * self._side
        centre, half = raw[:, :2] + anchors, raw[:, 2:4] / 2
        boxes = np.concatenate([centre - half, centre + half], 1)
        points = raw[:, 4:].reshape(-1, KEYPOINTS, 2) + anchors[:, None]
        return boxes, points


def _sigmoid(logits: Tensor) -> Tensor:
    return (1 / (1 + np.exp(-np.clip(logits, -80, 80)))).astype(np.float32)


def overlap(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of one box (4,) with others (n, 4)."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common = np.clip(high - low, 0, None).prod(1)
    areas = np.clip(others[:, 2:] - others[:, :2], 0, None).prod(1)
    own = float(np.clip(box[2:] - box[:2], 0, None).prod())
    return np.asarray(common / (own + areas - common + 1e-9), np.float32)


def _merged(
    boxes: NDArray[np.float32], points: NDArray[np.float32], scores: NDArray[np.float32]
) -> list[Face]:
    """Weighted suppression as in MediaPipe: boxes of one face are averaged by their score."""
    left = np.argsort(-scores)
    faces: list[Face] = []
    while left.size:
        same = overlap(boxes[left[0]], boxes[left]) > SAME_FACE_IOU
        same[0] = True  # a degenerate box overlaps nothing, not even itself
        group = left[same]
        weights = scores[group] / scores[group].sum()
        box = (boxes[group] * weights[:, None]).sum(0)
        where = (points[group] * weights[:, None, None]).sum(0)
        faces.append(Face(box, where, float(scores[left[0]])))
        left = left[~same]
    return faces


def _unfitted(face: Face, fit: _Fit) -> Face:
    shift = np.array([fit.left, fit.top], np.float32)
    box = (face.box - np.tile(shift, 2)) / fit.scale
    return Face(box, (face.points - shift) / fit.scale, face.score)
