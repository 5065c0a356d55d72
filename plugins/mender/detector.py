"""The detector: a description of the picture, a small network that names kinds, and a distance from the normal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .features import GRID, LENGTH, features
from .greys import greys
from .normals import KINDS, QUANTILES, RANK, Makings, Normals, distance
from .reference import COLOURS, colours
from .rims import Rims

STYLIZERS = (
    "ink/hatch",
    "ink/pencil",
    "ink/ink",
    "ink/cartoon",
    "ink/oil",
    "ink/halftone",
    "ink/mosaic",
    "ink/palette",
)
"""Stylizers whose normal comes with the weights. Making 0 is that of what no stylizer made."""
PLAIN = 3
"""Normals of what no stylizer made, for the judges: of drawings, of photographs, and of scenes."""
FAMILIES = 8
"""Normals of the same, to be far from: of drawings, of scenes, and six of photographs, which are grouped by what they
are like. One for all of these is so wide that little is far from it: what is sharp in mist is blurred in grass."""
LIMIT = 8.0
"""Standard deviations beyond which a feature is no stranger."""
FAR, FAR_OF_GUESTS = 0.8, 2.0
"""What the distance from the normal counts beside the network, which errs less; but more where the network has learnt
nothing of the stylizer: what it says of such pictures scatters."""
SLIGHT = 0.05
"""By how much colours are off, to be looked at closely: about a grey level. Many styles have one paper and one ink."""
JUDGES, JUDGES_BESIDE = 8, 4
"""Networks that learn the same from other beginnings, of pictures by themselves and beside originals; what they say is
averaged."""
STEEP = math.log(9)


@dataclass(frozen=True)
class Making:
    """Which of some makings pictures are of, `[N]`, and for which of them it is told: of the others it may be any; and
    what the distance from their normal counts."""

    makings: Makings
    which: Tensor
    told: Tensor
    far: float = FAR


def guest(makings: Makings, count: int) -> Making:
    """`count` pictures by one stylizer that is none of `STYLIZERS`, of which `makings` alone knows."""
    which = torch.zeros(count, dtype=torch.long, device=makings.counts.device)
    return Making(makings, which, torch.ones_like(which, dtype=torch.bool), FAR_OF_GUESTS)


@dataclass(frozen=True)
class Evidence:
    """Logits of the kinds `[N,8]` and of the kinds in each part `[N,PARTS,8]`, that of anything at all `[N]`, and the
    log of the squared distance from the normal, `[N]`."""

    kinds: Tensor
    parts: Tensor
    anything: Tensor
    distance: Tensor


class Change(NamedTuple):
    """What holding pictures against their originals shows: the features of the originals as a whole `[N,LENGTH]`, what
    became of their colours `[N,COLOURS]`, and which greys there are now, `[N,GREYS]`."""

    before: Tensor
    colour: Tensor
    greys: Tensor


def change(images: Tensor, originals: Tensor) -> Change:
    """Of `[N,3,H,W]` twice."""
    return Change(features(originals)[:, 0], colours(images, originals), greys(images))


class Verdict(NamedTuple):
    """Scores of the kinds `[N,8]`, the overall one `[N]`, and logits of the kinds in place, `[N,8,GRID,GRID]`."""

    kinds: Tensor
    overall: Tensor
    parts: Tensor


class Detector(nn.Module):
    """Names what is wrong with pictures, by themselves or held against their originals.

    `[N,3,H,W]` -> scores in 0..1, where 0.5 is the 95 % quantile of clean pictures, and 0.1 their median.
    """

    centre: Tensor
    spread: Tensor
    basis: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(LENGTH))
        self.register_buffer("spread", torch.ones(LENGTH))
        self.register_buffer("basis", torch.eye(LENGTH)[:, :RANK].contiguous())
        self.plain, self.families = Normals(PLAIN, LENGTH), Normals(FAMILIES, LENGTH)
        self.makings = Makings(1 + len(STYLIZERS))
        self.maker = nn.Linear(LENGTH, 1 + len(STYLIZERS))
        self.part = nn.Sequential(nn.Linear(LENGTH, 64), nn.LeakyReLU(0.1), nn.Linear(64, 32), nn.LeakyReLU(0.1))
        self.part_kinds = nn.Linear(32, KINDS)
        self.name_alone = Judges(2 * LENGTH + RANK + 3 + 64, JUDGES)
        self.rims = Rims(len(STYLIZERS))
        self.name_compared = Judges(2 * LENGTH + 2 * RANK + 2 * COLOURS + 4, JUDGES_BESIDE)

    def forward(self, images: Tensor, making: Making, originals: Tensor | None = None) -> Verdict:
        if originals is None:
            evidence, mode = self.weigh(features(images), making), 0
        else:
            evidence, mode = self.compare(features(images), change(images, originals), making), 1
        kinds, overall = self.kinds(evidence, making, mode), self.overall(evidence, making, mode)
        return Verdict(kinds, overall, evidence.parts.mT.unflatten(2, (GRID, GRID)))

    def making(self, which: Tensor) -> Making:
        """Pictures by `STYLIZERS` from 1 on, and others: 0."""
        return Making(self.makings, which, which > 0)

    def standard(self, described: Tensor) -> Tensor:
        return ((described - self.centre) / self.spread).clamp(-LIMIT, LIMIT)

    def directions(self, described: Tensor) -> Tensor:
        """Where descriptions `[N,LENGTH]` are in the directions of a making's normal: `[N,RANK]`."""
        return self.standard(described) @ self.basis

    def weigh(self, described: Tensor, making: Making) -> Evidence:
        """From the features of pictures, `[N,1+PARTS,LENGTH]`."""
        standard = self.standard(described)
        inputs, away = self._places(standard[:, 0], making)
        parts = self.part(standard[:, 1:])
        pooled = torch.cat([parts.mean(1), parts.amax(1)], 1)
        found = self.name_alone(torch.cat([*inputs, pooled], 1))
        return Evidence(found[:, :KINDS], self.part_kinds(parts), found[:, KINDS], away)

    def compare(self, described: Tensor, change: Change, making: Making) -> Evidence:
        """From the features of pictures, and what holding them against their originals shows: the mean of what is said
        of them by themselves and beside their originals; and of their greys, where one of `STYLIZERS` is told."""
        alone, beside = self.weigh(described, making), self.beside(described, change, making)
        kinds, anything = (alone.kinds + beside.kinds) / 2, (alone.anything + beside.anything) / 2
        rims = self.rims(change.greys, making.which)
        anything = torch.where(making.which > 0, (2 * anything + rims) / 3, anything)
        return Evidence(kinds, alone.parts, anything, (alone.distance + beside.distance) / 2)

    def beside(self, described: Tensor, change: Change, making: Making) -> Evidence:
        """The same, of what is said beside the originals alone, and how unusual the change is."""
        standard = self.standard(described)
        step = (standard[:, 0] - self.standard(change.before)) @ self.basis
        moved = making.makings.compared(torch.cat([step, change.colour], 1), making.which)
        way = distance(moved)
        inputs, _ = self._places(standard[:, 0], making)
        shift = torch.asinh((change.colour - making.makings.typical[making.which]) / SLIGHT)
        found = self.name_compared(torch.cat([*inputs, moved.clamp(-LIMIT, LIMIT), way[:, None], shift], 1))
        return Evidence(found[:, :KINDS], self.part_kinds(self.part(standard[:, 1:])), found[:, KINDS], way)

    def _places(self, standard: Tensor, making: Making) -> tuple[list[Tensor], Tensor]:
        """Where descriptions `[N,LENGTH]` are among the usual ones, for the judges; and how far from them, `[N]`: from
        their stylizer's, or where that is not told from the nearest of what no stylizer made and of the one that it
        looks like. Were it the nearest of all, what is spoilt would often pass for styled."""
        seen = standard @ self.basis
        plain, own = self.plain.nearest(standard), making.makings.alone(seen, making.which)
        far, off = distance(plain), distance(own)
        told = making.told.to(standard)[:, None]
        inputs = [standard, plain.clamp(-LIMIT, LIMIT), own.clamp(-LIMIT, LIMIT), far[:, None], off[:, None], told]
        guess, unlike = self.maker(standard).argmax(1), distance(self.families.nearest(standard))
        nearest = torch.minimum(unlike, distance(self.makings.alone(seen, guess)))
        return inputs, torch.where(making.told, off, torch.where(guess > 0, nearest, unlike))

    def kinds(self, evidence: Evidence, making: Making, mode: int) -> Tensor:
        return torch.sigmoid(evidence.kinds - making.makings.kinds[mode, making.which, None])

    def overall(self, evidence: Evidence, making: Making, mode: int) -> Tensor:
        """0.1 for the median of clean pictures, 0.5 for their 95 % quantile."""
        return torch.sigmoid(STEEP * (self.joint(evidence, making, mode) - 1))

    def joint(self, evidence: Evidence, making: Making, mode: int) -> Tensor:
        """How much stands out, by the network and by the distance from the normal: 0 for the median of clean pictures,
        1 for their 95 % quantile."""
        usual = making.makings.usual[mode, making.which]
        both = torch.stack([evidence.anything, evidence.distance], 1)
        found, away = _raised(both, usual[:, :2]).unbind(1)
        return _raised(found + making.far * away, usual[:, 2])

    @torch.no_grad()
    def calibrate(self, making: Making, mode: int, evidence: Evidence, count: int) -> None:
        """Set what clean pictures of one making score, from the evidence in views of `count` ones that the normals were
        not taken from."""
        makings, which = making.makings, int(making.which[0])
        usual = makings.usual[mode, which]
        for signal, values in enumerate((evidence.anything, evidence.distance)):
            usual[signal] = _median_and_high(values)
        usual[2] = torch.tensor([0.0, 1.0])
        usual[2] = _median_and_high(self.joint(evidence, making, mode))
        makings.kinds[mode, which] = evidence.kinds.amax(1).quantile(0.95)
        makings.counts[mode, which] = count
        scores = self.overall(evidence, making, mode)
        makings.quantiles[mode, which] = scores.quantile(torch.linspace(0, 1, QUANTILES))


def _raised(values: Tensor, usual: Tensor) -> Tensor:
    low, high = usual.unbind(-1)
    return (values - low) / (high - low)


def _median_and_high(values: Tensor) -> Tensor:
    return values.quantile(torch.tensor([0.5, 0.95]))


class Judges(nn.Module):
    """`[N,size]` -> `[N,KINDS+1]`: logits of the kinds and of anything at all. While they learn, what each of the
    `count` says, one after the other: `[count*N,KINDS+1]`."""

    def __init__(self, size: int, count: int) -> None:
        super().__init__()
        self.judges = nn.ModuleList(_judge(size) for _ in range(count))

    def forward(self, values: Tensor) -> Tensor:
        said = torch.stack([judge(values) for judge in self.judges])
        return said.flatten(0, 1) if self.training else said.mean(0)


def _judge(size: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(size, 96), nn.LeakyReLU(0.1), nn.Linear(96, 64), nn.LeakyReLU(0.1), nn.Linear(64, KINDS + 1)
    )
