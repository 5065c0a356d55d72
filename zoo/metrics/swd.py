"""Sliced Wasserstein distance between sets of pictures, per level of their Laplacian pyramids."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

PATCH = 7
PATCHES = 64
"""Neighbourhoods drawn from each picture and level, and their side in pixels."""
SLICES = 256
SMALLEST = 16


def sliced_wasserstein(first: Tensor, second: Tensor, seed: int = 0) -> dict[int, float]:
    """For each level's side in pixels, the distance × 1000; 0 is best.

    Both are `[N,3,H,W]` in 0..1, as many of each. From every level come 7×7 neighbourhoods, normalised per channel by
    the mean and deviation of the first set, projected on 256 random directions. The finest level compares edges and
    grain, the coarsest colours and layout (Karras 2018, arXiv:1710.10196, section 5). Two real sets give the floor.
    """
    generator = torch.Generator().manual_seed(seed)
    return {
        a.shape[-1]: _distance(_patches(a, generator), _patches(b, generator), generator)
        for a, b in zip(_pyramid(first), _pyramid(second), strict=True)
    }


def _pyramid(images: Tensor) -> list[Tensor]:
    """What each halving takes away, finest first, and at last what is left at 16 px or fewer."""
    levels = []
    while images.shape[-1] > SMALLEST and images.shape[-1] % 2 == 0:
        half = avg_pool2d(images, 2)
        levels.append(images - interpolate(half, scale_factor=2.0, mode="bilinear"))
        images = half
    return [*levels, images]


def _patches(images: Tensor, generator: torch.Generator) -> Tensor:
    """`[N·64, 3, 49]`, from random places."""
    side = images.shape[-1] - PATCH + 1
    windows = images.unfold(2, PATCH, 1).unfold(3, PATCH, 1)
    count = len(images) * PATCHES
    rows, columns = torch.randint(side, (2, count), generator=generator)
    return windows[torch.arange(len(images)).repeat_interleave(PATCHES), :, rows, columns].flatten(2)


def _distance(first: Tensor, second: Tensor, generator: torch.Generator) -> float:
    mean, deviation = first.mean((0, 2), keepdim=True), first.std((0, 2), keepdim=True).clamp_min(1e-8)
    a, b = (((patches - mean) / deviation).flatten(1) for patches in (first, second))
    slices = torch.randn(a.shape[1], SLICES, generator=generator)
    slices /= slices.norm(dim=0)
    total = sum(float(_one_dimensional(a @ part, b @ part)) for part in torch.split(slices, 16, dim=1))
    return 1000 * total / SLICES


def _one_dimensional(a: Tensor, b: Tensor) -> Tensor:
    """The Wasserstein-1 distance along each column, summed: between sorted samples it is the mean difference."""
    return (a.sort(0).values - b.sort(0).values).abs().mean(0).sum()
