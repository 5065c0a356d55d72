"""Classical filters, each a function from pictures `[N,3,H,W]` in 0..1 to pictures of the same shape and range.

Summed shift by shift, without convolutions, so that a picture is filtered alike alone and in a batch. An amount is a
number for all pictures, or a tensor `[N,1,1,1]` with one for each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F  # noqa: N812 – everybody's name for it
from torch import Tensor

Amount = float | Tensor


def bilateral(images: Tensor, space: float = 1.5, tones: Amount = 0.1) -> Tensor:
    """The mean over the neighbours that are near (Gaussian of `space` pixels) and alike in colour (of `tones`).

    Tomasi & Manduchi, “Bilateral filtering for gray and color images” (1998), eq. 5 and 6.
    """
    radius = math.ceil(2 * space)
    total, weight = images.clone(), torch.ones_like(images[:, :1])
    for dy, dx in _half_window(radius):
        here, there = _shifted(images, dy, dx)
        near = math.exp(-(dx**2 + dy**2) / (2 * space**2))
        alike = near * _likeness(1.5 * _difference(here, there), tones)
        _gather(total, weight, images, alike, dy, dx)
    return total / weight


def non_local_means(images: Tensor, sigma: Amount, strength: float = 0.55, search: int = 5, patch: int = 2) -> Tensor:
    """The mean over the neighbours, up to `search` pixels away, whose surroundings look alike.

    Surroundings are squares of `2·patch + 1` pixels; `sigma` is the standard deviation of the noise, which is no
    difference, and `strength · sigma` what difference still counts as alike. Buades, Coll & Morel, “A non-local
    algorithm for image denoising” (2005), with the weights of their “Non-Local Means Denoising” (IPOL 2011), eq. 3.
    """
    total, weight = images.clone(), torch.ones_like(images[:, :1])
    for dy, dx in _half_window(search):
        here, there = _shifted(images, dy, dx)
        unlike = box(_difference(here, there), patch) - 2 * _square(sigma)
        _gather(total, weight, images, _likeness(unlike.clamp_min(0), _scaled(sigma, strength)), dy, dx)
    return total / weight


def grey_world(images: Tensor) -> Tensor:
    """White balance on the guess that a picture is grey on average (Buchsbaum 1980)."""
    return balanced(images, illuminant(images, order=0, norm=1, blur=0))


def grey_edge(images: Tensor) -> Tensor:
    """White balance on the guess that edges are grey on average (van de Weijer, Gevers & Gijsenij 2007)."""
    return balanced(images, illuminant(images))


def illuminant(images: Tensor, order: int = 1, norm: float = 6, blur: int = 1) -> Tensor:
    """The colour of the light, `[N,3,1,1]`, of length 1: the Minkowski mean of each channel's derivatives.

    van de Weijer, Gevers & Gijsenij, “Edge-based color constancy” (2007), eq. 13, with boxes of `2·blur + 1` pixels
    for Gaussians. Of order 0 it is the channels' own mean. Grey where a picture has nothing to tell it by.
    """
    smooth = box(images, blur)
    found = smooth
    if order and min(images.shape[-2:]) >= 3:
        across = (smooth[..., 1:-1, 2:] - smooth[..., 1:-1, :-2]) / 2
        down = (smooth[..., 2:, 1:-1] - smooth[..., :-2, 1:-1]) / 2
        found = (across.square() + down.square()).sqrt()
    elif order:
        found = torch.zeros_like(smooth)
    largest = found.amax((1, 2, 3), keepdim=True).clamp_min(1e-6)  # so that high powers do not vanish
    mean = (found / largest).pow(norm).mean((2, 3), keepdim=True).pow(1 / norm) * largest
    return F.normalize(mean + 1e-4, dim=1)


def balanced(images: Tensor, light: Tensor) -> Tensor:
    """The pictures as they look under grey light, as bright as before (von Kries 1902): channels scaled one by one."""
    gains = light.mean(1, keepdim=True) / light
    return (images * gains.clamp(0.5, 2)).clamp(0, 1)


def _half_window(radius: int) -> Iterator[tuple[int, int]]:
    """One of every two opposite shifts: what a pixel is to its neighbour, that one is to it."""
    for dy in range(radius + 1):
        for dx in range(-radius if dy else 1, radius + 1):
            yield dy, dx


def _shifted(images: Tensor, dy: int, dx: int) -> tuple[Tensor, Tensor]:
    """What lies under itself when the pictures are moved by `dy` >= 0 and `dx`: two views of one shape."""
    height, width = images.shape[-2:]
    left, right = max(-dx, 0), max(dx, 0)
    here = images[..., : max(height - dy, 0), left : max(width - right, left)]
    there = images[..., dy:, right : max(width - left, right)]
    return here, there


def _difference(here: Tensor, there: Tensor) -> Tensor:
    """The mean square over the channels, `[N,1,H,W]`; added up, which is faster than `mean`."""
    red, green, blue = (here - there).square_().split(1, 1)
    return (red + green + blue) / 3


def _gather(total: Tensor, weight: Tensor, images: Tensor, alike: Tensor, dy: int, dx: int) -> None:
    """Adds to both ends of a shift what lies at the other, as far as they are alike."""
    here, there = _shifted(images, dy, dx)
    for sums, one, other in ((total, here, there), (weight, 1, 1)):
        near, far = _shifted(sums, dy, dx)
        near.add_(alike * other)
        far.add_(alike * one)


def _likeness(unlike: Tensor, scale: Amount) -> Tensor:
    """1 for the same, near 0 for what differs by much more than `scale`; cut where floats become slow."""
    return torch.exp(-(unlike / (_square(scale) + 1e-8)).clamp_max(30))


def _square(amount: Amount) -> Amount:
    return amount * amount


def _scaled(amount: Amount, by: float) -> Amount:
    return amount * by


def box(images: Tensor, radius: int) -> Tensor:
    """The mean over `2·radius + 1` pixels each way; beyond its rim a picture goes on as at it."""
    if radius == 0 or images.numel() == 0:
        return images
    sums = F.pad(images, (radius, radius, radius, radius), mode="replicate")
    for axis in (-1, -2):
        length = images.shape[axis]
        parts = [sums.narrow(axis, shift, length) for shift in range(2 * radius + 1)]
        sums = parts[0] + parts[1]
        for part in parts[2:]:
            sums += part
    return sums / (2 * radius + 1) ** 2
