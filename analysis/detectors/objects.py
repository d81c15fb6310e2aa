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
THRESHOLD = 0.1  # kept low: the votes and rules decide, and scores over time are evidence
SAME_THING_IOU = 0.5


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

    ``objects_rested``: it did not look, so nothing is known of them in this picture.

    Every other look is at the mirrored picture: a network that errs on a thing errs on it in the
    next picture too, but less often on its mirror image.
    """

    def __init__(self, nets: ObjectNets) -> None:
        self._nets = nets
        self._mirrored = True
        self.models = nets.refs

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        if not closely:
            return Sighting(measures={"objects_rested": 1.0})
        self._mirrored = not self._mirrored
        boxes = tuple(_box(thing, picture) for thing in self._found(picture.lit))
        measures = dict.fromkeys(sorted(self._nets.words), 0.0)
        for box in boxes:
            measures[box.label] = max(measures[box.label], box.score)
        return Sighting(boxes, measures)

    def _found(self, image: Image) -> list[Thing]:
        if not self._mirrored:
            return self._nets.net.find(image)
        found = self._nets.net.find(np.ascontiguousarray(image[:, ::-1]))
        return [replace(thing, box=_mirrored(thing.box, image.shape[1])) for thing in found]


def _mirrored(box: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    x0, y0, x1, y1 = box
    return np.array([width - x1, y0, width - x0, y1], np.float32)


def _box(thing: Thing, picture: Picture) -> Box:
    size = np.array([picture.width, picture.height] * 2, np.float32)
    x0, y0, x1, y1 = (float(value) for value in thing.box / size)
    return Box(thing.label, round(thing.score, 4), x0, y0, x1, y1)
