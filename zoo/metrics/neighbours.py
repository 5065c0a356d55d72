"""Distances between sets of features, in parts that fit in memory: what the nearest-neighbour metrics share."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

ROWS = 1024
"""Rows of the table of distances that are held at once: against 8192 others, 64 MB."""


def distances(first: Tensor, second: Tensor) -> Iterator[Tensor]:
    """Euclidean distances from `first` `[N,D]` to `second` `[M,D]`, as `[up to 1024, M]` at a time, in order.

    In double precision about a common centre: they come from a product of matrices, which is fast and would lose
    small distances between large features otherwise.
    """
    centre = second.double().mean(0)
    there = second.double() - centre
    for rows in torch.split(first, ROWS):
        yield torch.cdist(rows.double() - centre, there)


def nearest(first: Tensor, second: Tensor) -> Tensor:
    """How far each of `first` `[N,D]` is from the nearest of `second` `[M,D]`: `[N]`."""
    return torch.cat([part.amin(1) for part in distances(first, second)])


def radii(features: Tensor, k: int) -> Tensor:
    """How far each of `features` `[N,D]` is from the `k`-th nearest of the others: `[N]`. N is over k."""
    return torch.cat([part.kthvalue(k + 1, dim=1).values for part in distances(features, features)])
