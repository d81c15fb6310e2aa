"""Our object network: 32 times smaller steps, three levels, one box and six scores a cell.

Its borders (``c2`` … ``c5``, ``stem*``, ``class*``, ``box*``) are linear layers that learn to be
the teacher's own features there, each made zero mean and unit spread. While training, any border
may be given the teacher's features instead of its own (``forced``): then the parts behind it
learn from the first step as if those before it were ready.
"""

import torch
from torch import nn
from torch.nn import functional

from models.training.contracts import LABELS, STRIDES
from models.training.teacher import CHANNELS, Tensors

MEAN, SPREAD = 114.0, 64.0  # of a picture's values, as the exported model takes them too
LIKELIHOOD = -4.6  # log-odds at the start: hardly any cell holds a thing
LEVEL = 64  # channels of the neck and heads


def conv(
    before: int, after: int, kernel: int = 1, stride: int = 1, groups: int = 1, *, act: bool = True
) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after, momentum=0.03),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if act else []))


class Separate(nn.Module):
    """Depthwise, then pointwise; added to its input where the shapes allow."""

    def __init__(self, before: int, after: int, stride: int = 1, *, act: bool = True) -> None:
        super().__init__()
        self.added = before == after and stride == 1
        self.steps = nn.Sequential(
            conv(before, before, 5, stride, before, act=False), conv(before, after, act=act)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.steps(x)
        return x + y if self.added else y


class Inverted(nn.Module):
    """Pointwise to twice the channels, depthwise, pointwise back, added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = 2 * channels
        self.steps = nn.Sequential(
            conv(channels, wide), conv(wide, wide, 5, 1, wide), conv(wide, channels, act=False)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.steps(x)


class Pooled(nn.Module):
    """What lies within 5, 9 and 13 cells, beside the cell itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = conv(channels, channels // 2)
        self.wide = conv(channels * 2, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = [self.narrow(x)]
        for _ in range(3):
            seen.append(functional.max_pool2d(seen[-1], 5, 1, 2))
        return self.wide(torch.cat(seen, 1))


def border(channels: int, name: str) -> nn.Conv2d:
    return nn.Conv2d(channels, CHANNELS[name], 1)


class Head(nn.Module):
    """One level: from ``stem`` to the teacher's two kinds of features, then scores and box."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.towers = nn.ModuleDict(
            {
                kind: nn.Sequential(
                    Separate(LEVEL, LEVEL), Separate(LEVEL, LEVEL), border(LEVEL, f"{kind}{stride}")
                )
                for kind in ("class", "box")
            }
        )
        self.scores = nn.Sequential(conv(2 * LEVEL, LEVEL), nn.Conv2d(LEVEL, len(LABELS), 1))
        self.box = nn.Conv2d(LEVEL, 4, 1)
        nn.init.constant_(self.scores[1].bias, LIKELIHOOD)
        nn.init.normal_(self.scores[1].weight, 0, 0.01)


class Forcing:
    """Which samples (n) see the teacher's features at a border instead of the network's own."""

    def __init__(self, hints: Tensors, share: float, generator: torch.Generator) -> None:
        self._hints, self._share, self._generator = hints, share, generator

    def __call__(self, name: str, own: torch.Tensor) -> torch.Tensor:
        draws = torch.rand(len(own), generator=self._generator, device=own.device)
        chosen = (draws < self._share)[:, None, None, None]
        return torch.where(chosen, self._hints[name].to(own.dtype), own)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.c2 = nn.Sequential(
            conv(3, 16, 3, 2), conv(16, 32, 3, 2), Separate(32, 32), border(32, "c2")
        )
        self.c3 = nn.Sequential(
            conv(32, 64, 3, 2), Inverted(64), Inverted(64), nn.ReLU(), border(64, "c3")
        )
        self.c4 = nn.Sequential(
            Separate(64, 128, 2), Inverted(128), Inverted(128), nn.ReLU(), border(128, "c4")
        )
        self.c5 = nn.Sequential(
            Separate(128, 192, 2), Pooled(192), Separate(192, 192), border(192, "c5")
        )
        self.sides = nn.ModuleList(conv(CHANNELS[name], LEVEL) for name in ("c3", "c4", "c5"))
        self.down = nn.ModuleList(Separate(LEVEL, LEVEL) for _ in range(2))
        self.steps = nn.ModuleList(Separate(LEVEL, LEVEL, 2) for _ in range(2))
        self.up = nn.ModuleList(Separate(LEVEL, LEVEL) for _ in range(2))
        self.stems = nn.ModuleList(border(LEVEL, f"stem{stride}") for stride in STRIDES)
        self.heads = nn.ModuleList(Head(stride) for stride in STRIDES)

    def forward(
        self, pictures: torch.Tensor, forcing: Forcing | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, Tensors]:
        """Log-odds (n, cells, labels), raw boxes (n, cells, 4) and the network's own features.

        ``pictures``: (n, 3, side, side) BGR, 0..255.
        """
        own: Tensors = {}

        def passed(name: str, feature: torch.Tensor) -> torch.Tensor:
            own[name] = feature
            return feature if forcing is None else forcing(name, feature)

        x = (pictures - MEAN) / SPREAD
        levels = []
        for name in ("c2", "c3", "c4", "c5"):
            x = passed(name, getattr(self, name)(x))
            levels.append(x)
        scores, boxes = [], []
        for stride, stem, head in zip(STRIDES, self._stems(levels[1:]), self.heads, strict=True):
            feature = passed(f"stem{stride}", stem)
            kinds = [
                passed(f"{kind}{stride}", head.towers[kind](feature)) for kind in ("class", "box")
            ]
            scores.append(head.scores(torch.cat(kinds, 1)).flatten(2))
            boxes.append(head.box(kinds[1]).flatten(2))
        return torch.cat(scores, 2).transpose(1, 2), torch.cat(boxes, 2).transpose(1, 2), own

    def _stems(self, levels: list[torch.Tensor]) -> list[torch.Tensor]:
        fine, middle, coarse = (side(x) for side, x in zip(self.sides, levels, strict=True))
        middle = self.down[0](middle + functional.interpolate(coarse, scale_factor=2.0))
        fine = self.down[1](fine + functional.interpolate(middle, scale_factor=2.0))
        middle = self.up[0](middle + self.steps[0](fine))
        coarse = self.up[1](coarse + self.steps[1](middle))
        return [stem(x) for stem, x in zip(self.stems, (fine, middle, coarse), strict=True)]
