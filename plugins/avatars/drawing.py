"""The training pictures: portraits drawn from DiceBear's parts, each known by its latent."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from zoo.training.layers import Sheet, compose

from .attributes import FACTORS, STYLES, options
from .latent import Choice, every
from .palette import SLOTS

(BACKGROUND, SKIN, HAIR, INK, CLOTHES, WHITE, LIPS, TONGUE, SKIN_SHADE, HAIR_SHADE, CLOTHES_SHADE, GOLD) = range(
    len(SLOTS)
)

SHEETS = {
    "lorelei": Sheet(
        "lorelei",
        {
            **dict.fromkeys(("outline", "eyes", "eyebrows", "nose", "glasses"), INK),
            "skin": SKIN,
            "hair": HAIR,
            "mouth": LIPS,
            "freckles": SKIN_SHADE,
            "earrings": GOLD,
            "white": WHITE,
        },
        zoom=1.2,
        y=0.02,
    ),
    "notionists": Sheet(
        "notionists",
        {
            "head/paper": SKIN,
            "clothes/paper": CLOTHES,
            "hair/ink": HAIR,
            "beard/ink": HAIR,
            "ink": INK,
            "paper": WHITE,
            "white": WHITE,
        },
        zoom=1.42,
        x=0.02,
        y=0.10,
    ),
    "open-peeps": Sheet(
        "open-peeps",
        {
            "skin": SKIN,
            "head/ink": HAIR,
            "facialHair/ink": HAIR,
            "headContrast": HAIR_SHADE,
            "clothing": CLOTHES,
            "ink": INK,
            "black": INK,
            "white": WHITE,
            "#FF8181": TONGUE,
            "#FF6C6C": TONGUE,
        },
        zoom=1.06,
        y=0.02,
    ),
    "micah": Sheet(
        "micah",
        {
            **dict.fromkeys(("eyes", "eyebrows", "glasses", "mouth", "black"), INK),
            "base": SKIN,
            "eyeShadow": SKIN_SHADE,
            "head/shade": SKIN_SHADE,
            "hair": HAIR,
            "facialHair": HAIR,
            "hair/shade": HAIR_SHADE,
            "shirt": CLOTHES,
            "earring": GOLD,
            "#FC909F": TONGUE,
            "white": WHITE,
            "#FCFDFF": WHITE,
        },
        zoom=1.05,
    ),
    "toon-head": Sheet(
        "toon-head",
        {
            "skin": SKIN,
            "head/shade": SKIN_SHADE,
            "body/shade": SKIN_SHADE,
            "hair": HAIR,
            **dict.fromkeys(("hair/shade", "rearHair/shade", "beard/shade", "eyebrows/shade"), HAIR_SHADE),
            "clothes": CLOTHES,
            "clothes/shade": CLOTHES_SHADE,
            "stroke": INK,
            "#4B2422": INK,
            "#3F2626": INK,
            "black": INK,
            "mouth/shade": LIPS,
            "#611519": LIPS,
            "#E0564B": TONGUE,
            "#CBECF7": WHITE,
            "#F6F1E4": WHITE,
        },
        zoom=1.14,
        y=-0.02,
    ),
}


def parts(choice: Choice, n: int) -> tuple[str, Mapping[str, str]]:
    """The style of the n-th portrait of a choice, and DiceBear's parts for it."""
    style = STYLES[int(choice.style[n].argmax())]
    found: dict[str, str] = {}
    for factor in FACTORS:
        there = [at for at, (owner, _) in enumerate(every(factor)) if owner == style]
        best = max(there, key=lambda at: float(choice.shapes[factor][n, at]))
        found.update(options(style, factor)[best - there[0]].parts)
    return style, found


def coverages(choice: Choice, size: int) -> Tensor:
    """What each slot covers, `[N, slots, size, size]` in 0..1."""
    chosen = [parts(choice, n) for n in range(len(choice.style))]
    with ThreadPoolExecutor(2) as pool:
        drawn = list(pool.map(lambda one: compose(SHEETS[one[0]], one[1], size, len(SLOTS)), chosen))
    return torch.from_numpy(np.stack(drawn))
