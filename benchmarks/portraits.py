"""What a portrait costs above the convolutions that draw it: `zoo bench`.

Times are of one process and taken in turn, so that what else the machine does falls on all alike; the least of each
counts. Writes docs/results/bench.md and bench.json.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

HOUSE = Path(__file__).parent.parent
sys.path.insert(0, str(HOUSE))

from zoo.engine.engine import Engine  # noqa: E402 – the house is found by then
from zoo.engine.local import Local  # noqa: E402
from zoo.errors import ModelError  # noqa: E402
from zoo.latents import latent  # noqa: E402
from zoo.model import Generator  # noqa: E402
from zoo.recipe import Draw, Recipe  # noqa: E402
from zoo.registry import Entry, Zoo  # noqa: E402
from zoo.store import Store  # noqa: E402
from zoo.tensors import write  # noqa: E402

RESULTS = HOUSE / "docs" / "results"
FEW, MANY = 8, 64

RATIOS = {
    "engine_to_convolutions": f"{FEW} portraits through the engine ÷ the bare convolutions of drawing them",
    "model_to_convolutions": f"{FEW} portraits by the model alone ÷ its bare convolutions",
    "engine_to_model": f"{FEW} portraits through the engine ÷ by the model alone",
    "batch_to_single": f"a portrait in a batch of {MANY} ÷ one drawn alone, by the model",
    "first_to_import": "a new process to its first portrait, saved and labelled ÷ one that imports torch and ends",
}

PAGE = """# What a portrait costs

{rows}

Asked: {few} portraits in at most 1.15 × the time of the network's bare convolutions, and nothing above the model over
10 % of it. Least of {rounds} rounds on {threads} threads of a {machine} CPU, torch {torch}. A convolution is bare when
torch is called with tensors of the same shapes and nothing happens in between. Written by `zoo bench`.
"""


class Convolutions(TorchDispatchMode):
    """Notes each convolution that runs, by whatever layer or function, as one that can be run again by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, ...]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.convolution.default:
            self.calls.append(tuple(_filled(arg) if isinstance(arg, Tensor) else arg for arg in args))
        return func(*args, **(kwargs or {}))

    def run(self) -> None:
        for call in self.calls:
            torch.ops.aten.convolution.default(*call)


def _filled(tensor: Tensor) -> Tensor:
    """Of the same shape and layout in memory."""
    return torch.empty_like(tensor).uniform_(-1, 1)


def measure(zoo: Zoo, entries: Sequence[Entry], rounds: int = 5) -> dict[str, Any]:
    """By model, the `ratios` (names of `RATIOS`) and the least `seconds`; and what they were taken on."""
    with torch.no_grad():
        models = {entry.id: _measure(zoo, entry, rounds) for entry in entries}
    facts = {"threads": torch.get_num_threads(), "machine": platform.machine(), "torch": torch.__version__}
    return {**facts, "rounds": rounds, "models": models}


def save(results: Mapping[str, Any], folder: Path = RESULTS) -> str:
    """Write `bench.json` and `bench.md` into `folder`; the page is returned."""
    page = _page(results)
    write((json.dumps(results, indent=2) + "\n").encode(), folder / "bench.json")
    write(page.encode(), folder / "bench.md")
    return page


def _measure(zoo: Zoo, entry: Entry, rounds: int) -> dict[str, dict[str, float]]:
    model, engine = entry.open(), Engine(zoo, Store(), Local("cpu"))
    assert isinstance(model, Generator)
    few, many = (_latents(model, count) for count in (FEW, MANY))
    bare = Convolutions()
    with bare:
        model.draw(few, model.Params())
    if not bare.calls:
        raise ModelError("“{id}” draws without convolutions. Measure a model that has some.", id=entry.id)
    seeds = iter(range(10**6))
    seconds = _least(
        {
            "engine": lambda: engine.run_all([_recipe(entry, next(seeds)) for _ in range(FEW)]),
            "model": lambda: model.draw(few, model.Params()),
            "convolutions": bare.run,
            "batch": lambda: model.draw(many, model.Params()),
            "single": lambda: model.draw(few[:1], model.Params()),
        },
        rounds,
    ) | _least({"first": lambda: _start(entry), "import": _import}, rounds)
    ratios = {name: _ratio(seconds, *name.split("_to_")) for name in RATIOS}
    ratios["batch_to_single"] /= MANY
    return {"ratios": ratios, "seconds": {name: round(value, 5) for name, value in seconds.items()}}


def _least(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The shortest time of each, in seconds, after one round that does not count; all in turn in every round."""
    times = [[_seconds(run) for run in runs.values()] for _ in range(rounds + 1)][1:]
    return dict(zip(runs, map(min, zip(*times, strict=True)), strict=True))


def _seconds(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def _ratio(seconds: Mapping[str, float], above: str, below: str) -> float:
    return seconds[above] / seconds[below]


def _latents(model: Generator, count: int) -> Tensor:
    return torch.from_numpy(np.stack([latent(seed, model.latent_shape) for seed in range(count)]))


def _recipe(entry: Entry, seed: int) -> Recipe:
    return Recipe(source=Draw(model=entry.id, seed=seed))


def _start(entry: Entry) -> None:
    """A portrait by `zoo run`, of the bundled zoo."""
    with TemporaryDirectory() as folder:
        recipe = Path(folder) / "recipe.json"
        recipe.write_text(_recipe(entry, 0).canonical, "utf-8")
        _process("-m", "zoo", "run", str(recipe), "--out", folder)


def _import() -> None:
    _process("-c", "import torch")


def _process(*words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=HOUSE, stdout=subprocess.DEVNULL, check=True)


def _page(results: Mapping[str, Any]) -> str:
    models = results["models"]
    head = ["| ratio |" + "".join(f" `{id}` |" for id in models), "|---|" + "---|" * len(models)]
    body = [
        f"| {text} |" + "".join(f" {found['ratios'][name]:.3g} |" for found in models.values())
        for name, text in RATIOS.items()
    ]
    facts = {name: results[name] for name in ("rounds", "threads", "machine", "torch")}
    return PAGE.format(rows="\n".join(head + body), few=FEW, **facts)
