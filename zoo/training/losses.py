"""Adversarial losses, and penalties on the discriminator's slope.

Each loss is two functions of the same logits, `…_discriminator(real, drawn)` and `…_generator(real, drawn)`. Logits
are `[N, 1]`, positive where the discriminator says “real”; a loss is a scalar, to be made small. Any pair can take
another's place, so a generator's loss is handed the real logits too, though only the relativistic one looks at them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Discriminator = Callable[[Tensor], Tensor]
"""`[N,3,H,W]` in 0..1 → logits `[N, 1]`."""


def saturating_discriminator(real: Tensor, drawn: Tensor) -> Tensor:
    """−log D(real) − log(1 − D(drawn)), with D the sigmoid of the logits (Goodfellow 2014, arXiv:1406.2661, eq. 1)."""
    return softplus(-real).mean() + softplus(drawn).mean()


def saturating_generator(real: Tensor, drawn: Tensor) -> Tensor:
    """log(1 − D(drawn)): the same game from the other side. Its slope vanishes where the discriminator is sure."""
    return -softplus(drawn).mean()


non_saturating_discriminator = saturating_discriminator
"""The two games differ in the generator's loss alone."""


def non_saturating_generator(real: Tensor, drawn: Tensor) -> Tensor:
    """−log D(drawn), which is steep where the discriminator is sure (Goodfellow 2014, section 3)."""
    return softplus(-drawn).mean()


def least_squares_discriminator(real: Tensor, drawn: Tensor) -> Tensor:
    """Logits are drawn to 1 for real ones and to −1 for drawn ones (Mao 2017, arXiv:1611.04076, eq. 8)."""
    return ((real - 1).square().mean() + (drawn + 1).square().mean()) / 2


def least_squares_generator(real: Tensor, drawn: Tensor) -> Tensor:
    """Logits of drawn ones are drawn to 0, where the divergence is Pearson's χ² (Mao 2017, eq. 8)."""
    return drawn.square().mean() / 2


def hinge_discriminator(real: Tensor, drawn: Tensor) -> Tensor:
    """Nothing left to learn from logits beyond ±1 (Lim and Ye 2017, arXiv:1705.02894; Miyato 2018, arXiv:1802.05957,
    eq. 16)."""
    return relu(1 - real).mean() + relu(1 + drawn).mean()


def hinge_generator(real: Tensor, drawn: Tensor) -> Tensor:
    """The mean logit of the drawn ones, negated (Miyato 2018, eq. 17)."""
    return -drawn.mean()


def wasserstein_discriminator(real: Tensor, drawn: Tensor) -> Tensor:
    """How far the mean logits are apart, negated (Arjovsky 2017, arXiv:1701.07875, eq. 2). A distance only where the
    slope is at most 1: add 10 times the `wasserstein_penalty`."""
    return drawn.mean() - real.mean()


def wasserstein_generator(real: Tensor, drawn: Tensor) -> Tensor:
    """The mean logit of the drawn ones, negated (Arjovsky 2017, algorithm 1)."""
    return -drawn.mean()


def relativistic_discriminator(real: Tensor, drawn: Tensor) -> Tensor:
    """How far real ones are from beating drawn ones, pair by pair (Jolicoeur-Martineau 2018, arXiv:1807.00734).
    With `gradient_penalty` on both it is R3GAN's (Huang 2024, arXiv:2501.05441)."""
    return softplus(drawn - real).mean()


def relativistic_generator(real: Tensor, drawn: Tensor) -> Tensor:
    """How far drawn ones are from beating real ones."""
    return softplus(real - drawn).mean()


def gradient_penalty(discriminator: Discriminator, images: Tensor, step: float = 0.03) -> Tensor:
    """E‖∇D‖² at `images`: R1 on real ones (Mescheder 2018, arXiv:1801.04406), R2 on drawn ones.

    By one finite difference along noise, which costs no second backward pass: E[(D(x+s·ε) − D(x))²]/s² = E‖∇D‖²
    for ε standard normal and s small.
    """
    noise = torch.randn_like(images) * step
    here, there = discriminator(torch.cat([images, images + noise])).chunk(2)
    return (there - here).square().mean() / step**2


def wasserstein_penalty(discriminator: Discriminator, real: Tensor, drawn: Tensor) -> Tensor:
    """E(‖∇D‖ − 1)² somewhere between each real picture and a drawn one (Gulrajani 2017, arXiv:1704.00028, eq. 3).

    Exact, by a second backward pass; the discriminator must treat each picture alone, so no batch norm in it.
    """
    share = torch.rand(len(real), 1, 1, 1, device=real.device)
    between = torch.lerp(drawn.detach(), real, share).requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    length: Tensor = slope.flatten(1).norm(dim=1)
    return (length - 1).square().mean()
