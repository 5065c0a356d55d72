"""Clean pictures to learn, to calibrate and to test the detector with, kept apart by picture and by seed.

Avatars as drawn and as `avatars/portraits` draws them, photographs, scenes with the statistics of photographs, and all
of these in the styles of `ink`, beside what they were before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Generator, Tensor

from zoo import Stylizer
from zoo.latents import latent, subseed
from zoo.registry import discover
from zoo.training.avatars import STYLES, draw
from zoo.training.degradations import choice
from zoo.training.once import once
from zoo.training.restyling import restyled

from .archives import SPLITS, Split
from .detector import STYLIZERS
from .leaves import collage, cut, dead_leaves, resized, sharpness, shot, texture, toned
from .photographs import photographs

SIDE = 256
HELD = Image.Resampling.LANCZOS
"""What pictures to test with are reduced by."""
SHARP: dict[Split, float] = {"train": 2.4, "calibrate": 1.3}
"""How sharp squares of photographs are to be: what lenses and files have blurred would teach that blur is no fault. But
thresholds are set with softer ones too, as visitors have such."""
TRIES = 12
"""How often a square is cut until it is that sharp."""
SOURCES = ("avatars", "portraits", "photographs", "scenes")

COUNTS: dict[Split, dict[str, int]] = {
    "train": {"avatars": 1000, "portraits": 400, "photographs": 2000, "scenes": 400, "styled": 480},
    "calibrate": {"avatars": 140, "portraits": 80, "photographs": 240, "scenes": 50, "styled": 80},
    "test": {"avatars": 48, "portraits": 24, "photographs": 48, "scenes": 12, "styled": 32},
}
"""How many of each; `styled` for each style."""


@dataclass(frozen=True)
class Clean:
    """Pictures of one making: `[N,3,SIDE,SIDE]` bytes; `originals` alike, where a stylizer made them."""

    pictures: Tensor
    originals: Tensor | None = None


def styles() -> dict[str, Stylizer]:
    zoo = discover()
    return {name: cast(Stylizer, zoo.entry(name).open()) for name in STYLIZERS}


def corpus(folder: Path, split: Split) -> dict[str, Clean]:
    """By source, and by stylizer; what takes minutes to make is kept in `folder`."""
    counts = COUNTS[split]
    makers: dict[str, Callable[[int, Generator], Tensor]] = {
        "avatars": _avatar if split != "test" else _held_avatar,
        "portraits": _portraits(),
        "photographs": _photographs(split),
        "scenes": _scene if split != "train" else lambda seed, rng: toned(_scene(seed, rng), rng),
    }
    found = {}
    for name, make in makers.items():
        path = folder / f"{split}-{name}.safetensors"
        found[name] = Clean(_once(path, partial(_made, make, split, name, counts[name])))
    plain = [found[name].pictures for name in ("avatars", "portraits", "photographs", "avatars", "scenes")]
    for name, style in styles().items():
        path = folder / f"{split}-{name.replace('/', '-')}.safetensors"
        seed = subseed(SPLITS.index(split), name)
        both = _once(path, partial(_styled, style, plain, counts["styled"], seed))
        found[name] = Clean(both[:, 1], both[:, 0])
    return found


def _made(make: Callable[[int, Generator], Tensor], split: Split, name: str, count: int) -> Tensor:
    seeds = [subseed(SPLITS.index(split), f"{name} {number}") for number in range(count)]
    return torch.stack([_bytes(make(seed, Generator().manual_seed(seed))) for seed in seeds])


def _bytes(picture: Tensor) -> Tensor:
    return picture.clamp(0, 1).mul(255).round().byte()


def _avatar(seed: int, rng: Generator) -> Tensor:
    """Drawn at some size, and a square out of it."""
    return cut(_drawn(seed, rng, (SIDE, SIDE, 384, 512)[choice(rng, 4)]), SIDE, rng, most=1.5)


def _held_avatar(seed: int, rng: Generator) -> Tensor:
    """Drawn at this size, or at twice of it."""
    return resized(_drawn(seed, rng, SIDE * (1 + choice(rng, 2))), SIDE, HELD)


def _drawn(seed: int, rng: Generator, side: int) -> Tensor:
    drawn = draw(STYLES[choice(rng, len(STYLES))], seed, side)
    return torch.from_numpy(drawn.transpose(2, 0, 1).copy()) / 255


def _portraits() -> Callable[[int, Generator], Tensor]:
    model = discover().entry("avatars/portraits").open()

    def portrait(seed: int, rng: Generator) -> Tensor:
        with torch.no_grad():
            drawn = model.draw(torch.from_numpy(latent(seed, model.latent_shape)[None]), model.Params())
        side = drawn.shape[-1]
        return drawn[0] if side == SIDE else F.interpolate(drawn, (SIDE, SIDE), mode="bicubic", antialias=True)[0]

    return portrait


def _photographs(split: Split) -> Callable[[int, Generator], Tensor]:
    """Squares out of them; to learn from and to calibrate with, as cameras leave such; to learn from, also toned, and
    every third pasted together out of several."""
    pictures = photographs(split)

    def square(rng: Generator) -> Tensor:
        for _ in range(TRIES):
            piece = cut(pictures[choice(rng, len(pictures))], SIDE, rng)
            if sharpness(piece) >= SHARP[split]:
                break
        return piece

    def varied(seed: int, rng: Generator) -> Tensor:
        if choice(rng, 3):
            return shot(toned(square(rng), rng), rng)
        return shot(collage(lambda: toned(square(rng), rng), rng), rng)

    makers: dict[Split, Callable[[int, Generator], Tensor]] = {
        "train": varied,
        "calibrate": lambda seed, rng: shot(square(rng), rng),
        "test": lambda seed, rng: _held_square(pictures[choice(rng, len(pictures))], rng),
    }
    return makers[split]


def _held_square(picture: Tensor, rng: Generator) -> Tensor:
    """A square from anywhere, as large as it is or reduced to half. To test with: not by `cut`, so that what is learnt
    from can change, and what is measured by stays the same."""
    side = min(SIDE * (1 + choice(rng, 2)), *picture.shape[1:])
    top, left = (choice(rng, extent - side + 1) for extent in picture.shape[1:])
    return resized(picture[:, top : top + side, left : left + side], SIDE, HELD)


def _scene(seed: int, rng: Generator) -> Tensor:
    return dead_leaves(SIDE, rng) if choice(rng, 4) else texture(SIDE, seed)


def _styled(style: Stylizer, plain: list[Tensor], count: int, seed: int) -> Tensor:
    """`count` of the plain pictures, from the sources in turn, and each in the style: `[count,2,3,SIDE,SIDE]`; every
    second at the default settings, and some of them out of larger ones, where strokes are wider."""
    rng = Generator().manual_seed(seed)
    pairs = []
    for number in range(count):
        before, other = (
            one[choice(rng, len(one))][None] / 255 for one in (plain[number % len(plain)], plain[choice(rng, 5)])
        )
        pairs.append(_bytes(restyled(style, before, other, rng, usual=number % 2 == 1)))
    return torch.stack(pairs)


def _once(path: Path, make: Callable[[], Tensor]) -> Tensor:
    return once(path, lambda: {"pictures": make()})["pictures"]
