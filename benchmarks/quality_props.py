"""What composed people hold and wear: cut from labelled pictures, or drawn where the face mesh is.

Phones and wallets are cut out of ``webcam_objects``, which no model was trained on, with the hand
that holds them, and are as large against the face as there; none that is seen edge-on. The desk,
glasses, a cap and a headscarf are drawn; that is a likeness, not the thing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.blazeface import overlap
from analysis.detectors.faces import FaceNets
from capture.demo_scene import HEIGHT, WIDTH, Figure, Pose, lay

Image = NDArray[np.uint8]
Points = NDArray[np.float32]

HELD: Final = ("phone", "wallet")
EACH = 6
AROUND = 0.25  # of a label's box: what lies around it tells what belongs to it
FACE_TALL = 100.0  # pixels of the holder's face where a thing is cut out
DARK_LUMA, SKIN_RED, SKIN_BLUE = 100, 138, 122
LEAST_DARK = 0.25  # of what is cut out
LEAST_WIDE = 0.55  # of a label's longer side: narrower ones are seen edge-on
PALE_LUMA = 190  # of the wall
HAND_GAIN = (0.8, 1.25)
FULLY = 0.9  # of a cut-out: no edge
RAISED_IN_S = 0.6
DESK = 0.12  # of the picture's height
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


# --- held ----------------------------------------------------------------------------------------


def held(folder: Path, nets: FaceNets) -> Mapping[str, Sequence[Figure]]:
    """What is held up in a folder of COCO labels → a few of each, cut out.

    Only what is clear of the holder's face, which would come along, and not seen edge-on. Each is
    as large as before a face of ``FACE_TALL``.
    """
    coco = json.loads((folder / "annotations.json").read_text())
    names = {one["id"]: one["name"] for one in coco["categories"]}
    files = {one["id"]: folder / "images" / one["file_name"] for one in coco["images"]}
    props: dict[str, Sequence[Figure]] = {}
    for name in HELD:
        labels = [
            one
            for one in coco["annotations"]
            if names[one["category_id"]] == name
            and min(one["bbox"][2:]) >= LEAST_WIDE * max(one["bbox"][2:])
        ]
        clear = (_clear(files[one["image_id"]], one["bbox"], nets) for one in labels)
        cut = (_cut(*one) for one in filter(None, clear))
        made = [figure for figure in cut if figure is not None]
        props[name] = made[:: max(1, len(made) // EACH)][:EACH]
    return props


Corners = tuple[int, int, int, int]
Cut = tuple[Image, Corners, float]


def _clear(path: Path, bbox: Sequence[float], nets: FaceNets) -> Cut | None:
    """The picture, what is cut from it, and its face's height, unless the face lies there."""
    image = cv2.imread(str(path))
    if image is None:
        return None
    bgr, (x, y, width, height) = np.asarray(image, np.uint8), bbox
    box = (
        max(0, int(x - AROUND * width)),
        max(0, int(y - AROUND * height)),
        min(bgr.shape[1], int(x + (1 + AROUND) * width)),
        min(bgr.shape[0], int(y + (1 + AROUND) * height)),
    )
    faces = nets.full.find(bgr)
    if not faces or overlap(np.array(box, np.float32), faces[0].box[None])[0] > 0:
        return None
    return bgr, box, float(faces[0].box[3] - faces[0].box[1])


def _cut(image: Image, box: Corners, face_tall: float) -> Figure | None:
    """Colour times alpha, as ``lay`` takes it. None of what is too pale to be told from a wall."""
    left, top, right, bottom = box
    part = image[top:bottom, left:right]
    scale = FACE_TALL / face_tall
    size = max(8, round(part.shape[1] * scale)), max(8, round(part.shape[0] * scale))
    small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    if np.mean(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY) < DARK_LUMA) < LEAST_DARK:
        return None
    inside = _thing_and_hand(small).astype(np.float32)
    alpha = np.asarray(cv2.GaussianBlur(inside, (0, 0), 1.0), np.float32)[..., None]
    return Figure(small.astype(np.float32) * alpha, alpha)


def _thing_and_hand(bgr: Image) -> Image:
    """Of a dark thing before a pale wall: what is dark, and the skin that touches it; 0 or 1."""
    luma, red, blue = cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb))
    dark = luma < DARK_LUMA
    skin = (red > SKIN_RED) & (blue < SKIN_BLUE) & (luma < PALE_LUMA)
    closed = cv2.morphologyEx((dark | skin).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9)))
    count, parts = cv2.connectedComponents(closed)
    largest = max(range(1, count), key=lambda part: np.count_nonzero(parts == part), default=0)
    outline, _ = cv2.findContours(
        (parts == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    whole = np.zeros_like(closed)
    cv2.drawContours(whole, outline, -1, (1,), -1)
    return np.asarray(whole, np.uint8)


def _before(seen: Seen, prop: Figure) -> Figure:
    """As large against the face as where it was cut out, and as bright as the hand would be."""
    x0, y0, x1, y1 = _face_of(seen)
    scale = (y1 - y0) / FACE_TALL
    size = max(2, round(prop.alpha.shape[1] * scale)), max(2, round(prop.alpha.shape[0] * scale))
    colour = np.asarray(cv2.resize(prop.colour, size, interpolation=cv2.INTER_AREA), np.float32)
    alpha = np.asarray(cv2.resize(prop.alpha, size, interpolation=cv2.INTER_AREA), np.float32)
    side = (x1 - x0) / 4
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    face = seen.image[
        round(middle_y - side) : round(middle_y + side),
        round(middle_x - side) : round(middle_x + side),
    ]
    luma = colour.mean(2)
    hand = luma[(alpha > FULLY) & (luma > DARK_LUMA)]
    gain = float(np.clip(face.mean() / hand.mean(), *HAND_GAIN)) if hand.size else 1.0
    return Figure(np.minimum(colour * gain, 255 * alpha[..., None]), alpha[..., None])


def _there(since_s: float, left_s: float) -> float:
    """0 = out of the picture, 1 = in place."""
    return float(min(1.0, max(0.0, min(since_s, left_s) / RAISED_IN_S)))


def _face_of(seen: Seen) -> tuple[float, float, float, float]:
    return seen.box or (260.0, 160.0, 380.0, 300.0)


def at_face(seen: Seen, prop: Figure, since_s: float, left_s: float) -> Image:
    """Held up beside the face, nearer to the camera; the wrist is below the picture's edge."""
    image = seen.image.copy()
    shown = _before(seen, prop)
    rows, columns = shown.alpha.shape[:2]
    x0, _, x1, _ = _face_of(seen)
    beside = x1 + 0.1 * (x1 - x0) + columns / 2
    x = min(WIDTH - columns / 2, beside) + 3 * np.sin(2.1 * since_s)
    down = (1 - _there(since_s, left_s)) * rows
    lay(image, shown, Pose(x, HEIGHT + 8 + down, 2 * np.sin(1.3 * since_s)))
    return image


def on_desk(seen: Seen, prop: Figure, since_s: float, left_s: float) -> Image:
    """In a hand that rests behind the edge of a desk, at the bottom of the picture."""
    image = seen.image.copy()
    edge = round(HEIGHT * (1 - DESK))
    shown = _before(seen, prop)
    rows, columns = shown.alpha.shape[:2]
    down = (1 - _there(since_s, left_s)) * rows
    x = columns / 2 + 20 + 2 * np.sin(1.7 * since_s)
    lay(image, shown, Pose(x, min(HEIGHT + rows, edge + 0.1 * rows + down), 0))
    return with_desk(image)


def with_desk(image: Image) -> Image:
    """Its edge lies across the bottom of the picture."""
    edge = round(HEIGHT * (1 - DESK))
    shown = image.copy()
    boards = np.linspace(0.9, 1.1, HEIGHT - edge, dtype=np.float32)[:, None, None]
    shown[edge:] = (np.array([96, 130, 160], np.float32) * boards).astype(np.uint8)
    cv2.line(shown, (0, edge), (WIDTH, edge), (70, 98, 124), 2)
    return shown


# --- worn ----------------------------------------------------------------------------------------


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
