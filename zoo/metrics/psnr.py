"""Peak signal-to-noise ratio."""

from __future__ import annotations

from torch import Tensor


def psnr(images: Tensor, references: Tensor) -> Tensor:
    """`10 log10(1 / MSE)` in dB of each picture, `[N,C,H,W]` in 0..1 -> `[N]`; higher is closer.

    Above 40 dB the eye sees no difference; equal pictures give infinity.
    Source: Q. Huynh-Thu and M. Ghanbari, "Scope of validity of PSNR in image/video quality assessment", Electronics
    Letters 44(13), 2008; here with the mean squared error over all channels and a peak of 1.
    """
    error = (images.double() - references.double()).square().flatten(1).mean(1)
    return -10 * error.log10()
