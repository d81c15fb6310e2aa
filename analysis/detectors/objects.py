"""Objects, through the models registry: phones, and whether a person is there at all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from analysis.contracts import Box, ModelRef
from analysis.detectors.contracts import Sighting
from analysis.detectors.litert import ref_of
from analysis.detectors.yolox import Thing, Yolox
from analysis.picture import Image, Picture
from models import LoadedModel, Registry

# What the models call it → what we call it.
LABELS: Mapping[str, str] = {"cell phone": "phone", "person": "person"}
THRESHOLD = 0.1  # kept low: the votes and rules decide, and scores over time are evidence


class ObjectNet(Protocol):
    def find(self, bgr: Image) -> list[Thing]: ...


DECODERS: Mapping[str, Callable[[LoadedModel, Sequence[str], float], ObjectNet]] = {"yolox": Yolox}
DEFAULT = "yolox_nano"


class ObjectNets:
    """One object model, loaded once per thread and shared by its sittings."""

    def __init__(self, net: ObjectNet, ref: ModelRef) -> None:
        self.net = net
        self.ref = ref

    @classmethod
    def load(cls, registry: Registry) -> "ObjectNets":
        """Raises ModelAbsent or ModelDigestMismatch."""
        model = registry.load(DEFAULT)
        wanted = [label for label in LABELS if label in model.entry.labels]
        net = DECODERS[model.entry.decoder](model, wanted, THRESHOLD)
        return cls(net, ref_of(model))


class ObjectDetector:
    """Measures: ``phone`` and ``person``, the best score of each; 0 where none was found.

    ``objects_rested``: it did not look, so nothing is known of them in this picture.
    """

    def __init__(self, nets: ObjectNets) -> None:
        self._nets = nets
        self.models = (nets.ref,)

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        if not closely:
            return Sighting(measures={"objects_rested": 1.0})
        boxes = tuple(_box(thing, picture) for thing in self._nets.net.find(picture.lit))
        measures = dict.fromkeys(LABELS.values(), 0.0)
        for box in boxes:
            measures[box.label] = max(measures[box.label], box.score)
        return Sighting(boxes, measures)


def _box(thing: Thing, picture: Picture) -> Box:
    size = np.array([picture.width, picture.height] * 2, np.float32)
    x0, y0, x1, y1 = (float(value) for value in thing.box / size)
    return Box(LABELS[thing.label], round(thing.score, 4), x0, y0, x1, y1)
