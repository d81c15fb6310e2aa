"""Lips that part: the mouth of a picture is opened along the face mesh, everything else stays."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality_props import LEFT_EYE, RIGHT_EYE, Seen

Image = NDArray[np.uint8]

INNER_UPPER, INNER_LOWER, CHIN = 13, 14, 152
CORNERS: Final = (78, 308)
INSIDE: Final = (30, 26, 52)  # of a mouth, BGR


def parted(seen: Seen, opening: float) -> Image:
    """``opening``: how much further apart, in distances of the eyes' outer corners.

    What lies below the seam of the lips moves down, less towards the corners and the chin.
    """
    mesh = seen.mesh
    if mesh is None or opening <= 0:
        return seen.image
    across = float(np.linalg.norm(mesh[RIGHT_EYE[0]] - mesh[LEFT_EYE[1]]))
    right, left = (mesh[corner].astype(np.float64) for corner in CORNERS)
    middle_x, wide = (right[0] + left[0]) / 2, max(2.0, abs(left[0] - right[0]) / 2)
    seam = float(mesh[INNER_UPPER][1] + mesh[INNER_LOWER][1]) / 2
    corners_y = (right[1] + left[1]) / 2
    below = max(4.0, float(mesh[CHIN][1]) - seam)
    rows, columns = np.mgrid[0 : seen.image.shape[0], 0 : seen.image.shape[1]].astype(np.float32)
    aside = np.clip(np.abs(columns - middle_x) / wide, 0, 1)
    line = seam + (corners_y - seam) * aside**2
    falls = opening * across * np.sqrt(1 - aside**2)  # how far the lower lip is moved there
    deep = rows - line
    gap = (deep >= 0) & (deep < falls)
    stays = np.clip((deep - falls) / below, 0, 1)
    moved = np.where(deep >= falls, falls * (1 - stays), 0).astype(np.float32)
    shown = cv2.remap(
        seen.image, columns, rows - moved, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    shown[gap] = INSIDE
    return np.asarray(shown, np.uint8)
