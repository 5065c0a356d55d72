"""Maps held against masks, in 256 levels, picture by picture: what the metrics of pixels are computed from.

They pool pictures, so that an interval over pictures is `bootstrap(pixel_f1, pixel_counts(maps, masks))`.
"""

from __future__ import annotations

import torch
from torch import Tensor

LEVELS = 256


def map_levels(maps: Tensor) -> Tensor:
    """Maps in 0..1 in the grey levels in which they are shown, 0..255."""
    return (maps * (LEVELS - 1)).round().long().clamp(0, LEVELS - 1)


def pixel_counts(maps: Tensor, masks: Tensor, counted: Tensor | None = None) -> Tensor:
    """How many pixels of each picture are sound, and how many anomalous, at each level of the map: `[N,2,256]`.

    `maps` `[N,1,H,W]` in 0..1, `masks` booleans alike: anomalous or not. Where `counted` is False, a pixel is neither.
    """
    pictures = torch.arange(len(maps), device=maps.device).view(-1, 1, 1, 1)
    cells = (2 * pictures + masks.long()) * LEVELS + map_levels(maps)
    cells = cells if counted is None else cells[counted]
    return cells.flatten().bincount(minlength=2 * LEVELS * len(maps)).view(-1, 2, LEVELS)
