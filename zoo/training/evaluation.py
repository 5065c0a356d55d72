"""What `zoo evaluate` runs: a plugin's own `evaluate`, or for a generator the comparison that all of them share.

The first is `evaluate(model) -> dict[str, float]` in the plugin's `train.py`, given the open model; for an attack,
`attacked(model, attack) -> dict[str, float]` there. Names end in `_low` and `_high` for the ends of an estimate's 95 %
interval, and in `_floor` for what real pictures get.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from zoo.errors import ModelError
from zoo.model import Generator
from zoo.registry import Entry
from zoo.tensors import write

from .attacks import Attack
from .results import METRICS, write_facts
from .tables import numbers

START, END = "<!-- numbers: written by zoo.training.evaluation -->", "<!-- end of numbers -->"
COUNT = 1024


def evaluate(entry: Entry, attack: Attack | None = None, count: int = COUNT) -> dict[str, float]:
    """The metrics of `entry`, by name; under `attack`, its robust scores beside the clean ones.

    Those of bundled weights whose README has a place for numbers go there, and into their `metrics.json`. `count` is
    how many pictures a generator without an `evaluate` of its own draws. Raises `ModelError` where there is no way to
    evaluate it, or what comes back are no numbers.
    """
    if attack is not None:
        if (attacked := find(entry, "attacked")) is None:
            raise _missing(entry, "attacked")
        with _packages(entry):
            return _numbers(entry, attacked(entry.open(), attack))
    own = find(entry, "evaluate")
    if own is None and not (issubclass(entry.cls, Generator) and "data" in _facts(entry)):
        raise _missing(entry, "evaluate")
    with _packages(entry):
        from .held_out import compare, save_samples

        model = entry.open()
        found = own(model) if own else compare(cast(Generator, model), _facts(entry)["data"], count)
    metrics = _numbers(entry, found)
    if record(entry, metrics, {} if own else {"held_out": count}) and isinstance(model, Generator):
        save_samples(model, cast(Path, entry.weights_folder))
    return metrics


def find(entry: Entry, verb: str) -> Callable[..., Any] | None:
    """The function `verb` in the `train.py` of the plugin of `entry`, or None. Raises `ModelError` where that needs a
    package which is not installed."""
    package = sys.modules[entry.cls.__module__].__package__
    if entry.folder is None or not (entry.folder / "train.py").is_file():
        return None
    with _packages(entry):
        return cast("Callable[..., Any] | None", getattr(import_module(f"{package}.train"), verb, None))


def record(entry: Entry, metrics: Mapping[str, float], facts: Mapping[str, object] = MappingProxyType({})) -> bool:
    """Write `metrics`, and `facts` about them, where a README shows them: into `metrics.json` beside the bundled
    weights, and from all of the plugin's into the table in its README. Returns whether there is such a place."""
    readme = entry.folder / "README.md" if entry.folder else None
    if entry.weights_folder is None or readme is None or not readme.is_file():
        return False
    before, start, rest = readme.read_text("utf-8").partition(START)
    _, end, after = rest.partition(END)
    if not (start and end and _facts(entry)):
        return False
    write_facts(entry.weights_folder / METRICS, {**_facts(entry), **facts, "metrics": metrics})
    files = sorted(entry.weights_folder.parent.glob(f"*/{METRICS}"))
    shown = numbers({path.parent.name: json.loads(path.read_text("utf-8")) for path in files})
    write(f"{before}{START}\n{shown}\n{END}{after}".encode(), readme)
    return True


@contextmanager
def _packages(entry: Entry) -> Iterator[None]:
    """Says what to install, where what is imported meanwhile is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelError(
            "{id} needs {package} for this. Install it with `pip install 'persona-zoo[train]'`.",
            id=entry.id,
            package=error.name,
        ) from error


def _missing(entry: Entry, verb: str) -> ModelError:
    sentences = {
        "evaluate": "{id} cannot be evaluated: there is no evaluate() in a train.py of its plugin. Add one.",
        "attacked": "{id} cannot be attacked: there is no attacked() in a train.py of its plugin. Add one.",
    }
    return ModelError(sentences[verb], id=entry.id)


def _facts(entry: Entry) -> dict[str, Any]:
    """What lies beside bundled weights; nothing where there are none."""
    path = entry.weights_folder / METRICS if entry.weights_folder else None
    return cast("dict[str, Any]", json.loads(path.read_text("utf-8"))) if path and path.is_file() else {}


def _numbers(entry: Entry, metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics, each a finite number, as JSON needs them."""
    for name, value in metrics.items():
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ModelError(
                "{id} measured “{name}” as {value}. Its evaluation must return finite numbers.",
                id=entry.id,
                name=name,
                value=value,
            )
    return dict(metrics)
