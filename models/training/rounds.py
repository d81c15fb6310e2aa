"""Samples in rounds: made and shown to the teacher once, then learnt from a few times.

A round is a function of the seed and its number, so a run that stopped between two rounds goes on
as if it had not.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from models.training.contracts import Scene
from models.training.losses import Wanted
from models.training.targets import Targets
from models.training.teacher import HINTS, Tensors

Teacher = Callable[[torch.Tensor], tuple[Tensors, torch.Tensor, torch.Tensor]]
Spreads = dict[str, tuple[torch.Tensor, torch.Tensor]]  # (1, channels, 1, 1) each


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    pictures: torch.Tensor  # (n, 3, side, side) uint8 BGR
    wanted: Wanted

    def mirrored(self, side: int) -> "Batch":
        """Left and right changed, hints and targets with them."""

        def cells(flat: torch.Tensor) -> torch.Tensor:
            parts, start = [], 0
            for stride in (8, 16, 32):
                count = side // stride
                level = flat[:, start : start + count * count].unflatten(1, (count, count))
                parts.append(level.flip(2).flatten(1, 2))
                start += count * count
            return torch.cat(parts, 1)

        boxes = cells(self.wanted.boxes).clone()
        boxes[..., 0] = 1 - boxes[..., 0]  # from the cell's other corner
        return Batch(
            self.pictures.flip(3),
            Wanted(
                cells(self.wanted.scores),
                boxes,
                cells(self.wanted.weights),
                {name: hint.flip(3) for name, hint in self.wanted.hints.items()},
            ),
        )


def stacked(pictures: Iterable[Scene], device: str) -> torch.Tensor:
    images = np.stack([scene.image.transpose(2, 0, 1) for scene in pictures])
    return torch.from_numpy(images).to(device)


def spreads_of(teacher: Teacher, pictures: torch.Tensor) -> Spreads:
    """Mean and spread of every channel of every border, from some pictures."""
    hints, _, _ = teacher(pictures.float())
    found = {}
    for name in HINTS:
        mean = hints[name].mean((0, 2, 3), keepdim=True)
        spread = hints[name].std((0, 2, 3), keepdim=True)
        found[name] = (mean, spread.clamp(min=0.02))
    return found


class Taught:
    """Turns scenes into batches: what the teacher says, corrected by what is known."""

    def __init__(self, teacher: Teacher, targets: Targets, spreads: Spreads, device: str) -> None:
        self._teacher, self._targets = teacher, targets
        self._device = device
        self.spreads = spreads

    def batch(self, scenes: list[Scene], *, corrected: bool = True) -> Batch:
        """``corrected``: labels of the scenes count, else the teacher's word alone.

        While the heads are given the teacher's features, its word must be enough: they would learn
        to see phones in features that hold none (drawn ones that the teacher does not know).
        """
        pictures = stacked(scenes, self._device)
        hints, scores, boxes = self._teacher(pictures.float())
        told = scenes if corrected else [Scene(scene.image) for scene in scenes]
        known = [self._targets.of(scene) for scene in told]

        def gathered(name: str) -> torch.Tensor:
            array = np.stack([getattr(one, name) for one in known])
            return torch.from_numpy(array).to(self._device)

        own_scores, own_boxes = gathered("scores"), gathered("boxes")
        scores = torch.where(gathered("silent"), 0.0, scores)
        better = own_scores.amax(2, keepdim=True) > scores.amax(2, keepdim=True)
        wanted = Wanted(
            torch.maximum(scores, own_scores),
            torch.where(better, own_boxes, boxes),
            gathered("weights"),
            {
                name: ((hint - self.spreads[name][0]) / self.spreads[name][1]).half()
                for name, hint in hints.items()
            },
        )
        return Batch(pictures, wanted)


def shuffled(
    batches: list[Batch], passes: int, size: int, side: int, draw: np.random.Generator
) -> Iterator[Batch]:
    """Every sample ``passes`` times, in new company, every second time mirrored."""
    pictures = torch.cat([one.pictures for one in batches])
    scores = torch.cat([one.wanted.scores for one in batches])
    boxes = torch.cat([one.wanted.boxes for one in batches])
    weights = torch.cat([one.wanted.weights for one in batches])
    hints = {name: torch.cat([one.wanted.hints[name] for one in batches]) for name in HINTS}
    for again in range(passes):
        order = torch.from_numpy(draw.permutation(len(pictures))).to(pictures.device)
        for chosen in order.split(size):
            batch = Batch(
                pictures[chosen],
                Wanted(
                    scores[chosen],
                    boxes[chosen],
                    weights[chosen],
                    {name: hint[chosen] for name, hint in hints.items()},
                ),
            )
            yield batch.mirrored(side) if again % 2 else batch
