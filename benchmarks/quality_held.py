"""What composed people hold: a phone, a wallet or a case in a hand, cut from labelled pictures.

They are cut out of ``webcam_objects``, which no model was trained on, along outlines drawn by hand,
and laid where they were against the holder's face, as large as there. A forearm that leaves that
picture is drawn on below; a hand without one stands on the edge of the picture.

One picture of each take in which the phone is held no higher than the head, so that it could be
used, and its front or back is seen. Left out are takes with the arm stretched up (the phone is
shown, not used), one with the phone edge-on and one with the face hidden: ``quality_pictures``
shows all of them uncut.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.faces import FaceNets
from benchmarks.quality_outlines import OUTLINES, Outline
from benchmarks.quality_props import Seen
from capture.demo_scene import HEIGHT, WIDTH, Figure, Pose, lay

Image = NDArray[np.uint8]
Soft = NDArray[np.float32]

EDGE_PX = 1.0  # softness of an outline, in pixels of the picture it was drawn in
DRAWN_ON = 1.0  # of the picture's height: how far down a forearm is drawn on
LEANS_OVER = 60  # rows from which the forearm's direction is told
MOST_LEAN = 0.8  # columns a row
FULLY = 0.9  # of a cut-out: no edge
DARK_LUMA = 100  # the thing is darker, the hand is not
HAND_GAIN = (0.75, 1.3)
SWAYS = 4.0  # pixels to each side
RAISED_IN_S = 0.6
DESK = 0.12  # of the picture's height


@dataclass(frozen=True, slots=True, eq=False)
class Prop:
    """A hand with a thing, in pixels of the picture that it is from.

    ``left``, ``top``: of what is cut out, from the face's left top corner; ``thing_bottom``: of the
    thing, from the figure's top; ``face_tall``: of the holder's face there; ``stands``: rows after
    which the source ends where no forearm is drawn on; ``drawn_left``: columns of the figure that
    a forearm drawn on needs at its left; ``at_right``: it touches that edge there.
    """

    figure: Figure
    left: float
    top: float
    thing_bottom: float
    face_tall: float
    stands: int | None
    drawn_left: int
    at_right: bool


def held(folder: Path, nets: FaceNets) -> Mapping[str, Sequence[Prop]]:
    """Phones, wallets and cases that outlines are known of, from a folder of COCO labels."""
    coco = json.loads((folder / "annotations.json").read_text())
    files = {one["id"]: one["file_name"] for one in coco["images"]}
    boxes = {files[one["image_id"]]: one["bbox"] for one in coco["annotations"]}
    made = {
        name: [_cut(folder, outline, boxes, nets) for outline in outlines]
        for name, outlines in OUTLINES.items()
    }
    return {name: [prop for prop in props if prop is not None] for name, props in made.items()}


def _cut(
    folder: Path, outline: Outline, boxes: Mapping[str, Sequence[float]], nets: FaceNets
) -> Prop | None:
    image = cv2.imread(str(folder / "images" / outline.file))
    if image is None or outline.file not in boxes:
        return None
    bgr = np.asarray(image, np.uint8)
    faces = nets.full.find(bgr)
    if not faces:
        return None
    _, y, _, height = boxes[outline.file]
    face_x, face_y, _, face_bottom = (float(edge) for edge in faces[0].box)
    points = np.array(outline.points, np.int32)
    left, top = points.min(0)
    right = min(bgr.shape[1], int(points[:, 0].max()))
    inside = np.zeros(bgr.shape[:2], np.uint8)
    cv2.fillPoly(inside, [points], (1,))
    figure = _soft(bgr[top:, left:right], inside[top:, left:right])
    shift = 0
    if outline.arm:
        figure, shift = drawn_on(figure, round(DRAWN_ON * bgr.shape[0]))
    return Prop(
        figure=figure,
        left=float(left) - face_x,
        top=float(top) - face_y,
        thing_bottom=y + height - float(top),
        face_tall=face_bottom - face_y,
        stands=None if outline.arm else figure.alpha.shape[0],
        drawn_left=shift,
        at_right=right >= bgr.shape[1],
    )


def _soft(bgr: Image, inside: Image) -> Figure:
    """Colour times alpha, as ``lay`` takes it. The edges of the source stay hard."""
    around = cv2.copyMakeBorder(inside.astype(np.float32), 4, 4, 4, 4, cv2.BORDER_REPLICATE)
    alpha = np.asarray(cv2.GaussianBlur(around, (0, 0), EDGE_PX), np.float32)[4:-4, 4:-4, None]
    return Figure(bgr.astype(np.float32) * alpha, alpha)


def drawn_on(figure: Figure, rows: int) -> tuple[Figure, int]:
    """The last rows go on downwards as the forearm leans; and the columns added at the left."""
    tall = figure.alpha.shape[0]
    middles = [_middle(figure.alpha[row, :, 0]) for row in (tall - LEANS_OVER, tall - 1)]
    lean = float(np.clip((middles[1] - middles[0]) / LEANS_OVER, -MOST_LEAN, MOST_LEAN))
    reach = round(abs(lean) * rows)
    room = ((0, rows), (reach, reach), (0, 0))
    colour, alpha = np.pad(figure.colour, room), np.pad(figure.alpha, room)
    last = slice(tall - 8, tall)
    skin, there = colour[last].mean(0, keepdims=True), alpha[last].mean(0, keepdims=True)
    for row in range(rows):
        move = np.array([[1, 0, lean * (row + 4)], [0, 1, 0]], np.float32)
        size = (colour.shape[1], 1)
        colour[tall + row] = cv2.warpAffine(skin, move, size)[0]
        alpha[tall + row] = cv2.warpAffine(there, move, size)[0, :, None]
    return Figure(colour, alpha), reach


def _middle(alpha: Soft) -> float:
    return float(np.average(np.arange(len(alpha)), weights=alpha + 1e-6))


# --- laid on a picture ---------------------------------------------------------------------------


def at_face(seen: Seen, prop: Prop, since_s: float, left_s: float) -> Image:
    """Where it was against the holder's face; raised from below the picture's edge."""
    x0, y0, _, y1 = face_of(seen)
    scale = (y1 - y0) / prop.face_tall
    top = y0 + prop.top * scale
    if prop.stands is not None:
        top = HEIGHT - prop.stands * scale + 8
    return _laid(seen, prop, (x0 + prop.left * scale, top), since_s, left_s)


def on_desk(seen: Seen, prop: Prop, since_s: float, left_s: float) -> Image:
    """In a hand behind the edge of a desk, at the bottom of the picture."""
    x0, y0, _, y1 = face_of(seen)
    scale = (y1 - y0) / prop.face_tall
    top = HEIGHT * (1 - DESK) - prop.thing_bottom * scale
    return with_desk(_laid(seen, prop, (x0 + prop.left * scale, top), since_s, left_s))


def _laid(
    seen: Seen, prop: Prop, place: tuple[float, float], since_s: float, left_s: float
) -> Image:
    """Its left top corner at ``place``, but inside the picture, as where it was cut out."""
    image = seen.image.copy()
    shown = _before(seen, prop)
    rows, columns = shown.alpha.shape[:2]
    left, top = max(SWAYS, place[0]), max(SWAYS, place[1]) + 2 * np.sin(1.3 * since_s)
    left -= columns * prop.drawn_left / prop.figure.alpha.shape[1]
    if prop.at_right:
        left = WIDTH - columns + SWAYS
    left += SWAYS * np.sin(2.1 * since_s)
    top += (1 - _there(since_s, left_s)) * (HEIGHT + 8 - top)
    lay(image, shown, Pose(left + columns / 2, top + rows, 0.0))
    return image


def _before(seen: Seen, prop: Prop) -> Figure:
    """As large against the face as where it was cut out, the hand as bright as the face."""
    x0, y0, x1, y1 = face_of(seen)
    scale = (y1 - y0) / prop.face_tall
    rows, columns = prop.figure.alpha.shape[:2]
    size = max(2, round(columns * scale)), max(2, round(rows * scale))
    colour = np.asarray(
        cv2.resize(prop.figure.colour, size, interpolation=cv2.INTER_AREA), np.float32
    )
    alpha = np.asarray(
        cv2.resize(prop.figure.alpha, size, interpolation=cv2.INTER_AREA), np.float32
    )
    side = (x1 - x0) / 4
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    face = seen.image[
        round(middle_y - side) : round(middle_y + side),
        round(middle_x - side) : round(middle_x + side),
    ]
    hand = colour[(alpha > FULLY) & (colour.mean(2) > DARK_LUMA)]
    gain = np.ones(3, np.float32)
    if hand.size and face.size:
        gain = np.clip(face.mean((0, 1)) / hand.mean(0), *HAND_GAIN).astype(np.float32)
    bright = np.minimum(colour * gain, 255 * alpha[..., None])
    return Figure(np.asarray(bright, np.float32), alpha[..., None])


def _there(since_s: float, left_s: float) -> float:
    """0 = out of the picture, 1 = in place."""
    return float(min(1.0, max(0.0, min(since_s, left_s) / RAISED_IN_S)))


def face_of(seen: Seen) -> tuple[float, float, float, float]:
    return seen.box or (260.0, 160.0, 380.0, 300.0)


def with_desk(image: Image) -> Image:
    """Its edge lies across the bottom of the picture."""
    edge = round(HEIGHT * (1 - DESK))
    shown = image.copy()
    boards = np.linspace(0.9, 1.1, HEIGHT - edge, dtype=np.float32)[:, None, None]
    shown[edge:] = (np.array([96, 130, 160], np.float32) * boards).astype(np.uint8)
    cv2.line(shown, (0, edge), (WIDTH, edge), (70, 98, 124), 2)
    return shown
