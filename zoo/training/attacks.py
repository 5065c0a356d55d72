"""Adversarial examples: pictures changed by less than the eye sees, so that a model errs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, Protocol

import torch
from torch import Tensor

from zoo.errors import ZooError
from zoo.metrics.auroc import auroc
from zoo.metrics.bootstrap import bootstrap
from zoo.model import Context, Corrector

Objective = Callable[[Tensor], Tensor]
"""What an attack raises: `[N,3,H,W]` in 0..1 -> `[N]`, each picture's own, differentiable."""

Name = Literal["fgsm", "pgd"]
EPSILON = 2.0
"""Grey levels, of 255, by which any value of a picture may change."""
STEPS = 10
CHUNK = 8


class Attack(Protocol):
    """Pictures near `images`, none further than epsilon in any value (L∞), on which the objective is higher."""

    def __call__(self, objective: Objective, images: Tensor) -> Tensor: ...


class AttackError(ZooError):
    """A model gives an attack nothing to go by."""


def fgsm(objective: Objective, images: Tensor, epsilon: float = EPSILON) -> Tensor:
    """One step of `epsilon` grey levels up the sign of the slope: `[N,3,H,W]` in 0..1 -> the same.

    Source: I. Goodfellow, J. Shlens and C. Szegedy, "Explaining and harnessing adversarial examples", ICLR 2015,
    arXiv:1412.6572, section 4. Raises `AttackError` where there is no slope.
    """
    return (images + epsilon / 255 * slope(objective, images).sign()).clamp(0, 1)


def pgd(objective: Objective, images: Tensor, epsilon: float = EPSILON, steps: int = STEPS, seed: int = 0) -> Tensor:
    """`steps` steps up the sign of the slope from a random start, back into `epsilon` grey levels after each.

    Source: A. Madry et al., "Towards deep learning models resistant to adversarial attacks", ICLR 2018,
    arXiv:1706.06083, section 2.1; a step is 2.5 epsilon / steps, as in its section 5. Raises `AttackError` where there
    is no slope.
    """
    reach = epsilon / 255
    low, high = (images - reach).clamp_min(0), (images + reach).clamp_max(1)
    start = torch.rand(images.shape, generator=torch.Generator().manual_seed(seed)).to(images)
    at = (images + reach * (2 * start - 1)).clamp(low, high)
    for _ in range(steps):
        at = (at + 2.5 * reach / steps * slope(objective, at).sign()).clamp(low, high)
    return at


def attack(name: Name, epsilon: float = EPSILON) -> Attack:
    """One of the two, by name. Raises `AttackError` where `epsilon` is no distance."""
    if not 0 < epsilon <= 255:
        raise AttackError("An attack cannot reach {epsilon} grey levels. Name more than 0, up to 255.", epsilon=epsilon)
    return partial({"fgsm": fgsm, "pgd": pgd}[name], epsilon=epsilon)


def image_score(model: Corrector, kind: str, context: Context | None = None) -> Objective:
    """What `model` scores pictures in one of its kinds of anomaly, at its default params.

    A score that has reached 0 or 1 is flat: where the network has one before its sigmoid, attack that.
    """
    return lambda images: model.detect(images, model.Params(), context or Context()).scores[kind]


def robustness(score: Objective, clean: Tensor, damaged: Tensor, attack: Attack) -> dict[str, float]:
    """How well `score` tells damaged pictures from clean ones before and after `attack` on both.

    Pictures are `[N,3,H,W]` in 0..1; clean ones are changed to look damaged and damaged ones clean, then rounded to 8
    bits, as every file is. `auroc` and `auroc_robust`, 0.5 is guessing, with their 95 % intervals; `blind` is the share
    of pictures where the slope is 0 everywhere, and `auroc_robust` says little (A. Athalye, N. Carlini and D. Wagner
    2018, arXiv:1802.00420).
    """
    spoilt, hidden = (_attacked(score, images, sign, attack) for images, sign in ((clean, 1), (damaged, -1)))
    return {
        **_auroc("auroc", _scores(score, clean), _scores(score, damaged)),
        **_auroc("auroc_robust", _scores(score, spoilt), _scores(score, hidden)),
        "blind": _blind(score, torch.cat([clean, damaged])),
    }


def slope(objective: Objective, images: Tensor) -> Tensor:
    """The gradient of the objective, `[N,3,H,W]`, also where the caller has turned autograd off."""
    with torch.inference_mode(False), torch.enable_grad():
        at = images.detach().clone().requires_grad_()
        values = objective(at)
        if not values.requires_grad:
            raise AttackError(
                "This model cannot be attacked: its score has no gradient. Compute it by torch alone, without rounding "
                "or torch.no_grad()."
            )
        (found,) = torch.autograd.grad(values.sum(), at)
    return found


def _attacked(score: Objective, images: Tensor, sign: int, attack: Attack) -> Tensor:
    parts = torch.split(images, CHUNK)
    return torch.cat([attack(lambda at: sign * score(at), part) for part in parts]).mul(255).round() / 255


@torch.no_grad()
def _scores(score: Objective, images: Tensor) -> Tensor:
    return torch.cat([score(part) for part in torch.split(images, CHUNK)])


def _blind(score: Objective, images: Tensor) -> float:
    parts = torch.split(images, CHUNK)
    return float(torch.cat([(slope(score, part) == 0).flatten(1).all(1) for part in parts]).float().mean())


def _auroc(name: str, clean: Tensor, damaged: Tensor) -> dict[str, float]:
    low, high = bootstrap(_area, clean, damaged)
    return {name: _area(clean, damaged), f"{name}_low": low, f"{name}_high": high}


def _area(clean: Tensor, damaged: Tensor) -> float:
    return auroc(torch.cat([clean, damaged]), torch.arange(len(clean) + len(damaged)) >= len(clean))
