"""Checkpoints: one safetensors file with every tensor of a training, and the rest of it as JSON in its header.

Nothing is pickled, so a checkpoint from a stranger runs no code. The file is the old one or the new one, whatever
happens while it is written: a kill, a full disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from zoo.errors import ZooError
from zoo.tensors import write

CHECKPOINT = "checkpoint.safetensors"

Setting = str | int | float | bool | None


class TrainingError(ZooError):
    """A training cannot start, or cannot go on."""


class Stateful(Protocol):
    """A module, an optimizer, or anything else that can give its state and take it back: numbers, strings and tensors
    in dicts and lists."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any: ...


@dataclass(frozen=True)
class Checkpoint:
    """All that a training must know to go on."""

    seen: int
    """Pictures so far."""
    settings: Mapping[str, Setting]
    """What may not change on the way: the data, the size of the pictures, the batch."""
    random: list[dict[str, Tensor]]
    """The state of the random generators, by device, of each process."""
    parts: Mapping[str, Any]
    """The state of each part of the method."""


def write_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Replace the checkpoint in `folder`. Raises `TrainingError` where a value is not finite, `WeightsError` where the
    disk is full; the one before is kept."""
    tensors: dict[str, Tensor] = {}
    tree = _split({**vars(checkpoint)}, "", tensors)
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise not_finite(name.removeprefix("/parts/"), folder)
    write(save(tensors, {"state": json.dumps(tree)}), folder / CHECKPOINT)


def not_finite(name: str, folder: Path) -> TrainingError:
    """What to do when the loss or tensor `name` is NaN or infinite."""
    if (folder / CHECKPOINT).exists():
        return TrainingError(
            "“{name}” is no longer a number. {folder} holds the last good weights: lower the learning rate and resume.",
            name=name,
            folder=folder,
        )
    return TrainingError("“{name}” is no longer a number. Lower the learning rate and begin anew.", name=name)


def read_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`. Raises `TrainingError` where there is none, or a damaged one."""
    path = folder / CHECKPOINT
    if not path.exists():
        raise TrainingError(
            "There is no training to resume in {folder}. Leave out --resume to begin one.", folder=folder
        )
    for half in folder.glob(f".{CHECKPOINT}.*"):  # of a process that was killed while it wrote
        half.unlink()
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no dict
            return Checkpoint(**_join(json.loads(file.metadata()["state"]), tensors))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            "{file} is damaged ({why}). Move it away and begin anew, without --resume.", file=path, why=error
        ) from error


def restore(checkpoint: Checkpoint, parts: Mapping[str, Stateful], folder: Path) -> None:
    """Give each part its state back. Raises `TrainingError` where one is of another shape than it was."""
    for name, part in parts.items():
        saved = checkpoint.parts.get(name)
        own = part.state_dict()
        differs = _difference(own, saved) if isinstance(part, torch.nn.Module) else None
        try:
            if saved is None or differs:
                raise ValueError(differs or "it is not in the checkpoint")
            own.update(saved)  # torch keeps the version of each module in an attribute of its own dict
            part.load_state_dict(own)
        except (ValueError, RuntimeError, KeyError) as error:
            raise TrainingError(
                "The training in {folder} is another one: “{part}” does not fit ({why}). Resume with the resolution "
                "and the settings that it was begun with, or choose another --out.",
                folder=folder,
                part=name,
                why=error,
            ) from error


def _difference(own: Mapping[str, Any], saved: Mapping[str, Any] | None) -> str | None:
    """The first difference in names or shapes."""
    shapes, before = ({k: _shape(v) for k, v in state.items()} for state in (own, saved or {}))
    return next(
        (
            f"{name} was {before.get(name, 'not there')} and is {shapes.get(name, 'not there')}"
            for name in (*before, *shapes)
            if before.get(name) != shapes.get(name)
        ),
        None,
    )


def _shape(value: Any) -> str:
    return "×".join(map(str, value.shape)) or "a number" if isinstance(value, Tensor) else type(value).__name__


def _split(node: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """`node` as JSON; the tensors in it go to `tensors`, each under its path."""
    if isinstance(node, Tensor):
        tensors[path] = node.detach().cpu().contiguous().clone()
        return ["tensor", path]
    if isinstance(node, Mapping):  # as pairs, for an optimizer counts its parameters with numbers
        return ["dict", [[key, _split(value, f"{path}/{key}", tensors)] for key, value in node.items()]]
    if isinstance(node, list | tuple):
        kind = "list" if isinstance(node, list) else "tuple"
        return [kind, [_split(value, f"{path}/{n}", tensors) for n, value in enumerate(node)]]
    if node is None or isinstance(node, str | int | float):
        return node
    raise TypeError(f"{path} is a {type(node).__name__}. A checkpoint holds tensors, numbers and strings.")


def _join(node: Any, tensors: Mapping[str, Tensor]) -> Any:
    """What `_split` was given."""
    if not isinstance(node, list):
        return node
    kind, value = node
    if kind == "tensor":
        return tensors[value]
    if kind == "dict":
        return {key: _join(child, tensors) for key, child in value}
    children = [_join(child, tensors) for child in value]
    return children if kind == "list" else tuple(children)
