"""How far the network is from the teacher's features, from the scores and from the boxes."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch.nn import functional

from models.training.contracts import LABELS, PHONE, STRIDES
from models.training.teacher import Tensors

LEAST_SCORE = 0.12  # of a cell whose box is learnt
# What each border counts; the earlier ones carry everything behind them.
HINT_SHARES = {"c2": 1.0, "c3": 1.0, "c4": 1.0, "c5": 1.0}
HINT_SHARES |= {f"{kind}{stride}": 0.4 for kind in ("stem", "class", "box") for stride in STRIDES}


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Shapes (n, cells, labels), (n, cells, 4), (n, cells, labels); hints by name."""

    scores: torch.Tensor
    boxes: torch.Tensor
    weights: torch.Tensor
    hints: Tensors


def hint_losses(own: Tensors, wanted: Wanted, side: int) -> dict[str, torch.Tensor]:
    """The unexplained share of each border's spread: 1 at the start, 0 when it is the teacher's.

    Near things the heads' features count more: most cells hold nothing.
    """
    found = {}
    busy = wanted.scores.amax(2)
    starts, cells = {}, 0
    for stride in STRIDES:
        starts[stride] = cells
        cells += (side // stride) ** 2
    for name, feature in own.items():
        gap = (feature - wanted.hints[name].to(feature.dtype)).pow(2).mean(1)
        if name[0] != "c" or name.startswith("class"):
            stride = int("".join(c for c in name if c.isdigit()))
            count = (side // stride) ** 2
            weight = 1 + 6 * busy[:, starts[stride] : starts[stride] + count]
            found[name] = (gap.flatten(1) * weight).sum() / weight.sum()
        else:
            found[name] = gap.mean()
    return found


def corners_of(raw: torch.Tensor, grid: torch.Tensor, strides: torch.Tensor) -> torch.Tensor:
    """Raw boxes (…, cells, 4) → (x0, y0, x1, y1) in pixels."""
    centre = (raw[..., :2] + grid) * strides
    half = torch.exp(raw[..., 2:].clamp(-4, 6)) * strides / 2
    return torch.cat([centre - half, centre + half], -1)


def box_loss(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """1 - generalised intersection over union, (n,)."""
    low = torch.maximum(found[:, :2], wanted[:, :2])
    high = torch.minimum(found[:, 2:], wanted[:, 2:])
    shared = (high - low).clamp(min=0).prod(1)
    both = sum((one[:, 2:] - one[:, :2]).clamp(min=0).prod(1) for one in (found, wanted))
    union = both - shared + 1e-6
    outer = torch.maximum(found[:, 2:], wanted[:, 2:]) - torch.minimum(found[:, :2], wanted[:, :2])
    around = outer.prod(1) + 1e-6
    return 1 - shared / union + (around - union) / around


def losses(
    answer: tuple[torch.Tensor, torch.Tensor, Tensors],
    wanted: Wanted,
    grid: tuple[torch.Tensor, torch.Tensor],
    side: int,
) -> Mapping[str, torch.Tensor]:
    """``hints``, ``scores``, ``boxes`` and each hint by its name."""
    odds, raw, own = answer
    share = odds.sigmoid()
    cross = functional.binary_cross_entropy_with_logits(odds, wanted.scores, reduction="none")
    classes = torch.ones(len(LABELS), device=odds.device)
    classes[PHONE] = 2.0
    scored = cross * (wanted.scores - share).abs().pow(2) * wanted.weights * classes
    sure = wanted.scores.amax(2)
    norm = (sure * (sure > 0.1)).sum().clamp(min=20.0)
    held = sure > LEAST_SCORE
    boxes = [corners_of(one, *grid)[held] for one in (raw, wanted.boxes)]
    hints = hint_losses(own, wanted, side)
    return {
        **hints,
        "hints": sum(HINT_SHARES[name] * value for name, value in hints.items())
        / sum(HINT_SHARES.values()),
        "scores": scored.sum() / norm,
        "boxes": (box_loss(*boxes) * sure[held]).sum() / norm,
    }
