"""Clean pictures in the sizes and files that visitors bring: whether they are suspected."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo import Context
from zoo.training.avatars import STYLES, draw

from ..material import styles
from ..photographs import photographs
from .detecting import suspected
from .estimates import estimate, mean
from .peers import Peer
from .pictures import KODAK

SIDE = 512
AVATARS, FIRST = 16, 300_000
"""How many are drawn, and the first of their seeds, which no training has."""
QUALITY = 92
RESTYLED = 6
"""How many of the pictures each stylizer is given."""


@torch.no_grad()
def suspicions(peer: Peer) -> dict[str, float]:
    """The shares of clean pictures suspected: avatars and photographs, these as PNG and as JPEG; and both restyled,
    held against what they were."""
    avatars, photographs = _avatars(), _photographs()
    pictures = [*avatars, *photographs, *(_saved(one) for one in photographs)]
    plain = torch.cat([suspected(peer.detect(one, Context())) for one in pictures])
    restyled = [
        suspected(peer.detect(style.stylize(one, style.Params()).mul(255).round() / 255, Context(one, name)))
        for name, style in styles().items()
        if not style.takes_reference
        for one in [*avatars[: RESTYLED // 2], *photographs[: RESTYLED // 2]]
    ]
    return estimate("fpr_large", mean, plain) | estimate("fpr_large_styled", mean, torch.cat(restyled))


def _avatars() -> list[Tensor]:
    return [_tensor(draw(STYLES[seed % len(STYLES)], FIRST + seed, SIDE)) for seed in range(AVATARS)]


def _photographs() -> list[Tensor]:
    """Kodak's, where they are, or else scikit-image's."""
    if KODAK.is_dir():
        return [_tensor(np.asarray(Image.open(path).convert("RGB"))) for path in sorted(KODAK.glob("*.png"))]
    return [one[None] for one in photographs("test")]


def _saved(picture: Tensor) -> Tensor:
    file = io.BytesIO()
    Image.fromarray(picture[0].permute(1, 2, 0).mul(255).byte().numpy()).save(file, "JPEG", quality=QUALITY)
    return _tensor(np.asarray(Image.open(file)))


def _tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None] / 255
