"""Where faults are, at a glance: a U-Net over what small cells are like, the whole picture at once."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .net import MAPS, TOLD, Stage, smooth

SIDE, CELL = 160, 4
"""The longer side in pixels, at most, of what is looked at, and the side of a cell."""

END = 2 / 255
"""What is nearer than this to the darkest or the lightest there is, may have been clipped."""

GREY = 1 / 255
"""A grey level: what slopes are told in."""

SIGNS = 61
"""Numbers for each cell: see `cells`."""

LIMIT = 6.0
"""Standard deviations beyond which a number is no stranger."""


class Survey(nn.Module):
    """The images `[N,3,H,W]` in 0..1 -> where each kind is, and where anything, as logits: `[N,9,h,w]`, a value for
    two cells each way; see `over`.

    Patches that were toned or clipped have soft edges: nothing within them gives them away, but what they are like
    beside the rest. So this looks at little of each place, and sees all of the picture.
    """

    def __init__(self, widths: tuple[int, ...] = (40, 64, 80), depths: tuple[int, ...] = (2, 1, 1)) -> None:
        super().__init__()
        self.usual = nn.BatchNorm2d(SIGNS, affine=False)
        self.stem = nn.Conv2d(SIGNS, widths[0], 3, stride=2, padding=1)
        self.judge = nn.Sequential(nn.Linear(2 * widths[0], 64), nn.LeakyReLU(0.1), nn.Linear(64, TOLD))
        self.encode = nn.ModuleList(map(Stage, widths, depths))
        self.decode = nn.ModuleList(map(Stage, widths[:-1], depths))
        steps = list(pairwise(widths))
        self.narrow = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in steps)
        self.widen = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in steps)
        self.head = nn.Conv2d(widths[0], MAPS, 3, padding=1)
        nn.init.normal_(self.head.weight, std=1e-3)
        nn.init.constant_(self.head.bias, -2.0)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem(self.usual(cells(reduced(images))).clamp(-LIMIT, LIMIT))
        told = self.judge(torch.cat([x.mean((2, 3)), x.flatten(2).std(2, correction=0)], 1))
        seen = []
        for stage, narrow in zip(self.encode, self.narrow, strict=False):
            seen.append(stage(x, told))
            x = narrow(seen[-1])
        x = self.encode[-1](x, told)
        for stage, widen, fine in zip(self.decode[::-1], self.widen[::-1], seen[::-1], strict=True):
            x = stage(fine + F.interpolate(widen(x), fine.shape[2:], mode="bilinear"), told)
        found: Tensor = self.head(x)
        return found


def reduced(images: Tensor) -> Tensor:
    """With a longer side of `SIDE` at most, and sides that are multiples of `CELL`."""
    height, width = size = _size(images.shape[2:])
    small = images if size == tuple(images.shape[2:]) else F.interpolate(images, size, mode="area")
    return F.pad(small, (0, -width % CELL, 0, -height % CELL), mode="replicate")


def over(found: Tensor, size: tuple[int, ...], to: tuple[int, ...]) -> Tensor:
    """What was found in pictures of one size, `[N,9,h,w]`, spread over another: `[N,9,*to]`."""
    height, width = _size(size)
    near = F.interpolate(found, scale_factor=2 * CELL, mode="bilinear")[..., :height, :width]
    return F.interpolate(near, to, mode="bilinear")


def _size(size: tuple[int, ...]) -> tuple[int, ...]:
    """What pictures of this size are reduced to."""
    scale = min(1.0, SIDE / max(size))
    return tuple(max(1, round(side * scale)) for side in size)


def cells(images: Tensor) -> Tensor:
    """What cells of `CELL` pixels are like, `[N,SIGNS,h,w]`.

    Of each channel the mean, the spread, the least, the most, and how much lies at either end of the range; light and
    tint as logs, which a gain shifts alike in light and dark; how steeply means and logs change; the energies of
    details, fine to coarse, of light and of colours, whether they lean to one side, and whether they go together; and
    how much is quite flat.
    """
    mean = _pooled(images)
    spread = (_pooled(images.square()) - mean.square()).clamp_min(0).add(GREY**2).log()
    least, most = -F.max_pool2d(-images, CELL), F.max_pool2d(images, CELL)
    ends = [_pooled(F.relu(END - end) / END) for end in (images, 1 - images)]
    tint = _tint(mean)
    slopes = [part for values in (mean, tint) for part in _slopes(values)]
    return torch.cat([mean, spread, least, most, *ends, tint, *slopes, *_details(images), *_flat(images)], 1)


def _pooled(values: Tensor) -> Tensor:
    return F.avg_pool2d(values, CELL)


def _tint(colours: Tensor) -> Tensor:
    red, green, blue = colours.add(0.05).log().split(1, 1)
    return torch.cat([green, red - green, blue - green], 1)


def _slopes(values: Tensor) -> list[Tensor]:
    """To the right, down, and against what is within two and four cells: as powers, since the slightest may tell."""
    beyond = F.pad(values, (1, 1, 1, 1), mode="replicate")
    right = beyond[..., 1:-1, 2:] - beyond[..., 1:-1, :-2]
    down = beyond[..., 2:, 1:-1] - beyond[..., :-2, 1:-1]
    return [torch.asinh(each / GREY) for each in (right, down, values - smooth(values, 2), values - smooth(values, 4))]


def _details(images: Tensor) -> list[Tensor]:
    red, green, blue = images.split(1, 1)
    levels = [torch.cat([(red + green + blue) / 3, red - green, blue - green], 1)]
    levels += [smooth(levels[0], reach) for reach in (1, 2, 4)]
    bands = [fine - coarse for fine, coarse in pairwise(levels)]
    energies = [_pooled(band.square()).add(0.1 * GREY**2) for band in bands]
    light = [band[:, :1] for band in bands]
    power = [energy[:, :1] for energy in energies]
    lean = [_pooled(band.square() * band) / energy.sqrt() / energy for band, energy in zip(light, power, strict=True)]
    pairs = [_pooled(light[n] * light[n + 1]) / (power[n] * power[n + 1]).sqrt() for n in (0, 1)]
    return [*(energy.log() for energy in energies), *lean, *pairs]


def _flat(images: Tensor) -> list[Tensor]:
    """The shares of pixels like the one to the right, and like the one below."""
    beyond = F.pad(images, (0, 1, 0, 1), mode="replicate")
    beside = (beyond[..., :-1, 1:], beyond[..., 1:, :-1])
    return [_pooled(((each - images).abs().amax(1, keepdim=True) < 0.6 * GREY).to(images)) for each in beside]
