"""Picture files to arrays: cut square, on white, upright. What cannot be read is skipped, and told of."""

from __future__ import annotations

import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from zoo.errors import ZooError

Pictures = NDArray[np.uint8]
"""RGB, `[N, size, size, 3]`."""

Source = Path | bytes | Image.Image

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
TOLD = 5
"""How many broken files are named, so that a thousand of them do not hide the rest."""


class SourceError(ZooError):
    """There is nothing to train on."""


def folder(path: Path, count: int, size: int) -> Pictures:
    """Up to `count` pictures under `path` in name order. Raises `SourceError` where none can be read."""
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
    return gather(((str(file.relative_to(path)), file) for file in files), count, size, str(path))


def gather(items: Iterable[tuple[str, Source]], count: int, size: int, where: str) -> Pictures:
    """The first `count` of the named pictures that can be read. Raises `SourceError` where there is none; `where` is
    the place to name then."""
    left, found, broken = iter(items), list[Pictures](), list[str]()
    with ThreadPoolExecutor() as pool:  # Pillow's decoders let other threads run
        while chunk := list(islice(left, min(64, count - len(found)))):
            for (name, _), got in zip(chunk, pool.map(lambda item: _try(item[1], size), chunk), strict=True):
                if isinstance(got, str):
                    broken.append(f"{name} ({got})")
                else:
                    found.append(got)
    if broken:
        rest = f", and {len(broken) - TOLD} more" if len(broken) > TOLD else ""
        tqdm.write(f"{len(broken)} of {len(broken) + len(found)} pictures in {where} cannot be read and are skipped: "
                   f"{', '.join(broken[:TOLD])}{rest}")  # fmt: skip
    if not found:
        raise SourceError("No pictures that can be read in {where}. Put PNG, JPEG or WebP files there.", where=where)
    return np.stack(found)


def _try(source: Source, size: int) -> Pictures | str:
    """The picture, or what is wrong with it."""
    try:
        return decode(source, size)
    except Exception as error:  # Pillow raises whatever its decoders trip over in a damaged file
        return "no picture" if isinstance(error, UnidentifiedImageError) else str(error) or type(error).__name__


def decode(source: Source, size: int) -> Pictures:
    """The middle of one picture, `[size, size, 3]`: of any mode, turned upright, transparency on white."""
    if isinstance(source, Image.Image):
        return _square(source, size)
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        image.draft("RGB", (2 * size, 2 * size))  # a JPEG much larger than needed is decoded small
        return _square(image, size)


def _square(image: Image.Image, size: int) -> Pictures:
    upright = _flat(ImageOps.exif_transpose(image))
    return np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.LANCZOS))


def _flat(image: Image.Image) -> Image.Image:
    """RGB; 16 bits become 8, which Pillow would cut off."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) / 257).round().clip(0, 255).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")
