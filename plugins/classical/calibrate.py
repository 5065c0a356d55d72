"""What is usual in clean pictures: writes `levels.json`. Needs the `train` extra.

python -m plugins.classical.calibrate
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from zoo.training.anomalies import last_step
from zoo.training.sources import pictures, tensor

from ..autoencoder.material import photos, restyle
from .detecting import LEVELS, PART, on_grid, score
from .measures import measure

SEED = 11
"""Of the avatars, which no training and no evaluation uses."""
AVATARS, RESTYLED, CROPS = 120, 140, 30
"""How many avatars, how many of them restyled, and how many crops of each photograph."""
SHARE = 0.05
"""Of clean pictures, those that score 0.5 or more in any kind."""


@torch.no_grad()
def main() -> None:
    torch.manual_seed(0)
    drawn = (tensor(pictures("avatars:", RESTYLED, 256, SEED)) * 255).byte()
    plain = [*halves(drawn[:AVATARS]), *crops()]
    restyled = list(halves(restyle(drawn)))
    found = {
        "plain": levels(plain, f"{len(plain)} clean avatars and crops of photographs"),
        "restyled": levels(restyled, f"{len(restyled)} clean avatars in seven styles"),
    }
    facts = {"command": "python -m plugins.classical.calibrate", **found}
    LEVELS.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def halves(drawn: Tensor) -> Iterator[Tensor]:
    """Pictures `[3,H,W]` in 0..1, every second one at half its size."""
    for index, picture in enumerate(drawn / 255):
        yield F.avg_pool2d(picture, 2) if index % 2 else picture


def crops() -> Iterator[Tensor]:
    """Squares of 160 px of scikit-image's photographs, made smaller first: some of them have been JPEGs."""
    rng = Generator().manual_seed(SEED)
    for picture in photos():
        for _ in range(CROPS):
            scale = 0.45 + 0.25 * torch.rand((), generator=rng).item()
            small = F.interpolate(picture[None] / 255, scale_factor=scale, mode="bilinear", antialias=True)[0]
            side = min(160, *small.shape[1:])
            top, left = (int(torch.randint(n - side + 1, (), generator=rng)) for n in small.shape[1:])
            yield small[:, top : top + side, left : left + side]


def levels(clean: list[Tensor], on: str) -> dict[str, object]:
    """The usual and the high value of each kind's measure, and the quantiles of the overall scores."""
    measured = [measure(on_grid(last_step(each[None], seed))) for seed, each in enumerate(clean)]
    found = {
        kind: torch.cat([each[kind].flatten(1).quantile(part, 1) for each in measured]) for kind, part in PART.items()
    }
    highs = next(highs for highs in _quantiles(found) if _suspected(found, highs) <= SHARE)
    ranges = {kind: (found[kind].median().item(), high) for kind, high in highs.items()}
    overall = torch.stack([score(found[kind], *ends) for kind, ends in ranges.items()]).amax(0)
    scores = overall.quantile(torch.linspace(0, 1, 101)).tolist()
    rounded = {kind: [float(f"{end:.4g}") for end in ends] for kind, ends in ranges.items()}
    return {"on": on, **rounded, "scores": [round(each, 4) for each in scores]}


def _quantiles(found: Mapping[str, Tensor]) -> Iterator[dict[str, float]]:
    """The same quantile of each kind's values, higher and higher."""
    for part in torch.linspace(1 - SHARE, 1, 101).tolist():
        yield {kind: values.quantile(part).item() for kind, values in found.items()}


def _suspected(found: Mapping[str, Tensor], highs: Mapping[str, float]) -> float:
    """The share of pictures that are at or above the high of any kind."""
    return float(torch.stack([found[kind] >= high for kind, high in highs.items()]).any(0).float().mean())


if __name__ == "__main__":
    main()
