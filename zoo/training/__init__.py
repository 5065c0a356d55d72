"""What `zoo train` runs: a plugin's own `train.py`, and all that such files share."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from zoo.errors import ModelError

if TYPE_CHECKING:
    from zoo.registry import Entry


def train(entry: Entry, data: str, out: Path, resume: bool = False) -> None:
    """Train the model of `entry` on pictures from `data`, and leave weights, metrics and a model card in `out`.

    The work is done by `train(name, data, out, resume)` in the plugin's `train.py`. Raises `ModelError` where there is
    none, `SourceError` where `data` is none, `TrainingError` where the training cannot go on.
    """
    from zoo.publish import layout

    _method(entry)(entry.cls.name, data, out, resume)
    layout(entry, out / "model.safetensors", out)


def _method(entry: Entry) -> Callable[[str, str, Path, bool], None]:
    """The function `train` in the `train.py` of the plugin of `entry`."""
    package = entry.cls.__module__.rpartition(".")[0]
    there = entry.folder is not None and (entry.folder / "train.py").is_file()
    try:
        method = getattr(import_module(f"{package}.train"), "train", None) if there else None
    except ModuleNotFoundError as error:
        raise ModelError(
            "Training needs {package}. Install it with `pip install 'persona-zoo[train]'`.", package=error.name
        ) from error
    if method is None:
        raise ModelError("{id} cannot be trained: there is no train() in a train.py of its plugin.", id=entry.id)
    return cast("Callable[[str, str, Path, bool], None]", method)
