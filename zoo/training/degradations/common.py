"""What the degradations are made of: chance, blending, filtering."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

Degradation = Callable[[Tensor, float, Generator], Tensor]

LUMA = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
"""Weights of red, green and blue in luma (ITU-R BT.601)."""
FADED_IN = 0.05
"""The severity from which on a degradation that cannot be mild in itself is there in full."""


def uniform(rng: Generator, low: float, high: float) -> float:
    return low + (high - low) * torch.rand((), generator=rng).item()


def choice(rng: Generator, count: int) -> int:
    return int(torch.randint(count, (), generator=rng).item())


def fade_in(picture: Tensor, spoilt: Tensor, severity: float) -> Tensor:
    """`spoilt`, blended into `picture` at severities so low that its own least step would be a jump."""
    return torch.lerp(picture, spoilt, min(1.0, severity / FADED_IN))


def luma(picture: Tensor) -> Tensor:
    return (picture * LUMA).sum(0, keepdim=True)


def filtered(picture: Tensor, kernel: Tensor) -> Tensor:
    """Convolved with `kernel` (an odd number of taps) along both axes; the border's pixels go on beyond it."""
    reach = len(kernel) // 2
    padded = F.pad(picture[:, None], (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))[:, 0]


def gaussian(picture: Tensor, sigma: float) -> Tensor:
    """Blurred with a Gaussian of `sigma` pixels."""
    reach = math.ceil(3 * sigma)
    bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2)
    return filtered(picture, bell / bell.sum())
