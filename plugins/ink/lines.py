"""Drawings in lines: an engraver's hatching, a pencil, a brush dipped in ink."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .color import from_lab, lightness, paint, to_lab
from .filters import along, gaussian, grid, level, noise, overview, structure, unit

ENGRAVING = ((35.0, 0.10, 0.66), (-28.0, 0.42, 0.58), (80.0, 0.72, 0.45))
"""The layers of lines: their angle in degrees, the darkness they begin at, and the share they cover in full black."""


def hatch(images: Tensor, spacing: float, contour: float, color: str, paper: str) -> Tensor:
    """Crossing lines that swell with the darkness and bulge with the form, and outlines over them."""
    scale = unit(images)
    pitch = max(spacing, 3 / scale)
    light = level(lightness(images))
    relief = light + 0.8 * (light - gaussian(light, 12 * scale))
    dark = 1 - gaussian(relief, 0.2 * pitch * scale)
    bulge = 2 * pitch * gaussian(light, 3 * pitch * scale)
    white = 1 - contour * outlines(light, 0.8 * scale)
    for angle, start, most in ENGRAVING:
        width = most * ((dark - start) / (1 - start)).clamp(0, 1) ** 0.8
        white = white * (1 - _ruled(images, angle, pitch, bulge, width))
    return torch.lerp(paint(color, images), paint(paper, images), white)


def pencil(images: Tensor, softness: float, shading: float, colored: bool) -> Tensor:
    """A dodged negative for the contours, and strokes of graphite that grow into the shadows."""
    scale = unit(images)
    light = level(lightness(images))
    contours = ((light + 0.08) / (gaussian(light, softness * scale) + 0.08)).clamp(0, 1) ** 2.5
    x, y = grid(images)
    u, v = turned(x, y, 50.0)
    strokes = noise(u / 1.6, v / 30, 1) * 0.7 + noise(u / 0.9 + 0.02 * v, v / 14, 2) * 0.3
    grain = noise(x / 0.6, y / 0.6, 3)
    dark = 1 - gaussian(light, 1.0 * scale)
    pressure = shading * (0.75 * dark + 0.55 * dark**3)
    graphite = pressure * (0.16 + 1.3 * strokes).clamp(0, 1) * (0.75 + 0.3 * grain)
    drawn = 0.12 + 0.85 * contours * (1 - graphite.clamp(0, 0.95)) + 0.03 * (grain - 0.5)
    lab = to_lab(images) if colored else torch.zeros_like(images)
    return from_lab(torch.cat((100 * drawn, lab[:, 1:] * (1.1 - 0.4 * drawn)), 1))


def ink(images: Tensor, detail: float, blackness: float, color: str, paper: str) -> Tensor:
    """Black and white by the extended difference of Gaussians (XDoG), smoothed along the picture's own flow.

    Winnemöller, Kyprianidis & Olsen (2012), eq. 7 and 5, with the threshold taken from the picture's own tones.
    """
    scale = unit(images)
    light = level(lightness(images))
    sigma = max(1.1 * scale / detail, 0.5)
    flow, _ = structure(gaussian(light, 0.7 * sigma), 2.5 * scale)
    narrow, wide = gaussian(light, sigma), gaussian(light, 1.6 * sigma)
    sharp = along(narrow + 16 * (narrow - wide), flow, 1.5 * sigma)
    white = (torch.tanh(30 * (sharp - _threshold(light, blackness))) * 0.5 + 0.5).clamp(0, 1)
    return torch.lerp(paint(color, images), paint(paper, images), white)


def _threshold(light: Tensor, share: float) -> Tensor:
    """Where to part black from white, `[N,1,1,1]`: at a dark tone that few pixels have and about `share` lie below.

    A weighted mean of candidates, not the best one, so that close calls fall alike on every device.
    """
    tones = torch.linspace(0.08, 0.62, 37, device=light.device, dtype=light.dtype)
    far = tones - overview(light).flatten(1)[..., None]
    crowd = torch.exp(-((far / 0.05) ** 2)).mean(1)
    below = torch.sigmoid(far / 0.02).mean(1)
    weight = torch.softmax(-200 * (0.5 * crowd + (below - share).abs() + 0.6 * (tones - 0.3).clamp_min(0)), 1)
    return (weight * tones).sum(1).view(-1, 1, 1, 1)


def outlines(light: Tensor, sigma: float, gain: float = 14) -> Tensor:
    """Where a dark line belongs, `[N,1,H,W]` in 0..1: on the dark side of the edges; `sigma` in pixels."""
    sigma = max(sigma, 0.5)
    return torch.tanh(gain * (gaussian(light, 1.6 * sigma) - gaussian(light, sigma) - 0.012).clamp_min(0))


def turned(x: Tensor, y: Tensor, degrees: float) -> tuple[Tensor, Tensor]:
    """The axes turned by `degrees`."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return x * c + y * s, y * c - x * s


def _ruled(images: Tensor, degrees: float, pitch: float, bulge: Tensor, width: Tensor) -> Tensor:
    """Parallel lines that cover the share `width` of the paper, each pixel by the part of it they cover."""
    x, y = grid(images)
    across, run = turned(x, y, degrees)
    sway = 0.35 * pitch * (noise(across / 40, run / 40, round(degrees)) - 0.5)
    phase = (across + bulge + sway) / pitch
    off = (phase - phase.round()).abs()
    pixel = 0.5 / (pitch * unit(images))
    half = width / 2
    covered = (off + half).clamp_max(pixel) - (off - half).clamp_min(-pixel)
    return covered.clamp_min(0) / (2 * pixel)
