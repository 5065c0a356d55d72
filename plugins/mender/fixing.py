"""Learning to mend: what `zoo.training.loop` needs to know of it."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor, nn

from zoo.training.anomalies import SEEN, spoil
from zoo.training.degradations import choice
from zoo.training.ema import Average
from zoo.training.loop import Budget, fit

from .leaves import cut
from .material import Clean, corpus
from .net import KINDS, QUARTER, Fixer, enlarged

SIDE, BATCH = 128, 8
"""Crops that the network learns from, in pixels, and how many at a time."""

SMALL, WIDE = 0.8, 0.1
"""How often they are of half that side, which costs a quarter; and how often they are cut from pictures of twice the
side, spoilt whole: the context is then that of the larger one, and blocks and tiles begin anywhere."""

SHARES = {"avatars": 3, "portraits": 2, "photographs": 6, "scenes": 3}
"""How often crops come from each source; all stylizers together count as `STYLED`."""
STYLED = 4

HARD = ("noise", "blocks", "banding")
"""What is hard to mend is learnt from more often: in `MORE` of each batch."""
MORE = 3

CLEAN, DOUBLE, LOCAL, SEVERITY = 0.04, 0.15, 0.4, (0.1, 1.0)
"""How often nothing is spoilt, how often by two kinds, how often in part, and how badly."""

UNTOLD, MISTOLD = 0.1, 0.08
"""How often it is not said what is wrong, and how often a kind is named that was not done: detectors err."""

BUDGET = Budget(images=1_100_000, batch=BATCH, save_every=4000)

RATE = 3.5e-4
CLIP = 1.0
"""The norm that gradients are cut to, in decibels per unit of weight."""

HALF_LIFE = 3000.0
"""Of the average, in pictures."""

FLOORS = (1e-3, 1e-4)
"""The squared errors that decibels are counted from, at the beginning and the end: 30 and 40 dB. Were it low from the
beginning, mildly spoilt pictures would outweigh the others, and the network learn to leave everything as it is."""

HARM = 2.0
"""How much more a decibel counts that a picture loses than one that it gains: first, do no harm."""

MAPS = 10.0
"""Decibels that one nat of the maps' cross-entropy is worth."""


Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Lesson:
    """Spoilt pictures `whole` `[N,3,h,w]`, and the kinds they are `said` to be spoilt by `[N,8]`; crops of them
    `spoilt`, and the same as they were, `clean`, `[N,3,H,W]`; `masks` `[N,8,H,W]`: where each kind was done."""

    whole: Tensor
    said: Tensor
    spoilt: Tensor
    clean: Tensor
    masks: Tensor


def lessons(sources: dict[str, Clean]) -> Callable[[int], tuple[Tensor, ...]]:
    """What `fit` draws its batches with: the fields of a `Lesson`."""

    def draw(count: int) -> tuple[Tensor, ...]:
        lot, seed = torch.rand(()).item(), int(torch.randint(2**60, ()))
        side = SIDE // 2 if lot < SMALL else SIDE if lot < 1 - WIDE else 2 * SIDE
        with torch.autocast("cpu", enabled=False):  # what is learnt from stays exact, whatever the step runs in
            return tuple(vars(lesson(sources, count, side, seed)).values())

    return draw


def lesson(sources: dict[str, Clean], count: int, side: int, seed: int) -> Lesson:
    """`count` pictures of `side` pixels, spoilt, and of those larger than `SIDE` a part."""
    rng = Generator().manual_seed(seed)
    clean = crops(sources, count, side, rng)
    more = -(-count * MORE // BATCH)
    hard = spoil(clean[:more], seed, HARD, CLEAN, DOUBLE, LOCAL, SEVERITY)
    some = spoil(clean[more:], seed + 1, SEEN, CLEAN, DOUBLE, LOCAL, SEVERITY)
    masks, severity = torch.zeros(count, KINDS, side, side), torch.zeros(count, KINDS)
    places = [SEEN.index(kind) for kind in HARD]
    masks[:more, places], masks[more:] = hard.masks, some.masks
    severity[:more, places], severity[more:] = hard.severity, some.severity
    whole = torch.cat([hard.images, some.images])
    top, left = (choice(rng, max(side - SIDE, 0) + 1) for _ in range(2))
    parts = (each[..., top : top + SIDE, left : left + SIDE] for each in (whole, clean, masks))
    return Lesson(whole, said(severity > 0, rng), *parts)


def crops(sources: dict[str, Clean], count: int, side: int, rng: Generator) -> Tensor:
    """`count` squares, `[count,3,side,side]` in 0..1, from the sources as often as `SHARES` says."""
    styles = len(sources) - len(SHARES)
    shares = torch.tensor([SHARES.get(name, STYLED / max(styles, 1)) for name in sources], dtype=torch.float)
    picked = torch.multinomial(shares, count, replacement=True, generator=rng).tolist()
    pools = [of.pictures for of in sources.values()]
    return torch.stack([cut(pools[n][choice(rng, len(pools[n]))] / 255, side, rng, most=2.0) for n in picked])


def said(done: Tensor, rng: Generator) -> Tensor:
    """What a detector might say where `done` `[N,8]` was done: mostly that, with some confidence."""
    sure, other, lot = torch.rand(3, *done.shape, generator=rng)
    told = torch.where(done, 0.5 + 0.5 * sure, sure * (other < MISTOLD))
    return told * (lot[:, :1] >= UNTOLD)


def train_fixer(out: Path, resume: bool = False, tracker: str | None = None) -> tuple[Fixer, int]:
    """Teach a fixer within `BUDGET`; its pictures, checkpoints and sheets go to `out`. The number is of crops seen."""
    sources = corpus(out / "material", "train")
    method = Fixing(lesson(sources, 16, SIDE, seed=0))
    seen = fit(method, lessons(sources), out / "fixer", BUDGET, resume, tracker, precision="bf16")
    return method.result(), seen


class Taught(Generic[Net]):
    """A network, its average, and what moves both."""

    def __init__(self, net: Net) -> None:
        self.net = net.to(memory_format=torch.channels_last)
        self.average = Average(net, HALF_LIFE)
        self.optimizer = torch.optim.AdamW(net.parameters(), betas=(0.9, 0.99), weight_decay=1e-4)
        self.parts = {"net": self.net, "average": self.average, "optimizer": self.optimizer}

    def learn(self, loss: Tensor, rate: float, count: int) -> None:
        """From the loss on `count` pictures, at this learning rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimizer.step()
        self.average.follow(self.net, count)

    def result(self) -> Net:
        """The averaged network, on the CPU."""
        return cast(Net, copy.deepcopy(self.average.net).cpu().eval())


class Fixing(Taught[Fixer]):
    """Spoilt in, clean out, in decibels; and where it was spoilt, by cross-entropy. `shown` is what sheets are of."""

    def __init__(self, shown: Lesson) -> None:
        super().__init__(Fixer())
        self.shown = shown

    def step(self, batch: tuple[Tensor, ...], progress: float) -> dict[str, Tensor]:
        at = Lesson(*batch)
        spoilt = at.spoilt.contiguous(memory_format=torch.channels_last)
        mended, logits, _ = self.net.mend(spoilt, self.net.look(at.whole, at.said))
        errors, before = (decibels(each.float(), at.clean, progress) for each in (mended, at.spoilt))
        harm = F.relu(errors - before)
        where = F.binary_cross_entropy_with_logits(logits.float(), F.avg_pool2d(at.masks, QUARTER))
        self.learn((errors + HARM * harm).mean() + MAPS * where, rate(progress), len(spoilt))
        gain = (before - errors.detach()).mean()
        return {"error, dB": errors.detach().mean(), "gain, dB": gain, "harm, dB": harm.mean(), "maps": where.detach()}

    @torch.no_grad()
    def sample(self) -> Tensor:
        """Sixteen times spoilt, mended, clean, and where, two to a row: `[64,3,SIDE,SIDE]`."""
        mended, sight = self.result()(self.shown.spoilt, self.shown.said)
        where = enlarged(sight.maps.sigmoid().amax(1, keepdim=True), mended.shape[2:]).expand(-1, 3, -1, -1)
        return torch.stack([self.shown.spoilt, mended, self.shown.clean, where], dim=1).flatten(0, 1)


def rate(progress: float, highest: float = RATE) -> float:
    """The learning rate: a short warm-up, then a cosine down to nothing."""
    return highest * min(1.0, 0.02 + progress / 0.01) * (1 + math.cos(math.pi * progress)) / 2


def decibels(images: Tensor, clean: Tensor, progress: float) -> Tensor:
    """How far each of the images is from the clean one, `[N]`: the log of the squared error above the floor that there
    is by then."""
    floor = FLOORS[0] ** (1 - progress) * FLOORS[1] ** progress
    return 10 * ((images - clean).square().flatten(1).mean(1) + floor).log10()
