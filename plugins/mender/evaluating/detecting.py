"""How well faults are found: in whole pictures and in parts of them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from zoo import Context, Findings
from zoo.metrics.pixels import pixel_counts
from zoo.metrics.pro import region_overlaps
from zoo.training.anomalies import SEEN

from .peers import Peer
from .pictures import Spoilt


def overall(found: Findings) -> Tensor:
    """`[N]`, higher where something is wrong."""
    return found.overall if found.overall is not None else torch.stack(list(found.scores.values())).amax(0)


def scored(peer: Peer, images: Tensor, spoilt: Mapping[str, Spoilt], context: Context) -> Tensor:
    """The overall scores of clean pictures, and of each of the kinds of spoilt ones: `[N,1+K]`; NaN where a fault does
    not show."""
    columns = [overall(peer.detect(images, context))]
    for each in spoilt.values():
        columns.append(torch.where(each.shown, overall(peer.detect(each.images, context)), torch.nan))
    return torch.stack(columns, 1)


def suspected(found: Findings) -> Tensor:
    """1 for each picture at or above the threshold, else 0: `[N,1]`."""
    return (overall(found) >= found.threshold).double()[:, None]


def named(found: Findings, shown: Tensor, kind: str) -> tuple[Tensor, Tensor]:
    """Of pictures that show a fault of one kind, whether it was found, and whether what was found has the right name;
    NaN for the others."""
    there = torch.where(shown, (overall(found) >= found.threshold).double(), torch.nan)
    right = torch.stack([found.scores[each] for each in SEEN]).argmax(0) == SEEN.index(kind)
    return there, torch.where(there == 1, right.double(), torch.nan)


def mapped(where: Tensor, spoilt: Spoilt) -> dict[str, Tensor]:
    """What the metrics of pixels need, for maps `[N,1,H,W]`: by what shows, and by all that was done."""
    return {
        "counts": pixel_counts(where, spoilt.done, spoilt.tells),
        "overlaps": region_overlaps(where, spoilt.done, spoilt.tells),
        "done counts": pixel_counts(where, spoilt.done),
    }


def mapped_clean(where: Tensor) -> Tensor:
    """The counts of maps `[N,1,H,W]` of pictures in which every place is sound."""
    return pixel_counts(where, torch.zeros_like(where, dtype=torch.bool))
