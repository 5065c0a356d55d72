"""Per-region overlap."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import label  # type: ignore[import-untyped]
from torch import Tensor

from .pixels import LEVELS, map_levels

LIMIT = 0.3


def region_overlaps(maps: Tensor, masks: Tensor, counted: Tensor | None = None) -> Tensor:
    """Of each picture, at each threshold on the map from level 0 up: the parts of its anomalous regions that are found,
    added up; and the number of sound pixels that are found: `[N,2,256]`.

    As in `pixel_counts`; regions are what is connected in the mask, corners too. At level 0 all is found, so these are
    the numbers of regions and of sound pixels.
    """
    counted = torch.ones_like(masks) if counted is None else counted
    found = zip(map_levels(maps), masks, counted, strict=True)
    return torch.stack([_overlaps(*(each[0].numpy() for each in one)) for one in found])


def pro(overlaps: Tensor, limit: float = LIMIT) -> float:
    """The area under the mean part of a region that is found, over the share of sound pixels that is found by mistake,
    from 0 to `limit`, divided by it: in 0..1; guessing gets `limit` / 2.

    `overlaps` `[N,2,L]` by `region_overlaps`. A small region counts as much as a large one. Source: P. Bergmann,
    M. Fauser, D. Sattlegger and C. Steger, "Uninformed students", CVPR 2020, arXiv:1911.02357, section 4; introduced in
    their "MVTec AD", CVPR 2019, section 4.3, with 0.3 for the limit.
    """
    regions, mistakes = overlaps.double().sum(0).flip(1)
    found, by_mistake = (torch.cat([each.new_zeros(1), each / each[-1]]) for each in (regions, mistakes))
    below = by_mistake < limit
    last = int(below.sum())
    share = (limit - by_mistake[last - 1]) / (by_mistake[last] - by_mistake[last - 1])
    at_limit = torch.lerp(found[last - 1], found[last], share)
    heights, places = (
        torch.cat([found[below], at_limit.view(1)]),
        torch.cat([by_mistake[below], found.new_tensor([limit])]),
    )
    return float(torch.trapezoid(heights, places) / limit)


def _overlaps(levels: np.ndarray, mask: np.ndarray, counted: np.ndarray) -> Tensor:
    numbers, count = label(mask, np.ones((3, 3)))
    cells = np.where(mask, numbers, 0)[counted] * LEVELS + levels[counted]
    histograms = np.bincount(cells, minlength=(count + 1) * LEVELS).reshape(-1, LEVELS)
    reached = histograms[:, ::-1].cumsum(1)[:, ::-1]
    regions = reached[1:][reached[1:, 0] > 0]
    parts = (regions / regions[:, :1]).sum(0)
    return torch.from_numpy(np.stack([parts, reached[0]]).astype(np.float64))
