"""The variational autoencoder: a deep encoder, and a decoder that draws."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

VAE_LATENT, VAE_SIDE = 64, 64
WIDTHS = (32, 64, 96, 128)
"""Channels at 32, 16, 8 and 4 px."""

COARSEST = VAE_SIDE // 2 ** len(WIDTHS)


class Vae(nn.Module):
    """A latent Gaussian for each picture, and back (Kingma and Welling 2013, arXiv:1312.6114).

    Residual blocks (He 2016, arXiv:1603.05027) that start as the identity, so no norm is needed: what a picture
    becomes never depends on its batch, in training either.
    """

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        flat = widths[-1] * COARSEST**2
        down = [layer for before, after in pairwise(widths) for layer in (_halve(before, after), Block(after))]
        up = [layer for before, after in pairwise(widths[::-1]) for layer in (_double(before, after), Block(after))]
        self.encoder = nn.Sequential(
            *(nn.PixelUnshuffle(2), nn.Conv2d(12, widths[0], 3, padding=1), Block(widths[0]), *down),
            *(nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(flat, 2 * VAE_LATENT)),
        )
        self.decoder = nn.Sequential(
            *(nn.Linear(VAE_LATENT, flat), nn.Unflatten(1, (widths[-1], COARSEST, COARSEST)), Block(widths[-1])),
            *(*up, nn.LeakyReLU(0.2), nn.Conv2d(widths[0], 12, 3, padding=1), nn.PixelShuffle(2)),
        )

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """`[N,3,64,64]` in 0..1 → the mean and the log of the variance of each one's latent, `[N,64]` each."""
        mean, log_variance = self.encoder(2 * images - 1).chunk(2, dim=1)
        return mean, log_variance.clamp(-10, 4)

    def encode(self, images: Tensor) -> Tensor:
        """`[N,3,H,W]` in 0..1, of any size, cut square → the posterior's mean, `[N,64]`."""
        return self.posterior(framed(images))[0]

    def forward(self, latents: Tensor) -> Tensor:
        """`[N,64]` → `[N,3,64,64]` in 0..1."""
        return self.decoder(latents).sigmoid()


class Block(nn.Module):
    """Two 3×3 convolutions with a skip, `[N,C,H,W]` → the same. The second starts at zero (Zhang 2019,
    arXiv:1901.09321)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(leaky_relu(self.first(leaky_relu(x, 0.2)), 0.2))


def framed(images: Tensor) -> Tensor:
    """`[N,3,H,W]`, at least 1 px a side → `[N,3,64,64]`: the largest square in the middle, scaled."""
    height, width = images.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = images[..., top : top + side, left : left + side]
    if side == VAE_SIDE:
        return square
    return interpolate(square, (VAE_SIDE, VAE_SIDE), mode="bilinear", antialias=True).clamp(0, 1)


def _halve(before: int, after: int) -> nn.Module:
    return nn.Conv2d(before, after, 2, stride=2)


def _double(before: int, after: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, 4 * after, 1), nn.PixelShuffle(2))
