"""What is usual: in pictures of some making, and in what clean ones of it score."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .reference import COLOURS

KINDS = 8
"""In the order of `zoo.training.anomalies.SEEN`."""
RANK = 96
"""Directions in which pictures are held against the normal of a making: it stays under 64 kB."""
MODES = 2
"""Scores differ between pictures by themselves, 0, and those held against their originals, 1."""
QUANTILES = 101
SHRUNK = (0.1, 0.001)
"""The share of each feature's variance that is taken for its own, where a normal is of few pictures or of many."""


class Normals(nn.Module):
    """Means, and whitening matrices as the halves below their diagonals, row by row."""

    mean: Tensor
    whitening: Tensor

    def __init__(self, count: int, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(count, size))
        self.register_buffer("whitening", _half(torch.eye(size)).repeat(count, 1))

    def forward(self, values: Tensor, which: Tensor) -> Tensor:
        """`[N,size]` and which normal, `[N]` -> how far from it, in standard deviations of uncorrelated directions."""
        return self._all(values)[which, torch.arange(len(values), device=values.device)]

    def nearest(self, values: Tensor) -> Tensor:
        """The same for the normal that each is nearest to."""
        found = self._all(values)
        return found[found.square().sum(2).argmin(0), torch.arange(len(values), device=values.device)]

    def _all(self, values: Tensor) -> Tensor:
        """`[count,N,size]`."""
        count, size = self.mean.shape
        rows, columns = torch.tril_indices(size, size, device=values.device)
        whole = values.new_zeros(count, size, size)
        whole[:, rows, columns] = self.whitening
        return (values - self.mean[:, None]) @ whole.mT

    def fit(self, which: int, values: Tensor, shrunk: float | None = None) -> None:
        """Take the normal from clean pictures, `[n,size]`."""
        self.mean[which], whole = normal(values, shrunk)
        self.whitening[which] = _half(whole)


def _half(matrix: Tensor) -> Tensor:
    return matrix[*torch.tril_indices(*matrix.shape)]


def normal(values: Tensor, shrunk: float | None = None) -> tuple[Tensor, Tensor]:
    """Mean and whitening matrix, 0 above the diagonal. Features are taken to vary by themselves in part: by `shrunk`,
    or where it is not given by `SHRUNK`."""
    mean, spread = values.mean(0), values.std(0).clamp_min(0.02)
    if shrunk is None:
        shrunk = SHRUNK[len(values) >= 2 * len(mean)]
    scaled = ((values - mean) / spread).double()
    own = torch.eye(len(mean), dtype=torch.float64)
    covariance = (1 - shrunk) * scaled.T @ scaled / (len(values) - 1) + shrunk * own
    inverse = torch.linalg.inv(torch.linalg.cholesky(covariance))
    return mean, inverse.float() / spread


def distance(off: Tensor) -> Tensor:
    """The log of the mean square: `[N,size]` -> `[N]`."""
    return off.square().mean(1).add(1e-3).log()


class Makings(nn.Module):
    """What is usual in pictures of `count` makings, alone and compared, and what clean ones score.

    `typical` is how a stylizer moves colours, `usual` the median and the 95 % quantile of each signal and of both
    together, `kinds` the 95 % quantile of the highest logit of a kind, `quantiles` those of the overall score, `counts`
    how many pictures these are of.
    """

    typical: Tensor
    usual: Tensor
    kinds: Tensor
    quantiles: Tensor
    counts: Tensor

    def __init__(self, count: int = 1) -> None:
        super().__init__()
        self.alone, self.compared = Normals(count, RANK), Normals(count, RANK + COLOURS)
        self.register_buffer("typical", torch.zeros(count, COLOURS))
        sets = (MODES, count)
        self.register_buffer("usual", torch.tensor([0.0, 1.0]).repeat(*sets, 3, 1))
        self.register_buffer("kinds", torch.zeros(sets))
        self.register_buffer("quantiles", torch.linspace(0, 1, QUANTILES).repeat(*sets, 1))
        self.register_buffer("counts", torch.ones(sets))

    def fit(self, which: int, before: Tensor, after: Tensor, colour: Tensor) -> None:
        """Take the normals from clean pictures: where their originals are, and where they are, `[n,RANK]`; and how
        colours moved, `[n,COLOURS]`."""
        self.alone.fit(which, after)
        self.compared.fit(which, torch.cat([after - before, colour], 1))
        self.typical[which] = colour.median(0).values
