"""Teaching the detector from descriptions: normals, networks, and what clean pictures score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from scipy.cluster.vq import kmeans, vq  # type: ignore[import-untyped]
from torch import Tensor, nn

from .archives import Split
from .detector import FAMILIES, STYLIZERS, Change, Detector, Evidence
from .examples import Examples, examples, joined, kept
from .material import corpus
from .normals import RANK
from .rims import Rims

STEPS, BATCH, RATE = 2500, 192, 2e-3
RIM_STEPS, RIM_RATE, RIM_DECAY = 2400, 3e-3, 0.05
"""Of the networks that look at greys alone: longer, they learn pictures by heart."""
SPOILT_ROUNDS, CLEAN_SHARE, CLEAN_ROUNDS = 4, 0.06, 2
"""How often each picture is spoilt to learn from, in which share of these not at all; and how often it is looked at as
it is."""
GROUPS = (DRAWINGS, PHOTOGRAPHS, SCENES) = ((0, 1), (2,), (3,))
"""The sources, by their place in the corpus, that share a normal."""
LEADING = 4
"""Directions in which photographs differ most: by these it is seen which are alike."""
OWN = 0.003
"""The share of each feature's variance that is taken for its own in the normals of families: the same in all, large and
small, so that distances compare."""
FORGOTTEN = 0.35
"""How often it is not said by which stylizer a picture is."""
FOLDS = 4
"""Parts of the pictures: each is learnt beside normals of the three others."""
DECAY = 0.02
PLAIN = 0.15
"""The severity from which on a spoilt picture counts in full."""
LOST = 0.1
"""The share of features that is hidden, so that none is relied on alone."""
VISIBLE = 1.5
"""The change in grey levels from which on a spoilt picture counts in full."""
CLEAN = 2.0
"""What a clean picture counts."""
WHICH = 0.3
"""What it counts to tell the kinds apart."""


def prepare(detector: Detector, clean: Examples, spoilt: Examples) -> None:
    """Scale features by what clean pictures spread, and find the directions in which to look."""
    described = clean.described[:, 0].float()
    detector.centre.copy_(described.mean(0))
    detector.spread.copy_(described.std(0).clamp_min(0.02))
    standard, away = detector.standard(described), detector.standard(spoilt.described[:, 0].float())
    detector.basis.copy_(directions(standard, clean, away, spoilt))


def fit_normals(detector: Detector, clean: Examples) -> None:
    described = clean.described[:, 0].float()
    standard = detector.standard(described)
    for which, sources in enumerate(GROUPS):
        detector.plain.fit(which, standard[_of(sources, clean)])
    after, before = detector.directions(described), detector.directions(clean.before.float())
    for which in range(1 + len(STYLIZERS)):
        its = clean.making == which
        detector.makings.fit(which, before[its], after[its], clean.colour[its])


def fit_families(detector: Detector, clean: Examples) -> None:
    """Take the normals of drawings, of scenes, and of photographs that are alike (k-means)."""
    standard = detector.standard(clean.described[:, 0].float())
    drawings, scenes, photographs = (standard[_of(one, clean)] for one in (DRAWINGS, SCENES, PHOTOGRAPHS))
    off = photographs - photographs.mean(0)
    leading = (off @ torch.linalg.svd(off, full_matrices=False).Vh[:LEADING].T).numpy()
    centres, _ = kmeans(leading, FAMILIES - 2, seed=0)
    family = torch.from_numpy(vq(leading, centres)[0])
    alike = (photographs[family == which] for which in range(FAMILIES - 2))
    for which, its in enumerate((drawings, scenes, *alike)):
        detector.families.fit(which, its if len(its) > 1 else photographs, OWN)


def _of(sources: tuple[int, ...], examples: Examples) -> Tensor:
    return torch.isin(examples.source, torch.tensor(sources))


def directions(standard: Tensor, clean: Examples, spoilt_standard: Tensor, spoilt: Examples) -> Tensor:
    """`[LENGTH,RANK]`: those in which spoilt pictures are farthest from clean ones of their source, for how much these
    differ among themselves (Fisher 1936)."""
    means = torch.stack([standard[clean.source == source].mean(0) for source in clean.source.unique()])
    among, away = standard - means[clean.source], spoilt_standard - means[spoilt.source]
    within = (among.T @ among / len(among)).double() + 0.01 * torch.eye(len(standard.T), dtype=torch.float64)
    root = torch.linalg.inv(torch.linalg.cholesky(within))
    scatter = root @ (away.T @ away / len(away)).double() @ root.T
    return (root.T @ torch.linalg.eigh(scatter).eigenvectors[:, -RANK:]).float()


def learn(detector: Detector, pools: Sequence[Examples], clean: Examples, seed: int, steps: int = STEPS) -> None:
    """Cross-entropy of kinds, of kinds in parts, and of whether there is anything, alone and compared; and of makings.

    Drawn from all pools alike; one that stands twice is drawn from twice as often. Normals are of the `clean` ones.
    While it learns, it sees each picture beside normals of others (cross-fitting): those of its own would be too near.
    """
    rng = torch.Generator().manual_seed(seed)
    normals = [_without(detector, clean, fold) for fold in range(FOLDS)]
    parts = [[pool[pool.picture % FOLDS == fold] for pool in pools] for fold in range(FOLDS)]
    optimizer = torch.optim.AdamW(detector.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    detector.train()
    for step in range(steps):
        fold = step % FOLDS
        detector.load_state_dict(normals[fold], strict=False)
        share = BATCH // len(pools)
        batch = joined([part[torch.randint(len(part), (share,), generator=rng)] for part in parts[fold]])
        loss = cost(detector, batch, rng)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(detector.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(step, round(loss.item(), 4), flush=True)
    fit_normals(detector, clean)
    fit_families(detector, clean)
    detector.eval()


def _without(detector: Detector, clean: Examples, fold: int) -> dict[str, Tensor]:
    """Normals of all pictures but those of a fold."""
    fit_normals(detector, clean[clean.picture % FOLDS != fold])
    names = ("plain.", "makings.")
    return {name: value.clone() for name, value in detector.state_dict().items() if name.startswith(names)}


def cost(detector: Detector, batch: Examples, rng: torch.Generator) -> Tensor:
    count, size = len(batch), batch.described.shape[2]
    kept = torch.rand(count, size, generator=rng) > LOST
    described = torch.where(kept[:, None], batch.described.float(), detector.centre)
    before = torch.where(kept, batch.before.float(), detector.centre)
    said = torch.where(torch.rand(count, generator=rng) < FORGOTTEN, 0, batch.making)
    alone = detector.weigh(described, detector.making(said))
    compared = detector.beside(described, Change(before, batch.colour, batch.greys), detector.making(batch.making))
    parts = F.binary_cross_entropy_with_logits(alone.parts, batch.where.clamp(0, 1), reduction="none").mean((1, 2))
    where = (parts * ~batch.odd).mean()
    maker = F.cross_entropy(detector.maker(detector.standard(described[:, 0])), batch.making)
    return named(alone, batch) + named(compared, batch) + where + maker


def named(evidence: Evidence, batch: Examples) -> Tensor:
    """Of all judges: cross-entropy of each kind and, where there is one, of which; and of whether there is anything.
    What hardly shows hardly counts; of what is odd, no kind is said."""
    there = batch.severity > 0
    shows = (batch.changed / VISIBLE).clamp(max=1)
    judges = len(evidence.kinds) // len(batch)
    kinds = evidence.kinds.unflatten(0, (judges, -1))
    counts = torch.where(there, (batch.severity / PLAIN).clamp(max=1) * shows[:, None], 1.0) * ~batch.odd[:, None]
    each = F.binary_cross_entropy_with_logits(kinds, there.float().expand_as(kinds), counts.expand_as(kinds))
    one = there.sum(1).eq(1)
    which = F.cross_entropy(
        kinds[:, one].flatten(0, 1), there[one].float().argmax(1).repeat(judges), reduction="none"
    ).unflatten(0, (judges, -1))
    which = (which * counts[one].amin(1)).mean()
    something = there.any(1) | batch.odd
    strong = (batch.severity.amax(1) / PLAIN).clamp(max=1)
    share = torch.where(something, torch.where(batch.odd, 1.0, strong) * shows, CLEAN)
    anything = evidence.anything.unflatten(0, (judges, -1))
    any_ = F.binary_cross_entropy_with_logits(
        anything, something.float().expand_as(anything), share.expand_as(anything)
    )
    return each + WHICH * which + 0.5 * any_


def learn_rims(rims: Rims, clean: Examples, spoilt: Examples, seed: int, steps: int = RIM_STEPS) -> None:
    """Cross-entropy of whether there is anything, for each stylizer by itself."""
    rng = torch.Generator().manual_seed(seed)
    for number, judges in enumerate(rims.judges, 1):
        calm, other = clean[clean.making == number], spoilt[spoilt.making == number]
        rims.fit(calm.greys, number)
        pool = joined([calm, other])
        something = (pool.severity.amax(1) > 0) | pool.odd
        counts = torch.where(something, (pool.changed / VISIBLE).clamp(max=1), CLEAN)
        optimizer = torch.optim.AdamW(judges.parameters(), lr=RIM_RATE, weight_decay=RIM_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RIM_RATE, total_steps=steps)
        for _ in range(steps):
            some = torch.randint(len(pool), (BATCH,), generator=rng)
            said = rims.said(pool.greys[some], number)
            due, weight = (each[some].float().expand_as(said) for each in (something, counts))
            loss = F.binary_cross_entropy_with_logits(said, due, weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def calibrate(detector: Detector, clean: Examples) -> None:
    """Set what scores are worth, by pictures that nothing was learnt from: those that no stylizer made, and each
    stylizer's."""
    for which in range(1 + len(STYLIZERS)):
        its = clean[clean.making == which]
        making, described = detector.making(its.making), its.described.float()
        with torch.no_grad():
            alone = detector.weigh(described, making)
            compared = detector.compare(described, its.change, making)
        count = len(torch.stack([its.source, its.picture], 1).unique(dim=0))
        detector.calibrate(making, 0, alone, count)
        detector.calibrate(making, 1, compared, count)


def taught(folder: Path, seed: int = 0, steps: int = STEPS) -> Detector:
    """A detector that has learnt from the material in `folder`; what is not there yet is made, and kept there."""
    spoilt, clean, held_out = described(folder, seed)
    torch.manual_seed(seed)
    detector = Detector()
    prepare(detector, clean, spoilt)
    learn(detector, [spoilt, spoilt, clean], clean, seed, steps)
    learn_rims(detector.rims, clean, spoilt, seed, min(steps, RIM_STEPS))
    calibrate(detector, held_out)
    return detector


def described(folder: Path, seed: int) -> tuple[Examples, ...]:
    """Spoilt pictures and clean ones to learn from, and clean ones to calibrate with."""
    jobs: dict[str, tuple[Split, int, float]] = {
        "spoilt": ("train", SPOILT_ROUNDS, CLEAN_SHARE),
        "clean": ("train", CLEAN_ROUNDS, 1.0),
        "held-out": ("calibrate", CLEAN_ROUNDS, 1.0),
    }
    return tuple(
        kept(folder / f"examples-{name}.safetensors", partial(_described, folder, *job, seed + number))
        for number, (name, job) in enumerate(jobs.items(), 1)
    )


def _described(folder: Path, split: Split, rounds: int, untouched: float, seed: int) -> Iterator[Examples]:
    return examples(corpus(folder, split), seed, rounds, untouched)
