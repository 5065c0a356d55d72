"""Keeping the contract: `zoo check` and the tests run the same clauses, offline, on random weights or real ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zoo.clauses import CLAUSES, Clause, breach, golden_path
from zoo.model import Model
from zoo.registry import Entry
from zoo.trial import pictures, strip, untrained


@dataclass(frozen=True)
class Result:
    """Whether a clause is kept; if not, what to do."""

    clause: str
    passed: bool
    detail: str = ""


def check(entry: Entry, weights: bool = False) -> list[Result]:
    """Whether `entry` keeps each clause that binds it, tried with random weights, or with its real ones."""
    try:
        model = entry.open() if weights else untrained(entry)
    except Exception as error:
        return [Result("opens", False, breach(error))]
    return [judge(rule, entry, model) for rule in CLAUSES.values() if rule.binds(entry, weights)]


def judge(rule: Clause, entry: Entry, model: Model) -> Result:
    """Whether `model`, which is `entry` opened, keeps `rule`. Whatever is raised is a breach."""
    import torch

    try:
        with torch.inference_mode():  # as the engine does
            rule.keep(entry, model)
    except Exception as error:
        return Result(rule.name, False, breach(error))
    return Result(rule.name, True)


def write_golden(entry: Entry) -> Path:
    """Keep what the model makes today with its real weights, for the golden-picture clause to compare with."""
    import torch
    from PIL import Image

    path = golden_path(entry)
    with torch.no_grad():
        Image.fromarray(strip(pictures(entry.open()))).save(path, optimize=True)
    return path
