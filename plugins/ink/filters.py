"""What the drawings are made with: blurs, flow, noise and tone.

A unit is 1/256 of a picture's short side, so that a drawing looks the same at every size.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 – everybody's name for it
from torch import Tensor


def unit(images: Tensor) -> float:
    """Pixels per unit."""
    return min(images.shape[-2:]) / 256


def grid(images: Tensor) -> tuple[Tensor, Tensor]:
    """The centres of the pixels, `x` `[1,1,1,W]` and `y` `[1,1,H,1]`, in units."""
    height, width = images.shape[-2:]
    x, y = (torch.arange(n, device=images.device, dtype=images.dtype).add(0.5) / unit(images) for n in (width, height))
    return x.view(1, 1, 1, -1), y.view(1, 1, -1, 1)


def resize(x: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """`x` at another size: averaged where that is smaller, bilinear where it is larger."""
    mode = {"mode": "area"} if size[0] <= x.shape[-2] else {"mode": "bilinear", "align_corners": False}
    return F.interpolate(x, size=tuple(size), **mode)


def shrink(x: Tensor, factor: float) -> Tensor:
    """`x` at `1/factor` of its size (never larger, never below 4 pixels a side)."""
    factor = max(factor, 1.0)
    return resize(x, tuple(max(round(n / factor), min(n, 4)) for n in x.shape[-2:]))


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """A Gaussian blur, `sigma` in pixels. Wide ones are done at half the size, where they look the same.

    Summed tap by tap: a convolution rounds differently from batch to batch and from device to device.
    """
    if sigma < 0.2:
        return x
    if sigma > 2 and min(x.shape[-2:]) >= 8:
        return resize(gaussian(shrink(x, 2), math.sqrt(sigma**2 - 1) / 2), x.shape[-2:])
    radius = math.ceil(2.5 * sigma)
    taps = [math.exp(-(k**2) / (2 * sigma**2)) for k in range(-radius, radius + 1)]
    x = F.pad(x, (radius, radius, radius, radius), mode="replicate")
    for axis in (-1, -2):
        length = x.shape[axis] - 2 * radius
        parts = [x.narrow(axis, k, length) for k in range(len(taps))]
        x = parts[0] * (taps[0] / sum(taps))
        for part, tap in zip(parts[1:], taps[1:], strict=True):
            x = x.add_(part, alpha=tap / sum(taps))
    return x


def structure(light: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Which way the picture runs, from its smoothed structure tensor (Brox et al. 2006); `sigma` in pixels.

    Returns unit vectors along the edges, `[N,2,H,W]` (x, y), and how one-directional each place is, `[N,1,H,W]` in
    0..1. Where there is next to nothing to follow, the vectors follow a slow swirl, so that no rounding error decides.
    """
    padded = F.pad(light * unit(light), (1, 1, 1, 1), mode="replicate")
    dx = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    dy = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    xx, yy, xy = gaussian(torch.cat((dx * dx, dy * dy, dx * dy), 1), sigma).split(1, 1)
    x, y = grid(light)
    swirl = 2 * math.pi * noise(x / 90, y / 90, 11)
    across, slant = xx - yy + 3e-5 * swirl.cos(), 2 * xy + 3e-5 * swirl.sin()
    angle = torch.atan2(slant, across) / 2 + math.pi / 2
    return torch.cat((angle.cos(), angle.sin()), 1), (across**2 + slant**2).sqrt() / (xx + yy + 1e-4)


def along(x: Tensor, flow: Tensor, sigma: float) -> Tensor:
    """`x` blurred along the unit vectors `flow`, both ways, `sigma` in pixels (Cabral & Leedom 1993)."""
    stride = max(1.0, sigma / 6)
    steps = max(1, math.ceil(2 * sigma / stride))
    size = flow.new_tensor((x.shape[-1], x.shape[-2]))
    total, weight = x, 1.0
    for way in (1, -1):
        here, last = centres(x), way * flow
        for step in range(1, steps + 1):
            here = here + last.permute(0, 2, 3, 1) * (2 * stride / size)
            turn = sample(flow, here)
            last = turn * torch.where((turn * last).sum(1, keepdim=True) < 0, -1.0, 1.0)
            share = math.exp(-((step * stride) ** 2) / (2 * sigma**2))
            total, weight = total + share * sample(x, here), weight + share
    return total / weight


def centres(x: Tensor) -> Tensor:
    """Where `sample` finds `x` itself, `[N,H,W,2]`: the picture spans -1..1."""
    identity = torch.eye(2, 3, device=x.device, dtype=x.dtype).expand(x.shape[0], 2, 3)
    return F.affine_grid(identity, list(x.shape), align_corners=False)


def sample(x: Tensor, where: Tensor) -> Tensor:
    """`x` read between its pixels, and at its rim where that is outside."""
    return F.grid_sample(x, where, padding_mode="border", align_corners=False)


def noise(x: Tensor, y: Tensor, seed: int) -> Tensor:
    """Value noise in 0..1 over a lattice of whole numbers: smooth, the same on every device, random nowhere."""
    left, top = x.floor(), y.floor()
    u, v = (_ease(x - left), _ease(y - top))
    corners = [[scatter(left + i, top + j, seed) for i in (0, 1)] for j in (0, 1)]
    return torch.lerp(torch.lerp(*corners[0], u), torch.lerp(*corners[1], u), v)


def scatter(i: Tensor, j: Tensor, seed: int) -> Tensor:
    """A number in 0..1 for each pair of whole numbers: an integer hash (Wellons' lowbias32), so exact everywhere."""
    mixed = (i.long() * 0x27D4EB2D + j.long() * 0x165667B1 + seed * 0x9E3779B1) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 16)) >> 8).to(torch.float32) / 2**24


def level(light: Tensor, middle: float = 0.6) -> Tensor:
    """`light` stretched over 0..1, and brightened if its median lies below `middle`. A flat picture stays as it is."""
    low, high = quantile(light, 0.02), quantile(light, 0.98)
    spread, centre = high - low, (low + high) / 2
    target = torch.lerp(centre, torch.full_like(centre, 0.5), (spread / 0.15).clamp(0, 1))
    stretched = ((light - centre) / spread.clamp_min(0.15) + target).clamp(0.001, 1)
    median = quantile(stretched, 0.5).clamp(0.01, 0.99)
    return stretched ** (math.log(middle) / median.log()).clamp(0.5, 1)


def overview(x: Tensor) -> Tensor:
    """`x` at about 64 pixels a side: enough for statistics, and nearly the same for every size of a picture."""
    return shrink(x, 4 * unit(x))


def quantile(light: Tensor, share: float) -> Tensor:
    """The value that `share` of a picture lies below, `[N,1,1,1]`."""
    values = overview(light).flatten(1).sort(1).values
    return values[:, round(share * (values.shape[1] - 1)), None, None, None]


def _ease(t: Tensor) -> Tensor:
    return t * t * (3 - 2 * t)
