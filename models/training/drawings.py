"""Things drawn by code, each upright on a transparent ground: what is sought and what resembles it.

Sizes are in pixels of the drawing itself (the long side is about 160); ``pasting`` makes them
small, turns them and puts fingers over them.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.contracts import Cutout, Image

Draw = np.random.Generator
LONG = 160
DARK = ((20, 20, 22), (38, 30, 28), (60, 50, 45), (25, 25, 40))


def colour(draw: Draw, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    return tuple(int(value) for value in draw.integers(low, high, 3))  # type: ignore[return-value]


def dark(draw: Draw) -> tuple[int, int, int]:
    base = DARK[draw.integers(len(DARK))]
    return tuple(int(value + draw.integers(0, 20)) for value in base)  # type: ignore[return-value]


def plate(
    height: int, width: int, fill: tuple[int, ...], radius: float
) -> tuple[Image, NDArray[np.uint8]]:
    """A rectangle's face and its opacity, with round corners (``radius``: share of the width)."""
    face = np.full((height, width, 3), fill[:3], np.uint8)
    mask = np.zeros((height, width), np.uint8)
    r = max(1, min(int(radius * width), height // 2 - 1, width // 2 - 1))
    cv2.rectangle(mask, (r, 0), (width - r - 1, height - 1), 255, -1)
    cv2.rectangle(mask, (0, r), (width - 1, height - r - 1), 255, -1)
    for x in (r, width - r - 1):
        for y in (r, height - r - 1):
            cv2.circle(mask, (x, y), r, (255,), -1)
    return face, mask


def joined(face: Image, mask: NDArray[np.uint8]) -> Cutout:
    return np.dstack([face, mask])


def shade(draw: Draw, drawn: Cutout) -> None:
    """Light that falls from one side, in place."""
    height, width = drawn.shape[:2]
    across, down = (
        np.linspace(float(draw.uniform(0.75, 1.2)), float(draw.uniform(0.75, 1.2)), length)
        for length in (width, height)
    )
    lit = drawn[..., :3] * (down[:, None] * across[None])[..., None]
    drawn[..., :3] = np.clip(lit, 0, 255).astype(np.uint8)


def text_lines(draw: Draw, image: NDArray[np.uint8], ink: tuple[int, int, int]) -> None:
    """Rows of writing, in place: each a row of short strokes."""
    height, width = image.shape[:2]
    step = int(draw.integers(7, 15))
    for y in range(step, height - step // 2, step):
        x = int(width * draw.uniform(0.05, 0.15))
        end = int(width * draw.uniform(0.4, 0.95))
        while x < end:
            length = int(draw.integers(3, 18))
            cv2.line(image, (x, y), (min(end, x + length), y + int(draw.integers(-1, 2))), ink, 1)
            x += length + int(draw.integers(2, 6))


def screen_of(draw: Draw, height: int, width: int, picture: Image | None) -> Image:
    """What a screen shows: nothing, a picture, or a page."""
    way = draw.random()
    if way < 0.4:
        return np.full((height, width, 3), dark(draw), np.uint8)
    if way < 0.65 and picture is not None:
        return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
    shown = np.full((height, width, 3), colour(draw, 200), np.uint8)
    if draw.random() < 0.3:
        shown = np.full((height, width, 3), dark(draw), np.uint8)
    y = 6
    while y < height - 10:
        tall = int(draw.integers(4, 26))
        right = int(width * draw.uniform(0.3, 0.96))
        cv2.rectangle(shown, (4, y), (right, min(height - 4, y + tall)), colour(draw), -1)
        y += tall + int(draw.integers(4, 16))
    return shown


def _glare(draw: Draw, image: NDArray[np.uint8]) -> None:
    height, width = image.shape[:2]
    ends = draw.integers(0, height, 2)
    over = image.copy()
    cv2.line(
        over, (0, int(ends[0])), (width, int(ends[1])), (255, 255, 255), int(draw.integers(3, 26))
    )
    share = draw.uniform(0.1, 0.4)
    image[:] = cv2.addWeighted(over, share, image, 1 - share, 0)


def _slab(draw: Draw, ratio: float, bezel: float, picture: Image | None) -> Cutout:
    width = max(8, int(LONG * ratio))
    fill = dark(draw) if draw.random() < 0.65 else colour(draw)
    face, mask = plate(LONG, width, fill, draw.uniform(0.04, 0.18))
    side, top = max(1, int(width * bezel)), max(2, int(LONG * draw.uniform(0.015, 0.1)))
    inner = screen_of(draw, LONG - 2 * top, width - 2 * side, picture)
    face[top : LONG - top, side : width - side] = inner
    if draw.random() < 0.5:
        _glare(draw, face)
    return joined(face, mask)


def _phone_back(draw: Draw) -> Cutout:
    width = int(LONG * draw.uniform(0.44, 0.55))
    fill = dark(draw) if draw.random() < 0.55 else colour(draw)
    body, mask = plate(LONG, width, fill, draw.uniform(0.08, 0.2))
    lens = max(3, int(width * draw.uniform(0.07, 0.13)))
    x = int(width * draw.uniform(0.18, 0.3)) if draw.random() < 0.8 else width // 2
    if draw.random() < 0.6:
        island = tuple(int(min(255, value * 1.2 + 10)) for value in fill)
        far = (int(width * draw.uniform(0.4, 0.6)), int(LONG * draw.uniform(0.2, 0.3)))
        cv2.rectangle(body, (int(width * 0.06), int(LONG * 0.03)), far, island, -1)
    for number in range(int(draw.integers(1, 5))):
        place = (
            x + (number % 2) * int(2.3 * lens),
            int(LONG * 0.08) + (number // 2 + 1) * 2 * lens,
        )
        cv2.circle(body, place, lens, (22, 20, 20), -1)
        cv2.circle(body, place, max(1, lens // 2), (60, 48, 45), -1)
    return joined(body, mask)


def phone(draw: Draw, picture: Image | None) -> Cutout:
    way = draw.random()
    if way < 0.5:
        return _slab(draw, draw.uniform(0.44, 0.54), draw.uniform(0.02, 0.07), picture)
    if way < 0.92:
        return _phone_back(draw)
    edge, mask = plate(LONG, int(draw.integers(14, 30)), dark(draw), 0.4)  # seen from its side
    cv2.line(edge, (4, 30), (4, 52), (90, 90, 95), 2)
    return joined(edge, mask)


def tablet(draw: Draw, picture: Image | None) -> Cutout:
    drawn = _slab(draw, draw.uniform(0.64, 0.78), draw.uniform(0.04, 0.09), picture)
    return np.ascontiguousarray(np.rot90(drawn)) if draw.random() < 0.5 else drawn


def sheet(draw: Draw, _picture: Image | None) -> Cutout:
    width = int(LONG * draw.uniform(0.62, 0.8))
    page, mask = plate(LONG, width, colour(draw, 205), 0.01)
    if draw.random() < 0.35:
        step = int(draw.integers(6, 12))
        ruled = colour(draw, 150, 215)
        page[::step] = ruled
        if draw.random() < 0.5:
            page[:, ::step] = ruled
    text_lines(draw, page, dark(draw) if draw.random() < 0.5 else (150, 60, 30))
    if draw.random() < 0.2:  # open notebook
        page, mask = np.hstack([page, page[:, ::-1]]), np.hstack([mask, mask])
        cv2.line(page, (width, 0), (width, LONG), (120, 120, 120), 2)
    return joined(page, mask)


def headphones(draw: Draw, _picture: Image | None) -> Cutout:
    """A band over the head and two cups, seen from the front; the head shows between them."""
    width = int(LONG * draw.uniform(0.8, 1.05))
    drawn = np.zeros((LONG, width, 4), np.uint8)
    fill = (*(dark(draw) if draw.random() < 0.65 else colour(draw)), 255)
    thick = int(draw.integers(5, 15))
    middle, half = width // 2, width // 2 - thick - 4
    rise = int(LONG * draw.uniform(0.45, 0.62))
    cv2.ellipse(drawn, (middle, rise + thick), (half, rise), 0, 180, 360, fill, thick)
    cup = (int(width * draw.uniform(0.07, 0.11)), int(LONG * draw.uniform(0.14, 0.22)))
    for side in (-1, 1):
        place = (middle + side * (half - cup[0] // 3), rise + thick + cup[1] // 2)
        cv2.ellipse(drawn, place, cup, 0, 0, 360, fill, -1)
        lighter = tuple(int(min(255, value + 30)) for value in fill[:3])
        cv2.ellipse(drawn, place, (cup[0] // 2, cup[1] // 2), 0, 0, 360, (*lighter, 255), 2)
    return drawn


def wallet(draw: Draw, _picture: Image | None) -> Cutout:
    width = int(LONG * draw.uniform(0.6, 0.98))
    fill = dark(draw) if draw.random() < 0.7 else colour(draw, 30, 160)
    face, mask = plate(LONG, width, fill, draw.uniform(0.03, 0.1))
    leather = cv2.blur(draw.normal(0, draw.uniform(4, 14), (LONG, width)), (3, 3))
    face = np.clip(face + leather[..., None], 0, 255).astype(np.uint8)
    seam = tuple(int(min(255, value + 35)) for value in fill)
    cv2.rectangle(face, (5, 5), (width - 6, LONG - 6), seam, 1)
    if draw.random() < 0.7:
        fold = LONG // 2 + int(draw.integers(-15, 15))
        darker = tuple(int(value * 0.4) for value in fill)
        cv2.line(face, (0, fold), (width, fold), darker, int(draw.integers(2, 6)))
    return joined(face, mask)


def badge(draw: Draw, picture: Image | None) -> Cutout:
    """An ID card in its holder, with the lanyard's end above it."""
    width = int(LONG * draw.uniform(0.52, 0.7))
    face, mask = plate(LONG - 30, width, colour(draw, 170), 0.04)
    face[: int(LONG * draw.uniform(0.08, 0.25))] = colour(draw)
    shown = face[35:85, width // 4 : width // 4 * 3]
    if picture is not None:
        shown[:] = cv2.resize(picture, shown.shape[1::-1], interpolation=cv2.INTER_AREA)
    text_lines(draw, face[90:], (60, 60, 60))
    drawn = np.zeros((LONG, width, 4), np.uint8)
    drawn[30:] = joined(face, mask)
    strap = (*colour(draw), 255)
    for x in (-1, 1):
        cv2.line(drawn, (width // 2, 34), (width // 2 + x * 12, 0), strap, int(draw.integers(4, 9)))
    return drawn


def remote(draw: Draw, _picture: Image | None) -> Cutout:
    width = int(LONG * draw.uniform(0.22, 0.32))
    face, mask = plate(LONG, width, dark(draw) if draw.random() < 0.7 else colour(draw, 150), 0.25)
    keys = colour(draw, 60)
    for y in range(16, LONG - 12, int(draw.integers(10, 16))):
        for x in range(width // 4, width, max(6, width // 4)):
            cv2.circle(face, (x, y), 3, keys, -1)
    return joined(face, mask)


def mug(draw: Draw, _picture: Image | None) -> Cutout:
    high = int(LONG * 0.8)
    wide = int(high * draw.uniform(0.7, 0.95))
    drawn = np.zeros((high, wide + 36, 4), np.uint8)
    fill = (*colour(draw), 255)
    cv2.ellipse(drawn, (wide + 4, high // 2), (24, high // 4), 0, 0, 360, fill, 9)
    drawn[:, :wide] = joined(*plate(high, wide, fill, 0.08))
    rim = tuple(int(value * 0.6) for value in fill[:3])
    cv2.ellipse(drawn, (wide // 2, 8), (wide // 2 - 2, 8), 0, 0, 360, (*rim, 255), -1)
    return drawn


def calculator(draw: Draw, _picture: Image | None) -> Cutout:
    width = int(LONG * draw.uniform(0.5, 0.62))
    face, mask = plate(LONG, width, dark(draw) if draw.random() < 0.6 else colour(draw, 120), 0.06)
    cv2.rectangle(face, (7, 10), (width - 8, 38), (140, 165, 150), -1)
    keys = colour(draw, 90)
    for y in range(50, LONG - 14, 19):
        for x in range(8, width - 14, max(14, (width - 10) // 4)):
            cv2.rectangle(face, (x, y), (x + 10, y + 11), keys, -1)
    return joined(face, mask)


Drawing = Callable[[Draw, Image | None], Cutout]
# The sought and the look-alikes are drawn equally often (scenes.py); within each, by these shares.
SOUGHT: Mapping[str, tuple[Drawing, float]] = {
    "phone": (phone, 0.6),
    "screen": (tablet, 0.12),
    "notes": (sheet, 0.14),
    "headphones": (headphones, 0.14),
}
LOOKALIKES: Mapping[str, tuple[Drawing, float]] = {
    "wallet": (wallet, 0.3),
    "badge": (badge, 0.25),
    "remote": (remote, 0.15),
    "mug": (mug, 0.15),
    "calculator": (calculator, 0.15),
}


def drawn(draw: Draw, kind: str, picture: Image | None) -> Cutout:
    made = {**SOUGHT, **LOOKALIKES}[kind][0](draw, picture)
    shade(draw, made)
    return made
