"""The safetensors format, strictly: the limits that the safetensors library leaves open, and whole files only."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]

MAX_HEADER = 1_000_000
"""Bytes of a header. 5,000 tensors need under half of it."""
MAX_TENSORS = 5_000
MAX_RANK = 6
DTYPES = ("F32", "F16", "BF16")
NAME = re.compile(r"[A-Za-z0-9_.]{1,200}")


def load(data: bytes, file: Path, expected: Shapes) -> dict[str, Tensor]:
    """The tensors in `data`, float32, on the CPU: exactly the names and shapes `expected`, every value finite.

    The header is checked before a tensor is made: a hostile one then costs milliseconds (unchecked, 200,000 tensors
    in 16 MB keep safetensors busy for 16 s). `file` is where the bytes came from, for the `WeightsError` that says
    what is wrong with them.
    """
    _compare(shapes(data, file), expected, file)
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = {name: tensor.float() for name, tensor in load(data).items()}
    except SafetensorError as error:
        raise WeightsError("{file} is damaged ({why}). Get it anew.", file=file, why=error) from error
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise WeightsError(
                "“{name}” in {file} holds values that are not finite. Train or convert it anew.", name=name, file=file
            )
    return tensors


def save(tensors: Mapping[str, Tensor], file: Path) -> str:
    """Write `tensors` as safetensors, whole or not at all, and return the file's sha256 digest."""
    data = encode(tensors)
    shapes(data, file)
    write(data, file)
    return hashlib.sha256(data).hexdigest()


def encode(tensors: Mapping[str, Tensor]) -> bytes:
    """`tensors` as safetensors, in halves of 16 bits where they are such, else as float32.

    Whole numbers, such as BatchNorm's count of batches, become float32 too: `load` takes nothing else, and
    `load_state_dict` turns them back.
    """
    from safetensors.torch import save

    return save({name: _stored(tensor.detach().cpu()).contiguous().clone() for name, tensor in tensors.items()})


def _stored(tensor: Tensor) -> Tensor:
    return tensor if tensor.is_floating_point() and tensor.itemsize == 2 else tensor.float()


def write(data: bytes, file: Path) -> None:
    """Write `data` to `file`, whole or not at all. Raises `WeightsError` where there is no room or no permission."""
    part = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(file)
    except OSError as error:
        raise WeightsError(
            "{file} cannot be written: {why}. Free some space, or choose another folder.", file=file, why=error.strerror
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def shapes(data: bytes, file: Path) -> dict[str, tuple[int, ...]]:
    """The names and shapes that the header promises, within the limits above. Raises `WeightsError`."""
    header = _header(data, file)
    header.pop("__metadata__", None)
    if len(header) > MAX_TENSORS:
        raise WeightsError(
            "{file} holds {count} tensors. A model may have {limit}.", file=file, count=len(header), limit=MAX_TENSORS
        )
    return {name: _shape(name, entry, file) for name, entry in header.items()}


def refuse_foreign(start: bytes, file: Path) -> None:
    """Raises `WeightsError` where the `start` of a file tells one that is often mistaken for weights."""
    if not start:
        raise WeightsError("{file} is empty. Get it anew with `zoo pull`.", file=file)
    if start.startswith(b"version https://git-lfs"):
        raise WeightsError(
            "{file} is a Git LFS pointer, not the weights it stands for. In a clone run `git lfs pull`; a mirror must "
            "serve the file itself.",
            file=file,
        )
    if start.lstrip()[:5].lower() in (b"<!doc", b"<html"):
        raise WeightsError("{file} is a web page, not weights. Get it anew with `zoo pull`.", file=file)
    if start.startswith((b"\x80", b"PK\x03\x04")) and start[8:9] != b"{":
        raise WeightsError(
            "{file} is a pickle under another name, which could run code: it is not opened. Convert the original with "
            "`zoo convert`.",
            file=file,
        )


def _header(data: bytes, file: Path) -> dict[str, Any]:
    length = int.from_bytes(data[:8], "little")
    if MAX_HEADER < length <= len(data) - 8:
        raise WeightsError(
            "The header of {file} has {size} bytes. A model's may have {limit}.",
            file=file,
            size=length,
            limit=MAX_HEADER,
        )
    try:
        header = json.loads(data[8 : 8 + length]) if length <= len(data) - 8 else None
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        refuse_foreign(data[:64], file)
        raise WeightsError("{file} is no safetensors file, or a damaged one. Get it anew.", file=file)
    return header


def _shape(name: str, entry: Any, file: Path) -> tuple[int, ...]:
    if not NAME.fullmatch(name):
        raise WeightsError(
            "“{name}” in {file} cannot name a tensor. Use letters, digits, _ and dots, 200 at most.",
            name=name[:200],
            file=file,
        )
    dtype, shape = (entry.get("dtype"), entry.get("shape")) if isinstance(entry, dict) else (None, None)
    if dtype not in DTYPES:
        raise WeightsError(
            "“{name}” in {file} is of type {dtype}. Weights are F32, F16 or BF16: convert it with `zoo convert`.",
            name=name,
            file=file,
            dtype=str(dtype)[:20],
        )
    if not isinstance(shape, list) or len(shape) > MAX_RANK or not all(type(n) is int and n >= 0 for n in shape):
        raise WeightsError(
            "“{name}” in {file} has an impossible shape. Use at most {limit} dimensions.",
            name=name,
            file=file,
            limit=MAX_RANK,
        )
    return tuple(shape)


def _compare(found: Shapes, expected: Shapes, file: Path) -> None:
    """Raises `WeightsError` naming the first tensors that are missing, not known, or of another shape."""
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    other = [
        f"{name} {found[name]} for {tuple(expected[name])}"
        for name in expected
        if name in found and found[name] != tuple(expected[name])
    ]
    if missing or extra or other:
        raise WeightsError(
            "{file} does not fit the network that build() makes. Missing: {missing}. Not known: {extra}. "
            "Of another shape: {other}. Make build() fit the weights, or convert them anew.",
            file=file,
            missing=_first(missing),
            extra=_first(extra),
            other=_first(other),
        )


def _first(names: list[str]) -> str:
    """The first three, and how many more there are."""
    return ", ".join(names[:3]) + (f" (+{len(names) - 3})" if names[3:] else "") or "–"
