"""What takes minutes to make and is the same each time: made once, and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

Tensors = dict[str, Tensor]


def once(path: Path, make: Callable[[], Tensors]) -> Tensors:
    """What `make` gives, kept in `path`, a safetensors file, for the next start; written whole or not at all."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        save_file({name: tensor.contiguous() for name, tensor in make().items()}, part)
        part.replace(path)
    return load_file(path)
