"""Adversarial losses. Logits are `[N, 1]`, positive where the discriminator says “real”; a loss is a scalar."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import softplus


def relativistic_loss(winner: Tensor, loser: Tensor) -> Tensor:
    """How far `winner` is from beating `loser`, pair by pair (Jolicoeur-Martineau 2018, arXiv:1807.00734): the
    discriminator's loss with the real ones as winner, the generator's with its own."""
    return softplus(loser - winner).mean()


def gradient_penalty(discriminator: Callable[[Tensor], Tensor], images: Tensor, step: float = 0.03) -> Tensor:
    """E‖∇D‖² at `images`: R1 on real ones (Mescheder 2018, arXiv:1801.04406), R2 on drawn ones.

    By one finite difference along noise, which costs no second backward pass: E[(D(x+s·ε) − D(x))²]/s² = E‖∇D‖²
    for ε standard normal and s small.
    """
    noise = torch.randn_like(images) * step
    both: Tensor = discriminator(torch.cat([images, images + noise]))
    here, there = both.chunk(2)
    return (there - here).square().mean() / step**2
