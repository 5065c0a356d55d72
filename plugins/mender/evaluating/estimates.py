"""Figures with their intervals, from tables of what was measured of each picture.

A table is `[N,K]`, a row for each picture, NaN where there is nothing to measure. Rows are drawn anew as wholes, so
what is compared stays compared on the same pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from zoo.metrics.auroc import auroc
from zoo.metrics.bootstrap import bootstrap


def estimate(name: str, statistic: Callable[..., Tensor | float], *tables: Tensor) -> dict[str, float]:
    """The figure, and the ends of its 95 % interval over pictures."""
    low, high = bootstrap(statistic, *tables)
    return {name: float(statistic(*tables)), f"{name}_low": low, f"{name}_high": high}


def mean(table: Tensor) -> Tensor:
    return table.double().nanmean()


def mean_of_kinds(table: Tensor) -> Tensor:
    """Each kind, a column, counts alike."""
    return table.double().nanmean(0).nanmean()


def mean_area(table: Tensor) -> float:
    """The mean AUROC of the columns from the second on, each against the first, which is of clean pictures."""
    areas = list(_areas(table))
    return sum(areas) / len(areas)


def least_area(*tables: Tensor) -> float:
    """Of several tables, the lowest `mean_area`."""
    return min(mean_area(table) for table in tables)


def _areas(table: Tensor) -> Iterator[float]:
    clean = table[:, 0]
    for column in table[:, 1:].unbind(1):
        spoilt = column[~column.isnan()]
        if len(spoilt):
            yield auroc(torch.cat([clean, spoilt]), torch.arange(len(clean) + len(spoilt)) >= len(clean))
