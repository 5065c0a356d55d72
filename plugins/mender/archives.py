"""Photographs to learn from and to calibrate with, by the archives that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

Split = Literal["train", "calibrate", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True)
class Archive:
    """Where photographs come from, and their `names` by split; what is drawn, blurred, or black for the most part is
    left out. They are read at least `reduced` times smaller: where files are small for their size, blocks show."""

    url: str
    md5: str
    folder: str
    suffix: str
    names: dict[Split, str]
    reduced: int = 1

    def paths(self, split: Split) -> Iterator[str]:
        """Inside of the archive."""
        return (f"{self.folder}/{name}.{self.suffix}" for name in self.names.get(split, "").split())


DEBIAN = "https://deb.debian.org/debian/pool/main"
THEMES = "wordpress/wp-content/themes"

ARCHIVES = (
    Archive(
        f"{DEBIAN}/b/budgie-backgrounds/budgie-backgrounds_3.0.orig.tar.xz",
        "ae3ff9dea0efd728f2ceb49c05b4f697",
        "budgie-backgrounds-3.0/backgrounds",
        "jpg",
        {
            "train": (
                "abstract-spiral beacon-street-sunset blue-periwinkle casa-mila extreme-desert-hike "
                "high-trestle-trail oakland-zoo-otters ocean-waves perched-osprey piazza-gae-aulenti "
                "singaporean-cityscape tea-gardens"
            ),
            "calibrate": "canyon-wren lake-sherburne roman-colosseum",
        },
    ),
    Archive(
        f"{DEBIAN}/w/wordpress/wordpress_6.8.7+dfsg1.orig.tar.xz",
        "678d8aacc14065c7f8de0b741a72aad5",
        f"{THEMES}/twentytwentyfive/assets/images",
        "webp",
        {
            "train": (
                "404-image agenda-img-4 akaka-falls-state-park-flora botany-flowers coral-square "
                "flower-meadow-square link-in-bio-image location malibu-plantlife marshland-birds-square nurse "
                "parthenon-square poster-image-background woman-splashing-water"
            ),
            "calibrate": "link-in-bio-background red-hibiscus-closeup vash-gon-square",
        },
    ),
    Archive(
        f"{DEBIAN}/w/wordpress/wordpress_6.8.7+dfsg1.orig.tar.xz",
        "678d8aacc14065c7f8de0b741a72aad5",
        f"{THEMES}/twentytwentyfour/assets/images",
        "webp",
        {
            "train": "abstract-geometric-art angular-roof art-gallery building-exterior green-staircase museum",
            "calibrate": "hotel-facade tourist-and-building windows",
        },
    ),
    Archive(
        f"{DEBIAN}/l/lomiri-wallpapers/lomiri-wallpapers_20.04.0.orig.tar.gz",
        "089eae7bdbb164bc18142c505f1a8c35",
        "lomiri-wallpapers-20.04.0/16.04",
        "jpg",
        {
            "train": (
                "Picture_0B_by_freespace Picture_1A_by_freespace Wine_by_Jakkub_Mede aitzgorri_by_Aitzol_Berasategi "
                "friends_by_Aitzol_Berasategi life_by_Aitzol_Berasategi seeding_by_Clements_Engelhardt "
                "sunset_by_Aitzol_Berasategi"
            ),
            "calibrate": "picosdeeuropa_by_Aitzol_Berasategi",
        },
    ),
    Archive(
        f"{DEBIAN}/l/lemonldap-ng/lemonldap-ng_2.21.2+ds.orig.tar.xz",
        "d530e0997f19f9a37cc9cb262f253841",
        "lemonldap-ng-2.21.2/lemonldap-ng-portal/site/htdocs/static/common/backgrounds",
        "jpg",
        {
            "train": "1280px-Anse_Source_d'Argent_2-La_Digue 1280px-Cedar_Breaks_National_Monument_partially",
            "calibrate": "1280px-Parry_Peak_from_Winter_Park",
        },
        2,
    ),
    Archive(
        f"{DEBIAN}/g/gnome-taquin/gnome-taquin_3.38.1.orig.tar.xz",
        "14beb7050f7356e919935fa79bf89b32",
        "gnome-taquin-3.38.1/data/themes/cats",
        "jpg",
        {"train": "1-Tortoiseshell"},
    ),
    Archive(
        f"{DEBIAN}/k/kivy/kivy_2.3.1.orig.tar.gz",
        "9543715e7d3132476ec0406dc7e3b2b1",
        "Kivy-2.3.1/examples/demo/pictures/images",
        "jpg",
        {"train": "Wall"},
        2,
    ),
)
"""Out of Debian's sources, what its packages' `debian/copyright` or the file itself gives to everybody: the backgrounds
of Budgie Desktop and pictures of two WordPress themes (CC0 1.0), wallpapers of Lomiri and backgrounds of LemonLDAP::NG
(CC BY, and one CC0), a cat and a wall (public domain). What a newer release has replaced is to be had at
snapshot.debian.org."""
