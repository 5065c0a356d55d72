"""Reads a portrait: its style, shapes and colours, and features to compare portraits by."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate, relu

from .attributes import FACTORS, STYLES
from .latent import Choice, every
from .palette import COLOURS

SIDE = 128
FEATURES = 256
COLOUR_WEIGHT = 400
"""Of a colour's squared error against a choice's cross-entropy: named colours are as little as 0.1 apart."""


@dataclass(frozen=True)
class Reading:
    """What a reader sees in N portraits."""

    style: Tensor
    """`[N, styles]`, logits."""
    shapes: Mapping[str, Tensor]
    """For each factor `[N, options]`, logits over the options of all styles."""
    colours: Mapping[str, Tensor]
    """For each of `COLOURS` `[N, 3]`, RGB in about 0..1."""


class Reader(nn.Module):
    """A small convolutional classifier with a head for each attribute."""

    def __init__(self, widths: tuple[int, ...] = (24, 48, 96, 128)) -> None:
        super().__init__()
        steps = [(3, widths[0]), *itertools.pairwise(widths)]
        self.body = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(narrow, wide, 3, stride=2, padding=1), nn.BatchNorm2d(wide), nn.ReLU())
                for narrow, wide in steps
            ),
            nn.Conv2d(widths[-1], 32, 1),
        )
        self.join = nn.Linear(32 * (SIDE // 2 ** len(widths)) ** 2, FEATURES)
        self.style = nn.Linear(FEATURES, len(STYLES))
        self.shapes = nn.ModuleDict({factor: nn.Linear(FEATURES, len(every(factor))) for factor in FACTORS})
        self.colours = nn.ModuleDict({name: nn.Linear(FEATURES, 3) for name in COLOURS})

    def features(self, images: Tensor) -> Tensor:
        """`[N,3,H,W]` in 0..1 → `[N, FEATURES]`."""
        if images.shape[-2:] != (SIDE, SIDE):
            images = interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
        joined: Tensor = self.join(relu(self.body(images * 2 - 1).flatten(1)))
        return joined

    def forward(self, images: Tensor) -> Reading:
        return self.read(self.features(images))

    def read(self, features: Tensor) -> Reading:
        """What `features` say."""
        seen = relu(features)
        return Reading(
            self.style(seen),
            {factor: head(seen) for factor, head in self.shapes.items()},
            {name: 0.5 + head(seen) for name, head in self.colours.items()},
        )


def reading_loss(reading: Reading, choice: Choice) -> Tensor:
    """Cross-entropy of the choices, and the squared error of the colours."""
    loss = cross_entropy(reading.style, choice.style.argmax(1))
    for factor in FACTORS:
        loss = loss + cross_entropy(reading.shapes[factor], choice.shapes[factor].argmax(1))
    for name in COLOURS:
        loss = loss + COLOUR_WEIGHT * (reading.colours[name] - choice.colours[name]).square().mean()
    return torch.as_tensor(loss)
