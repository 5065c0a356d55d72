"""The loop around a plugin's `train.py`: batches, checkpoints, progress, sample sheets."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from tqdm import tqdm

from zoo.errors import ZooError
from zoo.tensors import write

from .sheets import save_sheet
from .sources import Pictures

CHECKPOINT = "checkpoint.pt"


class TrainingError(ZooError):
    """A training cannot start, or cannot go on."""


class Stateful(Protocol):
    """A module or an optimizer."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any: ...


class Method(Protocol):
    """What a `train.py` brings: networks, their losses, and how to look at them."""

    parts: Mapping[str, Stateful]
    """All that a checkpoint must hold, by name: networks, averages, optimizers."""

    def step(self, images: Tensor, progress: float) -> Mapping[str, Tensor]:
        """Learn from `[N,3,H,W]` in 0..1; `progress` goes from 0 to 1 over the budget. Returns the losses by name."""

    def sample(self) -> Tensor:
        """What it draws by now, `[64,3,H,W]` in 0..1, always from the same latents."""


@dataclass(frozen=True)
class Budget:
    """How long to train: `images` seen in all, `batch` at a time; a checkpoint and a sheet every `save_every`."""

    images: int
    batch: int = 32
    save_every: int = 10_000
    seed: int = 0


def fit(method: Method, pictures: Pictures, out: Path, budget: Budget, resume: bool = False) -> int:
    """Train until the budget is spent and return the number of pictures seen.

    A training that was killed goes on from its last checkpoint with `resume`, and ends with the weights that it would
    have had: batches, noise and dropout come from torch's generator, whose state is in the checkpoint.
    """
    seen = _resume(method, out) if resume else 0
    with tqdm(total=budget.images, initial=seen, unit="img", unit_scale=True, mininterval=2) as bar:
        while seen < budget.images:
            images = _batch(pictures, budget.batch)
            losses = method.step(images, seen / budget.images)
            seen += budget.batch
            bar.update(budget.batch)
            if seen % budget.save_every < budget.batch or seen >= budget.images:
                bar.set_postfix(_finite(losses, out))
                _save(method, seen, out)
                save_sheet(method.sample(), out / "samples" / f"{seen:08d}.png")
    return seen


def _batch(pictures: Pictures, size: int) -> Tensor:
    chosen = torch.randint(len(pictures), (size,)).numpy()
    return torch.from_numpy(pictures[chosen]).permute(0, 3, 1, 2).float() / 255


def _finite(losses: Mapping[str, Tensor], out: Path) -> dict[str, float]:
    values = {name: loss.item() for name, loss in losses.items()}
    if not all(map(math.isfinite, values.values())):
        raise TrainingError(
            "The loss is no longer a number. {folder} holds the last good weights: lower the learning rate and resume.",
            folder=out,
        )
    return values


def _save(method: Method, seen: int, out: Path) -> None:
    """The checkpoint is the old one or the new one, whatever happens while it is written."""
    whole = io.BytesIO()
    parts = {name: part.state_dict() for name, part in method.parts.items()}
    torch.save({"seen": seen, "random": torch.get_rng_state(), "parts": parts}, whole)
    write(whole.getvalue(), out / CHECKPOINT)


def _resume(method: Method, out: Path) -> int:
    if not (out / CHECKPOINT).exists():
        raise TrainingError("There is no training to resume in {folder}. Leave out --resume to begin one.", folder=out)
    saved = torch.load(out / CHECKPOINT, weights_only=True)
    for name, part in method.parts.items():
        part.load_state_dict(saved["parts"][name])
    torch.set_rng_state(saved["random"])
    return int(saved["seen"])
