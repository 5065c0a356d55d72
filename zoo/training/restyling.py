"""Pictures restyled as visitors have them restyled: at the default settings and at others, small and large."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from zoo.engine import verbs
from zoo.model import Stylizer

from .degradations import choice
from .settings import random_settings

SCALES = (1, 1, 1, 2, 3)
"""How many times as large pictures are when they are restyled, where strokes are wider; of these a part is taken."""


def restyled(model: Stylizer, picture: Tensor, other: Tensor, rng: Generator, usual: bool) -> Tensor:
    """A picture `[1,3,S,S]` in 0..1 before and after, `[2,3,S,S]`, or the same part of both: at the `usual` settings or
    at others, and after an `other` picture where the model takes a reference."""
    side, scale = picture.shape[-1], SCALES[choice(rng, len(SCALES))]
    if scale > 1:
        picture = F.interpolate(picture, scale_factor=scale, mode="bicubic").clamp(0, 1)
    params = model.Params() if usual else random_settings(model.Params, rng)
    after = verbs.stylize(model, params, picture, other if model.takes_reference else None)
    top, left = (choice(rng, (picture.shape[-1] - side) // 8 + 1) * 8 for _ in range(2))
    return torch.cat([picture, after])[..., top : top + side, left : left + side]
