"""MediaPipe's face mesh, used here as a second opinion on what the face detector found."""

import math

import cv2
import numpy as np

from analysis.contracts import ModelRef
from analysis.detectors.blazeface import Face
from analysis.detectors.litert import LiteRtNet, Tensor
from analysis.picture import Image
from models import LoadedModel

MARGIN = 1.5  # the crop's side in face widths, as MediaPipe's graph takes it
PRESENCE = 1  # index of the presence output


def _upright_crop(bgr: Image, face: Face, side: int) -> Tensor:
    """The face turned upright by its eyes, as (1, side, side, 3) RGB in 0..1."""
    right, left = face.points[0], face.points[1]
    angle = math.atan2(float(left[1] - right[1]), float(left[0] - right[0]))
    scale = MARGIN * max(face.width, face.height) / side
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    (x, y), half = face.centre, side / 2
    turn = np.array(
        [[cos, -sin, x - cos * half + sin * half], [sin, cos, y - sin * half - cos * half]],
        np.float64,
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(bgr, turn, (side, side), flags=flags)
    return (crop[None, ..., ::-1] * np.float32(1 / 255)).astype(np.float32)


class FaceMesh:
    def __init__(self, model: LoadedModel) -> None:
        self._net = LiteRtNet(model)
        self._side = model.entry.input[1]

    @property
    def ref(self) -> ModelRef:
        return self._net.ref

    def presence(self, bgr: Image, face: Face) -> float:
        """How sure the mesh is that this is a face, 0..1.

        Measured: true faces 1.0; bottles, cars, backs of heads and posters of none ≤ 0.22.
        """
        if not (face.width > 1 and face.height > 1):
            return 0.0
        logit = float(self._net.run(_upright_crop(bgr, face, self._side))[PRESENCE].ravel()[0])
        return 1 / (1 + math.exp(-max(-80.0, min(80.0, logit))))
