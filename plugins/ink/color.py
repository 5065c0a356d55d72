"""Colour: CIE 1976 L*a*b* (D65, 2° observer), blending in it, and the transfer of one picture's colours to another."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .filters import level, shrink, unit

WHITE = (0.95047, 1.0, 1.08883)  # D65, IEC 61966-2-1
TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
KNEE = 6 / 29  # where CIE 1976 turns from a cube root into a line
STRETCH = 2.5  # the most that a direction of colour is stretched
CONTRAST = (0.65, 1.4)  # by how much lightness may be flattened and steepened
DARKEST, LIGHTEST = 35.0, 72.0  # mean L* that a reference may lead to


def to_lab(images: Tensor) -> Tensor:
    """sRGB `[N,3,H,W]` in 0..1 → L* in 0..100, a* and b* about -128..127."""
    x, y, z = _bend(_to_xyz(images)).unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), 1)


def from_lab(lab: Tensor) -> Tensor:
    """The inverse of `to_lab`; what sRGB cannot show is clipped to 0..1."""
    y = (lab[:, 0] + 16) / 116
    bent = torch.stack((y + lab[:, 1] / 500, y, y - lab[:, 2] / 200), 1)
    xyz = torch.where(bent > KNEE, bent**3, 3 * KNEE**2 * (bent - 4 / 29))
    linear = _mix(xyz, torch.linalg.inv(_matrix(lab))).clamp(0, 1)
    return torch.where(linear > 0.0031308, 1.055 * linear.clamp_min(1e-8) ** (1 / 2.4) - 0.055, 12.92 * linear)


def toned(images: Tensor, share: float) -> Tensor:
    """`to_lab(images) / 100`, brightened by `share` of what `level` would; nothing gets darker."""
    lab = to_lab(images) / 100
    brighter = (level(lab[:, :1]) - lab[:, :1]).clamp_min(0)
    return torch.cat((lab[:, :1] + share * brighter, lab[:, 1:]), 1)


def lightness(images: Tensor) -> Tensor:
    """L* of sRGB pictures, scaled to 0..1: `[N,3,H,W]` → `[N,1,H,W]`."""
    luminance = _linear(images).mul(images.new_tensor(TO_XYZ[1]).view(3, 1, 1)).sum(1, keepdim=True)
    return 1.16 * _bend(luminance) - 0.16


def blend(plain: Tensor, styled: Tensor, strength: float) -> Tensor:
    """From `plain` (0) to `styled` (1) by way of Lab, where halfway looks halfway."""
    if strength == 1:
        return styled
    return from_lab(torch.lerp(to_lab(plain), to_lab(styled), strength))


def paint(color: str, like: Tensor) -> Tensor:
    """`#rrggbb` as `[1,3,1,1]` in 0..1, of the type and on the device of `like`."""
    return like.new_tensor([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]).view(1, 3, 1, 1)


def transfer(images: Tensor, reference: Tensor, keep_light: float) -> Tensor:
    """The colours of `reference`, `[1,3,h,w]`, on `images`: the linear Monge-Kantorovich map of their Lab colours.

    Pitié & Kokaram, “The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer” (2007),
    eq. 12. Guarded so that a face stays readable: colours are stretched no more than `STRETCH`; lightness moves along
    a line of its own, its contrast changes within `CONTRAST` and its mean stays visible. `keep_light`, 0..1, holds it.
    """
    lab = to_lab(images)
    mean, spread = _moments(lab)
    wanted_mean, wanted_spread = _moments(to_lab(shrink(reference, unit(reference))))
    off = lab - mean
    moved = _mix(off, _monge(spread, wanted_spread)) + wanted_mean
    contrast = (wanted_spread[:, 0, 0] / spread[:, 0, 0]).sqrt().clamp(*CONTRAST).view(-1, 1, 1, 1)
    light = contrast * off[:, :1] + _visible(mean[:, :1], wanted_mean[:, :1])
    light = torch.lerp(light, lab[:, :1], keep_light).clamp(0, 100)
    return from_lab(torch.cat((light, moved[:, 1:]), 1))


def _moments(lab: Tensor) -> tuple[Tensor, Tensor]:
    """Mean `[N,3,1,1]` and covariance `[N,3,3]`, never singular: half a unit of grain is added."""
    mean = lab.mean((2, 3), keepdim=True)
    off = (lab - mean).flatten(2)
    grain = 0.25 * torch.eye(3, device=lab.device, dtype=lab.dtype)
    return mean, off @ off.transpose(1, 2) / off.shape[2] + grain


def _monge(spread: Tensor, wanted: Tensor) -> Tensor:
    """The symmetric matrix that turns colours of covariance `spread` into `wanted`, stretching within `STRETCH`."""
    root, inverse = _power(spread, 0.5), _power(spread, -0.5)
    matrix = inverse @ _power(root @ wanted @ root, 0.5) @ inverse
    return _power(matrix, 1, STRETCH)


def _power(matrix: Tensor, exponent: float, most: float = math.inf) -> Tensor:
    """A symmetric positive matrix to a power, its eigenvalues cut at `most`."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * (values.clamp(1e-6, most) ** exponent)[:, None] @ vectors.transpose(1, 2)


def _visible(mean: Tensor, wanted: Tensor) -> Tensor:
    """The wanted mean lightness, but no less than half the picture's own, and neither night nor fog of our making."""
    low = torch.maximum(mean / 2, mean.clamp_max(DARKEST))
    return wanted.clamp(low, mean.clamp_min(LIGHTEST))


def _linear(images: Tensor) -> Tensor:
    return torch.where(images > 0.04045, ((images + 0.055) / 1.055) ** 2.4, images / 12.92)


def _matrix(like: Tensor) -> Tensor:
    return like.new_tensor(TO_XYZ) / like.new_tensor(WHITE)[:, None]


def _mix(images: Tensor, matrix: Tensor) -> Tensor:
    return (matrix @ images.flatten(2)).view(images.shape)


def _to_xyz(images: Tensor) -> Tensor:
    return _mix(_linear(images), _matrix(images))


def _bend(xyz: Tensor) -> Tensor:
    return torch.where(xyz > KNEE**3, xyz.clamp_min(1e-8) ** (1 / 3), xyz / (3 * KNEE**2) + 4 / 29)
