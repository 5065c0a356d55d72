"""Portraits drawn by arithmetic: something to try a model on where no picture is at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Color = tuple[float, float, float]
Ellipse = tuple[Color, float, float, float, float]
"""A colour, then centre x, centre y, radius x, radius y, where the picture spans -1..1."""

_SKIN: tuple[Color, ...] = ((0.96, 0.80, 0.69), (0.55, 0.36, 0.26), (0.80, 0.58, 0.44), (0.99, 0.87, 0.77))
_HAIR: tuple[Color, ...] = ((0.20, 0.13, 0.10), (0.08, 0.07, 0.09), (0.62, 0.30, 0.14), (0.85, 0.68, 0.36))
_WALL: tuple[Color, ...] = ((0.74, 0.85, 0.93), (0.95, 0.85, 0.72), (0.80, 0.91, 0.78), (0.90, 0.80, 0.90))


def portraits(count: int, height: int, width: int) -> Tensor:
    """`count` faces, `[count,3,height,width]` in 0..1, the same every time."""
    import torch

    return torch.stack([_portrait(index % 4, height, width) for index in range(count)])


def _portrait(index: int, height: int, width: int) -> Tensor:
    """Soft-edged ellipses, back to front, over a wall that is lit from above."""
    import torch

    y = torch.linspace(-1, 1, height).view(-1, 1).expand(height, width)
    x = torch.linspace(-1, 1, width).expand(height, width)
    picture = torch.tensor(_WALL[index]).view(3, 1, 1) * (0.925 - 0.075 * y)
    for color, cx, cy, rx, ry in _face(_SKIN[index], _HAIR[index]):
        inside = 1 - ((x - cx) / rx).square() - ((y - cy) / ry).square()
        cover = torch.sigmoid(inside * min(rx, ry) * height)
        picture = picture + cover * (torch.tensor(color).view(3, 1, 1) - picture)
    return picture.clamp(0, 1)


def _face(skin: Color, hair: Color) -> list[Ellipse]:
    shade = (0.88 * skin[0], 0.86 * skin[1], 0.86 * skin[2])
    eyes = [
        feature
        for cx in (-0.18, 0.18)
        for feature in (
            ((1.0, 1.0, 1.0), cx, -0.03, 0.10, 0.065),
            ((0.15, 0.20, 0.25), cx, -0.03, 0.05, 0.06),
            (hair, cx, -0.17, 0.12, 0.03),
        )
    ]
    return [
        (hair, 0, -0.12, 0.56, 0.66),
        ((0.25, 0.35, 0.55), 0, 1.1, 0.75, 0.45),
        (shade, 0, 0.55, 0.17, 0.28),
        (skin, 0, 0.05, 0.44, 0.56),
        *eyes,
        (shade, 0, 0.13, 0.05, 0.06),
        ((0.75, 0.35, 0.35), 0, 0.34, 0.15, 0.045),
    ]
