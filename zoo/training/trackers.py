"""Where the curves of a training go: TensorBoard, trackio or Weights & Biases, by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from PIL import Image
from tqdm import tqdm

from .checkpoints import Setting, TrainingError


class Tracker(Protocol):
    """Takes what a training has to show. `seen` is the number of pictures learnt from so far."""

    def log(self, values: Mapping[str, float], seen: int) -> None: ...

    def show(self, sheet: Image.Image, seen: int) -> None: ...

    def close(self) -> None: ...


class TensorBoard:
    """Event files in `OUT/tensorboard`: look with `tensorboard --logdir OUT`."""

    def __init__(self, out: Path, settings: Mapping[str, Setting], seen: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # What a killed training logged after its last checkpoint is hidden, for it comes again.
        self.writer: Any = SummaryWriter(out / "tensorboard", purge_step=seen + 1 if seen else None)
        self.writer.add_text("settings", "\n".join(f"- {name}: {value}" for name, value in settings.items()), seen)

    def log(self, values: Mapping[str, float], seen: int) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, seen)

    def show(self, sheet: Image.Image, seen: int) -> None:
        self.writer.add_image("samples", np.asarray(sheet), seen, dataformats="HWC")
        self.writer.flush()

    def close(self) -> None:
        self.writer.close()


class Client:
    """trackio and Weights & Biases, whose clients are used alike. A resumed training goes on in its own run."""

    def __init__(self, client: ModuleType, run: Mapping[str, Any], settings: Mapping[str, Setting]) -> None:
        self.client: Any = client
        self.client.init(project="persona-zoo", resume="allow", config=dict(settings), **run)

    def log(self, values: Mapping[str, float], seen: int) -> None:
        self.client.log(dict(values), step=seen)

    def show(self, sheet: Image.Image, seen: int) -> None:
        self.client.log({"samples": self.client.Image(sheet)}, step=seen)

    def close(self) -> None:
        self.client.finish()


class Silent:
    """No tracker."""

    def log(self, values: Mapping[str, float], seen: int) -> None: ...

    def show(self, sheet: Image.Image, seen: int) -> None: ...

    def close(self) -> None: ...


def _trackio(out: Path, settings: Mapping[str, Setting], seen: int) -> Tracker:
    import trackio

    return Client(trackio, {"name": _run(out)}, settings)


def _wandb(out: Path, settings: Mapping[str, Setting], seen: int) -> Tracker:
    import wandb

    return Client(wandb, {"id": _run(out), "name": out.name, "dir": str(out)}, settings)


def _run(out: Path) -> str:
    """The name of the run in `out`, the same when it is resumed."""
    return f"{out.name}-{hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:8]}"


TRACKERS: dict[str, Callable[[Path, Mapping[str, Setting], int], Tracker]] = {
    "tensorboard": TensorBoard,
    "trackio": _trackio,
    "wandb": _wandb,
    "none": lambda *_: Silent(),
}
"""By name, which is that of their package too."""


def open_tracker(name: str | None, out: Path, settings: Mapping[str, Setting], seen: int = 0) -> Tracker:
    """The tracker `name` for the training in `out`; None is TensorBoard, where it is installed.

    Raises `TrainingError` where there is none of that name, it is not installed, or does not start.
    """
    if name is None:
        name = "tensorboard" if find_spec("tensorboard") else "none"
    if name not in TRACKERS:
        raise TrainingError("There is no tracker “{name}”. Use one of: {all}.", name=name, all=", ".join(TRACKERS))
    if name != "none" and not find_spec(name):
        raise TrainingError("“{name}” is not installed. Install it with `pip install {name}`.", name=name)
    try:
        return Forgiving(TRACKERS[name](out, settings, seen))
    except Exception as error:  # each client has errors of its own
        raise TrainingError(
            "The tracker “{name}” does not start: {why} Put that right, or train with --tracker none.",
            name=name,
            why=_sentence(error),
        ) from error


class Forgiving:
    """A tracker that stops to track when it fails, and says so: a lost connection costs no training."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker

    def log(self, values: Mapping[str, float], seen: int) -> None:
        self._try(lambda: self.tracker.log(values, seen))

    def show(self, sheet: Image.Image, seen: int) -> None:
        self._try(lambda: self.tracker.show(sheet, seen))

    def close(self) -> None:
        self._try(self.tracker.close)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # each client has errors of its own
            tqdm.write(f"The tracker failed and is off from here on; the training goes on. {_sentence(error)}")
            self.tracker = Silent()


def _sentence(error: Exception) -> str:
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return first if first.endswith(".") else f"{first}."
