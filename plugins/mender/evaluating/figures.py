"""From tables of what was measured of each picture to figures with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from zoo.metrics.pixel_auroc import pixel_auroc
from zoo.metrics.pixel_f1 import pixel_f1
from zoo.metrics.pro import pro
from zoo.training.anomalies import SEEN, UNSEEN

from .estimates import estimate, least_area, mean, mean_area, mean_of_kinds
from .measuring import Tables
from .mending import worse

Figures = dict[str, float]
COLOUR = SEEN.index("colour")


def figures(tables: Tables, others: Mapping[str, Tables]) -> Figures:
    """All that the tables allow; `others`, by prefix, are those that decibels are compared with.

    `psnr_gain_over_baseline` is over the plain residual net that had the same lessons, `psnr_gain_over_autoencoder`
    over the bundled `autoencoder/baseline`.
    """
    return {
        name: round(value, 5)
        for part in (_areas, _styles, _shares, _pixels, _decibels)
        for name, value in part(tables).items()
    } | {name: round(value, 5) for name, value in _compared(tables, others).items()}


def _areas(tables: Tables) -> Figures:
    found: Figures = {}
    if "seen" in tables:
        clean, *kinds = tables["seen"].split(1, 1)
        others = [each for kind, each in zip(SEEN, kinds, strict=True) if kind != "colour"]
        found |= estimate("auroc_seen", mean_area, torch.cat([clean, *others], 1))
        found |= _each("auroc", mean_area, SEEN, [torch.cat([clean, each], 1) for each in kinds])
    if "compared" in tables:
        found |= estimate("auroc_colour_reference", mean_area, tables["compared"])
    if "unseen" in tables:
        clean, *kinds = tables["unseen"].split(1, 1)
        found |= estimate("auroc_unseen", mean_area, tables["unseen"])
        found |= _each("auroc", mean_area, UNSEEN, [torch.cat([clean, each], 1) for each in kinds])
    if "null" in tables:
        found |= estimate("auroc_null", mean_area, tables["null"])
    return found


def _styles(tables: Tables) -> Figures:
    found: Figures = {}
    for ending, suffix in (("", ""), (" alone", "_alone")):
        styles = {name: of for name, of in tables.items() if "/" in name and name.endswith(" alone") == bool(ending)}
        if styles:
            found |= estimate(f"auroc_style{suffix}_min", least_area, *styles.values())
            names = [name.removesuffix(ending).rpartition("/")[2] for name in styles]
            found |= _each(f"auroc_style{suffix}", mean_area, names, list(styles.values()))
    return found


def _shares(tables: Tables) -> Figures:
    names = {
        "suspected same": "fpr_same",
        "suspected other": "fpr_other",
        "suspected styled": "fpr_styled",
        "identical": "clean_identical_share",
        "named": "kind_accuracy",
        "found": "found_share",
    }
    found: Figures = {}
    for table, name in names.items():
        if table in tables:
            found |= estimate(name, mean, tables[table])
    return found


def _pixels(tables: Tables) -> Figures:
    found: Figures = {}
    for name, metric, table in (
        ("pixel_auroc", pixel_auroc, "counts"),
        ("pixel_f1", pixel_f1, "counts"),
        ("pro", pro, "overlaps"),
        ("pixel_auroc_done", pixel_auroc, "done counts"),
        ("pixel_auroc_reference", pixel_auroc, "compared counts"),
    ):
        if table in tables:
            found |= estimate(name, _over_kinds(metric), tables[table])
            found |= _each(name, metric, SEEN, list(tables[table].unbind(1)))
    if "clean counts" in tables:
        counts = tables["counts"]
        found |= estimate("pixel_auroc_among_clean", _among_clean, counts, tables["clean counts"])
        others = [number for number in range(len(SEEN)) if number != COLOUR]
        found |= estimate("pixel_auroc_colour_apart", _over_kinds(pixel_auroc), counts[:, others])
    return found


def _among_clean(spoilt: Tensor, clean: Tensor) -> float:
    """The mean over kinds, the same pictures unspoilt pooled with each."""
    return _over_kinds(pixel_auroc)(spoilt + clean[:, None])


def _over_kinds(metric: Callable[[Tensor], float]) -> Callable[[Tensor], float]:
    """The mean over kinds, `[N,K,2,256]`, of a metric of pixels."""
    return lambda table: sum(metric(kind) for kind in table.unbind(1)) / table.shape[1]


def _decibels(tables: Tables) -> Figures:
    if "gain" not in tables:
        return {}
    whole, part = tables["gain"], tables["gain in part"]
    return {
        **estimate("psnr_gain", mean_of_kinds, whole),
        **_each("psnr_gain", mean, SEEN, list(whole.split(1, 1))),
        **estimate("psnr_gain_in_part", mean_of_kinds, part),
        **estimate("worse_share", mean, worse(torch.cat([whole, part]))),
    }


def _compared(tables: Tables, others: Mapping[str, Tables]) -> Figures:
    """Against peers, picture by picture."""
    if "gain" not in tables:
        return {}
    found: Figures = {}
    for other, name in (("plain", "psnr_gain_over_baseline"), ("baseline", "psnr_gain_over_autoencoder")):
        if other in others:
            found |= estimate(name, mean_of_kinds, tables["gain"] - others[other]["gain"])
    if "bilateral" in others:
        more = tables["gain"] - others["bilateral"]["gain"]
        found |= estimate("kinds_below_bilateral", _below, more)
    return found


def _below(more: Tensor) -> float:
    """How many kinds have a mean under 0."""
    return float((more.double().nanmean(0) < 0).sum())


def _each(
    name: str, statistic: Callable[[Tensor], Tensor | float], kinds: tuple[str, ...] | list[str], tables: list[Tensor]
) -> Figures:
    found: Figures = {}
    for kind, table in zip(kinds, tables, strict=True):
        found |= estimate(f"{name}_{kind}", statistic, table)
    return found
