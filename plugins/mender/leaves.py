"""Scenes with the statistics of photographs, and what makes many pictures of few: cutting, toning, pasting."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Generator, Tensor

from zoo.training.degradations import choice, gaussian, uniform

FILTERS = tuple(Image.Resampling[name] for name in ("BILINEAR", "HAMMING", "BICUBIC", "LANCZOS"))
"""What pictures are reduced by, from soft to sharp."""

LAPLACIAN = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]


def cut(picture: Tensor, side: int, rng: Generator, most: float = 3.0) -> Tensor:
    """A square of `side` pixels from anywhere in `[3,H,W]`, reduced by up to `most` where there is room, and mirrored
    half the time; what is too small is enlarged by no more than it takes. Filters vary: one that is always taken would
    be taken for normal."""
    room = min(picture.shape[1:]) / side
    scale = min(room, math.exp(uniform(rng, 0, math.log(max(1.0, min(most, room))))))
    taken = max(2, min(int(side * scale), *picture.shape[1:]))
    top, left = (choice(rng, extent - taken + 1) for extent in picture.shape[1:])
    piece = picture[:, top : top + taken, left : left + taken]
    if taken != side:
        piece = resized(piece, side, FILTERS[choice(rng, len(FILTERS))])
    return piece.flip(-1) if choice(rng, 2) else piece


def sharpness(picture: Tensor) -> float:
    """How much finer its detail is than after a slight blur: the log of the ratio of second differences' energies, on
    average over cells of 8 pixels, which count by whether there is detail in them and not by how much. `[3,H,W]` in
    0..1 -> about 3 in sharp photographs, under 2 in soft ones, 1 after a blur of a pixel and a half."""
    grey = 255 * picture.mean(0, keepdim=True)
    fine, soft = (F.avg_pool2d(F.conv2d(each[None], LAPLACIAN).square(), 8) for each in (grey, gaussian(grey, 1.0)))
    counts = soft / (soft + 10)
    ratio = ((fine + 1) / (soft + 1)).log()
    return ((ratio * counts).sum() / (counts.sum() + 0.1)).item()


def resized(picture: Tensor, side: int, how: Image.Resampling) -> Tensor:
    """`[3,H,W]` in 0..1 -> `[3,side,side]`, by the library and in the 8-bit steps that most pictures on the net came
    through."""
    return _tensor(_image(picture).resize((side, side), how))


def _image(picture: Tensor) -> Image.Image:
    return Image.fromarray(picture.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).numpy())


def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255


def dead_leaves(side: int, rng: Generator, leaves: int = 120) -> Tensor:
    """Discs and bars falling over each other until they hide the ground, `[3,side,side]` in 0..1.

    Radii by 1/r^3 give edges at every scale as in photographs (Lee, Mumford and Huang 2001). Drawn at twice the size
    and reduced, so that edges are as soft as a lens makes them; most leaves have a 1/f texture of their own.
    """
    wide = 2 * side
    y, x = torch.meshgrid(torch.arange(wide), torch.arange(wide), indexing="ij")
    palette, grains = _palette(rng), _grains(wide, rng)
    canvas = palette[0].view(3, 1, 1) + grains[0]
    for number in range(leaves):
        radius = uniform(rng, (wide / 2.5) ** -2, 3.0**-2) ** -0.5 if choice(rng, 5) else uniform(rng, 12, wide / 3)
        centre, angle = (torch.rand(2, generator=rng) * wide).tolist(), uniform(rng, 0, math.pi)
        rows, columns = (slice(max(0, int(c - radius) - 2), max(0, int(c + radius) + 2)) for c in centre)
        down, right = y[rows, columns] - centre[0], x[rows, columns] - centre[1]
        along = right * math.cos(angle) + down * math.sin(angle)
        across = (down * math.cos(angle) - right * math.sin(angle)) * uniform(rng, 1, 4)
        distance = torch.hypot(along, across) if choice(rng, 2) else 1.4 * torch.maximum(along.abs(), across.abs())
        leaf = palette[choice(rng, len(palette))].view(3, 1, 1) + uniform(rng, -1, 1) * along / wide
        leaf = leaf + uniform(rng, 0, 1.5) * grains[number % len(grains)][:, rows, columns]
        canvas[:, rows, columns] += (radius - distance + 0.5).clamp(0, 1) * (leaf - canvas[:, rows, columns])
    return F.avg_pool2d(gaussian(canvas, uniform(rng, 0, 1))[None], 2)[0].clamp(0, 1)


def _palette(rng: Generator) -> Tensor:
    light = uniform(rng, 0.25, 0.7) + 0.28 * torch.randn(10, 1, generator=rng)
    return (light + uniform(rng, 0.02, 0.2) * torch.randn(10, 3, generator=rng)).clamp(0.02, 0.98)


def _grains(side: int, rng: Generator) -> list[Tensor]:
    """Faint textures whose amplitudes fall with frequency by powers of 0.8 to 1.5, `[1,side,side]` each."""
    frequency = torch.hypot(torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)).clamp_min(1 / side)
    fields = []
    for _ in range(3):
        spectrum = torch.fft.rfft2(torch.randn(side, side, generator=rng)) / frequency ** uniform(rng, 0.8, 1.5)
        field = torch.fft.irfft2(spectrum, s=(side, side))
        fields.append(0.06 * ((field - field.mean()) / field.std())[None])
    return fields


def texture(side: int, seed: int) -> Tensor:
    """Coloured noise whose amplitudes fall as 1/f^a, `[3,side,side]` in 0..1: a near 1 is what photographs have
    (Field 1987)."""
    rng = Generator().manual_seed(seed)
    rows, columns = torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None]
    fall = torch.hypot(rows, columns).clamp_min(1 / side) ** -uniform(rng, 0.8, 1.8)
    field = torch.fft.irfft2(torch.fft.rfft2(torch.randn(3, side, side, generator=rng)) * fall)
    field = (field - field.mean()) / field.std()
    grey, colour = field.mean(0, keepdim=True), torch.rand(3, 1, 1, generator=rng)
    contrast = uniform(rng, 0.05, 0.25)
    return (0.2 + 0.6 * colour + contrast * (grey * 1.5 + uniform(rng, 0, 0.6) * (field - grey))).clamp(0, 1)


def toned(picture: Tensor, rng: Generator) -> Tensor:
    """As it might have been under another light and by another camera: channels in another order, a tone curve, less
    contrast, now and then grey, turned. `[3,H,W]` in 0..1."""
    if choice(rng, 2):
        picture = picture[torch.randperm(3, generator=rng)]
    if choice(rng, 8) == 0:
        picture = picture.mean(0, keepdim=True).expand(3, -1, -1)
    if choice(rng, 2):
        low, high = uniform(rng, 0, 0.15), uniform(rng, 0.8, 1)
        picture = low + (high - low) * picture ** math.exp(uniform(rng, -0.6, 0.6))
    return picture.mT if choice(rng, 2) else picture


def shot(picture: Tensor, rng: Generator) -> Tensor:
    """As a camera leaves it, which is no fault: sharpened, grainy, saved as a JPEG, each half the time. `[3,H,W]` in
    0..1. All of it is milder than the mildest fault that is to be found."""
    if choice(rng, 2):
        picture = picture + uniform(rng, 0, 0.5) * (picture - gaussian(picture, uniform(rng, 0.7, 1.2)))
    if choice(rng, 2):
        grain = torch.randn(picture.shape, generator=rng)
        grain = torch.lerp(grain, grain.mean(0, keepdim=True), uniform(rng, 0, 1))
        grain = gaussian(grain, 0.5) if choice(rng, 2) else grain
        picture = picture + uniform(rng, 0, 1.5) / 255 * (0.3 + picture.clamp_min(0)).sqrt() * grain
    return saved(picture, rng) if choice(rng, 2) else picture.clamp(0, 1)


def saved(picture: Tensor, rng: Generator) -> Tensor:
    """Out of a JPEG of quality 74 to 98."""
    file = io.BytesIO()
    _image(picture).save(file, "JPEG", quality=74 + choice(rng, 25), subsampling=2 * choice(rng, 2))
    return _tensor(Image.open(file))


def collage(pieces: Callable[[], Tensor], rng: Generator, shapes: int = 12) -> Tensor:
    """Discs and bars out of other pictures, pasted one over the other: `pieces` gives squares `[3,side,side]`."""
    canvas = pieces().clone()
    side = canvas.shape[-1]
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    for _ in range(2 + choice(rng, shapes)):
        radius, angle = uniform(rng, (side / 2.5) ** -2, 12.0**-2) ** -0.5, uniform(rng, 0, math.pi)
        down, right = (each - uniform(rng, 0, side) for each in (y, x))
        along = right * math.cos(angle) + down * math.sin(angle)
        across = (down * math.cos(angle) - right * math.sin(angle)) * uniform(rng, 1, 4)
        distance = torch.hypot(along, across) if choice(rng, 2) else 1.4 * torch.maximum(along.abs(), across.abs())
        inside = ((radius - distance) / uniform(rng, 0.7, 2) + 0.5).clamp(0, 1)
        canvas = torch.lerp(canvas, pieces(), inside)
    return canvas
