"""Which pictures the recipe uses, from a folder laid out as data/README of the shared folder.

Never read here: ``webcam_objects`` and the clips of ``HELD_OUT``, which judge the model.
"""

import functools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from models.training.contracts import LABELS, Image, Labelled

HELD_OUT = ("webcam_book", "webcam_yes")
CLIP_STEP = 4  # frames of a clip are much alike
# COCO's table of data/README → ours.
NAMES = {
    "person": "person",
    "phone": "phone",
    "book": "notes",
    "paper": "notes",
    "laptop": "screen",
    "tablet": "screen",
    "screen": "screen",
    "headphones": "headphones",
    "remote": "lookalike",
    "mouse": "lookalike",
    "wallet": "lookalike",
    "earbuds_case": "lookalike",
}
SHARES = {"voc": 0.28, "imagenet": 0.14, "coco_train": 0.16, "coco_val2014_part": 0.02}
SHARES |= {"airpods": 0.07, "classroom": 0.03, "clips": 0.3}
SURE_BOX = 0.3  # mean of two teachers


@dataclass(frozen=True, slots=True)
class Source:
    """One picture. ``told``: labels that are complete in it; ``frame`` of a clip."""

    path: Path
    share: float
    things: tuple[Labelled, ...] = ()
    told: frozenset[int] = field(default_factory=frozenset)
    frame: int | None = None

    def read(self) -> Image:
        """Raises FileNotFoundError where the picture cannot be decoded."""
        if self.frame is not None:
            return _frames_of(self.path)[self.frame // CLIP_STEP]
        return _picture_of(self.path)


@functools.lru_cache(maxsize=4)
def _picture_of(path: Path) -> Image:
    image = cv2.imread(str(path))
    if image is None:
        raise FileNotFoundError(path)
    return np.asarray(image, np.uint8)


@functools.cache
def _frames_of(clip: Path) -> list[Image]:
    """The frames that are used; kept, because seeking in a clip costs more than its memory."""
    capture, frames = cv2.VideoCapture(str(clip)), list[Image]()
    while (shown := capture.read())[0]:
        frames.append(np.asarray(shown[1], np.uint8))
    return frames[::CLIP_STEP]


def _coco(folder: Path) -> tuple[dict[str, list[Labelled]], frozenset[int]]:
    """Things by file name, and which labels the folder annotates."""
    told = json.loads((folder / "annotations.json").read_text())
    names = {one["id"]: NAMES.get(one["name"]) for one in told["categories"]}
    files = {one["id"]: one["file_name"] for one in told["images"]}
    found: dict[str, list[Labelled]] = defaultdict(list)
    for one in told["annotations"]:
        name = names[one["category_id"]]
        if name is not None:
            x, y, width, height = one["bbox"]
            box = (x, y, x + width, y + height)
            found[files[one["image_id"]]].append(Labelled(LABELS.index(name), box))
    return found, frozenset(thing.label for things in found.values() for thing in things)


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)


TEACHERS_NAMES = {"phone": "phone", "book": "notes", "laptop": "screen"}
TEACHERS_NAMES |= {"remote": "lookalike", "mouse": "lookalike", "keyboard": "lookalike"}


def agreed(told: Mapping[str, Sequence[Sequence[float | str]]]) -> tuple[Labelled, ...]:
    """Boxes of the second teacher, each with the mean of its score and the first's."""
    found = []
    for name, score, *box in told.get("nd", ()):
        label = TEACHERS_NAMES.get(str(name))
        if label is None:
            continue
        place = tuple(float(value) for value in box)
        same = (
            float(s)
            for other, s, *b in told.get("yx", ())
            if other == name and overlap(place, [float(v) for v in b]) > 0.5
        )
        mean = (float(score) + max(same, default=0.0)) / 2
        if mean > SURE_BOX:
            found.append(Labelled(LABELS.index(label), place, mean))  # type: ignore[arg-type]
    return tuple(found)


def _pictures(data: Path) -> Iterator[tuple[str, Source]]:
    teachers = data / "teacher_boxes.json"
    boxes = json.loads(teachers.read_text()) if teachers.is_file() else {}
    for name in SHARES:
        folder = data / name
        inside = folder / "images" if (folder / "images").is_dir() else folder
        things, told = dict[str, list[Labelled]](), frozenset[int]()
        if (folder / "annotations.json").is_file() and name != "classroom":
            things, told = _coco(folder)
        for path in sorted(inside.glob("*.jpg")) if folder.is_dir() else ():
            second = agreed(boxes.get(path.relative_to(data).as_posix(), {}))
            own = tuple(things.get(path.name, ()))
            known = own + tuple(one for one in second if one.label not in told)
            yield name, Source(path, 0.0, known, told)


def _frames(media: Path) -> Iterator[tuple[str, Source]]:
    for path in sorted(media.glob("webcam_*.mp4")):
        if path.stem in HELD_OUT:
            continue
        for number in range(len(_frames_of(path))):
            yield "clips", Source(path, 0.0, frame=number * CLIP_STEP)


def found(shared: Path) -> list[Source]:
    """Every picture with its share of the draws. Raises FileNotFoundError where there are none."""
    grouped: dict[str, list[Source]] = defaultdict(list)
    for name, source in (*_pictures(shared / "data"), *_frames(shared / "media")):
        grouped[name].append(source)
    if not grouped:
        raise FileNotFoundError(f"no pictures under {shared}")
    return [
        Source(one.path, SHARES[name] / len(group), one.things, one.told, one.frame)
        for name, group in sorted(grouped.items())
        for one in group
    ]
