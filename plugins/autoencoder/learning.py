"""Learning to undo damage: what `zoo.training.loop` needs to know of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .distort import damage
from .material import batch
from .net import Autoencoder

SIDE, BATCH = 64, 8
CHANCES = {"colour": 0.4, "texture": 0.8}
SEVERITY, LOCAL = (0.2, 1.0), 0.25
RATE = 2e-3

FLOOR = 1e-3
"""The squared error that decibels are counted from. Near 0 the mildly damaged pictures would outweigh the others, and
the network learn to leave everything as it is."""

KEPT = 0.998
"""Of the average, at each step: it is that of the last 500 or so."""

Pair = tuple[Tensor, Tensor]
"""Clean crops and the same damaged, `[N,3,SIDE,SIDE]` in 0..1."""


def pairs(sources: Sequence[Sequence[Tensor]]) -> Callable[[int], Pair]:
    """What batches are drawn with: crops of the sources (see `material`), and damage to them."""

    def draw(size: int) -> Pair:
        where, how = torch.randint(2**62, (2,)).tolist()
        clean = batch(sources, size, SIDE, where)
        return clean, damage(clean, how, CHANCES, SEVERITY, LOCAL).images

    return draw


class Restoring:
    """A denoising autoencoder (Vincent et al. 2008): what comes out is held against what was there before the damage.

    `shown` is the pair that sheets are of.
    """

    def __init__(self, shown: Pair) -> None:
        self.net = Autoencoder().to(memory_format=torch.channels_last)
        self.average = AveragedModel(self.net, multi_avg_fn=get_ema_multi_avg_fn(KEPT))
        self.optimizer = torch.optim.AdamW(self.net.parameters(), betas=(0.9, 0.99), weight_decay=1e-4)
        self.parts = {"net": self.net, "average": self.average, "optimizer": self.optimizer}
        self.shown = shown

    def step(self, pair: Pair, progress: float) -> dict[str, Tensor]:
        clean, damaged = pair
        for group in self.optimizer.param_groups:
            group["lr"] = rate(progress)
        errors = decibels(self.net(damaged.contiguous(memory_format=torch.channels_last)), clean)
        self.optimizer.zero_grad()
        errors.mean().backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.average.update_parameters(self.net)
        gain = decibels(damaged, clean) - errors.detach()
        return {"error, dB": errors.detach().mean(), "gain, dB": gain.mean()}

    @torch.no_grad()
    def sample(self) -> Tensor:
        """Sixteen times damaged, mended, clean and a gap, two to a row: `[64,3,SIDE,SIDE]`."""
        clean, damaged = self.shown
        mended = self.result()(damaged)
        return torch.stack([damaged, mended, clean, torch.ones_like(clean)], dim=1).flatten(0, 1)

    def result(self) -> nn.Module:
        """The averaged network, on the CPU."""
        return copy.deepcopy(self.average.module).cpu().eval()


def rate(progress: float) -> float:
    """The learning rate: a warm-up, a plateau, and over the last 40 % of the budget a straight way down."""
    return RATE * min(1.0, 0.01 + progress / 0.02, (1 - progress) / 0.4)


def decibels(images: Tensor, clean: Tensor) -> Tensor:
    """How far each of the images is from the clean one, `[N]`: the log of the squared error above `FLOOR`."""
    return 10 * ((images - clean).square().flatten(1).mean(1) + FLOOR).log10()
