"""The running average of a network's weights, which draws better than the network itself (Yazıcı 2018,
arXiv:1806.04498)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """Follows `net` with a half-life counted in pictures seen; the first pictures count less, as in StyleGAN2-ADA.

    `seen` is kept with the weights, as a number and not a tensor, so that no step waits for the device.
    """

    def __init__(self, net: nn.Module, half_life: float) -> None:
        super().__init__()
        self.net = copy.deepcopy(net).eval().requires_grad_(False)
        self.half_life = half_life
        self.seen = 0

    @torch.no_grad()
    def follow(self, net: nn.Module, batch: int) -> None:
        """One step of `batch` pictures. Buffers are averaged like weights; whole numbers are copied."""
        self.seen += batch
        keep = 0.5 ** (batch / min(self.half_life, max(self.seen * 0.05, 1e-8)))
        pairs = list(zip(self.net.state_dict().values(), net.state_dict().values(), strict=True))
        mine, theirs = ([pair[n] for pair in pairs if pair[0].is_floating_point()] for n in (0, 1))
        torch._foreach_lerp_(mine, theirs, 1 - keep)
        for counted, count in pairs:
            if not counted.is_floating_point():
                counted.copy_(count)

    def get_extra_state(self) -> int:
        return self.seen

    def set_extra_state(self, state: int) -> None:
        self.seen = state


@torch.no_grad()
def calibrate(net: nn.Module, latents: Tensor) -> None:
    """Set the running statistics of each batch norm in `net` to what these latents give, for averaged weights
    have activations of their own."""
    norms = [module for module in net.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    net.train()
    for chunk in torch.split(latents, 64):
        net(chunk)
    net.eval()
