"""Holding a picture against its original: what became of the colours."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

SIDE = 64
"""Both are compared in colour at this many pixels a side."""
COLOURS = 44
TENTHS = ((0, 0.02), (0.08, 0.15), (0.45, 0.55), (0.85, 0.92), (0.98, 1))
"""Shares of the pixels, from the darkest on, whose colours are looked at."""

_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
"""Linear sRGB to CIE XYZ under D65: IEC 61966-2-1."""
_WHITE = (0.95047, 1.0, 1.08883)


def lab(images: Tensor) -> Tensor:
    """CIE L*a*b* of sRGB `[N,3,H,W]` in 0..1."""
    linear = torch.where(images <= 0.04045, images / 12.92, ((images.clamp_min(0) + 0.055) / 1.055) ** 2.4)
    xyz = (images.new_tensor(_TO_XYZ) @ linear.flatten(2)) / images.new_tensor(_WHITE).view(3, 1)
    cube = torch.where(xyz > (6 / 29) ** 3, xyz.clamp_min(1e-9) ** (1 / 3), xyz * 841 / 108 + 4 / 29)
    x, y, z = cube.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1).view_as(images)


def colours(images: Tensor, originals: Tensor) -> Tensor:
    """`[N,3,H,W]` twice -> `[N,COLOURS]`: by how much, and how, colours moved, and which there are now.

    The linear map from the original's colours to the picture's that fits most places, and what it leaves; the distance
    of colours in place, and that of their distributions along L*, a* and b* (sliced Wasserstein); the colours of
    places by their order in lightness.
    """
    now, before = (lab(_sampled(each)).flatten(2) / 25 for each in (images, originals))
    moved = now - before
    fit, shift, left = _linear_map(before, moved)
    _, _, light = _linear_map(before[:, :1], moved[:, :1])
    place = moved.square().sum(1).add(1e-6).sqrt()
    sizes = torch.stack([place.mean(1), place.amax(1), place.quantile(0.5, dim=1)], 1)
    apart = (now.sort(2).values - before.sort(2).values).abs().mean(2)
    near = 1 / (1 + left.square().sum(1) / 0.02**2)
    size = torch.cat([left.square().mean(2).sqrt(), left.abs().median(2).values, light.square().mean(2).sqrt()], 1)
    spread = now.std(2, correction=0).add(0.05).log() - before.std(2, correction=0).add(0.05).log()
    logs = torch.cat([sizes, apart, size], 1).add(0.01).log()
    return torch.cat([fit.flatten(1), shift, spread, near.mean(1, keepdim=True), logs, _ordered(now)], 1)


def _sampled(images: Tensor) -> Tensor:
    """Pixels as they are, evenly spread: means of several would lie on no map that each of them lies on."""
    size = [min(SIDE, side) for side in images.shape[2:]]
    return F.interpolate(images, size, mode="nearest-exact")


def _ordered(now: Tensor) -> Tensor:
    """The mean colours of the darkest pixels, of darker, middle and brighter ones, and of the brightest: `[N,15]`."""
    count = now.shape[2]
    order = now[:, :1].argsort(2).expand_as(now)
    ordered = now.gather(2, order)
    places = [(int(low * count), max(int(high * count), int(low * count) + 1)) for low, high in TENTHS]
    return torch.cat([ordered[:, :, low:high].mean(2) for low, high in places], 1)


def _linear_map(before: Tensor, moved: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Ridge regression of moves on colours, again without those places that it fits worst, as where colours were cut to
    what can be shown: the matrix `[N,K,K]`, the shift at the mean colour `[N,K]`, and what is left `[N,K,n]`."""
    weight = torch.ones_like(before[:, :1])
    for _ in range(3):
        total = weight.sum(2, keepdim=True)
        mean, shift = ((weight * each).sum(2, keepdim=True) / total for each in (before, moved))
        x, y = before - mean, moved - shift
        ridge = 0.001 * torch.eye(x.shape[1], device=x.device, dtype=x.dtype)
        matrix = torch.linalg.solve((weight * x) @ x.mT / total + ridge, (weight * x) @ y.mT / total).mT
        left = y - matrix @ x
        far = left.square().sum(1, keepdim=True)
        weight = 1 / (1 + far / (far.median(2, keepdim=True).values + 0.02**2)).square()
    return matrix, shift[:, :, 0], left
