"""What `zoo calibrate` runs: pictures in a stylizer's style, from which a corrector learns what is normal for it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Generator, Tensor

from zoo import normals
from zoo.model import Corrector, Stylizer
from zoo.registry import Entry

from .degradations import choice
from .restyling import restyled
from .sources import pictures, tensor

COUNT, SIDE = 240, 256
SEED = 1


def calibrate(stylizer: Entry, corrector: Entry, source: str) -> Path:
    """Keep what `corrector` takes for normal in pictures by `stylizer`; the file that it is kept in.

    The pictures that are restyled come from `source`, as for `zoo train`: half of them at the default settings, half at
    others; some small, some large.
    """
    shown = tensor(pictures(source, COUNT, SIDE, SEED))
    model, rng = cast(Stylizer, stylizer.open()), Generator().manual_seed(SEED)
    with torch.inference_mode():
        pairs = [_pair(model, shown, number, rng) for number in range(len(shown))]
        before, after = torch.stack(pairs, 1).mul(255).round() / 255
        normal = cast(Corrector, corrector.open()).normal(after, before)
    return normals.write(normal, stylizer, corrector)


def _pair(model: Stylizer, shown: Tensor, number: int, rng: Generator) -> Tensor:
    other = shown[choice(rng, len(shown))][None]
    return restyled(model, shown[number][None], other, rng, usual=number % 2 == 0)
