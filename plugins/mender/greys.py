"""How greys lie between dark and light, and how steeply: what pen and brush leave no room for, and faults move."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from .features import levels, looks

GREYS = 43
LEVELS = (0, 1, 4, 16, 48, 96, 160, 208, 240, 252, 255, 256)
"""Grey levels at which shares are taken apart: what is quite black or white, nearly so, and in between."""
STEPS = (1, 2, 16, 39, 77, 128, 192, 256)
"""The same of differences between neighbours, those of no difference left out."""
MIDDLE = (13, 242)
"""Levels between which a pixel is neither dark nor light, as at the rim of a stroke."""
WIDE = 230
"""Of so many levels, neighbours are a stroke and its paper."""
ENDS = (5, 250)
"""Quite dark and quite light."""
FEW = 1e-4


def greys(images: Tensor) -> Tensor:
    """`[N,3,H,W]` in 0..1, any size -> `[N,GREYS]`.

    The shares of levels, and of the steps between neighbours, of all pixels and of those that are in between; how sharp
    it is; and what there is around the pixels in between. Of a drawing in black and white that is its antialiasing:
    clipping makes strokes broader on one side, halos make both sides steeper, and each stroke is otherwise as it was.
    """
    views, rows, columns = looks(levels(images))
    grey = views.mean(1, keepdim=True).round()
    found = torch.cat([*_levels(grey), *_steps(grey), _sharpness(grey), _rims(grey)], 1)
    return found.unflatten(0, (-1, rows * columns)).mean(1)


def _levels(grey: Tensor) -> list[Tensor]:
    shares = _shares(grey, LEVELS)
    between = shares[:, 1:-1]
    return [_log(shares), _log(between / (between.sum(1, keepdim=True) + FEW), 0.01)]


def _steps(grey: Tensor) -> list[Tensor]:
    across, down = grey.diff(dim=3).abs(), grey.diff(dim=2).abs()
    shares = _shares(torch.cat([across.flatten(1), down.flatten(1)], 1), STEPS)
    return [_log(shares), _log(shares / (shares.sum(1, keepdim=True) + FEW), 0.01)]


def _shares(values: Tensor, bounds: tuple[int, ...]) -> Tensor:
    """Of each picture's whole numbers from 0 to 255, the share from each bound up to the next: `[N,len(bounds)-1]`."""
    flat = values.flatten(1).long()
    beside = 256 * torch.arange(len(flat), device=flat.device)[:, None]
    counts = (flat + beside).flatten().bincount(minlength=256 * len(flat)).view(len(flat), 256)
    below = F.pad(counts.cumsum(1), (1, 0))[:, list(bounds)]
    return below.diff(dim=1) / flat.shape[1]


def _sharpness(grey: Tensor) -> Tensor:
    """Logs of the moments of second differences, and how far they lean to one side."""
    middle = grey[..., 1:-1, 1:-1]
    around = grey[..., 2:, 1:-1] + grey[..., :-2, 1:-1] + grey[..., 1:-1, 2:] + grey[..., 1:-1, :-2]
    bend = ((4 * middle - around) / 255).flatten(1)
    moments = [bend.abs().mean(1), bend.square().mean(1), (bend.square() * bend.abs()).mean(1)]
    return _log(torch.stack([*moments, (bend.square() * bend).mean(1).abs()], 1), 0.1 * FEW)


def _rims(grey: Tensor) -> Tensor:
    """Among the pixels in between: the mean range of levels around one, and how many have both ends around, the light
    one, and the dark one; and how many of all pixels have both."""
    light, dark = F.max_pool2d(grey, 3, 1, 1), -F.max_pool2d(-grey, 3, 1, 1)
    between = (grey >= MIDDLE[0]) & (grey <= MIDDLE[1])
    bright, black = light > ENDS[1], dark < ENDS[0]
    around = torch.cat([(light - dark) / 255, light - dark > WIDE, bright, black], 1) * between
    of = between.flatten(1).sum(1, keepdim=True) + 1
    both = (bright & black).flatten(1).double().mean(1, keepdim=True)
    return torch.cat([around.flatten(2).sum(2) / of, both.to(grey)], 1)


def _log(shares: Tensor, least: float = FEW) -> Tensor:
    return (shares + least).log()
