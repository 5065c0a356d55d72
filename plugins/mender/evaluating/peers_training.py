"""Training what the mender is compared with: `python -m plugins.mender.evaluating.peers_training [PEER ...]`.

Each peer learns from the clean pictures that the mender learns from, is set by the same held-out ones, and becomes a
file in `trained.FOLDER`, where `zoo evaluate mender/mender` finds it. A training that was stopped goes on. The plain
residual net and the autoencoder need what `zoo train` needs; DRAEM and GANomaly want an environment of their own, with
`pip install 'persona-zoo[train]' 'anomalib>=2.7,<3'` (Apache-2.0).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import torch
from torch import Generator, Tensor, nn

from zoo.training.checkpoints import CHECKPOINT
from zoo.training.loop import Budget, fit
from zoo.training.sheets import save_sheet

from ..fixing import BUDGET, crops, lesson, lessons
from ..material import Clean, corpus
from . import plain, rebuilding
from .pictures import FOLDER, MATERIAL, SIDE, clean, learnt_from
from .trained import FIXERS, NAMES, Finder, save

SHOWN, CALIBRATED, CHUNK = 8, 40, 8
"""Pictures on sheets, and of each source to calibrate with."""


class Clock:
    """CPU seconds that a training has taken, also before it was stopped."""

    def __init__(self) -> None:
        self.before, self.start = 0.0, process_time()

    @property
    def seconds(self) -> float:
        return self.before + process_time() - self.start

    def state_dict(self) -> dict[str, float]:
        return {"seconds": self.seconds}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.before, self.start = state["seconds"], process_time()


def train(name: str, folder: Path = FOLDER) -> None:
    """Teach the peer within its budget, and keep it."""
    torch.manual_seed(0)
    method, draw, budget = _recipe(name, corpus(MATERIAL, "train"))
    method.parts["clock"] = clock = Clock()
    out = folder / name
    fit(method, draw, out, budget, resume=(out / CHECKPOINT).exists(), precision="bf16" if name in FIXERS else "no")
    net = method.result()
    save(net if name in FIXERS else Finder(net, high(net)), folder / f"{name}.pt2", clock.seconds)


def _recipe(name: str, sources: dict[str, Clean]) -> tuple[Any, Callable[[int], Any], Budget]:
    """The method, what it draws its batches with, and for how long."""
    if name in FIXERS:
        return plain.Restoring(lesson(sources, 16, 128, seed=0)), lessons(sources), BUDGET

    def draw(count: int) -> Tensor:
        seed = int(torch.randint(2**60, ()))
        return clean(crops(sources, count, SIDE, Generator().manual_seed(seed)), seed)

    shown = draw(SHOWN)
    if name == "ssim_ae":
        return rebuilding.Rebuilding(shown), draw, rebuilding.BUDGET
    from . import anomalous

    if name == "ganomaly":
        return anomalous.Ganomaly(shown), draw, anomalous.BUDGETS[name]
    return anomalous.Draem(shown, textures(sources["scenes"])), draw, anomalous.BUDGETS[name]


def textures(scenes: Clean) -> Path:
    """A folder of scenes as PNG, what DRAEM makes its faults of: the describable textures, which it took, are not
    free."""
    folder = FOLDER / "textures"
    for number, picture in enumerate(scenes.pictures):
        if not (path := folder / f"{number}.png").exists():
            save_sheet(picture[None] / 255, path)
    return folder


@torch.no_grad()
def high(net: nn.Module) -> Tensor:
    """The 95 % quantile of the scores of clean pictures that nothing was learnt from."""
    found = [net(part) for part in learnt_from("calibrate", CALIBRATED).split(CHUNK)]
    return torch.cat([each[0] if isinstance(each, tuple) else each for each in found]).quantile(0.95)


if __name__ == "__main__":
    for each in sys.argv[1:] or NAMES:
        train(each)
