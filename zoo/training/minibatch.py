"""Minibatch statistics: a discriminator that sees how varied a batch is notices a generator that draws one picture."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

EPSILON = 1e-8


class MinibatchDeviation(nn.Module):
    """`[N,C,H,W]` → `[N,C+1,H,W]`: one more channel, how much the pictures of a group differ (Karras 2018,
    arXiv:1710.10196, section 3).

    The standard deviation of each feature over the group, averaged over features and places. A group is `group`
    pictures, fewer where the batch cannot be split so; a batch of one differs by nothing.
    """

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = group

    def forward(self, features: Tensor) -> Tensor:
        count, _, height, width = features.shape
        groups = features.reshape(-1, math.gcd(count, self.group), *features.shape[1:])
        deviation = (groups.var(1, correction=0) + EPSILON).sqrt().mean((1, 2, 3))
        each = deviation.repeat_interleave(groups.shape[1])[:, None, None, None]
        return torch.cat([features, each.expand(-1, 1, height, width)], dim=1)
