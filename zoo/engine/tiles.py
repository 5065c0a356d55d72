"""Pictures of any size through models that want a multiple of something, or no more than a tile at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

OVERLAP = 32
"""Pixels that neighbouring tiles share and blend over."""


def in_tiles(part: Callable[[Tensor], Tensor], image: Tensor, multiple: int, tile: int | None) -> Tensor:
    """`part` of `[N,C,H,W]`, padded to `multiple`; where a side is over `tile`, tile by tile, blended at the seams.

    `part` keeps height and width and may change the channels.
    """
    height, width = image.shape[-2:]
    if tile is None or max(height, width) <= tile:
        return _padded(part, image, multiple)
    total = weight = torch.zeros(1, device=image.device)
    for top, bottom in _spans(height, tile):
        for left, right in _spans(width, tile):
            done = _padded(part, image[..., top:bottom, left:right], multiple)
            share = _ramp(bottom - top, image)[:, None] * _ramp(right - left, image)
            around = (left, width - right, top, height - bottom)
            total = total + F.pad(done * share, around)
            weight = weight + F.pad(share, around)
    return total / weight


def _padded(part: Callable[[Tensor], Tensor], image: Tensor, multiple: int) -> Tensor:
    height, width = image.shape[-2:]
    padded = F.pad(image, (0, -width % multiple, 0, -height % multiple), mode="replicate")
    return part(padded)[..., :height, :width]


def _spans(length: int, tile: int) -> list[tuple[int, int]]:
    """Evenly spread intervals of at most `tile` that cover `length` and overlap by `OVERLAP` or more."""
    if length <= tile:
        return [(0, length)]
    count = -(-(length - OVERLAP) // (tile - OVERLAP))
    return [(start, start + tile) for start in (round(i * (length - tile) / (count - 1)) for i in range(count))]


def _ramp(length: int, like: Tensor) -> Tensor:
    """A weight that rises over the overlap from either edge and never reaches 0."""
    steps = torch.arange(1, length + 1, device=like.device, dtype=like.dtype)
    return torch.minimum(steps, steps.flip(0)).clamp(max=OVERLAP) / OVERLAP
