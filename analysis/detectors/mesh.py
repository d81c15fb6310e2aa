"""MediaPipe's face mesh: a second opinion on a found face, and how it is followed after that."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.contracts import ModelRef
from analysis.detectors.blazeface import Face
from analysis.detectors.litert import LiteRtNet
from analysis.detectors.pixels import UNIT, Tensor, rgb
from analysis.picture import Image
from models import LoadedModel

MARGIN = 1.5  # the crop's side in face widths, as MediaPipe's graph takes it
POINTS, PRESENCE = 0, 1  # indices of the outputs
INNER_LIPS = (13, 14)  # upper, lower, in the middle
OUTER_EYES = (33, 263)  # the points of the outer eye corners: right, left


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A mesh laid on a face: ``points`` (468, 3), x and y in pixels, z on the same scale.

    ``presence``: how sure the mesh is that this is a face, 0..1. Measured: true faces 1.0;
    bottles, cars, backs of heads and posters of none ≤ 0.22.
    """

    presence: float
    points: NDArray[np.float32]

    def as_face(self) -> Face:
        """Where the face is to be looked for in the next picture."""
        flat = self.points[:, :2]
        box = np.concatenate([flat.min(0), flat.max(0)])
        return Face(box, flat[list(OUTER_EYES)], self.presence)


def mouth_open(points: NDArray[np.float32]) -> float:
    """How far the lips are apart, in distances of the eyes' outer corners."""
    upper, lower = (points[index].astype(np.float64) for index in INNER_LIPS)
    right, left = (points[index].astype(np.float64) for index in OUTER_EYES)
    return math.dist(upper, lower) / max(math.dist(right, left), 1.0)


def _upright(face: Face, side: int) -> NDArray[np.float64]:
    """(2, 3): from a square of ``side`` to the picture, the face turned upright by its eyes."""
    right, left = face.points[0], face.points[1]
    angle = math.atan2(float(left[1] - right[1]), float(left[0] - right[0]))
    scale = MARGIN * max(face.width, face.height) / side
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    (x, y), half = face.centre, side / 2
    return np.array(
        [[cos, -sin, x - cos * half + sin * half], [sin, cos, y - sin * half - cos * half]],
        np.float64,
    )


def _crop(bgr: Image, turn: NDArray[np.float64], side: int) -> Tensor:
    """(1, side, side, 3) RGB in 0..1."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(bgr, turn, (side, side), flags=flags)
    return rgb(np.asarray(crop, np.uint8), UNIT)[None]


def _placed(raw: Tensor, turn: NDArray[np.float64]) -> NDArray[np.float32]:
    """The mesh's points from the crop to the picture; depth grows and shrinks with them."""
    points = raw.reshape(-1, 3).astype(np.float64)
    flat = points[:, :2] @ turn[:, :2].T + turn[:, 2]
    depth = points[:, 2:] * math.hypot(turn[0, 0], turn[1, 0])
    return np.asarray(np.concatenate([flat, depth], 1), np.float32)


class FaceMesh:
    def __init__(self, model: LoadedModel) -> None:
        self._net = LiteRtNet(model)
        self._side = model.entry.input[1]

    @property
    def ref(self) -> ModelRef:
        return self._net.ref

    def fit(self, bgr: Image, face: Face) -> Fitted | None:
        """None for a face without extent."""
        if not (face.width > 1 and face.height > 1):
            return None
        turn = _upright(face, self._side)
        outputs = self._net.run(_crop(bgr, turn, self._side))
        logit = float(outputs[PRESENCE].ravel()[0])
        presence = 1 / (1 + math.exp(-max(-80.0, min(80.0, logit))))
        return Fitted(presence, _placed(outputs[POINTS], turn))
