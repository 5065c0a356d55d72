"""What a picture is described by: numbers of natural-scene statistics and of forensics, of the whole and of 16 parts.

Mittal et al. 2012 (BRISQUE) and 2013 (NIQE): mean-subtracted contrast-normalised values and their products. Besides:
noise, band energies, the grid of JPEG, periodic tiles, the histogram's gaps and ends, overshoot at edges, colours.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .describing import LENGTH, described
from .moments import moments
from .periods import Means

__all__ = ["GRID", "LENGTH", "PARTS", "features"]

SIDE, GRID, STEP = 256, 4, 32
"""A side of `SIDE` pixels or more is looked at through `GRID` windows of `SIDE / GRID`; views have sides in `STEP`s."""
SMALLEST = 64
"""Shorter sides are mirrored up to this."""
PARTS = GRID * GRID


def features(images: Tensor) -> Tensor:
    """`[N,3,H,W]` in 0..1, any size -> `[N,1+PARTS,D]`: of the whole, then of the parts row by row."""
    views, rows, columns = looks(levels(images))
    count, height, width = len(images), views.shape[2], views.shape[3]
    within = moments(views, GRID // rows, GRID // columns)
    joined = {name: _joined(one, count, rows, columns) for name, one in within.items()}
    area = height * width * rows * columns
    return torch.cat([described(_whole(joined), area), described(joined, area / PARTS)], dim=1)


def levels(images: Tensor) -> Tensor:
    """Grey levels, 0..255, in steps of 1 as in a file; the gradient passes through the rounding."""
    scaled = images.clamp(0, 1) * 255
    return scaled + (scaled.round() - scaled).detach()


def looks(images: Tensor) -> tuple[Tensor, int, int]:
    """`[N,C,H,W]` -> windows `[N*rows*columns,C,h,w]`, evenly spread, at multiples of 8; and rows and columns."""
    down, right = (_spans(length) for length in images.shape[2:])
    if len(down) == len(right) == 1:
        return images[:, :, down[0]][..., right[0]].contiguous(), 1, 1
    found = torch.stack([images[:, :, rows][..., columns] for rows in down for columns in right], 1)
    return found.flatten(0, 1), len(down), len(right)


def _spans(length: int) -> list[Tensor]:
    """Indices along an axis: all but a remainder, or windows; a short axis is mirrored."""
    if length < SMALLEST:
        there = torch.arange(SMALLEST) % (2 * length)
        return [torch.minimum(there, 2 * length - 1 - there)]
    if length < SIDE:
        return [torch.arange(length // STEP * STEP)]
    window = SIDE // GRID
    starts = [round(index * (length - window) / (GRID - 1) / 8 - 0.5) * 8 for index in range(GRID)]
    return [torch.arange(max(0, start), max(0, start) + window) for start in starts]


def _joined(means: Tensor, count: int, rows: int, columns: int) -> Tensor:
    """The cells of a picture's windows: `[N*rows*columns,k,r,c]` -> `[N,PARTS,k]`, row by row."""
    parts = means.unflatten(0, (count, rows, columns)).permute(0, 1, 4, 2, 5, 3)
    return parts.reshape(count, PARTS, -1)


def _whole(parts: Means) -> Means:
    return {name: one.mean(1, keepdim=True) for name, one in parts.items()}
