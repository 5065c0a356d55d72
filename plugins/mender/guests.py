"""The normal of a stylizer that the weights know nothing of, from pictures by it: what `zoo calibrate` keeps."""

from __future__ import annotations

from itertools import cycle

import torch
from torch import Generator, Tensor

from .detector import Change, Detector, change, guest
from .features import features
from .normals import Makings

SIDES = (96, 128, 160, 208, 256)
"""Of the squares that pictures are cut to, some of each: what is normal depends on the size."""
BATCH = 8
HELD_OUT = 3
"""Every third picture is not fitted to: the scores are set by those."""


def normal(detector: Detector, images: Tensor, originals: Tensor) -> dict[str, Tensor]:
    """From clean pictures and their originals, `[N,3,H,W]` in 0..1, N of 50 or more, the state of `Makings`."""
    described, changes = described_pairs(images, originals)
    apart = torch.arange(len(images)) % HELD_OUT == 0
    makings = Makings()
    fitted = detector.directions(changes.before[~apart]), detector.directions(described[~apart, 0])
    makings.fit(0, *fitted, changes.colour[~apart])
    count = int(apart.sum())
    making = guest(makings, count)
    compared = detector.compare(described[apart], Change(*(each[apart] for each in changes)), making)
    detector.calibrate(making, 0, detector.weigh(described[apart], making), count)
    detector.calibrate(making, 1, compared, count)
    return makings.state_dict()


def described_pairs(images: Tensor, originals: Tensor) -> tuple[Tensor, Change]:
    """The features of the images, and what holding them against their originals shows, all cut alike."""
    rng = Generator().manual_seed(0)
    described, changes = [], []
    for batch, side in zip(zip(images.split(BATCH), originals.split(BATCH), strict=True), cycle(SIDES), strict=False):
        after, before = _cut(torch.stack(batch), side, rng)
        described.append(features(after))
        changes.append(change(after, before))
    return torch.cat(described), Change(*map(torch.cat, zip(*changes, strict=True)))


def _cut(pairs: Tensor, side: int, rng: Generator) -> Tensor:
    """Somewhere out of `[2,N,3,H,W]`, squares of at most `side`."""
    top, left = (int(torch.randint(max(1, length - side + 1), (), generator=rng)) for length in pairs.shape[-2:])
    return pairs[..., top : top + side, left : left + side]
