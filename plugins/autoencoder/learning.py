"""Learning to undo damage, and to find it under attack: what `zoo.training.loop` needs to know of either."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from zoo.training.attacks import pgd

from .distort import damage
from .material import batch
from .net import KINDS, Autoencoder, Baseline

SIDE, BATCH = 64, 8
CHANCES = {"colour": 0.4, "texture": 0.8}
SEVERITY, LOCAL = (0.2, 1.0), 0.25
RATE = 2e-3

FLOOR = 1e-3
"""The squared error that decibels are counted from. Near 0 the mildly damaged pictures would outweigh the others, and
the network learn to leave everything as it is."""

KEPT = 0.998
"""Of the average, at each step: it is that of the last 500 or so."""

HARDENING_RATE, HARDENING_KEPT = 5e-4, 0.99
"""Of the training against attacks, which is shorter."""

HARDENED, WEIGHT = "texture", 2.0
"""The kind whose errors are ranked under attack, and the weight of that beside one decibel of the restoring.

Casts are near guessing without any attack. Ranked too, they teach the network one cast for all pictures, in which
attacks and damage drown alike."""

STEPS = 2
"""Of the attack in training. Of one alone (E. Wong, L. Rice and J. Z. Kolter 2020, arXiv:2001.03994) the network learns
to bend the slope that it follows, as they warn: longer attacks then find what it did not."""

Batch = tuple[Tensor, Tensor, Tensor]
"""Clean crops and the same damaged, `[N,3,SIDE,SIDE]` in 0..1, and which of `KINDS` of damage each bears, `[N,2]`."""


def batches(sources: Sequence[Sequence[Tensor]]) -> Callable[[int], Batch]:
    """What batches are drawn with: crops of the sources (see `material`), and damage to them."""

    def draw(size: int) -> Batch:
        where, how = torch.randint(2**62, (2,)).tolist()
        clean = batch(sources, size, SIDE, where)
        damaged = damage(clean, how, CHANCES, SEVERITY, LOCAL)
        return clean, damaged.images, torch.stack([damaged.kinds[kind] for kind in KINDS], dim=1)

    return draw


class Restoring:
    """A denoising autoencoder (Vincent et al. 2008): what comes out is held against what was there before the damage.

    `shown` is the batch that sheets are of.
    """

    peak, kept = RATE, KEPT

    def __init__(self, shown: Batch, net: Autoencoder) -> None:
        self.net = net.to(memory_format=torch.channels_last)
        self.average = AveragedModel(self.net, multi_avg_fn=get_ema_multi_avg_fn(self.kept))
        self.optimizer = torch.optim.AdamW(self.net.parameters(), betas=(0.9, 0.99), weight_decay=1e-4)
        self.parts = {"net": self.net, "average": self.average, "optimizer": self.optimizer}
        self.shown = shown

    def step(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        error, gain = self.restore(batch)
        self.learn(error, progress)
        return {"error, dB": error.detach(), "gain, dB": gain}

    def restore(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """How far the mended crops are from the clean ones, and by how much less than the damaged ones, in decibels."""
        clean, damaged, _ = batch
        error = decibels(self.net(damaged.contiguous(memory_format=torch.channels_last)), clean).mean()
        return error, decibels(damaged, clean).mean() - error.detach()

    def learn(self, loss: Tensor, progress: float) -> None:
        """One step down the loss, and the average after it."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.peak * rate(progress)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.average.update_parameters(self.net)

    @torch.no_grad()
    def sample(self) -> Tensor:
        """Sixteen times damaged, mended, clean and a gap, two to a row: `[64,3,SIDE,SIDE]`."""
        clean, damaged, _ = self.shown
        mended = self.result()(damaged)
        return torch.stack([damaged, mended, clean, torch.ones_like(clean)], dim=1).flatten(0, 1)

    def result(self) -> nn.Module:
        """The averaged network, on the CPU."""
        return copy.deepcopy(self.average.module).cpu().eval()


class Hardening(Restoring):
    """Adversarial training (A. Madry et al. 2018, arXiv:1706.06083) beside the restoring, from a trained network on.

    In each batch an attack raises the errors of clean crops and lowers those of damaged ones; the weights learn to rank
    what it found.
    """

    peak, kept = HARDENING_RATE, HARDENING_KEPT

    def __init__(self, shown: Batch, judge: Baseline) -> None:
        super().__init__(shown, judge.autoencoder)
        self.judge = judge

    def step(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        error, gain = self.restore(batch)
        loss = self.misranked(batch)
        self.learn(error + WEIGHT * loss, progress)
        return {"error, dB": error.detach(), "gain, dB": gain, "misranked": loss.detach()}

    def misranked(self, batch: Batch) -> Tensor:
        """How far attacked clean crops have larger errors than attacked damaged ones."""
        clean, damaged, borne = batch
        sign = torch.ones(2 * len(clean)).to(clean)
        sign[len(clean) :] = -1
        seed = int(torch.randint(2**62, ()))
        found = pgd(lambda at: sign * self.errors(at), torch.cat([clean, damaged]), steps=STEPS, seed=seed)
        spoilt, hidden = self.errors(found).chunk(2)
        return ranking(spoilt, hidden, borne[:, KINDS.index(HARDENED)])

    def errors(self, images: Tensor) -> Tensor:
        """The log errors that the score of `HARDENED` is the sigmoid of, but for a scale: `[N]`."""
        found = self.judge.errors(images.contiguous(memory_format=torch.channels_last))
        return found.pictures[:, KINDS.index(HARDENED)]


def ranking(clean: Tensor, damaged: Tensor, borne: Tensor) -> Tensor:
    """The logistic loss of the difference of each pair, which stands in for 1 - AUROC (W. Gao and Z.-H. Zhou, "On the
    consistency of AUC pairwise optimization", 2015): errors `[N]` and `[M]`, and which of the M bear damage, `[M]`.

    0 where none does.
    """
    losses = F.softplus(clean[:, None] - damaged) * borne
    return losses.sum() / (len(clean) * borne.sum()).clamp_min(1)


def rate(progress: float) -> float:
    """The learning rate as a share of its peak: a warm-up, a plateau, and over the last 40 % of the budget a straight
    way down."""
    return min(1.0, 0.01 + progress / 0.02, (1 - progress) / 0.4)


def decibels(images: Tensor, clean: Tensor) -> Tensor:
    """How far each of the images is from the clean one, `[N]`: the log of the squared error above `FLOOR`."""
    return 10 * ((images - clean).square().flatten(1).mean(1) + FLOOR).log10()
