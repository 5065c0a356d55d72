"""Clean pictures to learn from: avatars as drawn, photographs in the public domain, and dead leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from .distort import uniform

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
"""Of scikit-image's bundled pictures: NASA, public domain; S. van der Walt, CC0; R. Michetti, CC0; SpaceX, public
domain."""


def photos() -> list[Tensor]:
    """The pictures of `PHOTOS`, `[3,H,W]` bytes each."""
    from skimage import data

    return [
        torch.from_numpy(np.ascontiguousarray(getattr(data, name)()[..., :3].transpose(2, 0, 1))) for name in PHOTOS
    ]


def dead_leaves(size: int, seed: int, leaves: int = 200) -> Tensor:
    """Discs and boxes falling over each other until they hide the ground, `[3,size,size]` bytes.

    Their radii follow 1/r^3, which gives the statistics of natural pictures: the same edges at every scale
    (Lee, Mumford and Huang 2001). Denoisers trained on them carry over to photographs (Achddou et al. 2021).
    """
    rng = Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    palette = torch.rand(6, 1, generator=rng) + 0.12 * torch.randn(6, 3, generator=rng)
    canvas = torch.ones(3, size, size) * palette[0].view(3, 1, 1)
    small, large = 2.0, size / 3
    for _ in range(leaves):
        radius = (uniform(rng, large**-2, small**-2)) ** -0.5 if uniform(rng, 0, 1) < 0.8 else uniform(rng, 8, large)
        centre, angle = torch.rand(2, generator=rng) * size, uniform(rng, 0, math.pi)
        along = (x - centre[0]) * math.cos(angle) + (y - centre[1]) * math.sin(angle)
        across = (y - centre[1]) * math.cos(angle) - (x - centre[0]) * math.sin(angle)
        across = across * uniform(rng, 1, 3)
        round_ = uniform(rng, 0, 1) < 0.6
        distance = torch.hypot(along, across) if round_ else torch.maximum(along.abs(), across.abs())
        cover = (radius - distance + 0.5).clamp(0, 1)
        canvas = canvas + cover * (_leaf(palette, along / size, size, rng) - canvas)
    return (canvas.clamp(0, 1) * 255).round().to(torch.uint8)


def _leaf(palette: Tensor, along: Tensor, size: int, rng: Generator) -> Tensor:
    """A leaf's colour, with a slope of light across it and, on some, a grain."""
    base = palette[int(uniform(rng, 0, len(palette)))] + 0.08 * torch.randn(3, generator=rng)
    leaf = base.view(3, 1, 1) + uniform(rng, -0.6, 0.6) * along
    if uniform(rng, 0, 1) < 0.5:
        cells = max(2, int(size / 2 ** uniform(rng, 0, 4)))
        grain = F.interpolate(torch.randn(1, 1, cells, cells, generator=rng), (size, size), mode="bilinear")[0]
        leaf = leaf + uniform(rng, 0.02, 0.12) * grain
    return leaf


def restyle(drawn: Tensor) -> Tensor:
    """Each picture `[3,H,W]` in one style of `ink`, the styles in turn: what a stylizer means to do is no damage."""
    from ..ink.plugin import zoo_models

    styles = [style() for style in zoo_models() if not style.takes_reference]
    chosen = ((styles[index % len(styles)], picture[None] / 255) for index, picture in enumerate(drawn))
    return torch.cat([style.stylize(picture, style.Params()).mul(255).round().byte() for style, picture in chosen])


def crop(picture: Tensor, side: int, rng: Generator) -> Tensor:
    """A square of `side` pixels from anywhere in `picture` (bytes), enlarged by nothing and reduced by up to 3,
    perhaps mirrored; floats in 0..1."""
    least = max(side / min(picture.shape[-2:]), 0.3)
    scale = uniform(rng, least, 1) if uniform(rng, 0, 1) < 0.7 else 1.0
    taken = math.ceil(side / scale)
    top, left = (int(uniform(rng, 0, extent - taken + 1)) for extent in picture.shape[-2:])
    piece = picture[:, top : top + taken, left : left + taken].float() / 255
    if taken != side:
        piece = F.interpolate(piece[None], (side, side), mode="bilinear", antialias=True)[0].clamp(0, 1)
    return piece.flip(-1) if uniform(rng, 0, 1) < 0.5 else piece


def batch(sources: Sequence[Sequence[Tensor]], count: int, side: int, seed: int) -> Tensor:
    """`count` crops, `[count,3,side,side]` in 0..1, taken from the sources in turn."""
    rng = Generator().manual_seed(seed)
    picked = [sources[int(uniform(rng, 0, len(sources)))] for _ in range(count)]
    return torch.stack([crop(source[int(uniform(rng, 0, len(source)))], side, rng) for source in picked])
