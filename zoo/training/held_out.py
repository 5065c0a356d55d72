"""How a generator's pictures compare with real ones that it has not seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from zoo.latents import latent
from zoo.metrics.bootstrap import bootstrap
from zoo.metrics.diversity import pairwise_distance
from zoo.metrics.ms_ssim import ms_ssim_pairs
from zoo.metrics.ssim import WINDOW
from zoo.metrics.swd import sliced_wasserstein
from zoo.model import Generator

from .sheets import save_sheet
from .sources import pictures

BATCH = 64
HELD_OUT, FLOOR = 2001, 2002
"""Seeds of the two sets of real pictures. No training uses them, and no choice of checkpoint or setting was made on
them: those of the bundled weights were made on seed 1001."""


def compare(model: Generator, data: str, count: int) -> dict[str, float]:
    """`count` pictures by `model` (seeds 0, 1, 2, …, default params) against as many real ones from the source `data`.

    `swd_N`, the sliced Wasserstein distance of the level of N px; `ms_ssim` of random pairs and `pairwise_distance`,
    which fall and rise with variety; each with the `_floor` that a second real set gets. Only of `avatars:` are the
    real ones held out: of any other source they are what the training may have seen, every second one to the floor.
    """
    drawn = draw(model, count)
    real, other = (_like(drawn, found) for found in real_pictures(data, count, drawn.shape[-1]))
    least = min(len(drawn), len(real), len(other))
    metrics = _figures(real[:least], drawn[:least])
    floors = _figures(real[:least], other[:least])
    return metrics | {f"{name}_floor": floor for name, floor in floors.items() if not name.endswith(("_low", "_high"))}


@torch.no_grad()
def draw(model: Generator, count: int) -> Tensor:
    """The pictures of seeds 0, 1, 2, …, `[count,3,H,W]`, as the studio draws them."""
    points = torch.from_numpy(np.stack([latent(seed, model.latent_shape) for seed in range(count)]))
    return torch.cat([model.draw(some.to(model.device), model.Params()).cpu() for some in torch.split(points, BATCH)])


def real_pictures(data: str, count: int, side: int) -> Iterator[Tensor]:
    """Two sets of up to `count` real pictures each, `[N,3,side,side]` in 0..1."""
    if data.startswith("avatars:"):
        yield from (_tensor(np.array(pictures(data, count, side, seed))) for seed in (HELD_OUT, FLOOR))
        return
    both = _tensor(np.array(pictures(data, 2 * count, side)))
    yield from (both[::2], both[1::2])


def save_samples(model: Generator, folder: Path) -> None:
    """`samples.png`: the pictures of seeds 0 to 63."""
    save_sheet(draw(model, 64), folder / "samples.png")


def _tensor(found: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Tensor:
    return torch.from_numpy(found).permute(0, 3, 1, 2).float() / 255


def _like(drawn: Tensor, real: Tensor) -> Tensor:
    """Grey where the drawn ones are."""
    grey = torch.equal(drawn[:, 0], drawn[:, 1])
    return real.mean(1, keepdim=True).expand(-1, 3, -1, -1) if grey else real


def _figures(real: Tensor, drawn: Tensor) -> dict[str, float]:
    figures = {f"swd_{side}": distance for side, distance in sliced_wasserstein(real, drawn).items()}
    if min(drawn.shape[-2:]) >= WINDOW:
        alike = ms_ssim_pairs(drawn)
        low, high = bootstrap(torch.mean, alike)
        figures |= {"ms_ssim": float(alike.mean()), "ms_ssim_low": low, "ms_ssim_high": high}
    mean, lowest = pairwise_distance(drawn)
    figures |= {"pairwise_distance": mean, "pairwise_distance_lowest_percent": lowest}
    return {name: round(value, 5) for name, value in figures.items()}
