"""Puts a cut-out into a picture: turned, foreshortened, lit like its surroundings, held or not."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.contracts import Cutout, Image
from models.training.drawings import Draw

SKINS = ((110, 140, 200), (90, 115, 175), (60, 85, 135), (140, 165, 215), (45, 60, 95))
LEAST_SIDE = 7.0
LEAST_VISIBLE = 0.5

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """Centre, long side and turn (degrees) of a pasted thing; ``held``: fingers lie over it."""

    x: float
    y: float
    size: float
    turn: float
    held: bool


def corners(draw: Draw, cutout: Cutout, place: Place) -> Points:
    """(4, 2): where the drawing's corners come to lie, from top left clockwise."""
    height, width = cutout.shape[:2]
    scale = place.size / max(height, width)
    w, h = width * scale / 2, height * scale / 2
    flat = np.array([[-w, -h], [w, -h], [w, h], [-w, h]])
    if draw.random() < 0.5:
        flat[:, 0] *= draw.uniform(0.55, 1)
    if draw.random() < 0.3:
        flat[:, 1] *= draw.uniform(0.7, 1)
    flat += draw.normal(0, 0.03, (4, 2)) * place.size
    angle = np.deg2rad(place.turn)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (flat @ turn + (place.x, place.y)).astype(np.float32)


def box_of(quad: Points, height: int, width: int) -> tuple[float, float, float, float] | None:
    """The visible part's box, or None where too little of the thing is in the picture."""
    low, high = quad.min(0), quad.max(0)
    x0, y0 = np.maximum(low, 0)
    x1, y1 = np.minimum(high, np.array([width, height]))
    if min(x1 - x0, y1 - y0) < LEAST_SIDE:
        return None
    visible = (x1 - x0) * (y1 - y0) / max(1.0, float(np.prod(high - low)))
    return (float(x0), float(y0), float(x1), float(y1)) if visible >= LEAST_VISIBLE else None


def _warped(cutout: Cutout, quad: Points, height: int, width: int) -> NDArray[np.float32]:
    size = float(np.linalg.norm(quad[0] - quad[2]))
    shrink = size / float(np.hypot(cutout.shape[0], cutout.shape[1]))
    if shrink < 0.6:  # warping alone would alias
        cutout = np.asarray(
            cv2.resize(cutout, None, fx=shrink * 1.4, fy=shrink * 1.4, interpolation=cv2.INTER_AREA)
        )
    rows, columns = cutout.shape[:2]
    flat = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, quad)
    return np.asarray(cv2.warpPerspective(cutout, matrix, (width, height)), np.float32)


def _blend(image: Image, over: NDArray[np.float32], alpha: NDArray[np.float32]) -> Image:
    """``over``: a picture or one colour; ``alpha`` (height, width), 0..1."""
    x, y, width, height = cv2.boundingRect((alpha > 0).astype(np.uint8))
    part = (slice(y, y + height), slice(x, x + width))
    share = alpha[part][..., None]
    front = over[part] if over.ndim == 3 else over
    mixed = image.copy()
    mixed[part] = np.clip(image[part] * (1 - share) + front * share, 0, 255)
    return mixed


@dataclass(frozen=True, slots=True)
class Hand:
    """A hand that holds the thing at one of its edges."""

    skin: NDArray[np.float64]
    edge: tuple[Points, Points]
    inward: Points  # from the edge to the opposite one

    @classmethod
    def at(cls, draw: Draw, quad: Points) -> "Hand":
        skin = np.array(SKINS[draw.integers(len(SKINS))]) * draw.uniform(0.7, 1.1)
        if draw.random() < 0.5:
            return cls(skin, (quad[0], quad[3]), quad[1] - quad[0])
        return cls(skin, (quad[1], quad[2]), quad[0] - quad[1])

    def palm(self, draw: Draw, image: Image, size: float) -> Image:
        """Behind the thing: most of the hand, and the arm downwards."""
        mask = np.zeros(image.shape[:2], np.uint8)
        centre = (self.edge[0] + self.edge[1]) / 2 - self.inward * draw.uniform(0.15, 0.45)
        axes = (max(2, int(size * 0.32)), max(2, int(size * 0.27)))
        cv2.ellipse(mask, _pixel(centre), axes, float(draw.uniform(0, 180)), 0, 360, (255,), -1)
        elbow = centre + size * np.array([draw.uniform(-1.5, 1.5), draw.uniform(1, 3)])
        cv2.line(mask, _pixel(centre), _pixel(elbow), (255,), max(3, int(size * 0.33)))
        return self._painted(image, mask, 5, 0.95)

    def fingers(self, draw: Draw, image: Image, size: float) -> Image:
        """Before the thing: two to four fingertips."""
        mask = np.zeros(image.shape[:2], np.uint8)
        thick = max(2, int(size * draw.uniform(0.07, 0.13)))
        start, end = self.edge
        for number in range(int(draw.integers(2, 5))):
            root = start + (end - start) * (0.22 + 0.17 * number + draw.uniform(-0.03, 0.03))
            tip = root + self.inward * draw.uniform(0.1, 0.4)
            cv2.line(mask, _pixel(root - self.inward * 0.12), _pixel(tip), (255,), thick)
        return self._painted(image, mask, 3, 1.05)

    def _painted(self, image: Image, mask: NDArray[np.uint8], soft: int, light: float) -> Image:
        alpha = cv2.GaussianBlur(mask, (soft, soft), 0).astype(np.float32) / 255
        return _blend(image, (self.skin * light).astype(np.float32), alpha)


def _pixel(point: Points) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def pasted(
    draw: Draw, image: Image, cutout: Cutout, place: Place
) -> tuple[Image, tuple[float, float, float, float]] | None:
    """The picture with the thing in it and the thing's box; None where it would be hardly seen."""
    height, width = image.shape[:2]
    quad = corners(draw, cutout, place)
    box = box_of(quad, height, width)
    if box is None:
        return None
    x0, y0, x1, y1 = (int(value) for value in box)
    around = float(image[y0 : y1 + 1, x0 : x1 + 1].mean())
    gain = draw.uniform(0.6, 1.15) * (0.55 + around / 255 * 0.65)
    warped = _warped(cutout, quad, height, width)
    front = warped[..., :3] * np.float32(gain) + np.float32(draw.uniform(-8, 8))
    hand = Hand.at(draw, quad) if place.held else None
    if hand is not None:
        image = hand.palm(draw, image, place.size)
    image = _blend(image, front, warped[..., 3] / 255)
    if hand is not None:
        image = hand.fingers(draw, image, place.size)
    return image, box
