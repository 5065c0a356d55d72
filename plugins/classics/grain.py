"""Wavelet shrinkage: details too faint to be drawn on purpose are flattened, edges stay."""

from __future__ import annotations

import torch
from torch import Tensor

LEVELS = 2


def flatten(images: Tensor, threshold: float) -> Tensor:
    """`[N,3,H,W]` in 0..1 without grain fainter than `threshold`; H and W in steps of 4.

    Haar details under the threshold go (Donoho and Johnstone 1994), at all four places of the 2×2 grid, averaged, so
    that the grid does not show (Coifman and Donoho 1995).
    """
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    moved = (torch.roll(images, place, (2, 3)) for place in places)
    shrunk = (_shrink(image, threshold, LEVELS) for image in moved)
    back = [torch.roll(image, (-down, -right), (2, 3)) for image, (down, right) in zip(shrunk, places, strict=True)]
    return torch.stack(back).mean(0).clamp(0, 1)


def _shrink(images: Tensor, threshold: float, levels: int) -> Tensor:
    if levels == 0:
        return images
    blocks = images.unflatten(3, (-1, 2)).unflatten(2, (-1, 2))
    mean = blocks.mean((3, 5))
    details = blocks - mean[:, :, :, None, :, None]
    strength = details.abs().mean((3, 5), keepdim=True).amax(1, keepdim=True)
    coarse = _shrink(mean, threshold / 1.5, levels - 1)
    whole = coarse[:, :, :, None, :, None] + details * (strength > threshold)
    return whole.flatten(4, 5).flatten(2, 3)
