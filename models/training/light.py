"""What cameras, rooms and networks do to a picture, on the device that trains.

The teacher sees the picture before, the student after.
"""

import math

import torch
from torch.nn import functional

BLOCK = 8  # of the compression


class Light:
    def __init__(self, device: str) -> None:
        at = torch.arange(BLOCK, dtype=torch.float32)
        waves = torch.cos((2 * at[None] + 1) * at[:, None] * math.pi / (2 * BLOCK))
        waves[0] *= math.sqrt(0.5)
        self._waves = (waves * math.sqrt(2 / BLOCK)).to(device)
        frequency = at[:, None] + at[None]
        self._steps = (4 + 5 * frequency).to(device)

    def __call__(
        self, pictures: torch.Tensor, share: float, generator: torch.Generator
    ) -> torch.Tensor:
        """(n, 3, side, side) BGR 0..255; a new tensor in which this share is changed.

        The early features of a changed picture cannot be those of the teacher, who saw it as it
        was: when every picture was changed they stayed two thirds unexplained.
        """
        draws = torch.rand(len(pictures), generator=generator, device=pictures.device)
        changed = (draws < share)[:, None, None, None]
        return torch.where(changed, self._changed(pictures, generator), pictures)

    def _changed(self, pictures: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        n, device = len(pictures), pictures.device

        def between(low: float, high: float) -> torch.Tensor:
            draws = torch.rand(n, 1, 1, 1, generator=generator, device=device)
            return low + (high - low) * draws

        def often(share: float) -> torch.Tensor:
            return between(0, 1) < share

        def normal(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=generator, device=device)

        x = pictures
        grey = x.mean(1, keepdim=True)
        x = grey + (x - grey) * torch.where(often(0.06), 0.0, between(0.5, 1.4))
        x = x * (1 + 0.08 * normal(n, 3, 1, 1) * often(0.6))
        x = x * torch.where(often(0.2), between(0.2, 0.6), between(0.65, 1.3)) + between(-12, 12)
        bent = (x.clamp(1, 255) / 255).pow(between(0.6, 1.6)) * 255
        x = torch.where(often(0.3), bent, x).clamp(0, 255)
        soft = functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        x = torch.where(often(0.3), soft, x)
        half = functional.interpolate(
            functional.avg_pool2d(x, 2), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        x = torch.where(often(0.2), half, x)
        noise = normal(n, 1, *x.shape[2:]) * torch.where(often(0.4), between(1, 9), 0.0)
        x = (x + noise).clamp(0, 255)
        return torch.where(often(0.3), self._compressed(x, between(0.5, 3)), x)

    def _compressed(self, x: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
        """Blocks of 8 x 8 whose fine detail is rounded away, as video at a low rate has them."""
        n, channels, height, width = x.shape
        blocks = x.reshape(n, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
        blocks = blocks.permute(0, 1, 2, 4, 3, 5)
        waves = self._waves @ blocks @ self._waves.T
        steps = self._steps * strength[..., None, None]
        waves = torch.round(waves / steps) * steps
        blocks = self._waves.T @ waves @ self._waves
        return blocks.permute(0, 1, 2, 4, 3, 5).reshape(x.shape).clamp(0, 255)
