"""Differentiable augmentation, for sets too small for a discriminator not to learn by heart (Zhao 2020,
arXiv:2006.10738).

Real and drawn pictures are both augmented before the discriminator sees them, in its step and in the generator's, whose
gradient passes through. Chance is torch's generator's only, so that a resumed training goes on as it would have.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

SHIFT = 1 / 8
"""The farthest translation, as a share of the side."""
HOLE = 1 / 2
"""The side of the square that cutout covers, as a share of the side."""
GREY = 0.5
"""What shows where a picture has been moved away or cut out."""


def augment(images: Tensor) -> Tensor:
    """`[N,3,H,W]` in 0..1 → the same shape, each picture recoloured, moved and cut in a way of its own.

    Values may leave 0..1: clamping would stop the gradient.
    """
    return cutout(translate(recolour(images)))


def recolour(images: Tensor) -> Tensor:
    """Brightness ±0.25, saturation 0 to 2 times, contrast 0.5 to 1.5 times."""
    images = images + (_uniform(images) - 0.5) / 2
    grey = images.mean(1, keepdim=True)
    images = torch.lerp(grey, images, 2 * _uniform(images))
    mean = images.mean((1, 2, 3), keepdim=True)
    return torch.lerp(mean, images, 0.5 + _uniform(images))


def translate(images: Tensor) -> Tensor:
    """Moved by up to an eighth of the side, up or down and left or right."""
    count, _, height, width = images.shape
    down, right = round(height * SHIFT), round(width * SHIFT)
    rows = _starts(images, 2 * down + 1) + torch.arange(height, device=images.device)
    columns = _starts(images, 2 * right + 1) + torch.arange(width, device=images.device)
    around = pad(images, (right, right, down, down), value=GREY)
    which = torch.arange(count, device=images.device)[:, None, None]
    return around.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cutout(images: Tensor) -> Tensor:
    """A square of half the side is grey; its middle is anywhere in the picture."""
    height, width = images.shape[-2:]
    rows = _hidden(images, height)[:, None, :, None]
    columns = _hidden(images, width)[:, None, None, :]
    return images.masked_fill(rows & columns, GREY)


def _uniform(images: Tensor) -> Tensor:
    """One number in 0..1 for each picture, `[N,1,1,1]`."""
    return torch.rand(len(images), 1, 1, 1, device=images.device, dtype=images.dtype)


def _starts(images: Tensor, choices: int) -> Tensor:
    """One whole number from 0 up to `choices` for each picture, `[N,1]`."""
    return torch.randint(choices, (len(images), 1), device=images.device)


def _hidden(images: Tensor, side: int) -> Tensor:
    """Which of `side` rows, or columns, the hole of each picture is in, `[N, side]`."""
    hole = round(side * HOLE)
    first = _starts(images, side + 1) - hole // 2
    place = torch.arange(side, device=images.device)
    return (place >= first) & (place < first + hole)
