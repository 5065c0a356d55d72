"""The original of a picture: whether it is that, and how near the picture is to it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d

from zoo.metrics.delta_e import delta_e
from zoo.metrics.psnr import psnr
from zoo.metrics.ssim import WINDOW, ssim
from zoo.model import Context
from zoo.persona import Comparison, Likeness, Original

EQUAL = 100.0
"""dB that are told of equal pictures, which are infinitely alike."""
SAME = 0.25
"""Correlation of structure from which two pictures show the same. Measured on avatars and photographs: two different
ones reach 0.20; one and its copy in a bundled style, inverted, blurred by 15 px or under much noise, 0.29 and more."""
FLAT = 1e-3
"""Norm under which a picture has no structure to compare."""


@dataclass(frozen=True)
class Held:
    """What a corrector may know of a picture, and what became of the original that there was."""

    context: Context
    comparison: Comparison | None = None

    def against(self, picture: Tensor, mended: Tensor | None = None) -> Original | None:
        """How near `picture` and `mended`, `[1,3,H,W]`, are to the original. None where there is none."""
        if self.comparison is None:
            return None
        original = self.context.original
        if original is None:
            return Original(self.comparison)
        after = likeness(mended, original) if mended is not None else None
        return Original(self.comparison, likeness(picture, original), after)


def held(picture: Tensor, original: Tensor, known: Context, sure: bool) -> Held:
    """`picture`, of which so much is `known`, held against `original`, `[1,3,H,W]` each; where nobody is `sure` that it
    is the same picture, only if it looks like it."""
    if picture.shape != original.shape:
        return Held(known, "other size")
    if not sure and not same_picture(picture, original):
        return Held(known, "other picture")
    return Held(dataclasses.replace(known, original=original), "compared")


def likeness(picture: Tensor, original: Tensor) -> Likeness:
    """How near a picture is to its original, `[1,3,H,W]` each."""
    small = min(picture.shape[-2:]) < WINDOW
    return Likeness(
        round(min(float(psnr(picture, original)), EQUAL), 2),
        None if small else round(float(ssim(picture, original)), 4),
        round(float(delta_e(picture, original)), 2),
    )


def same_picture(picture: Tensor, original: Tensor) -> bool:
    """Whether two pictures of one size, `[1,3,H,W]`, show the same, whatever was done to colours, tones and detail."""
    one, other = _structure(picture), _structure(original)
    flat = [float(each.norm()) < FLAT for each in (one, other)]
    if any(flat):
        return all(flat)
    return abs(float((one * other).sum() / (one.norm() * other.norm()))) >= SAME


def _structure(picture: Tensor) -> Tensor:
    """What is lighter or darker than its surroundings, at a 32nd of the sides: `[1024]`, of mean 0."""
    luma = adaptive_avg_pool2d(picture.mean(1, keepdim=True), 64)
    around = avg_pool2d(luma, 9, stride=1, padding=4, count_include_pad=False)
    found = adaptive_avg_pool2d(luma - around, 32).flatten()
    return found - found.mean()
