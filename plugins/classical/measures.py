"""How much there is of each kind of damage, by statistics that need no training.

A measure is `[N,1,h,w]`, positive, with a value for each cell of some 8 to 32 pixels, in units of its own; those of the
whole picture are `[N,1,1,1]`. `levels.json` says which values are usual. Pictures are `[N,3,H,W]` in 0..1, H and W
multiples of `GRID`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from .filters import box, illuminant

GRID = 32
PERIOD = 8
"""Of JPEG's blocks, and the longest one of checkerboards: of three transposed convolutions of stride 2."""
MOST_STEPS = 24
"""From black to white, of banding: more steps are not seen."""
WINDOW = 9
"""Tiles a side over which a pattern has to go on to be told from the picture."""
FAINT = 6 / 255
"""Fourier coefficient of a tile below which nobody sees a pattern: about one grey level of contrast."""


def measure(images: Tensor) -> dict[str, Tensor]:
    """Each kind's measure."""
    grey = luma(images)
    return {
        "colour": cast(images),
        "noise": noise(grey),
        "blocks": blockiness(grey),
        "checker": coherence(grey).amax(1, keepdim=True),
        "banding": banding(images, grey),
    }


def luma(images: Tensor) -> Tensor:
    """Luma `[N,1,H,W]` (ITU-R BT.601)."""
    red, green, blue = images.split(1, 1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def cast(images: Tensor) -> Tensor:
    """The angle between the light by grey-edge and grey, in degrees, `[N,1,1,1]`."""
    small = images if min(images.shape[-2:]) < 256 else F.avg_pool2d(images, 2)
    light = illuminant(small)
    return angle(light, torch.full_like(light, 1 / math.sqrt(3)))


def angle(one: Tensor, other: Tensor) -> Tensor:
    """Degrees between two lights `[N,3,1,1]` of length 1 (the error measure of van de Weijer et al. 2007)."""
    return torch.rad2deg(torch.acos((one * other).sum(1, keepdim=True).clamp(-1, 1)))


def noise(grey: Tensor) -> Tensor:
    """Standard deviation of the noise: the median size of the Haar wavelet's diagonal coefficients over 0.6745
    (Donoho & Johnstone 1994), at its second level, where coarse grain shows too."""
    small = F.avg_pool2d(grey, 2)
    a, b, c, d = (small[..., y::2, x::2] for y in (0, 1) for x in (0, 1))
    return cells((a - b - c + d).abs(), GRID // 8).median(-1).values / 0.6745


def blockiness(grey: Tensor) -> Tensor:
    """How much sharper pictures bend at the borders of blocks of 8×8 than within, across and down, whichever is less
    (after Wang, Bovik & Evans 2000)."""
    return torch.minimum(_bending(grey), _bending(grey.mT).mT)


def _bending(grey: Tensor) -> Tensor:
    bend = (grey[..., 2:] - 2 * grey[..., 1:-1] + grey[..., :-2]).abs().clamp_max(0.05)
    columns = F.pad(bend, (1, 1)).unflatten(3, (-1, 8)).unflatten(2, (-1, 8)).mean(3)
    border, within = (columns[..., 0] + columns[..., 7]) / 2, columns[..., 1:7].mean(-1)
    border, within = (F.avg_pool2d(each, 5, 1, 2, count_include_pad=False) for each in (border, within))
    return (border + 0.001) / (within + 0.001)


def coherence(grey: Tensor) -> Tensor:
    """How far each frequency of period 8, 4 or 2 repeats from tile to tile, `[N,28,h,w]`: the power of the mean over
    a window against the mean power, times the tiles in it; 1 by chance. Frequencies along an axis are left out: they
    are JPEG's and window frames' too."""
    waves = spectrum(grey)
    power = waves.abs().square()
    together = F.avg_pool2d(waves.real, WINDOW, 1, WINDOW // 2, count_include_pad=False).square()
    together += F.avg_pool2d(waves.imag, WINDOW, 1, WINDOW // 2, count_include_pad=False).square()
    alone = F.avg_pool2d(power, WINDOW, 1, WINDOW // 2, count_include_pad=False)
    return WINDOW**2 * together / (alone + FAINT**2)


def spectrum(grey: Tensor) -> Tensor:
    """The Fourier coefficients of each 8×8 tile of what is fine in `[N,1,H,W]`, `[N,28,H/8,W/8]`, without those along
    an axis and without most that the others imply."""
    fine = (grey - box(grey, 3)).clamp(-0.05, 0.05)
    tiles = fine[:, 0].unflatten(2, (-1, PERIOD)).unflatten(1, (-1, PERIOD)).transpose(2, 3)
    return torch.fft.rfft2(tiles, norm="ortho")[..., 1:, 1:].flatten(3).permute(0, 3, 1, 2)


def quantiser(grey: Tensor) -> Tensor:
    """The step, in 0..1, to whose multiples a JPEG has rounded its lowest cosine coefficients, `[N,1,1,1]`; 0 where
    there is none to be found. `grey` is `[N,1,H,W]`, its blocks begin at the corner."""
    basis = cosines(grey)[:2]
    waves = (basis @ cells(grey, 8).unflatten(4, (8, 8)) @ basis.T).flatten(-2)[..., 1:].flatten(1)[:, None] * 255
    steps = torch.exp(torch.linspace(math.log(6), math.log(130), 80, device=grey.device)).view(-1, 1)
    near = (waves.abs() > 0.6 * steps) & (waves.abs() < 2.4 * steps)
    found = (torch.cos(2 * math.pi * waves / steps) * near).sum(2) / near.sum(2).clamp_min(16)
    best = found.amax(1, keepdim=True)
    coarsest = len(steps) - 1 - (found >= 0.9 * best).flip(1).to(torch.int8).argmax(1)
    return torch.where(best[:, 0] > 0.35, steps[coarsest, 0] / 255, 0).view(-1, 1, 1, 1)


def cosines(like: Tensor) -> Tensor:
    """The orthonormal DCT-II of 8 values as a matrix `[8,8]`."""
    place = torch.arange(8, device=like.device, dtype=like.dtype)
    basis = torch.cos((2 * place + 1) * place[:, None] * (math.pi / 16)) / 2
    basis[0] /= math.sqrt(2)
    return basis


def evenness(values: Tensor) -> tuple[Tensor, Tensor]:
    """How far the tones of `[N,C,H,W]` keep to evenly spaced levels, and the number of steps from black to white.

    For each number of steps s it is the mean of cos(2π·s·tone) over the tones that occur, weighted by the root of how
    often, without black and white, which lie on every grid: 1 where a picture has been rounded to s + 1 levels, near 0
    by chance. Of the steps with nearly the most the fewest; of the channels the one, or the three together, that keep
    to them best. Both are `[N,1,1,1]`.
    """
    levels = (values * 255).round().clamp(0, 255).flatten(2).long()
    counts = torch.zeros(*levels.shape[:2], 256, device=values.device)
    weights = counts.scatter_add_(-1, levels, torch.ones_like(levels, dtype=counts.dtype)).sqrt()
    weights[..., :3] = weights[..., -3:] = 0
    weights = weights / weights.sum(-1, keepdim=True).clamp_min(1)
    steps = torch.arange(2, MOST_STEPS + 1, device=values.device)
    found = weights @ torch.cos(2 * math.pi / 255 * steps * torch.arange(256, device=values.device)[:, None])
    found = torch.maximum(found[:, :3].mean(1), found[:, 3])
    best = found.amax(1, keepdim=True)
    fewest = steps[(found >= 0.93 * best).to(torch.int8).argmax(1)]
    return best.view(-1, 1, 1, 1), fewest.view(-1, 1, 1, 1)


def banding(images: Tensor, grey: Tensor) -> Tensor:
    """The odds of `evenness`, of the whole picture `[N,1,1,1]`: there is no telling within a band where it is one."""
    even = evenness(torch.cat([images, grey], 1))[0].clamp(0, 1)
    return (even + 0.02) / (1.02 - even)


def cells(images: Tensor, side: int) -> Tensor:
    """`[N,C,H,W]` as its squares of `side` pixels, `[N,C,H/side,W/side,side²]`."""
    return images.unflatten(3, (-1, side)).unflatten(2, (-1, side)).transpose(3, 4).flatten(4)
