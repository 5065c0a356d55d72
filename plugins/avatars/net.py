"""The portrait generator: shapes from codes, pictures from coverages and a palette.

Each option of each factor has a learned code, a small stack of feature maps, so that what shapes have in common and
where they lie is known to the network from the start; a residual decoder turns the codes of one portrait into what each
slot of the palette covers. Flat areas stay flat and edges sharp, for the network paints no colour: it says where each
goes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, pixel_shuffle, silu

from .attributes import FACTORS, STYLES
from .latent import AXES, Choice, every, read
from .latent import SIZE as LATENT
from .palette import FIXED, SHADE, SLOTS, rgb
from .reader import Reader

SIDE = 256
SLIDERS = (
    "hair",
    "hair_colour",
    "skin",
    "eyes",
    "eyebrows",
    "mouth",
    "glasses",
    "beard",
    "clothes_colour",
    "background",
)
"""The axes that a visitor can move along."""
PRINCIPAL = 3
CODE = 32
"""The side of a code's maps."""
SHARPNESS = 1.15
"""What the logits are multiplied by where a portrait is painted. Where an edge runs is learned as a likelihood, a
little wide where the network is unsure. Of 1, 1.15, 1.3 and 1.5, this brings the finest details nearest to the
drawings'."""
AT_ONCE = 4
"""Portraits painted at a time. What lies between latents and pictures is large: of more, it leaves the processor's
cache, and 64 at once take twice as long."""
CELL = 4
"""The side of the square of pixels that the last layer draws at once."""


class Block(nn.Module):
    """Two convolutions around the identity (He 2016, arXiv:1603.05027)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.second(silu(self.first(silu(x))))
        return out


class Shapes(nn.Module):
    """Choices → logits of the slots, `[N, slots, 256, 256]`."""

    def __init__(self, depth: int = 8, widths: tuple[int, int] = (80, 40), detail: int = 160) -> None:
        super().__init__()
        self.codes = nn.ParameterDict(
            {factor: nn.Parameter(torch.randn(len(every(factor)), depth, CODE, CODE) * 0.5) for factor in FACTORS}
        )
        self.styles = nn.Parameter(torch.randn(len(STYLES), depth, CODE, CODE) * 0.5)
        coarse, fine = widths
        self.enter = nn.Conv2d(depth * (len(FACTORS) + 1), coarse, 3, padding=1)
        self.coarse = Block(coarse)
        self.narrow = nn.Conv2d(coarse, fine, 1)
        self.fine = Block(fine)
        self.plain = nn.Linear(fine, len(SLOTS) * CELL**2)
        self.detail = nn.Sequential(nn.Linear(fine, detail), nn.SiLU(), nn.Linear(detail, len(SLOTS) * CELL**2))
        nn.init.zeros_(self.detail[-1].weight)
        nn.init.zeros_(self.detail[-1].bias)

    def forward(self, choice: Choice) -> Tensor:
        """What portraits are painted from: logits of the slots at the 16 pixels of each cell, `[N, slots, 16, 64, 64]`,
        `SHARPNESS` times as high as those learned."""
        return self.logits(self.features(choice))

    def features(self, choice: Choice) -> Tensor:
        """What each cell of 4×4 pixels is drawn from, `[N, fine, 64, 64]`."""
        maps = [choice.shapes[factor] @ self.codes[factor].flatten(1) for factor in FACTORS]
        maps.append(choice.style @ self.styles.flatten(1))
        codes = torch.cat(maps, 1).unflatten(1, (-1, CODE, CODE))
        x = _double(self.narrow(self.coarse(self.enter(codes))))
        return silu(self.fine(x))

    def logits(self, features: Tensor) -> Tensor:
        hidden = silu(_everywhere(self.detail[0], features))
        logits = _everywhere(self.plain, features, SHARPNESS) + _everywhere(self.detail[2], hidden, SHARPNESS)
        return logits.unflatten(1, (len(SLOTS), CELL**2))

    def cells(self, features: Tensor) -> Tensor:
        """The logits of some cells, `[…, fine]` → `[…, slots, 4, 4]`: what is learned."""
        return (self.plain(features) + self.detail(features)).unflatten(-1, (len(SLOTS), CELL, CELL))


def _everywhere(layer: nn.Module, x: Tensor, times: float = 1.0) -> Tensor:
    """A linear layer on the channels of `x`, `[N, C, H, W]`; its output `times` as high."""
    assert isinstance(layer, nn.Linear)
    return conv2d(x, times * layer.weight[:, :, None, None], times * layer.bias)


def _double(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def palette(choice: Choice) -> Tensor:
    """The colour of each slot, `[N, slots, 3]` in 0..1."""
    colours = {"hair": choice.colours["hair_colour"], "clothes": choice.colours["clothes_colour"]}
    colours |= {name: choice.colours[name] for name in ("skin", "background")}
    colours |= {f"{name} shade": colours[name] * bright for name, bright in SHADE.items()}
    some = colours["skin"]
    colours |= {name: torch.tensor(rgb(colour), device=some.device).expand_as(some) for name, colour in FIXED.items()}
    return torch.stack([colours[slot] for slot in SLOTS], 1)


def paint(coverage: Tensor, palette: Tensor) -> Tensor:
    """Each slot in its colour: `[N, slots, H, W]` and `[N, slots, 3]` → `[N, 3, H, W]`."""
    return torch.einsum("nshw,nsc->nchw", coverage, palette)


def paint_cells(logits: Tensor, palette: Tensor) -> Tensor:
    """The same from the logits of the slots: `[N, slots, 16, h, w]` and `[N, slots, 3]` → `[N, 3, 4h, 4w]`.

    It mixes colours by the softmax of the logits, and divides by its sum only at the end, of three numbers a pixel.
    """
    share = (logits - logits.amax(1, keepdim=True)).exp()
    counted = torch.cat([palette, torch.ones_like(palette[..., :1])], 2)
    mixed = torch.einsum("nsc,nsp->ncp", counted, share.flatten(2))
    colours = (mixed[:, :3] / mixed[:, 3:]).unflatten(2, logits.shape[2:])
    return pixel_shuffle(colours.flatten(1, 2), CELL)


class Portraits(nn.Module):
    """Latents → pictures, the reader that finds a picture's latent, and the directions that sliders move along."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes = Shapes()
        self.reader = Reader()
        for n, name in enumerate(SLIDERS):
            self.register_buffer(f"axis_{n}", torch.eye(LATENT)[AXES.index(name)])
        for n in range(PRINCIPAL):
            self.register_buffer(f"principal_{n}", torch.zeros(LATENT))

    def forward(self, latents: Tensor, asked: Mapping[str, str]) -> Tensor:
        """`[N, LATENT]` → `[N,3,256,256]` in 0..1; what is `asked` for by name is as it was asked."""
        choices = [read(some, asked) for some in latents.split(AT_ONCE)]
        return torch.cat([paint_cells(self.shapes(choice), palette(choice)) for choice in choices]).clamp(0, 1)
