"""Learning to survey: what `zoo.training.loop` needs to know of it."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from zoo.training.loop import Budget, fit

from .fixing import Taught, rate
from .locating import MIRRORED, Lesson, begun, lesson, lessons, placed, unlike
from .material import corpus
from .net import KINDS
from .survey import Survey, over

SIDES = (96, 128, 160, 160, 160, 256)
"""Of the squares that it learns from, in pixels: the largest it sees reduced, as all larger pictures."""

BUDGET = Budget(images=112_000, batch=16, save_every=8000)
RATE = 1.5e-3


def train_survey(out: Path, resume: bool = False, tracker: str | None = None) -> tuple[Survey, int]:
    """Teach a survey within `BUDGET`; pictures, checkpoints and sheets go to `out`. The number is of squares seen."""
    sources, own = corpus(out / "material", "train"), out / "survey"
    method = Surveying(lesson(sources, 32, 160, seed=0))
    seen = fit(method, lessons(sources, SIDES), own, BUDGET, begun(own, resume), tracker, precision="no")
    return method.result(), seen


class Surveying(Taught[Survey]):
    """By cross-entropy in every cell, each square as it is or turned. `shown` is what sheets are of."""

    def __init__(self, shown: Lesson) -> None:
        super().__init__(Survey())
        self.shown = shown

    def step(self, batch: tuple[Tensor, ...], progress: float) -> dict[str, Tensor]:
        at, turn = Lesson(*batch), int(torch.randint(2 * len(MIRRORED), ()))
        spoilt, where, counts = (_turned(each, turn) for each in (at.spoilt, at.where, at.counts))
        logits = self.net(spoilt)
        cells = (F.adaptive_avg_pool2d(each, logits.shape[2:]) for each in (where, counts))
        each = unlike(logits, *cells)
        self.learn(each.sum(), rate(progress, RATE), len(logits))
        return {"kinds": each[:KINDS].detach().sum(), "anything": each[KINDS].detach()}

    @torch.no_grad()
    def sample(self) -> Tensor:
        """As `locating.placed`."""
        size, at = self.shown.spoilt.shape[2:], next(self.net.parameters()).device
        return placed(self.shown, over(self.average.net(self.shown.spoilt.to(at)), size, size))


def _turned(values: Tensor, turn: int) -> Tensor:
    """By one of the symmetries of the square."""
    mirrored = values.flip(MIRRORED[turn % len(MIRRORED)])
    return mirrored.mT.contiguous() if turn >= len(MIRRORED) else mirrored
