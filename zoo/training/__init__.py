"""What `zoo train` runs: a plugin's own `train.py`, and all that such files share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zoo.errors import ModelError

if TYPE_CHECKING:
    from zoo.registry import Entry


def train(
    entry: Entry,
    data: str | None,
    out: Path,
    resume: bool = False,
    tracker: str | None = None,
    adapt: Path | None = None,
    adversarial: bool = False,
) -> None:
    """Train the model of `entry` on pictures from `data`, and leave weights, metrics and a model card in `out`.

    The work is done by `train(name, data, out, resume)` in the plugin's `train.py`. Where that takes them, it is given
    the name of a `tracker`, a folder to `adapt` to (then `data` may be None, and it alone says what it leaves in
    `out`), and whether to be `adversarial`. Raises `ModelError` where there is no such function or it does not take
    what was asked for, `SourceError` where `data` is none, `TrainingError` where the training cannot go on.
    """
    from zoo.publish import layout

    method = _method(entry)
    options = {"tracker": tracker, "adapt": adapt, "adversarial": adversarial or None}
    asked = {name: value for name, value in options.items() if value is not None}
    for name in asked:
        if name not in inspect.signature(method).parameters:
            raise ModelError(
                "The training of {id} knows no --{option}: train() in its train.py has no such argument. Leave it out.",
                id=entry.id,
                option=name,
            )
    if data is None and adapt is None:
        raise ModelError("Name the pictures to train on with --data, such as --data avatars: or a folder.")
    method(entry.cls.name, data, out, resume, **asked)
    if adapt is None:
        layout(entry, out / "model.safetensors", out)


def _method(entry: Entry) -> Callable[..., Any]:
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
    return cast("Callable[..., Any]", method)
