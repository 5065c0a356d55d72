"""Teaching the mender how far to trust detector, survey and locator: see `places`."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812

from zoo.training.anomalies import SEEN, spoil

from .material import SOURCES, corpus
from .mending import Mender
from .net import QUARTER

PICTURES, CHUNK, SIDE = 48, 8, 160
"""Of each source; at a time; and of what side in pixels a part of each is."""
SEVERITY = (0.15, 1.0)
EVERY = 4
"""Of this many places in each direction one is looked at."""


@torch.no_grad()
def place(net: Mender, folder: Path, seed: int) -> None:
    """From pictures that none of them has learnt from, each spoilt in patches by each kind in turn, or not at all."""
    found: list[tuple[torch.Tensor, ...]] = []
    for source, of in corpus(folder, "calibrate").items():
        if source in SOURCES:
            for number, images in enumerate((of.pictures[:PICTURES, :, :SIDE, :SIDE] / 255).split(CHUNK)):
                found += [_logits(net, images, kinds, seed + number) for kinds in (*((kind,) for kind in SEEN), ())]
    *said, where = (torch.cat(each) for each in zip(*found, strict=True))
    with torch.enable_grad():
        net.places.fit(*said, where)


def _logits(net: Mender, images: torch.Tensor, kinds: tuple[str, ...], seed: int) -> tuple[torch.Tensor, ...]:
    """What all say of the images spoilt by kinds, one or none, and where they were: at a few places each."""
    spoilt = spoil(images, seed, kinds or SEEN, clean=0.0 if kinds else 1.0, double=0, local=1, severity=SEVERITY)
    found = net.detector(spoilt.images, net.detector.making(torch.zeros(len(images), dtype=torch.long)))
    surveyed, located = net.surveyed(spoilt.images), net.located(spoilt.images, found.kinds)
    where = torch.zeros(len(images), len(SEEN), *located.shape[2:])
    for number, kind in enumerate(kinds):
        where[:, SEEN.index(kind)] = F.avg_pool2d(spoilt.masks, QUARTER)[:, number]
    few = (..., slice(None, None, EVERY), slice(None, None, EVERY))
    return found.kinds, found.parts, surveyed[few], located[few], where[few]
