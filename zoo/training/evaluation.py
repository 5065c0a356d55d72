"""How well a generator draws what it was trained on: `python -m zoo.training.evaluation classics/dcgan`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from zoo.latents import latent
from zoo.metrics.diversity import pairwise_distance
from zoo.metrics.swd import sliced_wasserstein
from zoo.model import Generator
from zoo.registry import Entry, discover

from .results import METRICS, write_facts
from .sheets import save_sheet
from .sources import pictures

COUNT = 1024
HELD_OUT, FLOOR = 2001, 2002
"""Seeds of the two sets of real pictures. No training uses them, and no choice of checkpoint or setting was made on
them: those of the bundled weights were made on seed 1001."""
START, END = "<!-- numbers: written by zoo.training.evaluation -->", "<!-- end of numbers -->"


def evaluate(entry: Entry, count: int = COUNT) -> dict[str, float]:
    """Compare `count` pictures by the generator of `entry` (seeds 0, 1, 2, …) with as many held-out ones.

    The figures, each with the floor that a second held-out set gets, go into the weights' `metrics.json` and the
    plugin's README; a sheet of the first 64 beside the weights.
    """
    folder = cast(Path, entry.weights_folder)
    facts = json.loads((folder / METRICS).read_text("utf-8"))
    drawn = draw(entry, count)
    save_sheet(drawn[:64], folder / "samples.png")
    real, other = (_real(facts["data"], drawn, seed) for seed in (HELD_OUT, FLOOR))
    metrics = {**_metrics(real, drawn, ""), **_metrics(real, other, "_floor")}
    write_facts(folder / METRICS, {**facts, "held_out": count, "metrics": metrics})
    write_numbers(folder.parent.parent)
    return metrics


@torch.no_grad()
def draw(entry: Entry, count: int) -> Tensor:
    """The pictures of seeds 0, 1, 2, …, `[count,3,H,W]`, as the studio draws them."""
    model = cast(Generator, entry.open())
    seeds = torch.arange(count).split(64)  # type: ignore[no-untyped-call]
    return torch.cat([model.draw(_latents(model, chunk.tolist()), entry.cls.Params()) for chunk in seeds])


def write_numbers(plugin: Path) -> None:
    """Copy the metrics of all its weights into the table in the README of `plugin`."""
    readme = plugin / "README.md"
    before, rest = readme.read_text("utf-8").split(START)
    table = numbers({path.parent.name: json.loads(path.read_text("utf-8")) for path in _metrics_files(plugin)})
    readme.write_text(f"{before}{START}\n{table}\n{END}{rest.split(END)[1]}", "utf-8")


def numbers(facts: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table of what `evaluate` measured of each model."""
    lines = ["| model | figure | drawn | real |", "|---|---|---|---|"]
    for model, fact in facts.items():
        metrics = fact.get("metrics", {})
        for name in (name for name in metrics if not name.endswith("_floor")):
            lines.append(f"| `{model}` | {name} | {metrics[name]:.4g} | {metrics[name + '_floor']:.4g} |")
    return "\n".join(lines)


def _latents(model: Generator, seeds: list[int]) -> Tensor:
    return torch.from_numpy(np.stack([latent(seed, model.latent_shape) for seed in seeds]))


def _real(data: str, like: Tensor, seed: int) -> Tensor:
    """As many held-out pictures of the same size; grey where those are."""
    real = torch.from_numpy(np.array(pictures(data, len(like), like.shape[-1], seed)))
    real = real.permute(0, 3, 1, 2).float() / 255
    grey = torch.equal(like[:, 0], like[:, 1])
    return real.mean(1, keepdim=True).expand(-1, 3, -1, -1) if grey else real


def _metrics(real: Tensor, drawn: Tensor, suffix: str) -> dict[str, float]:
    mean, lowest = pairwise_distance(drawn)
    figures = {f"swd_{side}": distance for side, distance in sliced_wasserstein(real, drawn).items()}
    figures |= {"pairwise_distance": mean, "pairwise_distance_lowest_percent": lowest}
    return {name + suffix: round(value, 5) for name, value in figures.items()}


def _metrics_files(plugin: Path) -> list[Path]:
    return sorted(plugin.glob(f"weights/*/{METRICS}"))


if __name__ == "__main__":
    print(json.dumps(evaluate(discover().entry(sys.argv[1])), indent=2))
