"""The loop around a plugin's `train.py`: batches, devices, checkpoints, progress, sample sheets, curves."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import send_to_device
from torch import Tensor
from tqdm import tqdm

from .checkpoints import (
    CHECKPOINT,
    Checkpoint,
    Setting,
    Stateful,
    TrainingError,
    not_finite,
    read_checkpoint,
    restore,
    write_checkpoint,
)
from .devices import Precision, align, autocast, open_accelerator, prepare, random_states, set_random_states, share
from .sheets import save_sheet
from .trackers import Tracker, open_tracker
from .watch import CollapseWatch

__all__ = ["Budget", "Method", "Stateful", "TrainingError", "fit"]

LOOK_EVERY = 16
"""Steps between two looks at the losses. On a GPU a look waits for all that is under way."""

Batch = TypeVar("Batch")
In = TypeVar("In", contravariant=True)


class Method(Protocol[In]):
    """What a `train.py` brings: networks, their losses, and how to look at them."""

    @property
    def parts(self) -> Mapping[str, Stateful]:
        """All networks, averages and optimizers, by name: what is moved to the device, and kept in a checkpoint."""

    def step(self, batch: In, progress: float) -> Mapping[str, Tensor]:
        """Learn from a batch; `progress` goes from 0 to 1 over the budget. Returns the losses by name.

        Whatever it draws, it draws with torch's global generator.
        """

    def sample(self) -> Tensor:
        """What it draws by now, `[64,3,H,W]` in 0..1, always from the same latents."""


@dataclass(frozen=True)
class Budget:
    """How long to train: `images` seen in all, `batch` at a time; a checkpoint and a sheet every `save_every`."""

    images: int
    batch: int = 32
    save_every: int = 10_000


def fit(
    method: Method[Batch],
    batch: Callable[[int], Batch],
    out: Path,
    budget: Budget,
    resume: bool = False,
    tracker: str | None = None,
    *,
    settings: Mapping[str, Setting] | None = None,
    real: Tensor | None = None,
    precision: Precision | None = None,
) -> int:
    """Train until the budget is spent and return the number of pictures seen.

    `batch(N)` gives N examples (tensors, or tuples and dicts of them), drawn with torch's global generator, whose state
    is in the checkpoint. So a training that was killed goes on from there with `resume`, and ends with the weights that
    it would have had.

    `tracker` is a name in `trackers.TRACKERS`; None is TensorBoard, where it is installed. `settings` are what a
    resumed training must share with the one that was begun: model, data, side. `real` are about 64 real pictures,
    `[N,3,H,W]` in 0..1, that sheets are compared with to warn of mode collapse; None for a method whose sheets are no
    free draws. `precision` is “no” or “bf16”; None is what `accelerate` was configured to.

    Raises `TrainingError` where there is nothing to resume or another training, and where a loss is no number;
    `WeightsError` where the disk is full. The last good checkpoint is kept.
    """
    accelerator = open_accelerator()
    prepare(method.parts, accelerator)
    run = Run(method, out, budget, {"batch": budget.batch, **(settings or {})}, accelerator)
    run.begin(resume)
    size = share(budget.batch, accelerator)
    run.track(tracker, real)
    torch.set_flush_denormal(True)  # an optimizer's averages are full of denormal numbers, and a CPU is slow with them
    try:
        with tqdm(
            total=budget.images, initial=run.seen, unit="img", unit_scale=True, mininterval=2,
            disable=not accelerator.is_main_process,
        ) as bar:  # fmt: skip
            while run.seen < budget.images:
                with autocast(accelerator, precision):
                    losses = method.step(send_to_device(batch(size), accelerator.device), run.seen / budget.images)
                run.add(losses)
                bar.update(budget.batch)
                if run.due_to_save or run.steps % LOOK_EVERY == 0:
                    bar.set_postfix(run.look(), refresh=False)
                if run.due_to_save:
                    run.keep()
    finally:
        torch.set_flush_denormal(False)
        run.tracker.close()
    align(method.parts, accelerator)
    return run.seen


@dataclass
class Run(Generic[Batch]):
    """A training under way."""

    method: Method[Batch]
    out: Path
    budget: Budget
    settings: Mapping[str, Setting]
    accelerator: Accelerator
    seen: int = 0
    steps: int = 0
    tracker: Tracker = field(init=False)
    watch: CollapseWatch | None = None
    _sums: dict[str, Tensor] = field(default_factory=dict)
    _summed: int = 0
    _since: float = field(default_factory=time.monotonic)

    def begin(self, resume: bool) -> None:
        """Take up the training that lies in `out`, or make sure that there is none."""
        if not resume:
            if (self.out / CHECKPOINT).exists():
                raise TrainingError(
                    "{folder} holds a training already. Go on with --resume, or choose another --out.", folder=self.out
                )
            return
        saved = read_checkpoint(self.out)
        for name in self.settings:
            if saved.settings.get(name) != self.settings[name]:
                raise TrainingError(
                    "The training in {folder} was begun with {name} {before}, not {now}. Resume with the same, or "
                    "choose another --out.",
                    folder=self.out,
                    name=name,
                    before=saved.settings.get(name),
                    now=self.settings[name],
                )
        restore(saved, self.method.parts, self.out)
        set_random_states(saved.random, self.accelerator)
        self.seen = saved.seen

    def track(self, tracker: str | None, real: Tensor | None) -> None:
        """Open the tracker: one for all processes."""
        name = tracker if self.accelerator.is_main_process else "none"
        self.tracker = open_tracker(name, self.out, self.settings, self.seen)
        self.watch = None if real is None else CollapseWatch(real)

    @property
    def due_to_save(self) -> bool:
        return self.seen % self.budget.save_every < self.budget.batch or self.seen >= self.budget.images

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Count a step. A loss that is no number stays in the sum, so it is seen at the next look."""
        self.seen += self.budget.batch
        self.steps += 1
        self._summed += 1
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, 0) + loss.detach()

    def look(self) -> dict[str, float]:
        """The mean losses since the last look, which go to the tracker. Raises `TrainingError` for one that is no
        number."""
        means = {name: total.item() / self._summed for name, total in self._sums.items()}
        if not all(map(math.isfinite, means.values())):
            raise not_finite(", ".join(name for name, mean in means.items() if not math.isfinite(mean)), self.out)
        now = time.monotonic()
        rate = self._summed * self.budget.batch / max(now - self._since, 1e-9)
        self.tracker.log(
            {f"loss/{name}": mean for name, mean in means.items()} | {"images per second": rate}, self.seen
        )
        self._sums, self._summed, self._since = {}, 0, now
        return means

    def keep(self) -> None:
        """Write the checkpoint, then a sheet. Nothing random in a sheet may change what comes after it."""
        random = random_states(self.accelerator)
        if not self.accelerator.is_main_process:
            return
        parts = {name: part.state_dict() for name, part in self.method.parts.items()}
        write_checkpoint(Checkpoint(self.seen, self.settings, random, parts), self.out)
        with torch.random.fork_rng(devices=[self.accelerator.device] if "cuda" in random[0] else []):
            drawn = self.method.sample()
        self.tracker.show(save_sheet(drawn, self.out / "samples" / f"{self.seen:08d}.png"), self.seen)
        if self.watch:
            figures, warning = self.watch.look(drawn, self.seen / self.budget.images)
            self.tracker.log({f"collapse/{name}": figure for name, figure in figures.items()}, self.seen)
            if warning:
                tqdm.write(warning)
