"""What a corrector takes for normal in a stylizer's pictures: a file beside the stylizer's plugin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zoo import tensors
from zoo.errors import ModelError
from zoo.registry import Entry

if TYPE_CHECKING:
    from torch import Tensor

LARGEST = 64 * 1024
"""Bytes of a normal. Plugins carry one for each of their stylizers."""


def path(stylizer: Entry, corrector: Entry) -> Path | None:
    """Where the normal lies, or would; None where the stylizer's plugin has no folder. It is of the weights that
    the corrector had then: with others it is not found."""
    if stylizer.folder is None:
        return None
    made_for = corrector.id.replace("/", "-")
    if corrector.cls.weights is not None:
        made_for += f"-{corrector.cls.weights.sha256[:12]}"
    return stylizer.folder / "normals" / stylizer.cls.name / f"{made_for}.safetensors"


def read(stylizer: Entry, corrector: Entry) -> dict[str, Tensor] | None:
    """The normal, or None where nobody has called `zoo calibrate`. Raises `WeightsError` where it is damaged."""
    file = path(stylizer, corrector)
    if file is None or not file.exists():
        return None
    data = file.read_bytes()
    return tensors.load(data, file, tensors.shapes(data, file))


def write(normal: Mapping[str, Tensor], stylizer: Entry, corrector: Entry) -> Path:
    """Keep the normal beside the stylizer's plugin."""
    file = path(stylizer, corrector)
    if file is None:
        raise ModelError("{id} has no folder to keep a normal in. Install its plugin from one.", id=stylizer.id)
    if not normal:
        raise ModelError("{id} looks at the pictures of all stylizers alike.", id=corrector.id)
    data = tensors.encode(normal)
    if len(data) > LARGEST:
        raise ModelError(
            "What {id} takes for normal has {size} bytes. Keep it under {limit}.",
            id=corrector.id,
            size=len(data),
            limit=LARGEST,
        )
    tensors.write(data, file)
    return file
