"""Filters for what codecs and networks leave behind: blocks, checkerboards, bands. As in `filters`, functions from
pictures `[N,3,H,W]` in 0..1 to the same, of any size."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from .filters import Amount, bilateral, box
from .measures import FAINT, PERIOD, cosines

CERTAIN = 12.0
"""Times more power than by chance from which a frequency is a pattern: e^-12 is how often chance gets there."""
REACH = 4
"""Tiles each way over which a pattern's strength is averaged."""


def notch(images: Tensor) -> Tensor:
    """Without what repeats from one tile of 8×8 pixels to the next: periods of 8, 4 and 2.

    A notch filter, tile by tile: of the Fourier coefficients of what is fine, those that stay the same over the tiles
    around, far more than by chance, lose what they have in common with these.
    """
    height, width = images.shape[-2:]
    if min(height, width) < 2 * PERIOD:
        return images
    padded = F.pad(images, (0, -width % PERIOD, 0, -height % PERIOD), mode="replicate")
    fine = (padded - box(padded, 3)).clamp(-0.1, 0.1)
    tiles = fine.unflatten(3, (-1, PERIOD)).unflatten(2, (-1, PERIOD)).transpose(3, 4)
    common = _common(torch.fft.rfft2(tiles, norm="ortho").movedim((4, 5), (2, 3)))
    pattern = torch.fft.irfft2(common.movedim((2, 3), (4, 5)), s=(PERIOD, PERIOD), norm="ortho")
    pattern = pattern.transpose(3, 4).flatten(4).flatten(2, 3)[..., :height, :width]
    return (images - pattern).clamp(0, 1)


def _common(waves: Tensor) -> Tensor:
    """What coefficients `[N,C,8,5,h,w]` share with their neighbours', where that is more than chance."""
    shape = waves.shape
    waves = waves.flatten(1, 3)
    mean = torch.complex(*(_around(part) for part in (waves.real, waves.imag)))
    power = mean.abs().square() * _around(torch.ones_like(waves.real), sums=True)
    sure = power / (_around(waves.abs().square()) + FAINT**2) > CERTAIN
    found = torch.where(sure, mean, torch.zeros_like(mean)).view(shape)
    found[:, :, 0, 0] = 0
    return found


def _around(values: Tensor, sums: bool = False) -> Tensor:
    return F.avg_pool2d(values, 2 * REACH + 1, 1, REACH, count_include_pad=False, divisor_override=1 if sums else None)


def deband(images: Tensor, step: Amount) -> Tensor:
    """Bands of tones `step` apart smoothed into slopes: bilateral, but no value moves further than rounding did."""
    smooth = bilateral(images, tones=step)
    return torch.clamp(smooth, images - step / 2, images + step / 2).clamp(0, 1)


def deblock(images: Tensor, threshold: Amount) -> Tensor:
    """Without the borders of blocks: small cosine coefficients set to 0 in 16 shifted grids, and their mean.

    Nosratinia, “Enhancement of JPEG-compressed images by re-application of JPEG” (2001), with a hard threshold in the
    place of the quantiser (Coifman & Donoho 1995), which need not be known.
    """
    height, width = images.shape[-2:]
    below, right = 8 + -height % 8, 8 + -width % 8
    padded = F.pad(images, (8, right, 8, below), mode="replicate")
    total = torch.zeros_like(images)
    for y in range(0, 8, 2):
        for x in range(1 - y // 2 % 2, 8, 2):
            shifted = padded[..., y : y + height + below, x : x + width + right]
            total += _thresholded(shifted, threshold)[..., 8 - y : 8 - y + height, 8 - x : 8 - x + width]
    return (total / 16).clamp(0, 1)


def _thresholded(images: Tensor, threshold: Amount) -> Tensor:
    """Each 8×8 block of pictures, sides multiples of 8, without the cosine coefficients under `threshold`."""
    basis = cosines(images)
    blocks = images.unflatten(3, (-1, 8)).unflatten(2, (-1, 8)).transpose(3, 4)
    waves = basis @ blocks @ basis.T
    limit = threshold[..., None, None] if isinstance(threshold, Tensor) else threshold
    kept = waves.abs() >= limit
    kept[..., 0, 0] = True
    return (basis.T @ (waves * kept) @ basis).transpose(3, 4).flatten(4).flatten(2, 3)
