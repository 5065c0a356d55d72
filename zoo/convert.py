"""Foreign checkpoints to safetensors. The only place that unpickles, and nothing in a pickle is ever run.

What `torch.save` wrote is read by `torch.load(weights_only=True)`. NVIDIA's pickles (StyleGAN2-ADA, StyleGAN3) hold
modules with their source code inside, which the official loader executes. Here every class and function a pickle
names becomes an inert record of what it would have been called with; tensors are built from those records afterwards,
by hand.
"""

from __future__ import annotations

import hashlib
import io
import math
import pickle
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import tensors
from zoo.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.registry import Entry

TORCH_ZIP = b"PK\x03\x04"
TORCH_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
"""How files of `torch.save` begin: since torch 1.6, and before."""

KNOWN = (
    "R3GAN.",
    "builtins.set",
    "collections.OrderedDict",
    "dnnlib.",
    "numpy.",
    "torch.",
    "torch_utils.",
    "training.",
)
"""What the pickles of GANs name. Any other name is refused: it is there for no good reason."""


@dataclass(frozen=True)
class Conversion:
    """A checkpoint that became a safetensors `file`: how many `tensors`, how many `values` in them, its digest."""

    file: Path
    tensors: int
    values: int
    sha256: str


def convert(source: Path, entry: Entry | None, out: Path, key: str | None = None) -> Conversion:
    """Write the tensors of the checkpoint `source` to `out`, once the model of `entry` has been seen to load them.

    `key` is the dotted prefix of the tensors that are wanted, which they lose: `g_ema`, `state_dict.module`.
    Writes whole or not at all. Raises `WeightsError`.
    """
    found = pick(checkpoint(source), key, source)
    data = tensors.encode(found)
    if entry is None:
        tensors.load(data, source, tensors.shapes(data, source))
    else:
        prove(entry, data, source)
    tensors.write(data, out)
    return Conversion(out, len(found), sum(t.numel() for t in found.values()), hashlib.sha256(data).hexdigest())


def checkpoint(source: Path) -> dict[str, Tensor]:
    """The tensors in the checkpoint `source`, by dotted name. Raises `WeightsError`; runs nothing."""
    try:
        with source.open("rb") as file:
            start = file.read(16)
        return dict(_leaves(_read(source, start), ()))
    except WeightsError:
        raise
    except OSError as error:
        raise WeightsError(
            "{file} cannot be read: {why}. Check its permissions and its disk.", file=source, why=error.strerror
        ) from error
    except Exception as error:  # there is no end to what a hostile file makes its readers raise
        raise WeightsError(
            "{file} is damaged, or holds more than tensors, which could run code ({why}). Nothing of it was run. Ask "
            "its author for a plain state_dict or safetensors.",
            file=source,
            why=_why(error),
        ) from error


def pick(found: dict[str, Tensor], key: str | None, source: Path) -> dict[str, Tensor]:
    """Those of `found` whose name begins with `key`, without it. Raises `WeightsError` naming the keys there are."""
    prefix = f"{key}." if key else ""
    picked = {name.removeprefix(prefix): tensor for name, tensor in found.items() if name.startswith(prefix)}
    if not picked:
        keys = Counter(name.split(".")[0] for name in found)
        raise WeightsError(
            "{file} has no tensors under “{key}”. It has: {keys}. Name one with --key.",
            file=source,
            key=key or "",
            keys=", ".join(f"{name} ({count})" for name, count in keys.most_common(20)) or "–",
        )
    return picked


def prove(entry: Entry, data: bytes, source: Path) -> None:
    """Load `data`, which came from `source`, into the model as the zoo will. `WeightsError` where it does not fit."""
    model = entry.cls()
    net = model.build()
    if net is None:
        raise WeightsError("{id} has no network to load weights into: its build() returns None.", id=entry.id)
    expected = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    model.load(tensors.load(data, source, expected))


def _read(source: Path, start: bytes) -> Any:
    import torch

    if start[8:9] == b"{":  # first, as the length before it may look like the start of a pickle
        from safetensors.torch import load_file

        return load_file(source)
    if start.startswith((TORCH_ZIP, TORCH_LEGACY)):
        return torch.load(source, map_location="cpu", weights_only=True)
    if start.startswith(b"\x80"):
        with source.open("rb") as file:
            return _Records(file).load()
    tensors.refuse_foreign(start, source)
    raise WeightsError("{file} is no checkpoint of PyTorch, and no safetensors file.", file=source)


def _why(error: BaseException) -> str:
    """What was wrong, without torch's advice to load the file unsafely."""
    named = re.search(r"GLOBAL (\S+)", str(error))
    if named:
        return f"it names {named[1]}"
    words = str(error).rpartition("WeightsUnpickler error: ")[2].strip() or type(error).__name__
    return words.split("\n")[0][:120]


class _Record(dict[Any, Any]):
    """What a pickle would have called: `name`, with `args`, then given `state` or items."""

    name: str
    args: tuple[Any, ...]
    state: Any = None

    def __new__(cls, *args: Any, **_: Any) -> _Record:
        record = super().__new__(cls)
        record.args = args
        return record

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Records(pickle._Unpickler):
    """Reads a pickle into records: imports nothing, calls nothing.

    It is Python's unpickler in Python: the one in C lets a file of ten bytes reserve 34 GB.
    """

    def find_class(self, module: str, name: str) -> type[_Record]:
        full = f"{module}.{name}"
        if not full.startswith(KNOWN):
            raise pickle.UnpicklingError(f"it names {full}")
        return type(name, (_Record,), {"name": full})


def _leaves(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Tensor]]:
    """The tensors under `node`, each with its dotted path."""
    import torch

    if isinstance(node, torch.Tensor):
        yield ".".join(path), _plain(node)
    elif isinstance(node, _Record):
        yield from _unfold(node, path)
    elif isinstance(node, dict):
        for name, child in node.items():
            yield from _leaves(child, (*path, str(name)))
    elif isinstance(node, list | tuple):
        for number, child in enumerate(node):
            yield from _leaves(child, (*path, str(number)))


def _unfold(record: _Record, path: tuple[str, ...]) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a record: of a tensor itself, of a module, or of what has items."""
    state = record.state
    match record.name.rpartition(".")[2]:
        case "_rebuild_tensor" | "_rebuild_tensor_v2":
            yield ".".join(path), _plain(_tensor(*record.args[:4]))
        case "_rebuild_parameter":
            yield from _leaves(record.args[0], path)
        case "_reconstruct_persistent_obj":
            state = record.args[0]["state"]
    for part in ("_parameters", "_buffers", "_modules"):
        yield from _leaves((state or {}).get(part), path)
    yield from _leaves(dict(record), path)


def _tensor(storage: Any, offset: int, size: Any, stride: tuple[int, ...]) -> Tensor:
    """The tensor that torch's `_rebuild_tensor` would make of a storage's record."""
    import torch

    values = torch.load(io.BytesIO(storage.args[0]), map_location="cpu", weights_only=True)
    raw = values._untyped_storage  # as torch itself does: the public untyped() warns
    if math.prod(size) * values.dtype.itemsize > raw.nbytes():
        raise ValueError(f"a tensor of {math.prod(size)} values, of which only {raw.nbytes()} bytes are there")
    return torch.empty(0, dtype=values.dtype).set_(raw, offset, size, stride)


def _plain(tensor: Tensor) -> Tensor:
    """`tensor`, if it is one that a float32 file can hold."""
    if tensor.is_complex() or tensor.is_quantized or tensor.is_sparse or tensor.is_meta:
        raise ValueError(f"a tensor of {tensor.dtype}, {tensor.layout}, on {tensor.device}")
    return tensor
