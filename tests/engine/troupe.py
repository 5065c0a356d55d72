"""A zoo of tiny real models, one of each kind and some that misbehave."""

from __future__ import annotations

import threading

import torch
from torch import nn

from zoo import Card, Context, Corrector, Field, Findings, Generator, Params, Stylizer
from zoo.registry import Entry, Zoo

CARD = Card("Tiny", "CC0-1.0", "https://example.org/tiny")
CALLS: list[str] = []
"""Which models were at work, in order; tests clear it."""


class Clouds(Generator):
    """Draws soft clouds."""

    name = "clouds"
    card = CARD
    latent_shape = (12,)
    directions = {"Warmth": "warmth"}

    class Params(Params):
        contrast: float = Field(1.0, ge=0.1, le=3, description="How far colours are apart.")

    def build(self) -> nn.Module:
        net = nn.Module()
        net.register_buffer("warmth", torch.eye(12)[0])
        return net

    def draw(self, latents, params):
        CALLS.append(f"clouds {len(latents)}")
        small = latents.view(-1, 3, 2, 2) * params.contrast
        return nn.functional.interpolate(small, size=32, mode="bilinear").sigmoid()


class Mirror(Clouds):
    """Draws the clouds that come nearest to a picture."""

    name = "mirror"
    card = Card("Mirror", "CC0-1.0", "https://example.org/mirror")
    encodes = True

    def encode(self, images, progress=lambda share: None):
        CALLS.append(f"mirror {tuple(images.shape)}")
        goal = nn.functional.adaptive_avg_pool2d(images, 2)
        latents = torch.zeros(len(images), 12, requires_grad=True)
        optimizer = torch.optim.Adam([latents], 0.3)
        for step in range(40):
            optimizer.zero_grad()
            (latents.view(-1, 3, 2, 2).sigmoid() - goal).square().mean().backward()
            optimizer.step()
            progress((step + 1) / 40)
        return latents


class Shade(Stylizer):
    """Darkens a picture, or pulls it to the mean of a reference."""

    name = "shade"
    card = CARD
    takes_reference = True
    multiple = 4

    class Params(Params):
        amount: float = Field(0.5, ge=0, le=1, description="How dark.")

    def stylize(self, images, params, reference=None):
        CALLS.append("shade")
        goal = 0 if reference is None else reference.mean((2, 3), keepdim=True)
        return torch.lerp(images, torch.zeros_like(images) + goal, params.amount)


class Lamp(Corrector):
    """Finds what is dark and lights it."""

    name = "lamp"
    card = CARD
    kinds = {"dark": "Darkness"}

    def detect(self, images, params, context: Context):
        CALLS.append(f"lamp {context.stylizer}")
        dark = (images.mean(1, keepdim=True) < 0.4).float()
        return Findings({"dark": dark.mean((1, 2, 3))}, dark)

    def fix(self, images, findings, params):
        return images + 0.25


class Broken(Stylizer):
    """Fails in the way it is told to."""

    name = "broken"
    card = CARD
    stop = threading.Event()

    class Params(Params):
        way: str = Field("raise", description="raise, shape, nan or hang")

    def stylize(self, images, params, reference=None):
        match params.way:
            case "raise":
                raise RuntimeError("no luck")
            case "shape":
                return images[:, :1]
            case "nan":
                return images * float("nan")
            case _:
                Broken.stop.wait(30)
                return images


def troupe() -> Zoo:
    classes = (Clouds, Mirror, Shade, Lamp, Broken)
    return Zoo({f"tiny/{cls.name}": Entry(f"tiny/{cls.name}", "tiny", cls, None) for cls in classes})
