"""Adversarial training of the detector (A. Madry et al. 2018, arXiv:1706.06083): from a trained one on, it learns from
descriptions of pictures that were changed to mislead it as it then is, round after round."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from zoo.latents import subseed
from zoo.training.anomalies import SEEN, dithered, last_step, spoil
from zoo.training.attacks import pgd
from zoo.training.degradations import choice

from .detector import Detector
from .examples import Examples, joined
from .features import GRID, features
from .greys import greys
from .learning import calibrate, described, learn
from .leaves import cut
from .material import SOURCES, corpus
from .reference import colours

ROUNDS, PICTURES, STEPS = 40, 32, 60
"""Rounds of attack and training; pictures attacked in each, clean and spoilt; steps of training. Many and short: what
misled the detector ten rounds ago misleads it no more."""
SIDE, CHUNK = 96, 16
ATTACK = 4
"""Steps of an attack."""
KINDS = tuple(kind for kind in SEEN if kind != "colour")
SEVERITY = (0.15, 1.0)


def harden(detector: Detector, folder: Path, seed: int = 0) -> None:
    """Go on teaching a detector on the material in `folder` that it was taught on, and calibrate it anew.

    A third of the pictures that its normals are taken from are under attack: else the distance from these is as easily
    misled as before."""
    spoilt, clean, held_out = described(folder, seed)
    sources = {name: of.pictures for name, of in corpus(folder, "train").items() if name in SOURCES}
    misleading: list[Examples] = []
    for number in range(ROUNDS):
        rng = Generator().manual_seed(subseed(seed, f"attack {number}"))
        misleading += [attacked(detector, sources, rng) for _ in range(PICTURES // CHUNK)]
        found = joined(misleading)
        calm = found[found.severity.sum(1) == 0]
        usual = joined([clean, *[calm] * max(1, len(clean) // 2 // len(calm))])
        learn(detector, [spoilt, clean, found, found], usual, seed + number, STEPS)
    calibrate(detector, held_out)


def attacked(detector: Detector, sources: dict[str, Tensor], rng: Generator) -> Examples:
    """`CHUNK` pictures changed to look spoilt, and as many spoilt ones changed to look clean."""
    drawn = [choice(rng, len(sources)) for _ in range(CHUNK)]
    pools = [[*sources.values()][number] for number in drawn]
    squares = [cut(pool[choice(rng, len(pool))] / 255, SIDE, rng, most=1.5) for pool in pools]
    seed = choice(rng, 2**31)
    fine = dithered(torch.stack(squares), seed).clamp(0, 1)
    clean, spoilt = last_step(fine, seed), spoil(fine, seed, KINDS, clean=0, double=0, local=0.1, severity=SEVERITY)
    shown = torch.cat([_misled(detector, clean, 1, seed), _misled(detector, spoilt.images, -1, seed)])
    with torch.no_grad():
        before, seen = features(clean)[:, 0].half(), features(shown).half()
    where = F.adaptive_avg_pool2d(spoilt.masks, GRID).flatten(2).transpose(1, 2)
    places = [SEEN.index(kind) for kind in KINDS]
    severity, parts = torch.zeros(2 * CHUNK, len(SEEN)), torch.zeros(2 * CHUNK, GRID**2, len(SEEN))
    severity[CHUNK:, places], parts[CHUNK:, :, places] = spoilt.severity, where
    return Examples(
        seen,
        before.repeat(2, 1),
        colours(shown, clean.repeat(2, 1, 1, 1)),
        greys(shown),
        torch.zeros(2 * CHUNK, dtype=torch.long),
        severity,
        parts,
        torch.zeros(2 * CHUNK, dtype=torch.bool),
        255 * (shown - clean.repeat(2, 1, 1, 1)).square().flatten(1).mean(1).sqrt(),
        torch.tensor(drawn * 2),
        torch.arange(CHUNK).repeat(2),
    )


def _misled(detector: Detector, images: Tensor, sign: int, seed: int) -> Tensor:
    """The images after an attack that raises the overall score or, by the sign -1, lowers it; in 8-bit steps."""

    def score(at: Tensor) -> Tensor:
        making = detector.making(torch.zeros(len(at), dtype=torch.long))
        return sign * detector.joint(detector.weigh(features(at), making), making, 0)

    return pgd(score, images, steps=ATTACK, seed=seed).mul(255).round() / 255
