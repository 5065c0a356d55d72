"""Peers that have to be trained, each as one file that torch alone can run (`torch.export`): see `peers_training`.

They are no part of the repository. What is not in `FOLDER` is left out of the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from .pictures import FOLDER, SIDE

HARDENED = FOLDER / "hardened" / "model.safetensors"
"""The mender after adversarial training: `zoo train mender/mender --data avatars: --adversarial --out` this folder."""
FIXERS, MAPPERS, SCORERS = ("plain",), ("ssim_ae", "draem"), ("ganomaly",)
"""By what they give for pictures: pictures; scores and maps; scores alone."""
NAMES = (*FIXERS, *MAPPERS, *SCORERS)
SECONDS = "seconds"


@dataclass(frozen=True)
class Trained:
    """A peer, and how many CPU seconds its training took."""

    net: nn.Module
    seconds: float


class Finder(nn.Module):
    """Scores set so that `high` is a half: `[N]` in 0..1, and maps where there are any."""

    high: Tensor

    def __init__(self, net: nn.Module, high: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("high", high)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        found = self.net(images)
        score, *maps = found if isinstance(found, tuple) else (found,)
        return score / (score + self.high), *maps


def save(net: nn.Module, path: Path, seconds: float) -> None:
    """For any number of pictures of `SIDE` pixels; `seconds` of one core is what its training took."""
    example = torch.rand(2, 3, SIDE, SIDE)
    count = {0: torch.export.Dim("count", min=1, max=64)}
    with torch.no_grad():
        program = torch.export.export(net.eval(), (example,), dynamic_shapes=(count,))
    torch.export.save(program, path, extra_files={SECONDS: f"{seconds:.0f}"})


def load(folder: Path = FOLDER) -> dict[str, Trained]:
    """Those that are there, by name."""
    names = [name for name in NAMES if (folder / f"{name}.pt2").exists()]
    return {name: _load(folder / f"{name}.pt2") for name in names}


def _load(path: Path) -> Trained:
    extra = {SECONDS: ""}
    program = torch.export.load(path, extra_files=extra)
    return Trained(program.module(), float(extra[SECONDS]))
