"""From measures to scores and maps: what is usual in clean pictures, and what is not."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from zoo import Calibration, Context, Findings

from .filters import illuminant
from .measures import GRID, angle, measure

LEVELS = Path(__file__).with_name("levels.json")
"""Of each kind's measure, what is usual in clean pictures (the median) and what is high: scored 0.5. Measured by
`python -m plugins.classical.calibrate`."""
STEEP = 3.0
"""Logits from the usual to the high: the usual scores 0.05."""
PART = {"colour": 0.5, "noise": 0.4, "blocks": 0.75, "checker": 0.9, "banding": 0.5}
"""The quantile of the cells that speaks for a picture. High ones see damage that is local; noise has texture for a
rival, which is hardly ever everywhere."""
TURN = (0.3, 2.0)
"""Degrees that the light may turn against the original's: by rounding, and before an eye sees it."""


def detect(images: Tensor, context: Context, threshold: float) -> Findings:
    """The findings of pictures `[N,3,H,W]`, held against clean ones; where a stylizer made them, against restyled
    ones; and where the original is known, against that too."""
    levels = known()["plain" if context.stylizer is None else "restyled"]
    calibration = Calibration(levels["on"], tuple(levels["scores"]))
    if min(images.shape[-2:]) < GRID:
        nothing, nowhere = images.new_zeros(len(images)), torch.zeros_like(images[:, :1])
        none = dict.fromkeys(PART, nothing)
        return Findings(none, nowhere, dict.fromkeys(PART, nowhere), nothing, threshold, calibration)
    scores, maps = {}, {}
    for kind, found in _compared(images, context, levels).items():
        one = score(found.flatten(1).quantile(PART[kind], 1), *levels[kind])
        where = _spread(score(found, *levels[kind]), images)
        scores[kind], maps[kind] = one, where * (2 * one).clamp_max(1).view(-1, 1, 1, 1)
    overall = torch.stack(list(scores.values())).amax(0)
    return Findings(
        scores, torch.cat(list(maps.values()), 1).amax(1, keepdim=True), maps, overall, threshold, calibration
    )


def score(measured: Tensor, usual: float, high: float) -> Tensor:
    """0..1: 0.05 for what is usual, 0.5 for what is high, logistic in the logarithm between and beyond."""
    usual_log, high_log = torch.tensor((usual, high), device=measured.device).log()
    step = (measured.clamp_min(1e-4).log() - usual_log) / (high_log - usual_log)
    return torch.sigmoid(STEEP * (step - 1))


@cache
def known() -> dict[str, Any]:
    """What `LEVELS` holds for `plain` and `restyled` pictures: (usual, high) by kind, `on`, the overall `scores`."""
    return cast(dict[str, Any], json.loads(LEVELS.read_text("utf-8")))


def _compared(images: Tensor, context: Context, levels: dict[str, Any]) -> dict[str, Tensor]:
    """The measures; of what the original has more of than is usual, only what the picture has more still.

    A light that is the original's is no cast. Where no stylizer may have changed the light, any other is one.
    """
    found = measure(on_grid(images))
    original = context.original
    if original is None or original.shape != images.shape:
        return found
    before = measure(on_grid(original))
    against = {kind: each * (levels[kind][0] / before[kind].clamp_min(levels[kind][0])) for kind, each in found.items()}
    turned = angle(illuminant(images), illuminant(original))
    usual, high = levels["colour"]
    grown = usual * (turned.clamp_min(0.01) / TURN[0]) ** _ratio((usual, high), TURN)
    against["colour"] = grown if context.stylizer is None else torch.minimum(grown, found["colour"])
    return against


def _ratio(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The power that stretches one range of (usual, high) to another's width."""
    return math.log(one[1] / one[0]) / math.log(other[1] / other[0])


def on_grid(images: Tensor) -> Tensor:
    """As much of the pictures as there are whole cells, from the corner on."""
    height, width = (side - side % GRID for side in images.shape[-2:])
    return images[..., :height, :width]


def _spread(cells: Tensor, images: Tensor) -> Tensor:
    """A map of cells `[N,1,h,w]` as one of pixels; the rim that is no whole cell is like the last."""
    height, width = images.shape[-2:]
    size = (height - height % GRID, width - width % GRID)
    smooth = F.interpolate(cells, size, mode="bilinear", align_corners=False)
    return F.pad(smooth, (0, width - size[1], 0, height - size[0]), mode="replicate")
