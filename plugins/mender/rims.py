"""What the greys of a drawing alone give away, stylizer by stylizer: see `greys`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .greys import GREYS

JUDGES = 2
"""Networks of each stylizer's that learn the same from other beginnings; what they say is averaged."""
LIMIT = 8.0
"""Standard deviations beyond which a number is no stranger."""


class Rims(nn.Module):
    """Greys `[N,GREYS]`, and by which of `count` stylizers each picture is, from 1 on (0: by none of them) -> the logit
    of there being anything wrong, `[N]`; 0 where no stylizer is told.

    Each has small networks of its own: what in ink is a halo is how a pencil looks.
    """

    usual: Tensor
    play: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("usual", torch.zeros(count, GREYS))
        self.register_buffer("play", torch.ones(count, GREYS))
        self.judges = nn.ModuleList(nn.ModuleList(_judge() for _ in range(JUDGES)) for _ in range(count))

    def forward(self, greys: Tensor, which: Tensor) -> Tensor:
        found = greys.new_zeros(len(greys))
        for number in which.unique().tolist():
            if number:
                its = which == number
                found[its] = self.said(greys[its], number).mean(0)
        return found

    def said(self, greys: Tensor, number: int) -> Tensor:
        """What each of a stylizer's networks says, `[JUDGES,N]`."""
        off = ((greys - self.usual[number - 1]) / self.play[number - 1]).clamp(-LIMIT, LIMIT)
        return torch.stack([judge(off)[:, 0] for judge in self.judges[number - 1]])

    def fit(self, greys: Tensor, number: int) -> None:
        """Take what is usual from clean pictures by a stylizer, `[n,GREYS]`."""
        self.usual[number - 1], self.play[number - 1] = greys.mean(0), greys.std(0).clamp_min(0.02)


def _judge() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(GREYS, 32), nn.LeakyReLU(0.1), nn.Linear(32, 16), nn.LeakyReLU(0.1), nn.Linear(16, 1)
    )
