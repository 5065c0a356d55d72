"""Blur, noise, blocks, checkerboards and halos: faults of the detail."""

from __future__ import annotations

import io

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Generator, Tensor

from .common import choice, fade_in, gaussian, uniform


def gaussian_blur(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Sigma up to 4 pixels, 1 at severity 0.15: a Gaussian much narrower than a pixel does nothing."""
    return gaussian(picture, 4 * severity**0.75)


def resample(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Made smaller by up to a factor of 5, and enlarged again."""
    how = "bicubic" if choice(rng, 2) else "bilinear"
    size = tuple(max(1, round(side / (1 + 4 * severity))) for side in picture.shape[-2:])
    small = F.interpolate(picture[None], size, mode="bilinear", antialias=True)
    return fade_in(picture, F.interpolate(small, picture.shape[-2:], mode=how)[0], severity)


def grain(picture: Tensor, severity: float, channels: int, size: int, rng: Generator) -> Tensor:
    """Gaussian noise, standard deviation up to 0.15, in grains of `size` pixels."""
    height, width = picture.shape[-2:]
    field = torch.randn(1, channels, -(-height // size) + 1, -(-width // size) + 1, generator=rng)
    if size > 1:
        field = F.interpolate(field, scale_factor=size, mode="bilinear") * 1.5  # what interpolation takes of its spread
    return picture + 0.15 * severity * field[0, :, :height, :width]


def colour_noise(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    return grain(picture, severity, 3, 1, rng)


def luma_noise(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    return grain(picture, severity, 1, 1, rng)


def coarse_grain(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Grains of 2 or 3 pixels, in colour or grey."""
    return grain(picture, severity, 1 + 2 * choice(rng, 2), 2 + choice(rng, 2), rng)


def jpeg(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Saved as a JPEG, of a quality from 90 down to 5, 60 at severity 0.15, with chroma at full or at half size."""
    subsampling = 2 * choice(rng, 2)
    pixels = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    quality = round(5 + 85 * (1 - severity) ** 2.7)
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    decoded = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float() / 255
    return fade_in(picture, decoded, severity)


def tile(levels: int, rng: Generator) -> Tensor:
    """One period of what `levels` transposed convolutions of stride 2 leave, `[2**levels, 2**levels]`, mean 0 and
    standard deviation 1: where their kernels overlap more, it is brighter (Odena 2016, doi:10.23915/distill.00003)."""
    side = 2**levels
    pattern = torch.zeros(side, side)
    for level in range(levels):
        rows, columns = torch.randn(2, 2, generator=rng)
        overlap = torch.outer(rows, columns).repeat_interleave(2**level, 0).repeat_interleave(2**level, 1)
        pattern += overlap.tile(side // len(overlap), side // len(overlap))
    pattern -= pattern.mean()
    return pattern / pattern.square().mean().sqrt()


def lattice(picture: Tensor, rng: Generator) -> Tensor:
    """Tiles of 2, 4 or 8 pixels all over the picture, `[1 or 3,H,W]`: the same in all channels, or not."""
    levels = 1 + choice(rng, 3)
    height, width = picture.shape[-2:]
    tiles = [tile(levels, rng) for _ in range(1 + 2 * choice(rng, 2))]
    return torch.stack([one.tile(-(-height // len(one)), -(-width // len(one)))[:height, :width] for one in tiles])


def added_checker(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Root mean square up to 0.12."""
    return picture + 0.12 * severity * lattice(picture, rng)


def multiplied_checker(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Root mean square up to a quarter of each value."""
    return picture * (1 + 0.25 * severity * lattice(picture, rng))


def unsharp(picture: Tensor, severity: float, rng: Generator, low: float, high: float) -> Tensor:
    """Up to 2.5 times the distance from a blur of 2 to 6 pixels, within bounds, on top."""
    sigma = uniform(rng, 2, 6)
    return picture + (2.5 * severity * (picture - gaussian(picture, sigma))).clamp(low, high)


def halo(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Bright on the bright side of an edge and dark on the dark one."""
    return unsharp(picture, severity, rng, -1, 1)


def glow(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """A bright rim on the bright side only."""
    return unsharp(picture, severity, rng, 0, 1)
