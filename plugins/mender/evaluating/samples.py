"""The sheet of the card: what the mender makes of one picture of each kind, whoever it flatters."""

from __future__ import annotations

from pathlib import Path

import torch

from zoo import Context, Corrector
from zoo.training.anomalies import SEEN, spoil
from zoo.training.sheets import sheet

from .pictures import Held

SHEET = Path(__file__).parents[1] / "samples.webp"
SEVERITY = (0.6, 0.6)


@torch.no_grad()
def save_samples(model: Corrector, sets: list[Held]) -> None:
    """For each kind spoilt, where it was found, mended, and as it was; the second of each two kinds in part."""
    pictures = torch.cat([held.first(4).images for held in sets if held.name in ("avatars", "photographs")])
    panels = []
    for number, (kind, clean) in enumerate(zip(SEEN, pictures.split(1), strict=True)):
        spoilt = spoil(clean, number, (kind,), clean=0, double=0, local=number % 2, severity=SEVERITY).images
        found = model.detect(spoilt, model.Params(), Context())
        panels += [spoilt, found.map.expand(-1, 3, -1, -1), model.fix(spoilt, found, model.Params()), clean]
    sheet(torch.cat(panels)).save(SHEET, quality=85)
