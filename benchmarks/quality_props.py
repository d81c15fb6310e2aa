"""What composed people wear, drawn where the face mesh is: a likeness, not the thing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.faces import FaceNets

Image = NDArray[np.uint8]
Points = NDArray[np.float32]

RIGHT_EYE, LEFT_EYE = (33, 133), (362, 263)
FOREHEAD, CHIN, RIGHT_CHEEK, LEFT_CHEEK = 10, 152, 234, 454


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture of a person, and where the face's box and mesh are in it."""

    image: Image
    box: tuple[float, float, float, float] | None
    mesh: Points | None


def found(nets: FaceNets, image: Image) -> Seen:
    faces = nets.full.find(image)
    if not faces:
        return Seen(image, None, None)
    mesh = nets.mesh.fit(image, faces[0])
    x0, y0, x1, y1 = (float(edge) for edge in faces[0].box)
    return Seen(image, (x0, y0, x1, y1), None if mesh is None else mesh.points[:, :2])


def glasses(image: Image, mesh: Points) -> None:
    """Dark frames, the lenses a little tinted."""
    across = float(np.linalg.norm(mesh[RIGHT_EYE[0]] - mesh[LEFT_EYE[1]]))
    size = (max(2, round(0.27 * across)), max(2, round(0.2 * across)))
    thick = max(1, round(0.045 * across))
    tinted = image.copy()
    centres = [mesh[list(eye)].mean(0) for eye in (RIGHT_EYE, LEFT_EYE)]
    turn = float(np.degrees(np.arctan2(*(centres[1] - centres[0])[::-1])))
    for centre in centres:
        where = (round(float(centre[0])), round(float(centre[1])))
        cv2.ellipse(tinted, where, size, turn, 0, 360, (40, 40, 40), -1, cv2.LINE_AA)
    image[:] = cv2.addWeighted(image, 0.78, tinted, 0.22, 0)
    for centre in centres:
        where = (round(float(centre[0])), round(float(centre[1])))
        cv2.ellipse(image, where, size, turn, 0, 360, (25, 22, 20), thick, cv2.LINE_AA)


def cap(image: Image, mesh: Points) -> None:
    """From the middle of the forehead up, with a peak that shades the brows."""
    crown = _crown(mesh, over=0.75, wide=1.15)
    cv2.fillPoly(image, [crown.astype(np.int32)], (90, 60, 40), cv2.LINE_AA)


def headscarf(image: Image, mesh: Points) -> None:
    """Around the face, from the forehead over the cheeks to below the chin."""
    tall = float(np.linalg.norm(mesh[CHIN] - mesh[FOREHEAD]))
    middle = (mesh[RIGHT_CHEEK] + mesh[LEFT_CHEEK]) / 2
    wide = float(np.linalg.norm(mesh[LEFT_CHEEK] - mesh[RIGHT_CHEEK]))
    around = np.zeros(image.shape[:2], np.uint8)
    where = (round(float(middle[0])), round(float(middle[1])))
    cv2.ellipse(around, where, (round(0.85 * wide), round(0.95 * tall)), 0, 0, 360, (255,), -1)
    cv2.ellipse(around, where, (round(0.46 * wide), round(0.52 * tall)), 0, 0, 360, (0,), -1)
    alpha = cv2.GaussianBlur(around, (0, 0), 2)[..., None] / 255
    image[:] = (image * (1 - alpha) + np.array([120, 90, 70]) * alpha).astype(np.uint8)


def _crown(mesh: Points, over: float, wide: float) -> Points:
    """An outline over the head: ``over`` in face heights above the forehead's middle."""
    up = mesh[FOREHEAD] - mesh[CHIN]
    side = (mesh[LEFT_CHEEK] - mesh[RIGHT_CHEEK]) * wide / 2
    brow = mesh[FOREHEAD] - 0.12 * up
    angles = np.linspace(np.pi, 0, 24)[:, None]
    return np.asarray(brow + np.cos(angles) * side + np.sin(angles) * up * over, np.float32)


WORN: Final[Mapping[str, Callable[[Image, Points], None]]] = {
    "glasses": glasses,
    "cap": cap,
    "headscarf": headscarf,
}


def dressed(seen: Seen, wears: str | None) -> Seen:
    if wears is None or seen.mesh is None:
        return seen
    image = seen.image.copy()
    WORN[wears](image, seen.mesh)
    return Seen(image, seen.box, seen.mesh)
