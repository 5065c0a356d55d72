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
from torch.nn.functional import interpolate, silu

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
SHARPNESS = 2.0
"""What the logits are multiplied by where a portrait is painted. Where an edge runs is learned as a likelihood, wide
where the network is unsure. Painted twice as sharp, portraits come nearer to the drawings: L1 0.0100, not 0.0121."""
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
        drawn = self.cells(self.features(choice)).flatten(3)
        return nn.functional.pixel_shuffle(drawn.permute(0, 3, 1, 2), CELL)

    def features(self, choice: Choice) -> Tensor:
        """What each cell of 4×4 pixels is drawn from, `[N, 64, 64, fine]`."""
        maps = [torch.einsum("no,ochw->nchw", choice.shapes[factor], self.codes[factor]) for factor in FACTORS]
        maps.append(torch.einsum("no,ochw->nchw", choice.style, self.styles))
        x = self.coarse(self.enter(torch.cat(maps, 1)))
        return silu(self.fine(_double(self.narrow(x)))).permute(0, 2, 3, 1)

    def cells(self, features: Tensor) -> Tensor:
        """The logits of cells, `[…, fine]` → `[…, slots, 4, 4]`."""
        return (self.plain(features) + self.detail(features)).unflatten(-1, (len(SLOTS), CELL, CELL))


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
        choice = read(latents, asked)
        return paint((SHARPNESS * self.shapes(choice)).softmax(1), palette(choice)).clamp(0, 1)
