"""How the weights came to be.

`zoo train mender/mender --data avatars: --out DIR` teaches the detector, the survey, the fixer and the locator on
`material`, and writes them as one file. The detector's part takes half an hour of a core, the survey's and the
locator's one and a half each, the fixer's seven. With `--adversarial` it goes on teaching the bundled detector, on
pictures that were changed to mislead it.
`zoo evaluate mender/mender` measures the bundled weights beside their peers.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch

from zoo.registry import discover
from zoo.training.results import save_results

from .evaluation import attacked, evaluate
from .fixing import train_fixer
from .hardening import harden
from .learning import taught
from .locating import train_locator
from .mending import Mender
from .placing import place
from .surveying import train_survey

__all__ = ["attacked", "evaluate", "train"]

SEED = 0


def train(
    model: str, data: str, out: Path, resume: bool = False, tracker: str | None = None, adversarial: bool = False
) -> None:
    """Teach all parts, or harden the detector; results go to `out`. What they learn from is drawn and cut here,
    whatever `data` is named."""
    torch.manual_seed(SEED)
    facts: dict[str, object] = {"model": f"mender/{model}", "data": data, "seed": SEED}
    if adversarial:
        net = cast(Mender, discover(only=("mender",), strict=True).entry(f"mender/{model}").open().net)
        harden(net.detector.requires_grad_(True), out / "material", SEED)
    else:
        net = Mender()
        net.detector = taught(out / "material", SEED)
        net.survey, facts["surveyed"] = train_survey(out, resume, tracker)
        net.fixer, facts["seen"] = train_fixer(out, resume, tracker)
        net.locator, facts["located"] = train_locator(net.fixer, out, resume, tracker)
        place(net, out / "material", SEED)
    of = net.detector
    judging = of.plain, of.families, of.name_alone, of.name_compared, of.rims
    for part in (net.survey, net.fixer, net.locator, *judging):
        part.half()  # as the file holds it
    save_results(net, out, facts)
