"""Metrics as tables, for a README and for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENDS = "_low", "_high", "_floor"
"""Of the names that belong to a figure: its 95 % interval, and what real pictures get."""


def numbers(facts: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table of what `evaluate` measured of each model."""
    lines = ["| model | figure | drawn | real |", "|---|---|---|---|"]
    for model, fact in facts.items():
        metrics = fact.get("metrics", {})
        for name in estimates(metrics):
            floor = f"{metrics[name + '_floor']:.4g}" if name + "_floor" in metrics else "–"
            lines.append(f"| `{model}` | {name} | {metrics[name]:.4g}{_interval(metrics, name)} | {floor} |")
    return "\n".join(lines)


def table(metrics: Mapping[str, float]) -> str:
    """For the terminal: name, value, and where it is an estimate, its interval."""
    shown = [name for name in metrics if not name.endswith(ENDS[:2]) or _stem(name) not in metrics]
    width = max(map(len, shown), default=0)
    return "\n".join(f"{name:{width}}  {metrics[name]:<10.4g}{_interval(metrics, name)}".rstrip() for name in shown)


def estimates(metrics: Mapping[str, float]) -> list[str]:
    """The names of the figures themselves, without those of their intervals and floors."""
    return [name for name in metrics if not (name.endswith(ENDS) and _stem(name) in metrics)]


def _stem(name: str) -> str:
    return name.rpartition("_")[0]


def _interval(metrics: Mapping[str, float], name: str) -> str:
    low, high = (metrics.get(name + end) for end in ENDS[:2])
    return "" if low is None or high is None else f" ({low:.4g}–{high:.4g})"
