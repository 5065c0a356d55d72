"""What the mender is compared with, all on the same pictures in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zoo import Context, Corrector, Findings
from zoo.registry import discover

from ...classical.filters import bilateral, grey_world
from ...classical.mending import denoised
from .niqe import Niqe
from .pictures import learnt_from
from .trained import FIXERS, MAPPERS, Trained

CORRECTORS = {"baseline": "autoencoder/baseline", "classical": "classical/filters"}
FILTERS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "bilateral": bilateral,
    "nlm": lambda images: denoised(images, torch.ones_like(images[:, :1])),
    "grey_world": grey_world,
}
"""By themselves, on everything."""
FITTED, SET = 24, 24
"""Clean pictures of each source that the natural-image evaluator is fitted to, and others that say what is high."""


@dataclass(frozen=True)
class Peer:
    """What can be asked of it. `maps`: it says where; `names`: it tells the kinds apart; `compares`: it looks at
    originals."""

    find: Callable[[Tensor, Context], Findings] | None = None
    repair: Callable[[Tensor, Findings | None], Tensor] | None = None
    maps: bool = False
    names: bool = False
    compares: bool = False

    def detect(self, images: Tensor, context: Context) -> Findings:
        assert self.find is not None
        return self.find(images, context)

    def mend(self, images: Tensor, found: Findings | None) -> Tensor:
        """In 8-bit steps, as a file holds them."""
        assert self.repair is not None
        return self.repair(images, found).clamp(0, 1).mul(255).round() / 255


def peers(trained: Mapping[str, Trained]) -> dict[str, Peer]:
    """By the prefix of their figures' names: those that can always be run, and the `trained` ones."""
    zoo = discover()
    models = {name: zoo.entry(id, "corrector").open() for name, id in CORRECTORS.items()}
    return {
        **{name: corrector(model) for name, model in models.items() if isinstance(model, Corrector)},
        **{name: filtering(one) for name, one in FILTERS.items()},
        "niqe": scoring(Niqe(learnt_from("train", FITTED), learnt_from("calibrate", SET))),
        **{name: of_trained(name, one.net) for name, one in trained.items()},
    }


def of_trained(name: str, net: Callable[[Tensor], Any]) -> Peer:
    if name in FIXERS:
        return filtering(net)
    if name in MAPPERS:
        return Peer(lambda images, context: _mapped(*net(images)), maps=True)
    return scoring(lambda images: net(images)[0])


def corrector(model: Corrector, names: bool = False, compares: bool = False) -> Peer:
    params = model.Params()

    def repair(images: Tensor, found: Findings | None) -> Tensor:
        assert found is not None
        return model.fix(images, found, params)

    return Peer(lambda images, context: model.detect(images, params, context), repair, True, names, compares)


def filtering(one: Callable[[Tensor], Tensor]) -> Peer:
    return Peer(repair=lambda images, found: one(images))


def scoring(score: Callable[[Tensor], Tensor]) -> Peer:
    """`score`: `[N,3,H,W]` -> `[N]` in 0..1, 0.5 being the threshold."""
    return Peer(lambda images, context: _mapped(score(images), torch.zeros_like(images[:, :1])))


def _mapped(score: Tensor, where: Tensor) -> Findings:
    return Findings({}, where, overall=score)
