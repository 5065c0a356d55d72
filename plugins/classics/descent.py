"""What the trainings here have in common: Adam, how its rate falls, and the latents that samples are drawn from."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn, optim

from zoo.latents import latent

TRAINING_SEED = 1
"""Of the avatars that the bundled weights were trained on."""


def latents(count: int, length: int) -> Tensor:
    """Those of seeds 0, 1, 2, …, `[count, length]`."""
    return torch.from_numpy(np.stack([latent(seed, (length,)) for seed in range(count)]))


def adam(net: nn.Module, rate: float, momentum: float) -> optim.Adam:
    return optim.Adam(net.parameters(), rate, betas=(momentum, 0.99), fused=True)


def slow_down(optimizers: tuple[optim.Adam, ...], progress: float) -> None:
    """The learning rate falls to a tenth over the last 40 % of the budget."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = optimizer.defaults["lr"] * min(1.0, 0.1 + (1 - progress) / 0.4 * 0.9)


def descend(optimizer: optim.Adam, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
