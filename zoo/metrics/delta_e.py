"""The difference of colours as the eye sees it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
"""Linear sRGB to CIE XYZ under D65: IEC 61966-2-1."""
_WHITE = (0.95047, 1.0, 1.08883)
_GREY = 25.0**7


def delta_e(images: Tensor, references: Tensor) -> Tensor:
    """The mean CIEDE2000 difference of each picture, sRGB `[N,3,H,W]` in 0..1 -> `[N]`; equal ones give 0.

    About 1 is the least that the eye tells apart side by side; black and white are 100 apart.
    """
    return ciede2000(lab(images.double()), lab(references.double())).flatten(1).mean(1)


def lab(images: Tensor) -> Tensor:
    """CIE L*a*b* (D65) of sRGB `[N,3,H,W]` in 0..1: L in 0..100, a and b from about -110 to 110."""
    linear = torch.where(images <= 0.04045, images / 12.92, ((images.clamp_min(0) + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("dc,nchw->ndhw", images.new_tensor(_TO_XYZ), linear)
    x, y, z = (xyz / images.new_tensor(_WHITE).view(3, 1, 1)).unbind(1)
    fx, fy, fz = (
        torch.where(t > (6 / 29) ** 3, t.clamp_min(1e-9) ** (1 / 3), t * 841 / 108 + 4 / 29) for t in (x, y, z)
    )
    return torch.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], 1)


def ciede2000(one: Tensor, other: Tensor) -> Tensor:
    """The CIEDE2000 difference of colours in L*a*b*, `[N,3,...]` -> `[N,...]`, with all three weights at 1.

    Source: G. Sharma, W. Wu and E. N. Dalal, "The CIEDE2000 color-difference formula: implementation notes,
    supplementary test data, and mathematical observations", Color Research and Application 30(1), 2005; the numbers
    are those of its equations.
    """
    (light1, a1, b1), (light2, a2, b2) = one.unbind(1), other.unbind(1)
    grey = 1.5 - 0.5 * _far((torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2)  # 2 to 4
    a1, a2 = a1 * grey, a2 * grey  # 5
    chroma1, chroma2 = torch.hypot(a1, b1), torch.hypot(a2, b2)  # 6
    hue1, hue2 = (torch.rad2deg(torch.atan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))  # 7
    coloured = chroma1 * chroma2 > 0
    turn = torch.where(coloured, _turn(hue2 - hue1), 0)  # 10
    d_light, d_chroma = light2 - light1, chroma2 - chroma1  # 8, 9
    d_hue = 2 * (chroma1 * chroma2).sqrt() * _sin(turn / 2)  # 11
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2  # 12, 13
    hue = torch.where(coloured, _between(hue1, hue2), hue1 + hue2)  # 14
    weight = (
        1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.2 * _cos(4 * hue - 63)
    )  # 15
    spread = 30 * (-(((hue - 275) / 25) ** 2)).exp()  # 16
    rotation = -_sin(2 * spread) * 2 * _far(chroma)  # 17, 21
    by_light = d_light / (1 + 0.015 * (light - 50) ** 2 / (20 + (light - 50) ** 2).sqrt())  # 18
    by_chroma, by_hue = d_chroma / (1 + 0.045 * chroma), d_hue / (1 + 0.015 * chroma * weight)  # 19, 20
    return (by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue).clamp_min(0).sqrt()  # 22


def _root(share: Tensor) -> Tensor:
    """The cube root, straight near 0: the curve of L*a*b*."""
    return torch.where(share > (6 / 29) ** 3, share.clamp_min(1e-9) ** (1 / 3), share * 841 / 108 + 4 / 29)


def _far(chroma: Tensor) -> Tensor:
    """How far from grey, 0..1."""
    return (chroma**7 / (chroma**7 + _GREY)).sqrt()


def _turn(degrees: Tensor) -> Tensor:
    """The same turn the short way round."""
    return torch.where(degrees > 180, degrees - 360, torch.where(degrees < -180, degrees + 360, degrees))


def _between(one: Tensor, other: Tensor) -> Tensor:
    """The hue halfway between two, along the shorter arc, in degrees."""
    total = one + other
    return torch.where((one - other).abs() <= 180, total / 2, torch.where(total < 360, total + 360, total - 360) / 2)


def _sin(degrees: Tensor) -> Tensor:
    return (degrees * (math.pi / 180)).sin()


def _cos(degrees: Tensor) -> Tensor:
    return (degrees * (math.pi / 180)).cos()
