"""How a latent is read: which style, which shapes, which colours.

Every choice has an axis of the latent. The style goes to the largest of its five numbers; on each other axis the normal
distribution is cut into intervals as wide as the shares of what is chosen from, so that drawing latents at random draws
the attributes as often as their tables say. A choice is a weight for each option: 1 and 0, but for a narrow zone at the
border of two options, where one passes into the other: that is what sliders and mixtures move through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from .attributes import BEARDED, FACTORS, STYLES, options, shares
from .palette import COLOURS, JITTER, rgb
from .palette import SHARES as COLOUR_SHARES

AXES = (*STYLES, *FACTORS, *COLOURS, *(f"{colour} shade" for colour in COLOURS))
"""The names of the latent's numbers, in order."""

SIZE = len(AXES)
SHAPE_ZONE = 0.002
COLOUR_ZONE = 0.01
STYLE_ZONE = 0.005
"""Half the width of the border between two options: of 1 for shapes and colours, of the latent's unit for styles."""


@dataclass(frozen=True)
class Choice:
    """What N latents say. Weights sum to 1."""

    style: Tensor
    """`[N, styles]`"""
    shapes: Mapping[str, Tensor]
    """For each factor `[N, options]`, those of all styles one after the other."""
    colours: Mapping[str, Tensor]
    """For each of `COLOURS` `[N, 3]`, RGB in 0..1."""


def read(latents: Tensor, asked: Mapping[str, str]) -> Choice:
    """What `latents` `[N, SIZE]` say, but for what is `asked` by name: `{"style": "micah", "hair": "long"}`. What a
    style does not have cannot be asked of it, and stays with the latent."""
    axis = dict(zip(AXES, latents.unbind(1), strict=True))
    style = _style(torch.stack([axis[name] for name in STYLES], 1), asked.get("style"))
    shapes: dict[str, Tensor] = {}
    for factor in FACTORS:
        odds = _odds(factor, asked.get(factor), latents.device).expand(len(latents), -1, -1)
        if factor == "beard" and asked.get(factor) is None:
            odds = _shaven(odds, shapes["hair"])
        there = _cut(_uniform(axis[factor])[:, None], odds, SHAPE_ZONE)
        shapes[factor] = (style[..., None] * there).sum(1)
    colours = {name: _colour(name, axis, asked.get(name)) for name in COLOURS}
    return Choice(style, shapes, colours)


@cache
def every(factor: str) -> tuple[tuple[str, int], ...]:
    """The options of a factor over all styles, as (style, number in that style)."""
    return tuple((style, n) for style in STYLES for n in range(len(options(style, factor))))


def kinds(factor: str) -> list[str]:
    """The kind of each of the factor's options."""
    return [options(style, factor)[n].kind for style, n in every(factor)]


def _style(scores: Tensor, asked: str | None) -> Tensor:
    if asked is not None:
        scores = torch.full_like(scores, -9.0).index_fill_(
            1, torch.tensor(STYLES.index(asked), device=scores.device), 9.0
        )
    return (scores / STYLE_ZONE).softmax(1)


def _odds(factor: str, asked: str | None, device: torch.device) -> Tensor:
    """`[1, styles, options]`: how likely each option is in each style; options of other styles are impossible."""
    table = torch.zeros(len(STYLES), len(every(factor)))
    for at, (style, n) in enumerate(every(factor)):
        table[STYLES.index(style), at] = shares(style, factor)[n]
    if asked is not None:
        table = _only(table, torch.tensor([kind == asked for kind in kinds(factor)]))
    return table.to(device)[None]


def _only(table: Tensor, wanted: Tensor) -> Tensor:
    """The odds given that it is one of the wanted; a style that has none of them keeps its own."""
    left = table * wanted
    some = left.sum(-1, keepdim=True) > 0
    return torch.where(some, left, table) / torch.where(some, left, table).sum(-1, keepdim=True)


def _shaven(odds: Tensor, hair: Tensor) -> Tensor:
    """No beard below hair that it does not go with."""
    bearded = torch.tensor([kind in BEARDED for kind in kinds("hair")], device=hair.device)
    none = torch.tensor([kind in ("none", "") for kind in kinds("beard")], device=hair.device)
    shaven = (hair * bearded).sum(1) < 0.5
    return torch.where(shaven[:, None, None], _only(odds, none), odds)


def _colour(name: str, axis: Mapping[str, Tensor], asked: str | None) -> Tensor:
    named = COLOURS[name]
    latent = axis[name]
    table = torch.tensor([rgb(colour) for colour in named.values()], device=latent.device)
    if asked is None:
        odds = torch.tensor(COLOUR_SHARES[name], device=latent.device).expand(len(latent), -1)
        colour = _cut(_uniform(latent), odds, COLOUR_ZONE) @ table
    else:
        colour = table[list(named).index(asked)].expand(len(latent), 3)
    stray = axis[f"{name} shade"].clamp(-2.5, 2.5)[:, None]
    return (colour * (1 + JITTER * stray)).clamp(0, 1)


def _uniform(latent: Tensor) -> Tensor:
    return torch.special.ndtr(latent)


def _cut(uniform: Tensor, odds: Tensor, zone: float) -> Tensor:
    """The weight of each option where 0..1 is cut into intervals as wide as `odds` (`[..., options]`)."""
    ends = odds.cumsum(-1)
    past = ((uniform[..., None] - ends) / (2 * zone) + 0.5).clamp(0, 1)
    past = torch.where(ends > 1 - 1e-5, 0.0, past)
    past = torch.where(ends <= 0, 1.0, past)
    return torch.cat([1 - past[..., :1], past[..., :-1] - past[..., 1:]], -1)
