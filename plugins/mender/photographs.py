"""Photographs to learn from and to hold out: those that come with scikit-image, and others, which are fetched once,
when something is to be learnt."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.datasets.utils import download_and_extract_archive

from zoo.training.sources import CACHE, SourceError

from .archives import ARCHIVES, Archive, Split

SCIKIT: dict[Split, tuple[str, ...]] = {
    "train": (
        *("astronaut", "coffee", "retina", "hubble_deep_field", "immunohistochemistry"),
        *("camera", "brick", "grass", "moon"),
    ),
    "calibrate": ("rocket", "gravel", "coins"),
    "test": ("chelsea", "stereo_motorcycle"),
}
"""Pictures that come with scikit-image; no picture of one split is in another."""

SIDE = 600
"""Photographs are read so many times smaller that the short side stays above this: at full size they are as soft as
lenses and files make them."""


def photographs(split: Split) -> list[Tensor]:
    """All of a split, `[3,H,W]` in 0..1."""
    fetched = (fetch(archive, path) for archive in ARCHIVES for path in archive.paths(split))
    return [*map(scikit, SCIKIT[split]), *fetched]


def scikit(name: str) -> Tensor:
    """`[3,H,W]` in 0..1; grey ones in three equal channels."""
    from skimage import data

    loaded = getattr(data, name)()
    return _tensor(np.atleast_3d(loaded[0] if isinstance(loaded, tuple) else loaded)[..., :3]).expand(3, -1, -1)


def fetch(archive: Archive, path: str) -> Tensor:
    """`[3,H,W]` in 0..1, out of the archive, which is fetched when it is not in the cache (110 MB in all).

    Raises `SourceError` where it cannot be fetched, or is another than it was.
    """
    folder = CACHE / "photographs" / archive.md5
    if not (folder / path).exists():
        try:
            download_and_extract_archive(archive.url, str(folder), md5=archive.md5)
        except (OSError, RuntimeError) as error:
            raise SourceError(
                "The photographs to learn from cannot be fetched: {why}. Try again, or unpack {url} in {folder}.",
                why=error,
                url=archive.url,
                folder=folder,
            ) from error
    image = Image.open(folder / path).convert("RGB")
    return _tensor(np.asarray(image.reduce(max(archive.reduced, min(image.size) // SIDE))))


def _tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy()) / 255
