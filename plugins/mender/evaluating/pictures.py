"""Held-out pictures, and faults in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor

from zoo import Context
from zoo.training.anomalies import apply, dithered, last_step, spoil
from zoo.training.sources import CACHE

from ..archives import Split
from ..material import SOURCES, corpus

FOLDER = CACHE / "mender"
"""Where peers that have to be trained are kept, and clean pictures for them; XDG_CACHE_HOME moves it."""
MATERIAL = FOLDER / "material"
SIDE = 160
KODAK = Path(__file__).parents[4] / "shared" / "data" / "kodak"
"""Photographs to evaluate on where they are there; never trained on, never committed."""
VISIBLE = 1 / 255
"""What changes a picture by less, as root mean square, is no fault of it: bands in pure black and white, say."""
NEAR = 9
"""Pixels a side within which something has to have changed for a place to be spoilt: maps are not sharper."""


@dataclass(frozen=True)
class Held:
    """Clean pictures of one making, `[N,3,SIDE,SIDE]` in 0..1; with `originals` alike where `name` is a stylizer's."""

    name: str
    images: Tensor
    originals: Tensor | None = None

    @property
    def stylizer(self) -> str | None:
        return None if self.originals is None else self.name

    def context(self, compared: bool) -> Context:
        """What a corrector is told: the stylizer, and where it is `compared` the original too."""
        before = self.images if self.originals is None else self.originals
        return Context(before if compared else None, self.stylizer)

    def first(self, count: int) -> Held:
        return self._part(slice(0, count))

    def split(self, size: int) -> Iterator[Held]:
        for start in range(0, len(self.images), size):
            yield self._part(slice(start, start + size))

    def _part(self, part: slice) -> Held:
        return Held(self.name, self.images[part], None if self.originals is None else self.originals[part])


@dataclass(frozen=True)
class Spoilt:
    """Pictures with a fault each, and which of them show it: `[N]`, booleans.

    With a fault in patches, `done` is where it was done, and `tells` where that shows, or nothing was done at all:
    `[N,1,H,W]`, booleans.
    """

    images: Tensor
    shown: Tensor
    done: Tensor
    tells: Tensor


def held_out(folder: Path) -> list[Held]:
    """The test part of the corpus, of which nothing was learnt or calibrated, and Kodak's photographs where they are.

    What takes long to make is kept in `folder`.
    """
    sets = [
        Held(name, _middle(of.pictures), None if of.originals is None else _middle(of.originals))
        for name, of in corpus(folder, "test").items()
    ]
    return [*sets, Held("kodak", _photographs())] if KODAK.is_dir() else sets


def learnt_from(split: Split, count: int) -> Tensor:
    """`count` clean pictures of each source that peers are fitted to, or set by, `[4*count,3,SIDE,SIDE]`."""
    found = corpus(MATERIAL, split)
    return clean(torch.cat([_middle(found[source].pictures[:count]) for source in SOURCES]), 0)


def spoil_all(images: Tensor, kind: str, seed: int, severity: tuple[float, float]) -> Spoilt:
    """Each whole picture with one kind of fault; `clean` with the same seed has gone through the same but for it."""
    spoilt = apply(fine(images, seed), kind, seed, severity)
    shown = (spoilt - clean(images, seed)).square().flatten(1).mean(1).sqrt() >= VISIBLE
    everywhere = torch.ones_like(images[:, :1], dtype=torch.bool)
    return Spoilt(spoilt, shown, everywhere, everywhere)


def spoil_in_part(images: Tensor, kind: str, seed: int, severity: tuple[float, float]) -> Spoilt:
    """Each picture with one kind of fault in patches; one shows where pixels nearby changed by 1.5 grey levels."""
    before = fine(images, seed)
    spoilt = spoil(before, seed, (kind,), clean=0, double=0, local=1, severity=severity)
    changed = (spoilt.images - last_step(before, seed)).abs().amax(1, keepdim=True)
    changes = F.max_pool2d(changed, NEAR, 1, NEAR // 2) >= 1.5 / 255
    done = spoilt.masks > 0.5
    return Spoilt(spoilt.images, (done & changes).flatten(1).any(1), done, (done & changes) | (spoilt.masks == 0))


def clean(images: Tensor, seed: int) -> Tensor:
    """The pictures through the last step alone."""
    return last_step(fine(images, seed), seed)


def fine(images: Tensor, seed: int) -> Tensor:
    """The pictures without the steps of their files, in 0..1 as faults leave them too: what lies beyond would have
    another last step."""
    return dithered(images, seed).clamp(0, 1)


def _middle(pictures: Tensor) -> Tensor:
    """The middles of bytes `[N,3,H,W]`, or all where they are smaller, in 0..1."""
    top, left = (max(0, (side - SIDE) // 2) for side in pictures.shape[2:])
    return pictures[..., top : top + SIDE, left : left + SIDE] / 255


def _photographs() -> Tensor:
    """The middles of Kodak's photographs."""
    loaded = [np.asarray(Image.open(path).convert("RGB")).transpose(2, 0, 1) for path in sorted(KODAK.glob("*.png"))]
    return torch.cat([_middle(torch.from_numpy(each.copy())[None]) for each in loaded])
