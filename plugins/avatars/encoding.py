"""From a picture to the latent that draws what comes nearest to it.

A reader names what it sees; the latent that stands for it is written down; then one axis at a time is tried at the
next best readings and kept where the drawing comes nearer to the picture.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .attributes import FACTORS, STYLES, shares
from .latent import AXES, SIZE, every
from .net import Portraits
from .palette import COLOURS, rgb
from .palette import SHARES as COLOUR_SHARES
from .reader import Reading

SIDE = 128
TRIED = 4
LIKELY = 0.02
"""How many of the likeliest shapes of a factor are tried, and how likely they must be: what is sure needs no trial."""
SHADES = (-2.0, -1.0, 0.0, 1.0, 2.0)


@torch.no_grad()
def encode(net: Portraits, images: Tensor, progress: Callable[[float], None] = lambda share: None) -> Tensor:
    """`[N,3,H,W]` in 0..1 → latents `[N, SIZE]`; about forty drawings a picture."""
    seen = interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
    reading = net.reader(seen)
    found = [_refine(net, seen[n : n + 1], _single(reading, n), progress) for n in range(len(images))]
    return torch.cat(found)


def _refine(net: Portraits, picture: Tensor, reading: Reading, progress: Callable[[float], None]) -> Tensor:
    latent = picture.new_zeros(1, SIZE)
    style = STYLES[int(reading.style.argmax())]
    latent[0, : len(STYLES)] = -2.0
    latent[0, AXES.index(style)] = 2.0
    tried = {factor: _likeliest(reading, factor, style) for factor in FACTORS}
    tried |= {name: _points(reading.colours[name][0], name) for name in COLOURS}
    tried |= {f"{name} shade": list(SHADES) for name in COLOURS}
    for name, values in tried.items():
        latent[0, AXES.index(name)] = values[0]
    for done, (name, values) in enumerate(tried.items()):
        latent = _best(net, picture, latent, AXES.index(name), values)
        progress((done + 1) / len(tried))
    return latent


def _best(net: Portraits, picture: Tensor, latent: Tensor, axis: int, values: list[float]) -> Tensor:
    """The latent with that of the values on its axis which draws the nearest picture; the first one on a tie."""
    if len(values) == 1:
        return latent
    several = latent.repeat(len(values), 1)
    several[:, axis] = torch.tensor(values, device=latent.device)
    drawn = interpolate(net(several, {}), (SIDE, SIDE), mode="area")
    apart = (drawn - picture).abs().mean((1, 2, 3))
    return several[int(apart.argmin()) :][:1]


def _likeliest(reading: Reading, factor: str, style: str) -> list[float]:
    """Where on the factor's axis its likeliest shapes in this style lie, the likeliest first."""
    mine = [at for at, (owner, _) in enumerate(every(factor)) if owner == style]
    chances = reading.shapes[factor][0, mine].softmax(0)
    order = chances.argsort(descending=True).tolist()[:TRIED]
    likely = [n for n in order if chances[n] > LIKELY]
    width = torch.tensor(shares(style, factor))
    middles = width.cumsum(0) - width / 2
    return [_normal(float(middles[n])) for n in likely]


def _points(colour: Tensor, name: str) -> list[float]:
    """Where on the colour's axis the named colours lie, the nearest first."""
    table = colour.new_tensor([rgb(named) for named in COLOURS[name].values()])
    order = (table - colour).square().sum(1).argsort().tolist()[:2]
    ends = torch.tensor(COLOUR_SHARES[name]).cumsum(0)
    return [_normal(float(ends[n] - COLOUR_SHARES[name][n] / 2)) for n in order]


def _normal(uniform: float) -> float:
    return float(torch.special.ndtri(torch.tensor(uniform, dtype=torch.float64)))


def _single(reading: Reading, n: int) -> Reading:
    def one(logits: Tensor) -> Tensor:
        return logits[n : n + 1]

    return Reading(
        one(reading.style),
        {factor: one(logits) for factor, logits in reading.shapes.items()},
        {name: one(colour) for name, colour in reading.colours.items()},
    )
