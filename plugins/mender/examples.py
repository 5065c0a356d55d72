"""What the detector learns from: descriptions of clean and of spoilt pictures, computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from zoo.latents import subseed
from zoo.training.anomalies import SEEN, Spoilt, dithered, last_step, spoil
from zoo.training.degradations import choice, uniform
from zoo.training.once import once

from .detector import STYLIZERS, Change
from .features import GRID, features
from .greys import greys
from .leaves import FILTERS, resized
from .material import Clean
from .oddities import odd
from .reference import colours

SIDES = (96, 128, 128, 160, 160, 208, 256, 256)
"""Of squares that pictures are cut or reduced to; the largest are looked at as all larger ones are, through windows."""
BATCH = 16
ODD = 0.3
"""How often what befalls pictures has no name."""


@dataclass(frozen=True)
class Examples:
    """n pictures: `described` `[n,1+PARTS,LENGTH]`; the same of their originals as a whole, `before` `[n,LENGTH]`;
    `colour` `[n,COLOURS]`, how colours moved; `greys` `[n,GREYS]`; `making` `[n]`, the stylizer's number or 0;
    `severity` `[n,8]` and `where` `[n,PARTS,8]`, of what was done; `odd` `[n]`, whether it is an oddity; `changed`
    `[n]`, by how many grey levels (root mean square); `source` and `picture` `[n]`, numbers of the clean source and of
    the picture."""

    described: Tensor
    before: Tensor
    colour: Tensor
    greys: Tensor
    making: Tensor
    severity: Tensor
    where: Tensor
    odd: Tensor
    changed: Tensor
    source: Tensor
    picture: Tensor

    def __getitem__(self, chosen: Tensor) -> Examples:
        return Examples(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.making)

    @property
    def change(self) -> Change:
        return Change(self.before.float(), self.colour, self.greys)


def kept(path: Path, make: Callable[[], Iterator[Examples]]) -> Examples:
    """What `make` gives, joined, and kept in `path` for the next start."""
    return Examples(**once(path, lambda: vars(joined(list(make())))))


def joined(parts: list[Examples]) -> Examples:
    return Examples(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Examples)))


def examples(clean: dict[str, Clean], seed: int, rounds: int, untouched: float) -> Iterator[Examples]:
    """Each picture at some size, and `rounds` times spoilt, but for a share of `untouched` ones."""
    for source, (name, of) in enumerate(clean.items()):
        making = STYLIZERS.index(name) + 1 if name in STYLIZERS else 0
        originals = of.pictures if of.originals is None else of.originals
        for number, group in enumerate(torch.arange(len(of.pictures)).split(BATCH)):
            rng = Generator().manual_seed(subseed(seed, f"{name} {number}"))
            pairs = torch.stack([of.pictures[group], originals[group]]) / 255
            after, before = _sized(pairs, SIDES[choice(rng, len(SIDES))], rng, whole=not making and choice(rng, 2) == 0)
            with torch.no_grad():
                described = features(before)[:, 0].half()
            for _ in range(rounds):
                yield _spoilt(after, before, described, (making, source), group, rng, untouched)


def _sized(pairs: Tensor, side: int, rng: Generator, whole: bool) -> Tensor:
    """`[2,N,3,H,W]`: squares of `side` out of them, or the `whole` ones reduced to it, which no stylizer's may be: its
    strokes would be too fine."""
    if whole:
        how = FILTERS[choice(rng, len(FILTERS))]
        return torch.stack([resized(one, side, how) for one in pairs.flatten(0, 1)]).unflatten(0, pairs.shape[:2])
    top, left = (choice(rng, extent - side + 1) for extent in pairs.shape[-2:])
    return pairs[..., top : top + side, left : left + side]


@torch.no_grad()
def _spoilt(
    clean: Tensor,
    before: Tensor,
    described: Tensor,
    made: tuple[int, int],
    pictures: Tensor,
    rng: Generator,
    untouched: float,
) -> Examples:
    """`made`: the numbers of stylizer and source."""
    seed, count = choice(rng, 2**31), len(clean)
    files = choice(rng, 2)  # they have steps, what a model drew has none
    fine = dithered(clean, seed).clamp(0, 1) if files else clean
    oddly = untouched < 1 and uniform(rng, 0, 1) < ODD
    if oddly:
        none = torch.zeros(count, len(SEEN), *clean.shape[2:])
        spoilt = Spoilt(odd(fine, seed), none, torch.zeros(count, len(SEEN)))
    else:
        spoilt = spoil(fine, seed, SEEN, clean=untouched)
    making, source = (torch.full((count,), number) for number in made)
    return Examples(
        features(spoilt.images).half(),
        described,
        colours(spoilt.images, before),
        greys(spoilt.images),
        making,
        spoilt.severity,
        F.adaptive_avg_pool2d(spoilt.masks, GRID).flatten(2).transpose(1, 2),
        torch.full((count,), oddly),
        255 * (spoilt.images - last_step(fine, seed)).square().flatten(1).mean(1).sqrt(),
        source,
        pictures,
    )
