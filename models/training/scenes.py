"""One training sample: a crop of a picture at webcam-like size, with things pasted into it.

A sample is a function of (seed, number): the same pair gives the same scene, so that a resumed
run sees what an uninterrupted one would have seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from models.training.contracts import LABELS, LOOKALIKE, Cutout, Image, Labelled, Scene
from models.training.drawings import LONG, LOOKALIKES, SOUGHT, Draw, drawn
from models.training.pasting import Place, pasted
from models.training.sources import Source, overlap

WEBCAM = 416  # the teacher's input: a whole picture's long side at scale 1
PAD = 114
NEIGHBOURS = 2
KEPT_SHARE = 0.45  # of a labelled box must be inside the crop, else its label says nothing
LEAST_BOX = 5.0
COVERED = 0.4  # a thing that a pasted one covers this much is no longer to be found
TURNS = (0, 0, 90, -90, 180)
CUTOUT_LABELS = {"book": "notes", "laptop": "screen", "phone": "phone"}
CUTOUTS = {"phone": 0.08}  # how often a real picture's cut-out: of phones there are few, and tiny
FACE_PLACES = {"headphones": 0.9, "phone": 0.35, "badge": 0.3}  # how often at a found face or hand

Box = tuple[float, float, float, float]
# Where faces and hands are, by picture (places.py): boxes as shares of width and height.
Places = Mapping[str, Mapping[str, Sequence[Sequence[float]]]]


def place_key(source: Source) -> str:
    return source.path.name if source.frame is None else f"{source.path.name}#{source.frame}"


def cutouts(folder: Path) -> dict[str, list[Cutout]]:
    """By label: what people cut out of real pictures (``LABEL_*.png``), not too small."""
    found: dict[str, list[Cutout]] = {}
    for path in sorted(folder.glob("*.png")):
        label = CUTOUT_LABELS.get(path.name.split("_")[0], "lookalike")
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if image is not None and max(image.shape[:2]) >= 50:
            found.setdefault(label, []).append(np.asarray(image, np.uint8))
    return found


@dataclass(frozen=True, slots=True)
class Crop:
    """From a picture's pixels to the sample's."""

    scale: float
    left: float
    top: float
    side: int
    mirrored: bool

    def box(self, box: Box) -> Box | None:
        """In the sample; None where too little of it is inside."""
        x0, y0 = (box[0] - self.left) * self.scale, (box[1] - self.top) * self.scale
        x1, y1 = (box[2] - self.left) * self.scale, (box[3] - self.top) * self.scale
        if self.mirrored:
            x0, x1 = self.side - x1, self.side - x0
        inside = (max(x0, 0.0), max(y0, 0.0), min(x1, self.side), min(y1, self.side))
        width, height = inside[2] - inside[0], inside[3] - inside[1]
        if min(width, height) < LEAST_BOX:
            return None
        return inside if width * height >= KEPT_SHARE * (x1 - x0) * (y1 - y0) else None


class Scenes:
    def __init__(
        self,
        sources: Sequence[Source],
        cut: Mapping[str, Sequence[Cutout]],
        places: Places,
        *,
        side: int,
        seed: int,
        phones: Sequence[int] = (),
    ) -> None:
        """``phones``: seeds of drawings that the teacher recognises (audition.py)."""
        self._sources = sources
        self._shares = np.cumsum([one.share for one in sources])
        self._cut = cut
        self._places = places
        self._side = side
        self._seed = seed
        self._phones = phones

    def sample(self, number: int) -> Scene:
        draw = np.random.default_rng([self._seed, number])
        # neighbours share a picture, each with its own crop: reading it costs the most
        source = self._picked(np.random.default_rng([self._seed, number // NEIGHBOURS, 1]))
        picture = source.read()
        crop = self._crop(draw, picture)
        scene = self._cropped(picture, source, crop)
        anchors = self._anchors(source, picture, crop)
        for _ in range(int(draw.choice([0, 1, 1, 2]))):
            scene = self._with_a_thing(draw, scene, anchors)
        return scene

    def _picked(self, draw: Draw) -> Source:
        at = np.searchsorted(self._shares, draw.random() * self._shares[-1])
        return self._sources[min(int(at), len(self._sources) - 1)]

    def _crop(self, draw: Draw, picture: Image) -> Crop:
        """Mostly a window at about the size a webcam shows; one time in four the whole picture."""
        height, width = picture.shape[:2]
        long = max(height, width)
        whole = draw.random() < 0.25
        ratio = np.exp(draw.uniform(np.log(0.75), np.log(1.7)))
        scale = self._side / long if whole else WEBCAM / long * ratio
        window = self._side / scale
        left = draw.uniform(min(0.0, width - window), max(0.0, width - window))
        top = draw.uniform(min(0.0, height - window), max(0.0, height - window))
        return Crop(scale, left, top, self._side, bool(draw.random() < 0.5))

    def _cropped(self, picture: Image, source: Source, crop: Crop) -> Scene:
        matrix = np.array(
            [[crop.scale, 0, -crop.left * crop.scale], [0, crop.scale, -crop.top * crop.scale]]
        )
        if crop.scale < 0.7:  # warping alone would alias
            half = cv2.resize(
                picture, None, fx=crop.scale, fy=crop.scale, interpolation=cv2.INTER_AREA
            )
            matrix[0, 0] = matrix[1, 1] = 1.0
            picture = np.asarray(half, np.uint8)
        image = cv2.warpAffine(picture, matrix, (self._side, self._side), borderValue=(PAD,) * 3)
        things = tuple(
            replace(one, box=box) for one in source.things if (box := crop.box(one.box)) is not None
        )
        if crop.mirrored:
            image = image[:, ::-1]
        return Scene(np.ascontiguousarray(image, np.uint8), things, source.told)

    def _anchors(self, source: Source, picture: Image, crop: Crop) -> dict[str, list[Box]]:
        height, width = picture.shape[:2]
        found: dict[str, list[Box]] = {"face": [], "hand": []}
        for kind, boxes in self._places.get(place_key(source), {}).items():
            for x0, y0, x1, y1 in boxes:
                inside = crop.box((x0 * width, y0 * height, x1 * width, y1 * height))
                if inside is not None:
                    found[kind].append(inside)
        return found

    def _with_a_thing(self, draw: Draw, scene: Scene, anchors: dict[str, list[Box]]) -> Scene:
        """The sought and what resembles it, equally often."""
        group = SOUGHT if draw.random() < 0.5 else LOOKALIKES
        shares = np.array([share for _, share in group.values()])
        kind = str(draw.choice(list(group), p=shares / shares.sum()))
        label = LABELS.index(kind) if kind in LABELS else LOOKALIKE
        cutout = self._cutout(draw, kind, LABELS[label])
        put = pasted(draw, scene.image, cutout, self._place(draw, kind, anchors))
        if put is None:
            return scene
        image, box = put
        left = tuple(one for one in scene.things if _left_of(one.box, box) > COVERED)
        return Scene(image, (*left, Labelled(label, box)), scene.told)

    def _cutout(self, draw: Draw, kind: str, label: str) -> Cutout:
        real = self._cut.get(label, ())
        if real and kind not in {"wallet", "badge"} and draw.random() < CUTOUTS.get(kind, 0.3):
            return real[int(draw.integers(len(real)))]
        if kind == "phone" and self._phones and draw.random() < 0.8:
            seed = self._phones[int(draw.integers(len(self._phones)))]
            return drawn(np.random.default_rng(seed), kind, None)
        return drawn(draw, kind, self._picked(draw).read() if draw.random() < 0.3 else None)

    def _place(self, draw: Draw, kind: str, anchors: dict[str, list[Box]]) -> Place:
        turn = float(TURNS[draw.integers(len(TURNS))] + draw.normal(0, 22))
        held = bool(draw.random() < 0.6) and kind != "headphones"
        around = anchors["face"] + (anchors["hand"] if kind != "headphones" else [])
        if around and draw.random() < FACE_PLACES.get(kind, 0.25):
            return self._at(draw, kind, around[int(draw.integers(len(around)))], turn)
        size = np.exp(draw.uniform(np.log(22), np.log(0.62 * self._side)))
        if kind == "headphones":
            turn = float(draw.normal(0, 15))
        x, y = draw.uniform(0.05, 0.95, 2) * self._side
        return Place(float(x), float(y), float(size), turn, held)

    def _at(self, draw: Draw, kind: str, box: Box, turn: float) -> Place:
        """At a face or hand: over the ears, at an ear, before the face or chest, in the hand."""
        width, height = box[2] - box[0], box[3] - box[1]
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if kind == "headphones":
            size = width * draw.uniform(1.35, 1.6)
            return Place(x, y - 0.12 * height, float(size), float(draw.normal(0, 8)), held=False)
        x += draw.choice([-1, 1]) * width * draw.uniform(0.1, 0.9)
        y += height * draw.uniform(-0.2, 1.3)
        size = max(22.0, width * draw.uniform(0.55, 1.1))
        return Place(float(x), float(y), float(min(size, LONG)), turn, bool(draw.random() < 0.8))


def _left_of(box: Box, over: Box) -> float:
    """The share of a box that another does not cover."""
    covered = overlap(box, over)
    if covered == 0:
        return 1.0
    width = min(box[2], over[2]) - max(box[0], over[0])
    height = min(box[3], over[3]) - max(box[1], over[1])
    return 1 - width * height / max(1e-6, (box[2] - box[0]) * (box[3] - box[1]))
