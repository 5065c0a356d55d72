"""Fréchet distance."""

from __future__ import annotations

import torch
from torch import Tensor


def frechet(real: Tensor, fake: Tensor) -> float:
    """The squared Fréchet distance between normal distributions fitted to features `[N,D]` and `[M,D]`; 0 is best.

    |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁C₂)^½), which has no upper end and depends on the features' scale. It falls with
    the number of pictures: compare at equal N, and with two real sets. Source: D. C. Dowson and B. V. Landau, "The
    Fréchet distance between multivariate normal distributions", J. Multivariate Analysis 12(3), 1982, equation 4.
    The root's trace is that of (C₁^½ C₂ C₁^½)^½, which is symmetric: its eigenvalues are real, and those that rounding
    puts below 0 count as 0. So it holds for fewer pictures than features too.
    """
    (mean, spread), (other_mean, other_spread) = _moments(real), _moments(fake)
    values, vectors = torch.linalg.eigh(spread)
    root = vectors * values.clamp_min(0).sqrt() @ vectors.mT
    shared = torch.linalg.eigvalsh(root @ other_spread @ root).clamp_min(0).sqrt().sum()
    distance = (mean - other_mean).square().sum() + spread.trace() + other_spread.trace() - 2 * shared
    return float(distance.clamp_min(0))


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean `[D]` and covariance `[D,D]`."""
    wide = features.double()
    return wide.mean(0), wide.mT.cov().reshape(wide.shape[1], wide.shape[1])
