"""What mending is worth, in decibels."""

from __future__ import annotations

import torch
from torch import Tensor

from zoo.metrics.psnr import psnr

BEST = 60.0
"""Decibels above which pictures count as equal."""
WORSE = 0.05
"""Decibels that a picture may lose without being worse."""


def decibels(images: Tensor, originals: Tensor) -> Tensor:
    return psnr(images, originals).clamp(max=BEST)


def gain(mended: Tensor, spoilt: Tensor, originals: Tensor, shown: Tensor) -> Tensor:
    """How many decibels nearer to the original each picture came, `[N]`; NaN where no fault showed."""
    return torch.where(shown, decibels(mended, originals) - decibels(spoilt, originals), torch.nan)


def worse(gains: Tensor) -> Tensor:
    """1 where it went further away, 0 elsewhere, NaN where no fault showed."""
    return torch.where(gains.isnan(), torch.nan, (gains < -WORSE).double())


def identical(mended: Tensor, clean: Tensor) -> Tensor:
    """1 for each picture that came back bit for bit, else 0: `[N,1]`."""
    return (mended == clean).flatten(1).all(1).double()[:, None]
