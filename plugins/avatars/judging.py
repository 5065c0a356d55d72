"""The judge: a reader trained apart, on drawn portraits only, that tells what a portrait shows.

Its features are what portraits are compared by, and its readings what attributes are counted by. It takes no part in
the generator's training, nor does the generator's own reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from .attributes import KINDS, STYLES, options
from .latent import every, read
from .palette import COLOURS, rgb
from .reader import Reader

WEIGHTS = Path(__file__).parent / "weights" / "judge" / "model.safetensors"
WIDTHS = (32, 64, 112, 160)
BATCH = 64


@dataclass(frozen=True)
class Judged:
    """What N portraits show."""

    features: Tensor
    """`[N, D]`"""
    named: Mapping[str, Tensor]
    """For each attribute `[N]`: the number of its value among those that have a name."""


def judge() -> Reader:
    """The judge with its weights."""
    reader = Reader(WIDTHS)
    reader.load_state_dict(load_file(WEIGHTS))
    return reader.eval()


@torch.no_grad()
def judged(reader: Reader, images: Tensor) -> Judged:
    """What `reader` sees in `images`, `[N,3,H,W]`, bytes."""
    features, named = [], []
    for some in images.split(BATCH):
        seen = reader.features(some.float() / 255)
        reading = reader.read(seen)
        style = reading.style.argmax(1)
        features.append(seen)
        named.append(
            {"style": style}
            | {factor: _kind(factor, reading.shapes[factor].softmax(1), style) for factor in KINDS}
            | {name: nearest(name, reading.colours[name]) for name in COLOURS}
        )
    return Judged(torch.cat(features), {name: torch.cat([part[name] for part in named]) for name in named[0]})


def asked(latents: Tensor) -> Mapping[str, Tensor]:
    """What `latents` `[N, SIZE]` ask for, as in `Judged.named`."""
    choice = read(latents, {})
    style = choice.style.argmax(1)
    shapes = {factor: _kind(factor, choice.shapes[factor], style) for factor in KINDS}
    return {"style": style} | shapes | {name: nearest(name, choice.colours[name]) for name in COLOURS}


def shown(name: str, style: Tensor) -> Tensor:
    """Whether portraits of these styles show the attribute: `[N]`, booleans."""
    if name == "clothes_colour":
        return style != STYLES.index("lorelei")
    if name not in KINDS:
        return torch.ones_like(style, dtype=torch.bool)
    several = [len({option.kind for option in options(each, name)}) > 1 for each in STYLES]
    return torch.tensor(several)[style]


def nearest(name: str, colours: Tensor) -> Tensor:
    """Which of the named colours each of `[N,3]` is nearest to."""
    table = colours.new_tensor([rgb(colour) for colour in COLOURS[name].values()])
    return torch.cdist(colours, table).argmin(1)


def _kind(factor: str, weights: Tensor, style: Tensor) -> Tensor:
    """The kind that has most of the weight, among those of the style; 0 where it has none."""
    table = torch.zeros(len(STYLES), weights.shape[1], len(KINDS[factor]))
    for at, (owner, n) in enumerate(every(factor)):
        kind = options(owner, factor)[n].kind
        if kind:
            table[STYLES.index(owner), at, KINDS[factor].index(kind)] = 1
    return torch.einsum("no,nok->nk", weights, table[style]).argmax(1)
