"""How different the pictures of one set are from each other."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

SIDE = 32


def pairwise_distance(images: Tensor) -> tuple[float, float]:
    """The mean, and the lowest percent, of the mean absolute difference between pairs of `[N,3,H,W]` in 0..1.

    Taken at 32 px or fewer. The mean falls when a generator forgets kinds of pictures, the lowest percent when it
    repeats itself. Compare with the same figures for real pictures.
    """
    side = min(SIDE, images.shape[-1])
    flat = adaptive_avg_pool2d(images, side).flatten(1)
    distances = torch.nn.functional.pdist(flat, p=1) / flat.shape[1]
    return float(distances.mean()), float(distances.quantile(0.01))
