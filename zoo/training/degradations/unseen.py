"""Faults that no detector here is trained on: what its sense for the unfamiliar is measured by."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from .common import choice, fade_in, filtered, uniform


def pixelate(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Cells of up to 8 pixels."""
    height, width = (max(1, round(side / (1 + 7 * severity))) for side in picture.shape[-2:])
    cells = F.adaptive_avg_pool2d(picture[None], (height, width))
    return fade_in(picture, F.interpolate(cells, picture.shape[-2:], mode="nearest")[0], severity)


def moved(picture: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Each pixel of `[C,H,W]` fetched from `down` and `right` of it, in pixels, `[H,W]`; the border's go on beyond."""
    height, width = picture.shape[-2:]
    rows = torch.arange(height).view(-1, 1) + down
    columns = torch.arange(width).view(1, -1) + right
    grid = torch.stack([(2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1], -1)
    return F.grid_sample(picture[None], grid[None], padding_mode="border", align_corners=False)[0]


def chroma_shift(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Red and blue displaced by up to 5 pixels, in opposite directions."""
    angle = uniform(rng, 0, 2 * math.pi)
    still = torch.zeros(picture.shape[-2:])
    down, right = (still + 5 * severity * part for part in (math.sin(angle), math.cos(angle)))
    red, green, blue = picture[:1], picture[1:2], picture[2:]
    return torch.cat([moved(red, down, right), green, moved(blue, -down, -right)])


def salt_pepper(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Up to 6 % of the pixels, of all channels at once or of each, white or black."""
    lot = torch.rand(1 + 2 * choice(rng, 2), *picture.shape[-2:], generator=rng)
    share = 0.03 * severity
    spoilt = torch.where(lot < share, 0.0, torch.where(lot > 1 - share, 1.0, picture))
    return fade_in(picture, spoilt, severity)


def motion_blur(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """The mean along a straight line of up to 15 pixels."""
    angle, half = uniform(rng, 0, math.pi), 7.5 * severity**0.75
    reach = math.ceil(half)
    along = torch.linspace(-half, half, 4 * reach + 1).view(-1, 1)
    rows, columns = (
        (1 - (torch.arange(-reach, reach + 1) - along * part).abs()).clamp_min(0)
        for part in (math.sin(angle), math.cos(angle))
    )
    line = rows.T @ columns
    padded = F.pad(picture[:, None], (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(padded, (line / line.sum())[None, None])[:, 0]


def low_pass(limit: float) -> Tensor:
    """Taps that let through what is below `limit`, 0..1 of the highest frequency, and nothing above."""
    taps = torch.sinc(limit * torch.arange(-16, 17))
    return taps / taps.sum()


def ringing(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Frequencies cut off sharply, as far down as a fifth of the highest, those just below raised: ripples along the
    edges (Gibbs), as resizing with sharpening leaves them."""
    limit = 1 - 0.8 * severity**0.6
    ripples = filtered(picture, (1 + severity) * low_pass(limit) - severity * low_pass(0.7 * limit))
    return fade_in(picture, ripples, severity)


def smear(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Wet paint, wiped: the mean along a way that turns from place to place, 6 pixels long on average."""
    cells = torch.randn(1, 2, 6, 6, generator=rng)
    down, right = 5 * severity**0.75 * F.interpolate(cells, picture.shape[-2:], mode="bicubic", align_corners=True)[0]
    return torch.stack([moved(picture, part / 7 * down, part / 7 * right) for part in range(8)]).mean(0)


def streaks(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Dragged sideways or downwards: pixels held along runs of up to 16 pixels that begin anywhere."""
    upright = picture if choice(rng, 2) else picture.mT
    height, width = upright.shape[-2:]
    start = torch.rand(height, 1, generator=rng) * 16
    held = (torch.arange(width) + start) % 16
    spoilt = moved(upright, torch.zeros(height, width), -severity * held)
    return spoilt if upright is picture else spoilt.mT
