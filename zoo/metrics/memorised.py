"""Whether a generator draws, or copies."""

from __future__ import annotations

from torch import Tensor

from .bootstrap import bootstrap
from .neighbours import nearest

QUANTILE = 0.01


def memorised_share(fake: Tensor, train: Tensor, held_out: Tensor) -> float:
    """The share of fakes that are nearer to a training picture than all but 1 % of the held-out pictures are.

    Features, `[N,D]` each; in 0..1: about 0.01 where nothing was memorised, more where training pictures come back.
    A generator that draws nothing real gets 0, so it says nothing by itself: look at precision beside it. Needs about
    1,000 held-out pictures for their 1 % quantile to be one. The comparison of fakes with held-out pictures by their
    nearest training picture follows C. Meehan, K. Chaudhuri and S. Dasgupta, "A non-parametric test to detect
    data-copying in generative models", AISTATS 2020, arXiv:2004.05675.
    """
    return _share(nearest(fake, train), nearest(held_out, train))


def memorised_interval(fake: Tensor, train: Tensor, held_out: Tensor) -> tuple[float, float]:
    """The 95 % interval of `memorised_share`, low and high, of which held-out pictures set the limit too."""
    return bootstrap(_share, nearest(fake, train), nearest(held_out, train))


def _share(fake: Tensor, held_out: Tensor) -> float:
    return float((fake <= held_out.quantile(QUANTILE)).double().mean())
