"""Photographs to learn from and to hold out: those that come with scikit-image, and others in the public domain
(CC0 1.0), which are fetched once, when something is to be learnt."""

from __future__ import annotations

from dataclasses import dataclass
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

SIDE = 600
"""Photographs are read so many times smaller that the short side stays above this: at full size they are as soft as
lenses and files make them."""


@dataclass(frozen=True)
class Archive:
    """Where photographs come from: `paths` inside of it, by split. What is drawn, blurred, or black for the most part
    is left out."""

    url: str
    md5: str
    paths: dict[Split, tuple[str, ...]]


def _within(folder: str, suffix: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.{suffix}" for name in names.split())


DEBIAN = "https://deb.debian.org/debian/pool/main"
BUDGIE = "budgie-backgrounds-3.0/backgrounds"
FIVE, FOUR = (f"wordpress/wp-content/themes/twentytwenty{year}/assets/images" for year in ("five", "four"))

ARCHIVES = (
    Archive(
        f"{DEBIAN}/b/budgie-backgrounds/budgie-backgrounds_3.0.orig.tar.xz",
        "ae3ff9dea0efd728f2ceb49c05b4f697",
        {
            "train": _within(
                BUDGIE,
                "jpg",
                "abstract-spiral beacon-street-sunset blue-periwinkle casa-mila extreme-desert-hike high-trestle-trail"
                " oakland-zoo-otters ocean-waves perched-osprey piazza-gae-aulenti singaporean-cityscape tea-gardens",
            ),
            "calibrate": _within(BUDGIE, "jpg", "canyon-wren lake-sherburne roman-colosseum"),
        },
    ),
    Archive(
        f"{DEBIAN}/w/wordpress/wordpress_6.8.7+dfsg1.orig.tar.xz",
        "678d8aacc14065c7f8de0b741a72aad5",
        {
            "train": (
                *_within(
                    FIVE,
                    "webp",
                    "404-image agenda-img-4 akaka-falls-state-park-flora botany-flowers coral-square"
                    " flower-meadow-square link-in-bio-image location malibu-plantlife marshland-birds-square nurse"
                    " parthenon-square poster-image-background woman-splashing-water",
                ),
                *_within(
                    FOUR,
                    "webp",
                    "abstract-geometric-art angular-roof art-gallery building-exterior green-staircase museum",
                ),
            ),
            "calibrate": (
                *_within(FIVE, "webp", "link-in-bio-background red-hibiscus-closeup vash-gon-square"),
                *_within(FOUR, "webp", "hotel-facade tourist-and-building windows"),
            ),
        },
    ),
)
"""The backgrounds of Budgie Desktop, and the photographs that come with two of WordPress' themes. Debian's sources hold
both; what it has replaced by a newer release is to be had at snapshot.debian.org."""


def photographs(split: Split) -> list[Tensor]:
    """All of a split, `[3,H,W]` in 0..1."""
    fetched = (fetch(archive, path) for archive in ARCHIVES for path in archive.paths.get(split, ()))
    return [*map(scikit, SCIKIT[split]), *fetched]


def scikit(name: str) -> Tensor:
    """`[3,H,W]` in 0..1; grey ones in three equal channels."""
    from skimage import data

    loaded = getattr(data, name)()
    return _tensor(np.atleast_3d(loaded[0] if isinstance(loaded, tuple) else loaded)[..., :3]).expand(3, -1, -1)


def fetch(archive: Archive, path: str) -> Tensor:
    """`[3,H,W]` in 0..1, out of the archive, which is fetched when it is not in the cache (40 MB in all).

    Raises `SourceError` where it cannot be fetched, or is another than it was.
    """
    folder = CACHE / "photographs"
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
    return _tensor(np.asarray(image.reduce(max(1, min(image.size) // SIDE))))


def _tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy()) / 255
