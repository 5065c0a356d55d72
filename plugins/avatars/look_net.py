"""A look: what few weights change of the portraits so that they come out as a folder of pictures does.

Low-rank changes of the convolutions (Hu 2021, arXiv:2106.09685) move the shapes, a change of each slot's colour the
palette, and a few convolutions over what was painted lay lines and texture on it. It begins as no change at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import pixel_shuffle, pixel_unshuffle, silu

from .latent import Choice, read
from .net import CELL, SIDE, Portraits, Shapes, paint_cells, palette
from .palette import SLOTS

RANK = 4
CHANGED = ("enter", "coarse.first", "coarse.second", "fine.first", "fine.second")
SCREEN = 3
"""Numbers that each cell of 4×4 pixels has of its own, wherever the face is: the dots of a print, the grain of paper
and the hatching of an engraving stay where they are."""
GRAIN = (1, 2, 4)
"""Sizes in pixels of the fixed noise that strokes are filtered from."""
FINISH = 32
"""Width of the convolutions that lay the texture."""


class Look(nn.Module):
    """Latents → pictures in a look. Its weights are the look's alone; those of the portraits stay where they are."""

    def __init__(self) -> None:
        super().__init__()
        base = Portraits().eval().requires_grad_(False)
        self._base = [base]  # in a list, so that its weights are not counted as the look's
        sizes = {name: base.shapes.get_submodule(name).weight.flatten(1).shape for name in CHANGED}
        self.rows = nn.ParameterDict({_key(name): torch.zeros(rows, RANK) for name, (rows, _) in sizes.items()})
        self.columns = nn.ParameterDict(
            {_key(name): torch.randn(RANK, columns) / columns**0.5 for name, (_, columns) in sizes.items()}
        )
        self.tint = nn.Parameter(torch.eye(3, 4).repeat(len(SLOTS), 1, 1))
        self.finish = Finish(base.shapes.plain.in_features)
        for name, direction in base.named_buffers(recurse=False):
            self.register_buffer(name, direction.clone(), persistent=False)

    @property
    def base(self) -> Portraits:
        return self._base[0]

    @property
    def reader(self) -> nn.Module:
        """That of the portraits."""
        return self.base.reader

    def rest_on(self, tensors: Mapping[str, Tensor]) -> None:
        """Take `tensors` for the portraits' weights."""
        self.base.load_state_dict(tensors)
        for name, direction in self.base.named_buffers(recurse=False):
            self.get_buffer(name).copy_(direction)

    def forward(self, latents: Tensor, asked: Mapping[str, str]) -> Tensor:
        """`[N, LATENT]` → `[N,3,256,256]` in 0..1."""
        choice = read(latents, asked)
        shapes = self.base.shapes
        changed = {f"shapes.{name}.weight": self._changed(name) for name in CHANGED}
        features = functional_call(_Features(shapes), changed, (choice,))
        painted = paint_cells(shapes.logits(features), self._tinted(palette(choice)))
        return self.finish(painted, features).clamp(0, 1)

    def _changed(self, name: str) -> Tensor:
        weight = self.base.shapes.get_submodule(name).weight
        assert isinstance(weight, Tensor)
        return weight + (self.rows[_key(name)] @ self.columns[_key(name)]).view_as(weight)

    def _tinted(self, colours: Tensor) -> Tensor:
        return torch.einsum("scd,nsd->nsc", self.tint, torch.cat([colours, torch.ones_like(colours[..., :1])], 2))

    def _apply(self, fn: Callable[..., Tensor], recurse: bool = True) -> Look:
        self.base._apply(fn, recurse)
        super()._apply(fn, recurse)
        return self


class Finish(nn.Module):
    """What goes on a painted picture, cell by cell: by what is painted there and around, by noise, by where it is."""

    def __init__(self, features: int) -> None:
        super().__init__()
        cells = SIDE // CELL
        self.screen = nn.Parameter(torch.randn(1, SCREEN, cells, cells))
        self.grain: Tensor
        self.register_buffer("grain", grain(), persistent=False)
        self.enter = nn.Conv2d(3 * CELL**2 + features + SCREEN + self.grain.shape[1], FINISH, 1)
        self.around = nn.Conv2d(FINISH, FINISH, 3, padding=1)
        self.further = nn.Conv2d(FINISH, FINISH, 3, padding=1)
        self.leave = nn.Conv2d(FINISH, 3 * CELL**2, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, painted: Tensor, features: Tensor) -> Tensor:
        """`[N,3,256,256]` and `[N,F,64,64]` → `[N,3,256,256]`, not yet cut to 0..1."""
        place = torch.cat([self.screen, self.grain], 1).expand(len(painted), -1, -1, -1)
        cells = torch.cat([pixel_unshuffle(painted, CELL), features, place], 1)
        x = silu(self.enter(cells))
        x = silu(x + self.around(x))
        x = silu(x + self.further(x))
        return painted + pixel_shuffle(self.leave(x), CELL)


def grain() -> Tensor:
    """Noise that is the same on every machine, `[1, 21, 64, 64]`: as many values a cell as it has grains."""
    random = np.random.RandomState(0)
    sizes = [torch.from_numpy(random.standard_normal((1, 1, SIDE // size, SIDE // size))).float() for size in GRAIN]
    return torch.cat([pixel_unshuffle(noise, CELL // size) for noise, size in zip(sizes, GRAIN, strict=True)], 1)


class _Features(nn.Module):
    """The part of the shapes that a look changes."""

    def __init__(self, shapes: Shapes) -> None:
        super().__init__()
        self.shapes = shapes

    def forward(self, choice: Choice) -> Tensor:
        return self.shapes.features(choice)


def _key(name: str) -> str:
    return name.replace(".", "_")
