"""Each kind of damage to its filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from zoo import Context, Findings

from .detecting import PART, detect, on_grid
from .filters import bilateral, grey_edge, non_local_means
from .measures import GRID, evenness, luma, noise, quantiser
from .repairs import deband, deblock, notch

Denoising = Literal["non-local means", "bilateral"]
Repair = Callable[[Tensor, Tensor], Tensor]
"""From pictures, and `[N,1,H,W]` where they are damaged, to the pictures repaired all over."""
UNKNOWN = 0.06
"""A JPEG's step where it cannot be told."""


def mend(images: Tensor, findings: Findings, strength: float, denoising: Denoising, white_balance: bool) -> Tensor:
    """The pictures `[N,3,H,W]`, each through the filters of the kinds found in it, where they were found.

    Kinds that the findings do not know, being another model's, are looked for here, and mended where the findings
    say that something is wrong.
    """
    scores = dict(findings.scores)
    if any(kind not in scores for kind in PART):
        scores = dict(detect(images, Context(), findings.threshold).scores) | scores
    overall = findings.overall if findings.overall is not None else torch.stack(list(findings.scores.values())).amax(0)
    suspected = overall >= findings.threshold
    for kind, repair in _repairs(denoising, white_balance).items():
        chosen = (suspected & (scores[kind] >= findings.threshold)).nonzero().flatten()
        if len(chosen):
            there = torch.minimum(findings.map, findings.maps.get(kind, findings.map))[chosen]
            where = (2 * there).clamp_max(1)
            some = images[chosen]
            images = images.index_copy(0, chosen, some + strength * where * (repair(some, where) - some))
    return images


def _repairs(denoising: Denoising, white_balance: bool) -> Mapping[str, Repair]:
    """By kind, in the order in which they are undone: what came last first."""
    repairs: dict[str, Repair] = {
        "blocks": unblocked,
        "checker": lambda images, where: notch(images),
        "banding": unbanded,
        "noise": denoised if denoising == "non-local means" else smoothed,
    }
    return repairs | {"colour": lambda images, where: grey_edge(images)} if white_balance else repairs


def denoised(images: Tensor, where: Tensor) -> Tensor:
    """Non-local means for as much noise as there is."""
    return non_local_means(images, deviation(images, where), strength=0.8, patch=1)


def smoothed(images: Tensor, where: Tensor) -> Tensor:
    """Bilateral for as much noise as there is."""
    return bilateral(images, tones=(3 * deviation(images, where)).clamp(0.05, 0.4))


def unblocked(images: Tensor, where: Tensor) -> Tensor:
    """Deblocked by as much as the JPEG was rounded, and flattened by nearly as much."""
    step = quantiser(luma(_filled(images)))
    step = torch.where(step > 0, step, UNKNOWN)
    return bilateral(deblock(images, 0.8 * step), tones=(1.5 * step).clamp_max(0.1))


def unbanded(images: Tensor, where: Tensor) -> Tensor:
    """Bands smoothed, as wide in tone as they were made."""
    _, steps = evenness(torch.cat([images, luma(images)], 1))
    return deband(images, 1 / steps)


def deviation(images: Tensor, where: Tensor) -> Tensor:
    """The noise's standard deviation, `[N,1,1,1]`: the quarter quantile of the cells that are mostly in `where`
    `[N,1,H,W]`, as texture passes for noise and smooth places do not. 0 where there is no such cell."""
    cells = noise(luma(_filled(images)))
    inside = F.adaptive_avg_pool2d(_filled(where), (cells.shape[2], cells.shape[3])) > 0.5
    values = torch.where(inside, cells, torch.inf).flatten(1).sort(1).values
    place = (inside.flatten(1).sum(1, keepdim=True) - 1).clamp_min(0) // 4
    found = values.gather(1, place)
    return torch.where(found.isfinite(), found, 0).view(-1, 1, 1, 1)


def _filled(images: Tensor) -> Tensor:
    """As much as there are whole cells of; what is smaller than one is repeated until it fills one."""
    rows, columns = (-(-GRID // side) for side in images.shape[-2:])
    return on_grid(images.repeat(1, 1, rows, columns)) if max(rows, columns) > 1 else on_grid(images)
