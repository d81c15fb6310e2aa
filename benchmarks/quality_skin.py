"""How often a face is missed, by how much light comes from it and by the skin's measured tone.

No picture here says what somebody's skin is; its tone is measured: the individual typology angle of
the cheeks (ITA, degrees; Chardon 1991), which depends on the photograph's light too. Each face is
put into a room at webcam sizes, the whole scene dimmed, and, apart from that, the face alone
darkened with the room left as it is. What counts is the luminance that the camera gets.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.detectors.faces import FaceDetector, FaceNets
from analysis.picture import Picture
from analysis.votes import SightLimits
from benchmarks.quality_measures import share_json
from capture.contracts import Frame
from capture.demo_scene import HEIGHT, WIDTH, room

Image = NDArray[np.uint8]
Json = dict[str, object]

WIDTHS: Final = (140, 88, 44)  # pixels of face: 0.6, 1 and 2 m
LIGHTS: Final = (1.0, 0.5, 0.25, 0.1)  # of the whole scene
DARKENED: Final = (0.7, 0.5, 0.35, 0.2)  # of the face alone, in full light
LUMA_EDGES: Final = (0, 10, 20, 40, 70, 110, 256)
TONES: Final = (
    (55, "very light"),
    (41, "light"),
    (28, "intermediate"),
    (10, "tan"),
    (-30, "brown"),
)
DARKEST: Final = "dark"
CHEEKS: Final = (50, 280, 205, 425)  # points of the mesh
SENSOR_NOISE: Final = 1.5
HEAD: Final = 1.1  # of the face's box, to every side, that is put into the room


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """``head``: cut-out with the face in the middle; ``face_px``: how wide the face is in it."""

    head: Image
    face_px: float
    tone: str


@dataclass(frozen=True, slots=True)
class Look:
    """One face shown once. ``luma``: of the face as the camera gets it."""

    tone: str
    width: int
    light: float
    darkened: float
    luma: float
    seen: bool


def tone_of(ita: float) -> str:
    return next((name for least, name in TONES if ita > least), DARKEST)


def ita_of(bgr: Image) -> float:
    """Of a patch of skin, in degrees."""
    lab = cv2.cvtColor(bgr.astype(np.float32) / 255, cv2.COLOR_BGR2Lab).reshape(-1, 3)
    lightness, _, yellow = np.median(lab, axis=0)
    return math.degrees(math.atan2(float(lightness) - 50, float(yellow)))


def portraits(nets: FaceNets, paths: Sequence[Path]) -> Iterator[Portrait]:
    """Of pictures with one face; others are left out."""
    for path in paths:
        image = cv2.imread(str(path))
        if image is None:
            continue
        bgr = np.asarray(image, np.uint8)
        faces = nets.full.find(bgr) or nets.short.find(bgr)
        mesh = nets.mesh.fit(bgr, faces[0]) if len(faces) == 1 else None
        if mesh is None or mesh.presence < SightLimits().face_verified:
            continue
        face = faces[0]
        side = face.width
        patches = [_patch(bgr, mesh.points[point], side / 14) for point in CHEEKS]
        skin = np.concatenate([patch.reshape(-1, 1, 3) for patch in patches])
        (x, y), reach = face.centre, (0.5 + HEAD) * side
        yield Portrait(_square(bgr, x, y, reach), side, tone_of(ita_of(skin)))


def _patch(bgr: Image, point: NDArray[np.float32], reach: float) -> Image:
    return _square(bgr, float(point[0]), float(point[1]), max(1.5, reach))


def _square(bgr: Image, x: float, y: float, reach: float) -> Image:
    """What lies beyond the picture repeats its edge."""
    side = max(2, round(2 * reach))
    move = np.array([[1, 0, reach - x], [0, 1, reach - y]], np.float64)
    moved = cv2.warpAffine(bgr, move, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _shown(portrait: Portrait, width: int, light: float, darkened: float) -> tuple[Image, float]:
    """The scene as the camera gives it, and the face's luminance in it."""
    scene = cv2.resize(room(), (WIDTH, HEIGHT)).astype(np.float32)
    side = min(HEIGHT, round(portrait.head.shape[0] * width / portrait.face_px))
    head = cv2.resize(portrait.head, (side, side), interpolation=cv2.INTER_AREA)
    oval = np.zeros((side, side), np.float32)
    middle, half = (side // 2, side // 2), width / 2
    cv2.ellipse(oval, middle, (round(1.1 * half), round(1.5 * half)), 0, 0, 360, (1.0,), -1)
    soft = cv2.GaussianBlur(oval, (0, 0), max(1.0, width / 12))[..., None]
    face = head.astype(np.float32) * (1 - soft * (1 - darkened))
    left, top = (WIDTH - side) // 2, HEIGHT - side
    scene[top:, left : left + side] = face
    draw = np.random.default_rng(width)
    got = scene * light + draw.normal(0, SENSOR_NOISE, scene.shape)
    image = np.clip(got, 0, 255).astype(np.uint8)
    grey = cv2.cvtColor(image[top:, left : left + side], cv2.COLOR_BGR2GRAY)
    return image, float(grey[oval > 0].mean())


def looks(nets: FaceNets, paths: Sequence[Path]) -> Iterator[Look]:
    settings = [(light, 1.0) for light in LIGHTS] + [(1.0, darkened) for darkened in DARKENED]
    for portrait in portraits(nets, paths):
        for width in WIDTHS:
            for light, darkened in settings:
                image, luma = _shown(portrait, width, light, darkened)
                i420 = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)
                sighting = FaceDetector(nets).look(Picture.of(Frame("s", 0, i420)))
                seen = sighting.measures["face"] >= SightLimits().face_verified
                yield Look(portrait.tone, width, light, darkened, luma, seen)


def skin_json(nets: FaceNets, paths: Sequence[Path]) -> Json:
    found = list(looks(nets, paths))
    as_taken = [one for one in found if one.light == one.darkened == 1.0]
    return {
        "faces": len(as_taken) // len(WIDTHS),
        "faces_by_tone": _counted(as_taken),
        "missed_by_tone_in_full_light": _by(as_taken, lambda one: one.tone),
        "missed_by_tone_in_a_quarter": _by(
            [one for one in found if one.light == 0.25], lambda one: one.tone
        ),
        "missed_by_face_luminance": _by(found, lambda one: _bin(one.luma)),
        "missed_by_face_luminance_in_a_lit_room": _by(
            [one for one in found if one.light == 1.0], lambda one: _bin(one.luma)
        ),
        "missed_by_face_width": _by(
            [one for one in found if one.darkened == 1.0], lambda one: f"{one.width} px"
        ),
    }


def _counted(found: Sequence[Look]) -> Mapping[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for one in found:
        counts[one.tone] += 1
    return {tone: count // len(WIDTHS) for tone, count in counts.items()}


def _by(found: Sequence[Look], name: Callable[[Look], str]) -> Json:
    groups: dict[str, list[Look]] = defaultdict(list)
    for one in found:
        groups[name(one)].append(one)
    return {
        group: share_json(sum(not one.seen for one in looked), len(looked))
        for group, looked in sorted(groups.items())
    }


def _bin(luma: float) -> str:
    low, high = next((low, high) for low, high in pairwise(LUMA_EDGES) if luma < high)
    return f"{low:03}-{high - 1:03}"
