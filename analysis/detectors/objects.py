"""Objects, through the models registry: phones and other things, and whether a person is there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.contracts import Box, ModelRef
from analysis.detectors.blazeface import overlap
from analysis.detectors.contracts import Sighting
from analysis.detectors.dfine import DFine
from analysis.detectors.litert import ref_of
from analysis.detectors.nanodet import NanoDet
from analysis.detectors.onnx import input_of
from analysis.detectors.yolox import Thing, Yolox
from analysis.errors import ModelInputUnexpected
from analysis.picture import Image, Picture
from models import LoadedModel, Registry
from models.choice import choose_objects
from models.errors import ModelAbsent
from models.manifest import ModelEntry

# What the models call it → what we call it.
LABELS: Mapping[str, str] = {
    "cell phone": "phone",
    "phone": "phone",
    "person": "person",
    "book": "notes",
    "notes": "notes",
    "laptop": "screen",
    "tablet": "screen",
    "tv": "screen",
    "screen": "screen",
    "headphones": "headphones",
}
# Kept low: the votes and rules decide, and what is faint but there all the time tells of a badge.
THRESHOLD = 0.05
SAME_THING_IOU = 0.5
PHONE_HINT = 0.1  # wherever it is: whether it may be a badge is not known here
HINTED_MS = (
    900  # less than lies between two looks in calm: who is suspected is looked at more often
)
TOLD_CLOSER = frozenset({"phone", "person"})
WHOLE_EVERY_MS = 1500  # longest time between a look at the whole picture and a closer one


class ObjectNet(Protocol):
    def find(self, bgr: Image) -> list[Thing]: ...


DECODERS: Mapping[str, Callable[[LoadedModel, Sequence[str], float], ObjectNet]] = {
    "yolox": Yolox,
    "nanodet": NanoDet,
    "dfine": DFine,
}


def decoded(model: LoadedModel, threshold: float = THRESHOLD) -> ObjectNet:
    """Raises ModelInputUnexpected where the file is not of the decoder's kind."""
    wanted = [label for label in model.entry.labels if label in LABELS]
    try:
        return DECODERS[model.entry.decoder](model, wanted, threshold)
    except ModelInputUnexpected:
        raise
    except Exception as error:  # the runtime has many ways to say that it is no such file
        raise ModelInputUnexpected(f"{model.entry.name}: {error}") from error


def tried(model: LoadedModel) -> ModelEntry:
    """The entry with the input that the file has, after one picture went through the network.

    Raises ModelInputUnexpected.
    """
    entry = replace(model.entry, input=input_of(model))
    net = decoded(LoadedModel(entry, model.content))
    try:
        net.find(np.full((480, 640, 3), 127, np.uint8))
    except ModelInputUnexpected:
        raise
    except Exception as error:
        raise ModelInputUnexpected(f"{entry.name}: {error}") from error
    if not words_of(entry.labels):
        raise ModelInputUnexpected(f"{entry.name}: no label that means anything here")
    return entry


@dataclass(frozen=True, slots=True)
class Member:
    """A network and which of our words it knows."""

    net: ObjectNet
    words: frozenset[str]

    def find(self, bgr: Image) -> list[Thing]:
        found = self.net.find(bgr)
        return [replace(thing, label=LABELS[thing.label]) for thing in found]


class Averaged:
    """Several networks: the mean of their scores for a thing, over those that know its word.

    Small networks miss different phones and err on different pictures, so the mean of three finds
    more at the same false alarms than the best of them.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self._knowing = {
            word: sum(word in one.words for one in members) for word in set(LABELS.values())
        }

    def find(self, bgr: Image) -> list[Thing]:
        seen = [thing for member in self._members for thing in _each_once(member.find(bgr))]
        means: list[Thing] = []
        left = sorted(seen, key=lambda thing: -thing.score)
        while left:
            best, same = left[0], _same_as(left[0], left)
            weights = np.array([thing.score for thing in same], np.float32)
            boxes = np.stack([thing.box for thing in same])
            box = (boxes * (weights / weights.sum())[:, None]).sum(0)
            score = float(weights.sum()) / self._knowing[best.label]
            means.append(Thing(best.label, min(1.0, score), np.asarray(box, np.float32)))
            left = [thing for thing in left if not any(thing is one for one in same)]
        return [thing for thing in means if thing.score >= THRESHOLD]


def _each_once(found: list[Thing]) -> list[Thing]:
    """Of one network: two of its classes that are one word of ours may see the same thing."""
    kept: list[Thing] = []
    for thing in sorted(found, key=lambda one: -one.score):
        if len(_same_as(thing, kept)) == 0:
            kept.append(thing)
    return kept


def _same_as(thing: Thing, others: Sequence[Thing]) -> list[Thing]:
    own = [other for other in others if other.label == thing.label]
    if not own:
        return []
    shares = overlap(thing.box, np.stack([other.box for other in own]))
    return [
        other
        for other, share in zip(own, shares, strict=True)
        if other is thing or share > SAME_THING_IOU
    ]


class ObjectNets:
    """The object models that watch, loaded once per thread and shared by its sittings."""

    def __init__(self, net: ObjectNet, refs: tuple[ModelRef, ...], words: frozenset[str]) -> None:
        self.net = net
        self.refs = refs
        self.words = words

    @classmethod
    def load(cls, registry: Registry) -> "ObjectNets":
        """Raises ModelAbsent, ModelUnknown, ModelDigestMismatch, ModelInputUnexpected."""
        choice = choose_objects(registry)
        entries = choice.watching or ((choice.better,) if choice.better else ())
        if not entries:
            raise ModelAbsent("no object model is known")
        loaded = [registry.load(entry.name) for entry in entries]  # or why it cannot be
        low = THRESHOLD / len(loaded)  # what one alone sees so clearly is in the mean
        members = [Member(decoded(one, low), words_of(one.entry.labels)) for one in loaded]
        words = frozenset(word for member in members for word in member.words)
        net = Averaged(members) if len(members) > 1 else members[0]
        return cls(net, tuple(ref_of(one) for one in loaded), words)


def words_of(labels: Sequence[str]) -> frozenset[str]:
    """What a model of these labels can tell us of."""
    return frozenset(LABELS[label] for label in labels if label in LABELS)


class ObjectDetector:
    """Measures: the best score of each thing that the models know; 0 where none was found.

    ``objects_rested``: it did not look at all of the picture, so what is not told is not known.

    Networks take a square: of a picture wider than tall much of it stays empty. So every other look
    is a closer one, at the square around the person alone, in which a phone is a third larger (at
    16:9 nearly twice as large). Only phones are told of it, and the person if seen; every other
    time it is mirrored, as a network errs less often on both. From a hint of a phone on, for a
    moment, a look is both, and a phone counts as in the one that shows it best: some are seen in
    one of them only, and to look so always would be dear.

    ``closer``: a network of its own for the closer look, which then is part of every look.
    """

    def __init__(self, nets: ObjectNets, closer: ObjectNet | None = None) -> None:
        self._nets = nets
        self._always_both, self._net_closer = closer is not None, closer or nets.net
        self._closer = self._mirrored = True
        self._whole_ms = self._hinted_until_ms = -WHOLE_EVERY_MS
        self._middle: tuple[float, float] | None = None
        self.models = nets.refs

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        if not closely:
            return Sighting(measures={"objects_rested": 1.0})
        at_ms, image = picture.at_ms, picture.lit
        self._closer = not self._closer and self._may_look_closer(at_ms)
        found = self._in_square(image) if self._closer else self._in_whole(image, at_ms)
        self._suspect(at_ms, found)
        both = self._always_both or at_ms < self._hinted_until_ms
        if both and self._middle is not None:
            other = self._in_whole(image, at_ms) if self._closer else self._in_square(image)
            found = [*found, *other]
            self._suspect(at_ms, other)
        others = [thing for thing in found if thing.label != "phone"]
        boxes = tuple(_box(thing, picture) for thing in _each_once(_phones(found)) + others)
        whole = self._whole_ms == at_ms
        told = self._nets.words if whole else self._nets.words & {"phone"}
        measures = dict.fromkeys(sorted(told), 0.0)
        for box in boxes:
            measures[box.label] = max(measures.get(box.label, 0.0), box.score)
        return Sighting(boxes, measures if whole else {**measures, "objects_rested": 1.0})

    def _may_look_closer(self, at_ms: int) -> bool:
        return self._middle is not None and at_ms - self._whole_ms <= WHOLE_EVERY_MS

    def _suspect(self, at_ms: int, found: list[Thing]) -> None:
        if _hints(found):
            self._hinted_until_ms = at_ms + HINTED_MS

    def _in_whole(self, image: Image, at_ms: int) -> list[Thing]:
        found = self._nets.net.find(image)
        self._whole_ms = at_ms
        people = [thing.box for thing in found if thing.label == "person"]
        self._middle = None
        if people:
            x0, y0, x1, y1 = max(people, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
            self._middle = float(x0 + x1) / 2, float(y0 + y1) / 2
        return found

    def _in_square(self, image: Image) -> list[Thing]:
        """Around whom the last look at the whole picture showed."""
        assert self._middle is not None
        height, width = image.shape[:2]
        side = min(height, width)
        x, y = self._middle
        left = round(min(max(0.0, x - side / 2), width - side))
        top = round(min(max(0.0, y - side / 2), height - side))
        part = np.ascontiguousarray(image[top : top + side, left : left + side])
        self._mirrored = not self._mirrored
        if self._mirrored:
            part = np.ascontiguousarray(part[:, ::-1])
        found = [one for one in self._net_closer.find(part) if one.label in TOLD_CLOSER]
        if self._mirrored:
            found = [replace(thing, box=_mirrored(thing.box, side)) for thing in found]
        shift = np.array([left, top] * 2, np.float32)
        return [replace(thing, box=thing.box + shift) for thing in found]


def _mirrored(box: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    x0, y0, x1, y1 = box
    return np.array([width - x1, y0, width - x0, y1], np.float32)


def _hints(found: list[Thing]) -> bool:
    return any(thing.score >= PHONE_HINT for thing in _phones(found))


def _phones(found: list[Thing]) -> list[Thing]:
    return [thing for thing in found if thing.label == "phone"]


def _box(thing: Thing, picture: Picture) -> Box:
    size = np.array([picture.width, picture.height] * 2, np.float32)
    x0, y0, x1, y1 = (float(value) for value in thing.box / size)
    return Box(thing.label, round(thing.score, 4), x0, y0, x1, y1)
