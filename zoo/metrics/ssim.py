"""Structural similarity."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03


def ssim(images: Tensor, references: Tensor) -> Tensor:
    """The structural similarity index of each picture, `[N,C,H,W]` in 0..1 -> `[N]` in -1..1; equal pictures give 1.

    Sides are at least 11 pixels. Source: Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli, "Image quality
    assessment: from error visibility to structural similarity", IEEE TIP 13(4), 2004, equation 13: an 11x11 Gaussian
    window of sigma 1.5, where it fits in the picture whole; here on each channel, then averaged.
    """
    luminance, structure = components(images.double(), references.double())
    return (luminance * structure).flatten(1).mean(1)


def components(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """At each window: how alike the means are, and how alike contrast and structure, `[N,C,H-10,W-10]` each."""
    mean_x, mean_y = _window(x), _window(y)
    var_x = _window(x * x) - mean_x**2
    var_y = _window(y * y) - mean_y**2
    cov = _window(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + K1**2) / (mean_x**2 + mean_y**2 + K1**2)
    return luminance, (2 * cov + K2**2) / (var_x + var_y + K2**2)


def _window(images: Tensor) -> Tensor:
    """The Gaussian-weighted mean around each pixel whose window lies within the picture."""
    at = torch.arange(WINDOW, dtype=images.dtype, device=images.device) - WINDOW // 2
    bell = torch.exp(-0.5 * (at / SIGMA) ** 2)
    bell = (bell / bell.sum()).expand(images.shape[1], 1, 1, -1)
    rows = F.conv2d(images, bell, groups=images.shape[1])
    return F.conv2d(rows, bell.mT, groups=images.shape[1])
