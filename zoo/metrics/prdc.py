"""Precision, recall, density and coverage."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

from .neighbours import ROWS, distances, radii

T = TypeVar("T")


class Prdc(NamedTuple, Generic[T]):
    """`precision`: fakes near any real one. `recall`: reals near any fake. `density`: how many reals a fake is near
    to, of those that it should be. `coverage`: reals with a fake near."""

    precision: T
    recall: T
    density: T
    coverage: T


def prdc(real: Tensor, fake: Tensor, k: int = 5) -> Prdc[float]:
    """How far two sets of features, `[N,D]` and `[M,D]`, fill the same space. N and M are over `k`.

    All in 0..1 but density, which is 0 or more; higher is better. Where both sets are drawn alike, density is 1 and
    coverage 1 − 2⁻ᵏ, about; precision and recall fall with the dimensions that the features fill (to 0.54 in 256, of
    8192), so compare them with those of two real sets. Near means within the distance to a picture's own k-th nearest
    in its set.
    Source: M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi and J. Yoo, "Reliable fidelity and diversity metrics for generative
    models", ICML 2020, arXiv:2002.09797, equations 1 to 4; precision and recall after T. Kynkäänniemi et al. 2019.
    """
    return Prdc(*(float(values.mean()) for values in prdc_values(real, fake, k)))


def prdc_values(real: Tensor, fake: Tensor, k: int = 5) -> Prdc[Tensor]:
    """What `prdc` is the means of, for intervals: one value for each fake (precision, density) or real (recall,
    coverage)."""
    around_real, around_fake = radii(real, k), radii(fake, k)
    hits = torch.zeros(len(fake), dtype=torch.float64, device=fake.device)
    recalled, covered = [], []
    for part, own in zip(distances(real, fake), torch.split(around_real, ROWS), strict=True):
        near = part <= own[:, None]
        hits += near.sum(0)
        covered.append(near.any(1))
        recalled.append((part <= around_fake).any(1))
    recall, coverage = (torch.cat(parts).double() for parts in (recalled, covered))
    return Prdc((hits > 0).double(), recall, hits / k, coverage)
