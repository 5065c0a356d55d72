"""Where training pictures come from, by name.

| source | pictures |
|---|---|
| a folder | PNG, JPEG and WebP files in it, and in the folders in it |
| `avatars:` | portraits drawn here, in every style; `avatars:lorelei` or `avatars:open-peeps` in one |
| `celeba:`, `mnist:`, `fashionmnist:` | torchvision's datasets, in the cache; `mnist:FOLDER` in a folder |
| `hub:OWNER/NAME` | a dataset on the Hugging Face Hub; `hub:OWNER/NAME@REVISION` to be sure that it stays the same |

Pictures are uint8 arrays, `[N, size, size, 3]`, RGB.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from multiprocessing import get_context
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from zoo.latents import subseed

from .avatars import STYLES, StyleName, draw
from .datasets import DATASETS, hub_dataset
from .decoding import Pictures, SourceError, folder

__all__ = ["Pictures", "SourceError", "avatars", "batches", "folder", "pictures", "tensor"]

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "persona-zoo"
PROCESSES = 2


def pictures(source: str, count: int, size: int, seed: int = 0, least: int = 2) -> Pictures:
    """`count` pictures of `size` px a side from `source`; what it holds, where that is fewer. `seed` chooses avatars.

    Raises `SourceError` where the source is unknown, does not answer, or holds fewer than `least`.
    """
    found = _open(source, count, size, seed)
    if len(found) < min(least, count):
        raise SourceError(
            "{source} holds too few pictures to learn from: {count}. Give at least {least}.",
            source=source,
            count=len(found),
            least=least,
        )
    return found


def _open(source: str, count: int, size: int, seed: int) -> Pictures:
    if Path(source).is_dir():
        return folder(Path(source), count, size)
    name, colon, rest = source.partition(":")
    if colon and name == "avatars":
        return avatars(count, size, seed, _styles(rest))
    if colon and name == "hub":
        return hub_dataset(rest, count, size)
    if colon and name in DATASETS:
        return DATASETS[name](Path(rest) if rest else CACHE / "torchvision", count, size)
    raise SourceError(
        "“{source}” is neither a folder of pictures nor one of: {names}.",
        source=source,
        names=", ".join(f"{name}:" for name in ("avatars", *DATASETS, "hub")),
    )


def batches(pictures: Pictures, mirrored: bool = False) -> Callable[[int], Tensor]:
    """What `fit` draws its batches with: N of the pictures, with replacement, `[N,3,H,W]` in 0..1; half of them
    `mirrored` where left and right mean the same."""

    def batch(size: int) -> Tensor:
        images = tensor(pictures[torch.randint(len(pictures), (size,)).numpy()])
        return torch.where(torch.rand(size, 1, 1, 1) < 0.5, images.flip(3), images) if mirrored else images

    return batch


def tensor(pictures: Pictures) -> Tensor:
    """`[N,H,W,3]` bytes as `[N,3,H,W]` in 0..1."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255


def avatars(count: int, size: int, seed: int = 0, styles: tuple[StyleName, ...] = STYLES) -> Pictures:
    """`count` drawn portraits, the styles in turn. Drawn once, then read from the cache, page by page.

    The n-th picture depends on `seed`, `styles` and n alone, not on `count`. 5 ms a picture at 64 px, 10 at 256.
    """
    key = hashlib.sha256(f"{_recipe()}/{count}/{size}/{seed}/{styles}".encode()).hexdigest()[:16]
    path = CACHE / f"avatars-{key}.npy"
    if not path.exists():
        _write(path, _draw_all(count, size, seed, styles), (count, size, size, 3))
    return cast(Pictures, np.load(path, mmap_mode="r"))


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
    """The file is whole or not there: another training may be waiting to read it.

    Written from front to back, not through a memory map, in which a full disk kills the process.
    """
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
            for picture in drawn:
                file.write(np.ascontiguousarray(picture).data)
        os.replace(part, path)
    except OSError as error:
        raise SourceError(
            "The drawn pictures cannot be kept in {folder}: {why}. Free some space, or set XDG_CACHE_HOME to another.",
            folder=path.parent,
            why=error.strerror,
        ) from error
    finally:
        part.unlink(missing_ok=True)
