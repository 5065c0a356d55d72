"""The plain residual net F(x) = x + R(x), taught on the very lessons that the fixer has."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from ..fixing import Lesson, Taught, decibels, rate

WIDTH, DEPTH = 32, 8
RATE = 1e-3


class Plain(nn.Module):
    """Eight 3x3 convolutions of 32 channels at full size. `[N,3,H,W]` in 0..1 -> the same mended, not clamped."""

    def __init__(self) -> None:
        super().__init__()
        widths = [3, *[WIDTH] * (DEPTH - 1)]
        layers = [nn.Conv2d(before, after, 3, padding=1) for before, after in pairwise(widths)]
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        last = nn.Conv2d(WIDTH, 3, 3, padding=1)
        nn.init.normal_(last.weight, std=0.01 / (9 * WIDTH) ** 0.5)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(
            *(part for layer in layers for part in (layer, nn.LeakyReLU(0.1, inplace=True))), last
        )

    def forward(self, images: Tensor) -> Tensor:
        residual: Tensor = self.layers(images - 0.5)
        return images + residual


class Restoring(Taught[Plain]):
    """The loss, the average and the learning rate's fall are the fixer's too; only what learns is another."""

    def __init__(self, shown: Lesson) -> None:
        super().__init__(Plain())
        self.shown = shown

    def step(self, batch: tuple[Tensor, ...], progress: float) -> dict[str, Tensor]:
        at = Lesson(*batch)
        mended = self.net(at.spoilt.contiguous(memory_format=torch.channels_last))
        errors, before = (decibels(each.float(), at.clean, progress) for each in (mended, at.spoilt))
        self.learn(errors.mean(), rate(progress, RATE), len(mended))
        return {"error, dB": errors.detach().mean(), "gain, dB": (before - errors.detach()).mean()}

    @torch.no_grad()
    def sample(self) -> Tensor:
        """Spoilt, mended and clean, three to a row: `[48,3,H,W]`."""
        mended = self.result()(self.shown.spoilt)
        return torch.stack([self.shown.spoilt, mended, self.shown.clean], dim=1).flatten(0, 1)
