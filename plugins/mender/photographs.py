"""Photographs to learn from and to hold out: those that come with scikit-image, and the Budgie Desktop's backgrounds,
which are in the public domain (CC0 1.0) and are fetched once, when something is to be learnt."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.datasets.utils import download_and_extract_archive

from zoo.training.sources import CACHE, SourceError

Split = Literal["train", "calibrate", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

SCIKIT: dict[Split, tuple[str, ...]] = {
    "train": (
        *("astronaut", "coffee", "retina", "hubble_deep_field", "immunohistochemistry"),
        *("camera", "brick", "grass", "moon"),
    ),
    "calibrate": ("rocket", "gravel", "coins"),
    "test": ("chelsea", "stereo_motorcycle"),
}
"""Pictures that come with scikit-image; no picture of one split is in another."""

BUDGIE: dict[Split, tuple[str, ...]] = {
    "train": (
        *("abstract-spiral", "beacon-street-sunset", "blue-periwinkle", "casa-mila", "extreme-desert-hike"),
        *("high-trestle-trail", "oakland-zoo-otters", "ocean-waves", "perched-osprey", "piazza-gae-aulenti"),
        *("singaporean-cityscape", "tea-gardens"),
    ),
    "calibrate": ("canyon-wren", "lake-sherburne", "roman-colosseum"),
    "test": (),
}
"""Pictures of budgie-backgrounds; what is left out is drawn, or black for the most part."""

ARCHIVE = "budgie-backgrounds_3.0.orig.tar.xz"
URL = f"https://deb.debian.org/debian/pool/main/b/budgie-backgrounds/{ARCHIVE}"
MD5 = "ae3ff9dea0efd728f2ceb49c05b4f697"
REDUCED = 3
"""How many times smaller these are read: at 3840 pixels they are as soft as lenses and JPEG make them."""


def photographs(split: Split) -> list[Tensor]:
    """All of a split, `[3,H,W]` in 0..1."""
    return [*map(scikit, SCIKIT[split]), *map(budgie, BUDGIE[split])]


def scikit(name: str) -> Tensor:
    """`[3,H,W]` in 0..1; grey ones in three equal channels."""
    from skimage import data

    loaded = getattr(data, name)()
    return _tensor(np.atleast_3d(loaded[0] if isinstance(loaded, tuple) else loaded)[..., :3]).expand(3, -1, -1)


def budgie(name: str) -> Tensor:
    """`[3,H,W]` in 0..1, out of the archive, which is fetched when it is not in the cache (17 MB).

    Raises `SourceError` where it cannot be fetched, or is another than it was.
    """
    folder = CACHE / "photographs"
    path = folder / "budgie-backgrounds-3.0" / "backgrounds" / f"{name}.jpg"
    if not path.exists():
        try:
            download_and_extract_archive(URL, str(folder), md5=MD5)
        except (OSError, RuntimeError) as error:
            raise SourceError(
                "The photographs to learn from cannot be fetched: {why}. Try again, or unpack {url} in {folder}.",
                why=error,
                url=URL,
                folder=folder,
            ) from error
    return _tensor(np.asarray(Image.open(path).convert("RGB").reduce(REDUCED)))


def _tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy()) / 255
