"""The network of the corrector of record, and what its errors say."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

CELL = 8
"""Errors are judged in cells of 8x8 pixels."""

FAINT = 1e-4
"""The variance of detail that the eye hardly sees, added where there is none."""

KINDS = ("colour", "texture")

DETAIL = 5.0
"""How much louder the network is shown fine detail than it is: noise and blur are small beside what they spoil."""


class Block(nn.Module):
    """Two 3x3 convolutions with a skip, scaled in between by the mean over the whole picture (Hu et al. 2018):
    a cast is a property of the picture, not of any neighbourhood in it. `[N,C,H,W]` -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.whole = nn.Linear(channels, 2 * channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.whole.weight)
        nn.init.zeros_(self.whole.bias)
        nn.init.normal_(self.second.weight, std=0.2 / (9 * channels) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(self.norm(x))
        scale, shift = self.whole(hidden.mean((2, 3)))[:, :, None, None].chunk(2, dim=1)
        return x + self.second(F.leaky_relu(2 * scale.sigmoid() * hidden + shift, 0.1))


def halve(before: int, after: int) -> nn.Module:
    return nn.Conv2d(before, after, 2, stride=2)


def double(before: int, after: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, 4 * after, 1), nn.PixelShuffle(2))


class Autoencoder(nn.Module):
    """f(x) = x + R(x), trained to give back the clean picture from a damaged one. `[N,3,H,W]`, sides multiples of 8.

    R is a U-Net (Ronneberger et al. 2015) on pixel-unshuffled pictures, and starts near zero.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        fine, middle, coarse = width, 2 * width, 3 * width
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(24, fine, 3, padding=1), Block(fine))
        self.down = nn.Sequential(halve(fine, middle), Block(middle), Block(middle))
        self.bottom = nn.Sequential(
            halve(middle, coarse), Block(coarse), Block(coarse), Block(coarse), double(coarse, middle)
        )
        self.up = nn.Sequential(Block(middle), Block(middle), double(middle, fine))
        self.head = nn.Sequential(Block(fine), nn.Conv2d(fine, 12, 3, padding=1), nn.PixelShuffle(2))
        nn.init.normal_(self.head[1].weight, std=1e-3)

    def forward(self, images: Tensor) -> Tensor:
        detail = images - F.avg_pool2d(images, 5, stride=1, padding=2, count_include_pad=False)
        fine = self.stem(torch.cat([images - 0.5, DETAIL * detail], dim=1))
        middle = self.down(fine)
        middle = middle + self.bottom(middle)
        return images + self.head(fine + self.up(middle))


@dataclass(frozen=True)
class Errors:
    """The logs of what |x - f(x)|^2 is made of, `pictures` `[N,2]` and `cells` `[N,2,H/8,W/8]`; kinds as in `KINDS`."""

    pictures: Tensor
    cells: Tensor


class Baseline(nn.Module):
    """The autoencoder, with what its errors are on clean pictures.

    `pictures` and `cells`, `[2,2,2]`: for pictures of any making, and for those known to be restyled, by each of
    `KINDS`, the median and the 95 % quantile of the log errors.
    """

    pictures: Tensor
    cells: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.autoencoder = Autoencoder()
        self.register_buffer("pictures", torch.tensor([[[-13.0, -12.0], [-3.0, -2.0]]] * 2))
        self.register_buffer("cells", torch.tensor([[[-14.0, -12.0], [-4.0, -2.0]]] * 2))

    def errors(self, images: Tensor) -> Errors:
        """|x - f(x)|^2 in cells, split in two: the square of a cell's mean error, which a cast makes, and the error's
        variance, which spoilt detail makes, as a share of the detail that is there.

        A picture's texture error is that of its mean cell; its colour error is that of the whole, as if one cell.
        """
        error = images - self.autoencoder(images)
        colour = F.avg_pool2d(error, CELL).square().mean(1)
        texture = variance(error) / (variance(images) + FAINT)
        pictures = torch.stack([error.mean((2, 3)).square().mean(1), texture.mean((1, 2))], dim=1)
        return Errors(log(pictures), log(torch.stack([colour, texture], dim=1)))

    def scores(self, errors: Errors, restyled: bool, shift: float) -> Tensor:
        """How far each picture is out of the ordinary, `[N,2]` in 0..1. At `shift` 0 the 95 % quantile of clean
        pictures scores 0.5, and their median 0.1."""
        usual, high = self.pictures[int(restyled)].unbind(1)
        return torch.sigmoid(math.log(9) * ((errors.pictures - high) / (high - usual) + shift))

    def map(self, errors: Errors, scores: Tensor, restyled: bool) -> Tensor:
        """Where, `[N,1,H,W]` in 0..1: for the kinds that score above 0.5, the cells with unusual errors."""
        usual, high = self.cells[int(restyled), :, :, None, None].unbind(1)
        smooth = F.avg_pool2d(errors.cells, 3, stride=1, padding=1, count_include_pad=False)
        heat = ((smooth - usual) / (2 * (high - usual))).clamp(0, 1) * (scores > 0.5)[:, :, None, None]
        return F.interpolate(heat.amax(1, keepdim=True), scale_factor=CELL, mode="bilinear")


def variance(images: Tensor) -> Tensor:
    """The variance within each cell, averaged over the channels: `[N,3,H,W]` -> `[N,H/8,W/8]`."""
    return (F.avg_pool2d(images.square(), CELL) - F.avg_pool2d(images, CELL).square()).mean(1)


def log(errors: Tensor) -> Tensor:
    return errors.clamp_min(1e-9).log()
