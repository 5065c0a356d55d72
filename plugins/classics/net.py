"""The two generators, and the discriminators they were trained against."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

MLP_LATENT, MLP_SIDE = 64, 28
DCGAN_LATENT, DCGAN_SIDE = 128, 64
DIRECTIONS = 4


class MlpGenerator(nn.Module):
    """`[N, 64]` → `[N, 1, 28, 28]` in 0..1: two hidden layers of rectifiers (Goodfellow 2014, arXiv:1406.2661)."""

    def __init__(self, width: int = 512) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(MLP_LATENT, width),
            nn.ReLU(),
            nn.Linear(width, 2 * width),
            nn.ReLU(),
            nn.Linear(2 * width, MLP_SIDE**2),
        )

    def forward(self, latents: Tensor) -> Tensor:
        return self.layers(latents).sigmoid().unflatten(1, (1, MLP_SIDE, MLP_SIDE))


class MlpDiscriminator(nn.Sequential):
    """`[N, 1, 28, 28]` in 0..1 → `[N, 1]`."""

    def __init__(self, width: int = 512) -> None:
        super().__init__(
            nn.Flatten(),
            nn.Linear(MLP_SIDE**2, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )


class DcganGenerator(nn.Module):
    """`[N, 128]` → `[N, 3, 64, 64]` in 0..1: transposed convolutions, batch norm, rectifiers (Radford 2016,
    arXiv:1511.06434, figure 1)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        widths = [8 * width, 4 * width, 2 * width, width]
        self.first = nn.ConvTranspose2d(DCGAN_LATENT, widths[0], 4, bias=False)
        blocks: list[nn.Module] = [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for before, after in pairwise(widths):
            blocks += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.rest = nn.Sequential(*blocks, nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1))
        for n, axis in enumerate(torch.eye(DIRECTIONS, DCGAN_LATENT)):
            self.register_buffer(f"direction_{n}", axis)
        self.apply(_initialise)

    @torch.no_grad()
    def find_directions(self, chosen: Sequence[tuple[int, int]]) -> None:
        """Set the directions to those along which the first layer changes most: right singular vectors of its weight
        (Shen 2021, arXiv:2007.06600, eq. 4). `chosen` are the place of each in that order, and its sign."""
        vectors = torch.linalg.svd(self.first.weight.flatten(1).T, full_matrices=False).Vh
        for n, (place, sign) in enumerate(chosen):
            vector = vectors[place] * vectors[place][vectors[place].abs().argmax()].sign()
            self.get_buffer(f"direction_{n}").copy_(sign * vector)

    def forward(self, latents: Tensor) -> Tensor:
        return (self.rest(self.first(latents[:, :, None, None])).tanh() + 1) / 2


class DcganDiscriminator(nn.Module):
    """`[N, 3, 64, 64]` in 0..1 → `[N, 1]`: strided convolutions and leaky rectifiers."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width]
        blocks: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for before, after in pairwise(widths):
            blocks += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*blocks, nn.Conv2d(widths[-1], 1, 4), nn.Flatten())
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images * 2 - 1)


def _initialise(module: nn.Module) -> None:
    """Radford 2016, section 4: weights from N(0, 0.02²)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
