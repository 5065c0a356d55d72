"""How well the detector holds where pictures are changed, by less than the eye sees, to mislead it."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file

from zoo import Corrector
from zoo.training.anomalies import SEEN
from zoo.training.attacks import Attack, Objective, robustness

from ..detector import Detector
from ..features import features
from ..mending import Mender
from .measuring import SEVERITY
from .pictures import Held, clean, spoil_all

ATTACKED = 8
"""Pictures of each source that no stylizer made."""


def under_attack(detector: Detector, attack: Attack, sets: list[Held], count: int = ATTACKED) -> dict[str, float]:
    """`auroc`, `auroc_robust`, …: of clean pictures against the same with the kinds of fault in turn but for colour,
    no originals at hand."""
    images = torch.cat([held.first(count).images for held in sets if not held.stylizer])
    kinds = [kind for kind in SEEN if kind != "colour"]
    spoilt = [
        spoil_all(one, kinds[number % len(kinds)], number, SEVERITY) for number, one in enumerate(images.split(1))
    ]
    shown = torch.cat([each.shown for each in spoilt])
    return robustness(logit(detector), clean(images, 0), torch.cat([each.images for each in spoilt])[shown], attack)


def of_model(model: Corrector) -> Detector:
    assert isinstance(model.net, Mender)
    return model.net.detector


def hardened(path: Path) -> Detector | None:
    """The detector after adversarial training, where its weights are there."""
    if not path.exists():
        return None
    net = Mender()
    net.load_state_dict(load_file(path))
    return net.detector.eval()


def logit(detector: Detector) -> Objective:
    """What the overall score is the sigmoid of: it never saturates, and orders pictures alike."""

    def joint(images: torch.Tensor) -> torch.Tensor:
        making = detector.making(torch.zeros(len(images), dtype=torch.long, device=images.device))
        return detector.joint(detector.weigh(features(images), making), making, 0)

    return joint
