"""Where training pictures come from: `avatars:` drawn here, or a folder.

`avatars:` draws every style, `avatars:lorelei` or `avatars:open-peeps` one of them. Pictures are uint8 arrays,
`[N, size, size, 3]`, RGB.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from zoo.errors import ZooError
from zoo.latents import subseed

from .avatars import STYLES, StyleName, draw

Pictures = NDArray[np.uint8]

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "persona-zoo"
PROCESSES = 2
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}


class SourceError(ZooError):
    """There is nothing to train on."""


def pictures(source: str, count: int, size: int, seed: int = 0) -> Pictures:
    """`count` pictures of `size` px a side from `source`; for a folder, what it holds up to `count`.

    Raises `SourceError` where the source is unknown or empty.
    """
    if source.startswith("avatars:"):
        return avatars(count, size, seed, _styles(source.removeprefix("avatars:")))
    if Path(source).is_dir():
        return folder(Path(source), count, size)
    raise SourceError("“{source}” is neither a folder of pictures nor “avatars:”.", source=source)


def avatars(count: int, size: int, seed: int = 0, styles: tuple[StyleName, ...] = STYLES) -> Pictures:
    """`count` drawn portraits, the styles in turn. Drawn once, then read from the cache, page by page.

    The n-th picture depends on `seed`, `styles` and n alone, not on `count`. 5 ms a picture at 64 px, 10 at 256.
    """
    key = hashlib.sha256(f"{_recipe()}/{count}/{size}/{seed}/{styles}".encode()).hexdigest()[:16]
    path = CACHE / f"avatars-{key}.npy"
    if not path.exists():
        _write(path, _draw_all(count, size, seed, styles), (count, size, size, 3))
    return cast(Pictures, np.load(path, mmap_mode="r"))


def folder(path: Path, count: int, size: int) -> Pictures:
    """Up to `count` pictures under `path` in name order, cut square. What cannot be read is skipped, and told of."""
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
    found = list(islice((picture for file in files if (picture := _read(file, size))), count))
    if not found:
        raise SourceError("No pictures in {folder}. Put PNG, JPEG or WebP files there.", folder=path)
    return np.stack([np.asarray(picture) for picture in found])


def _styles(names: str) -> tuple[StyleName, ...]:
    if not names:
        return STYLES
    if names not in STYLES:
        raise SourceError("“{style}” is no avatar style. Use one of: {styles}.", style=names, styles=", ".join(STYLES))
    return (names,)


def _recipe() -> str:
    """Changes with the code that draws, so that the cache never serves pictures of older code."""
    return hashlib.sha256(Path(__file__).with_name("avatars.py").read_bytes()).hexdigest()


def _draw_all(count: int, size: int, seed: int, styles: tuple[StyleName, ...]) -> Iterable[Pictures]:
    jobs = [(styles[n % len(styles)], subseed(seed, f"avatar {n}"), size) for n in range(count)]
    if count <= 64:
        yield from map(_draw, jobs)
        return
    with get_context("spawn").Pool(PROCESSES) as pool:
        yield from pool.imap(_draw, jobs, chunksize=64)


def _draw(job: tuple[StyleName, int, int]) -> Pictures:
    return draw(*job)


def _write(path: Path, drawn: Iterable[Pictures], shape: tuple[int, ...]) -> None:
    """The file is whole or not there: another training may be waiting to read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        array = np.lib.format.open_memmap(part, "w+", np.uint8, shape)
        for n, picture in enumerate(drawn):
            array[n] = picture
        array.flush()
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _read(file: Path, size: int) -> Image.Image | None:
    try:
        with Image.open(file) as image:
            return ImageOps.fit(ImageOps.exif_transpose(image).convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        print(f"skipped {file}: {error}")
        return None
