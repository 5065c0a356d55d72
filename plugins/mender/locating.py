"""Learning to say where faults are: what `zoo.training.loop` needs to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from zoo.training.anomalies import SEEN, last_step, spoil
from zoo.training.checkpoints import CHECKPOINT
from zoo.training.degradations import choice
from zoo.training.loop import Budget, fit

from .fixing import Taught, crops, rate, said
from .locator import Locator
from .material import Clean, corpus
from .net import KINDS, QUARTER, Fixer, Sight, enlarged

SIDES, BATCH = (128, 160, 160, 192), 16
"""Of the squares that it learns from, in pixels, and how many at a time."""

SUBTLE = ("colour", "blur", "banding", "clipping", "halo")
"""What is hard to place is all there is in every second batch."""

CLEAN, DOUBLE, LOCAL, SEVERITY = 0.12, 0.08, 0.85, (0.1, 1.0)
"""How often nothing is spoilt, how often by two kinds, how often in part, and how badly."""

SHOWS, NEAR, HIDDEN = 1.5 / 255, 9, 0.1
"""A fault shows where something changed by so much within so many pixels a side; where not, it counts less, by this."""

MIRRORED: tuple[tuple[int, ...], ...] = ((), (3,), (2,), (2, 3))
"""What the fixer saw is learnt from as it is, and mirrored: to make and to mend a picture costs more than to learn."""

BUDGET = Budget(images=80_000, batch=BATCH, save_every=3200)
RATE = 1e-3


@dataclass(frozen=True)
class Lesson:
    """Spoilt pictures `[N,3,S,S]`, the kinds they are `said` to be spoilt by `[N,8]`, where each was done and where any
    `[N,9,S/4,S/4]`, and how much that counts, `[N,1,S/4,S/4]`."""

    spoilt: Tensor
    said: Tensor
    where: Tensor
    counts: Tensor


def lessons(sources: dict[str, Clean], sides: tuple[int, ...] = SIDES) -> Callable[[int], tuple[Tensor, ...]]:
    """What `fit` draws its batches with: the fields of a `Lesson`."""

    def draw(count: int) -> tuple[Tensor, ...]:
        seed = int(torch.randint(2**60, ()))
        with torch.autocast("cpu", enabled=False):  # what is learnt from stays exact, whatever the step runs in
            return tuple(vars(lesson(sources, count, sides[seed % len(sides)], seed)).values())

    return draw


def lesson(sources: dict[str, Clean], count: int, side: int, seed: int) -> Lesson:
    rng = Generator().manual_seed(seed)
    clean, kinds = crops(sources, count, side, rng), (SEEN, SUBTLE)[choice(rng, 2)]
    found = spoil(clean, seed, kinds, CLEAN, DOUBLE, LOCAL, SEVERITY)
    masks, severity = torch.zeros(count, KINDS, side, side), torch.zeros(count, KINDS)
    places = [SEEN.index(kind) for kind in kinds]
    masks[:, places], severity[:, places] = found.masks, found.severity
    anything = masks.amax(1, keepdim=True)
    changed = (found.images - last_step(clean, seed)).abs().amax(1, keepdim=True)
    shows = F.max_pool2d(changed, NEAR, 1, NEAR // 2) >= SHOWS
    counts = torch.where(shows | (anything == 0), 1.0, HIDDEN)
    where, counts = (F.avg_pool2d(each, QUARTER) for each in (torch.cat([masks, anything], 1), counts))
    return Lesson(found.images, said(severity > 0, rng), where, counts)


def train_locator(fixer: Fixer, out: Path, resume: bool = False, tracker: str | None = None) -> tuple[Locator, int]:
    """Teach a locator for this fixer, within `BUDGET`; pictures, checkpoints and sheets go to `out`. The number is of
    squares seen."""
    sources, own = corpus(out / "material", "train"), out / "locator"
    method = Locating(fixer, lesson(sources, 32, SIDES[0], seed=0))
    seen = fit(method, lessons(sources), own, BUDGET, begun(own, resume), tracker, precision="bf16")
    return method.result(), seen


def begun(out: Path, resume: bool) -> bool:
    """Whether there is something to `resume`: the training may have ended before it came to this."""
    return resume and (out / CHECKPOINT).exists()


def unlike(logits: Tensor, where: Tensor, counts: Tensor) -> Tensor:
    """The cross-entropy of each map, `[9]`: at every place, as far as it counts."""
    each = F.binary_cross_entropy_with_logits(logits.float(), where, counts, reduction="none")
    return each.mean((0, 2, 3))


def placed(shown: Lesson, found: Tensor) -> Tensor:
    """The sheet of a lesson of 32: spoilt, where anything was done, and where it was found (logits `[32,9,S,S]`), three
    to a row: `[96,3,S,S]`."""
    images = shown.spoilt
    maps = (enlarged(shown.where[:, KINDS:], images.shape[2:]), found[:, KINDS:].sigmoid().cpu())
    return torch.stack([images, *(each.expand(-1, 3, -1, -1) for each in maps)], dim=1).flatten(0, 1)


class Locating(Taught[Locator]):
    """By cross-entropy at every place; the fixer stays as it is. `shown` is what sheets are of."""

    def __init__(self, fixer: Fixer, shown: Lesson) -> None:
        super().__init__(Locator())
        self.shown = shown
        self.fixer = fixer.eval().requires_grad_(False)
        self.parts["fixer"] = self.fixer

    def step(self, batch: tuple[Tensor, ...], progress: float) -> dict[str, Tensor]:
        at = Lesson(*batch)
        with torch.no_grad():
            mended, (maps, features, told) = self.fixer(at.spoilt, at.said)
        for axes in MIRRORED:
            mirrored = (each.float().flip(axes) for each in (at.spoilt, mended, maps, features, at.where, at.counts))
            images, done, own, seen, where, counts = mirrored
            each = unlike(self.net(images, done, Sight(own, seen, told.float())), where, counts)
            self.learn(each.sum(), rate(progress, RATE), len(images))
        return {"kinds": each[:KINDS].detach().sum(), "anything": each[KINDS].detach()}

    @torch.no_grad()
    def sample(self) -> Tensor:
        """As `placed`."""
        images, at = self.shown.spoilt, next(self.fixer.parameters()).device
        mended, sight = self.fixer(images.to(at), self.shown.said.to(at))
        return placed(self.shown, enlarged(self.average.net(images.to(at), mended, sight), images.shape[2:]))
