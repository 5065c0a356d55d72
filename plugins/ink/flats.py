"""Paintings in flat colour: a cartoonist's cells, and oil on canvas."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 – everybody's name for it
from torch import Tensor

from .color import from_lab, to_lab, toned
from .filters import along, centres, gaussian, grid, level, noise, sample, structure, unit
from .lines import outlines

WINDOWS = 8


def cartoon(images: Tensor, tones: int, outline: float, vividness: float) -> Tensor:
    """Flat cells of a few tones, with ink where the forms meet (after Winnemöller, Olsen & Gooch 2006)."""
    scale = unit(images)
    colors = toned(images, 0.4)
    light = colors[:, :1]
    flow, one_way = structure(light, 1.5 * scale)
    small = kuwahara(colors, flow, one_way, 0.7 * scale)
    large = kuwahara(small, flow, one_way, 2.2 * scale)
    flat = torch.lerp(large, small, detailed(light, scale))
    drawn = torch.cat((_stepped(gaussian(flat[:, :1], 0.5 * scale), tones), flat[:, 1:] * vividness), 1) * 100
    line = outlines(along(light, flow, 1.2 * scale), 0.9 * scale, 26)
    return from_lab(drawn * (1 - outline * 0.92 * line))


def oil(images: Tensor, brush: float, relief: float, detail: float) -> Tensor:
    """Strokes that follow the form, thick enough to catch the light; finer where there is something to see."""
    scale = unit(images)
    lab = to_lab(images) / 100
    light = level(lab[:, :1])
    flow, one_way = structure(light, 1.2 * brush * scale)
    broad = kuwahara(lab, flow, one_way, brush * scale)
    fine = kuwahara(lab, flow, one_way, 0.3 * brush * scale)
    painted = torch.lerp(broad, fine, detail * detailed(light, scale))
    x, y = (at / (0.22 * brush) for at in grid(images))
    bristles = along(noise(x, y, 7).expand(len(images), -1, -1, -1), flow, 1.5 * brush * scale)
    height = 3.0 * (bristles - 0.5)
    lit = painted[:, :1] + relief * (_lit(height, scale) + 0.05 * height)
    return from_lab(100 * torch.cat((lit, painted[:, 1:] * 1.1), 1))


def detailed(light: Tensor, scale: float) -> Tensor:
    """Where small things are: eyes, lips, jewels. `[N,1,H,W]` in 0..1."""
    small = (light - gaussian(light, 2.5 * scale)).abs()
    return (gaussian(small, 1.5 * scale) * 14 - 0.3).clamp(0, 1)


def kuwahara(x: Tensor, flow: Tensor, one_way: Tensor, radius: float) -> Tensor:
    """Each pixel takes the mean of the calmest of eight windows around it, laid out in an ellipse along the flow.

    After Kyprianidis, Kang & Döllner, “Image and Video Abstraction by Anisotropic Kuwahara Filtering” (2009), with
    Gaussian windows, so that one blur serves all pixels. `radius` in pixels.
    """
    if radius < 0.5:
        return x
    windows = gaussian(torch.cat((x, x.square().sum(1, keepdim=True)), 1), 0.5 * radius)
    size = x.new_tensor((x.shape[-1], x.shape[-2])).view(1, 2, 1, 1)
    side = torch.stack((-flow[:, 1], flow[:, 0]), 1)
    total, weights = torch.zeros_like(x), torch.zeros_like(one_way)
    for k in range(WINDOWS):
        turn = 2 * math.pi * k / WINDOWS
        offset = radius * (math.cos(turn) * (1 + one_way) * flow + math.sin(turn) / (1 + one_way) * side)
        there = centres(x) + (2 * offset / size).permute(0, 2, 3, 1)
        mean, square = sample(windows, there).split((x.shape[1], 1), 1)
        variance = (square - mean.square().sum(1, keepdim=True)).clamp_min(0)
        weight = (variance + 2e-5) ** -4
        total, weights = total + weight * mean, weights + weight
    return total / weights


def _stepped(light: Tensor, tones: int) -> Tensor:
    """`light` in `tones` steps with soft risers (Winnemöller et al. 2006, eq. 4)."""
    scaled = light * tones
    middle = scaled.floor() + 0.5
    return (middle - 0.5 + 0.5 * (1 + torch.tanh(5 * (scaled - middle)) / math.tanh(2.5))) / tones


def _lit(height: Tensor, scale: float) -> Tensor:
    """How a surface catches a lamp at the top left, about -1..1."""
    padded = F.pad(height, (1, 1, 1, 1), mode="replicate")
    slope = padded[..., 2:, 2:] - padded[..., :-2, :-2]
    return torch.tanh(slope * scale) * 0.08
