"""Which kinds of picture a generator reaches, and how often, where every picture's attributes are known."""

from __future__ import annotations

import torch
from torch import Tensor

SMOOTHING = 0.5
"""What is added to the count of each cell (H. Jeffreys 1946), so that one that is never drawn costs much, not all."""


def mode_coverage(real_cells: Tensor, fake_cells: Tensor) -> float:
    """The share of the cells among real pictures that fakes reach, in 0..1; 1 is best.

    `[N,F]` and `[M,F]` whole numbers: the value of each of F attributes; a cell is a combination of values. A rare
    cell counts as much as a frequent one, so two real sets stay below 1 too. Source: the number of modes of
    L. Metz, B. Poole, D. Pfau and J. Sohl-Dickstein, "Unrolled generative adversarial networks", ICLR 2017,
    arXiv:1611.02163, section 3.3.1, with drawn attributes in place of stacked digits.
    """
    real, fake = _counts(real_cells, fake_cells)
    return float((fake[real > 0] > 0).double().mean())


def mode_kl(real_cells: Tensor, fake_cells: Tensor) -> float:
    """The Kullback-Leibler divergence of the fakes' cells from the real ones', KL(real ‖ fake) in nats; 0 is best.

    `[N,F]` and `[M,F]` as in `mode_coverage`. In this direction a real cell that is drawn too rarely costs most, which
    is mode collapse. Each cell of either set counts half a picture more than was found, so that it stays finite.
    Source: S. Kullback and R. A. Leibler, "On information and sufficiency", 1951, equation 2.4.
    """
    real, fake = (_smooth(counts) for counts in _counts(real_cells, fake_cells))
    return float((real * (real / fake).log()).sum())


def _counts(real_cells: Tensor, fake_cells: Tensor) -> tuple[Tensor, Tensor]:
    """How often each cell of either set occurs in the real and in the fake ones."""
    cells, place = torch.unique(torch.cat([real_cells, fake_cells]), dim=0, return_inverse=True)
    real, fake = (part.bincount(minlength=len(cells)) for part in place.split([len(real_cells), len(fake_cells)]))
    return real, fake


def _smooth(counts: Tensor) -> Tensor:
    return (counts + SMOOTHING) / (counts + SMOOTHING).sum().double()
