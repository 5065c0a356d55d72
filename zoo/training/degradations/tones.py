"""Wrong colours, bands and clipped values: faults of the values, pixel by pixel."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from .common import choice, luma, uniform


def cast(rng: Generator) -> Tensor:
    """A direction away from grey, `[3,1,1]`: mean 0, the farthest channel at ±1."""
    angle = uniform(rng, 0, 2 * math.pi)
    waves = torch.cos(angle + torch.arange(3) * 2 * math.pi / 3)
    return (waves / waves.abs().max()).view(3, 1, 1)


def white_balance(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Red, green and blue each scaled, by up to a factor of 1.8."""
    return picture * torch.exp(0.6 * severity * cast(rng))


def hue(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Colours turned about the grey axis by up to 90 degrees (Rodrigues' rotation formula)."""
    angle = severity * math.pi / 2 * (1 if choice(rng, 2) else -1)
    across = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turn = torch.eye(3) + math.sin(angle) * across + (1 - math.cos(angle)) * across @ across
    return torch.einsum("ij,jhw->ihw", turn, picture)


def crosstalk(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Each channel takes from the two others, as by a wrong colour matrix; greys take the cast of its row sums."""
    mixing = torch.randn(3, 3, generator=rng)
    mixing = 0.5 * mixing / mixing.abs().sum(1).max()
    return picture + severity * torch.einsum("ij,jhw->ihw", mixing, picture)


def channel_gamma(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Each channel on a tone curve of its own: powers between 1/2.2 and 2.2."""
    return picture.clamp(0, 1) ** torch.exp(0.8 * severity * cast(rng))


def saturation(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Washed out, as far as grey, or up to three times as vivid."""
    change = severity**0.75
    amount = 1 + 2 * change if choice(rng, 2) else 1 - change
    return torch.lerp(luma(picture).expand_as(picture), picture, amount)


def posterise(values: Tensor, severity: float) -> Tensor:
    """Rounded to evenly spaced levels: 3 at severity 1, 5 at 0.5, 14 at 0.15."""
    steps = round(2 / max(severity, 1e-6))
    return torch.round(values.clamp(0, 1) * steps) / steps


def banding(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    return posterise(picture, severity)


def luma_banding(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    grey = luma(picture)
    return picture + posterise(grey, severity) - grey


def push(values: Tensor, severity: float) -> float:
    """By how much `values`, 0..1, must grow for up to a third of them to pass 1; within bounds, so that a picture that
    is far from clipping is not flooded."""
    level = torch.quantile(values[:, ::2, ::2], 1 - severity / 3).item()
    return min(max(1 / max(level, 1e-6), 1 + 0.3 * severity), 1 + severity)


def overexposure(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    return (picture * push(picture, severity)).clamp(0, 1)


def underexposure(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    return 1 - overexposure(1 - picture, severity, rng)


def contrast(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    away = picture - 0.5
    return (0.5 + away * push(2 * away.abs(), severity)).clamp(0, 1)
