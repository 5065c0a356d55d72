"""How sure an estimate is."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

ROUNDS = 200
INTERVAL = (0.025, 0.975)


def bootstrap(
    statistic: Callable[..., Tensor | float], *samples: Tensor, rounds: int = ROUNDS, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval, low and high, of `statistic(*samples)`, such as `bootstrap(torch.mean, scores)`.

    Each sample, `[N, …]`, is drawn from anew with replacement, apart from the others, and the statistic taken of what
    was drawn; its 2.5 and 97.5 % quantiles over the `rounds` are the interval. Source: B. Efron, "Bootstrap methods:
    another look at the jackknife", Annals of Statistics 7(1), 1979. Not for statistics of nearest neighbours within a
    sample, which see a picture drawn twice: give it their per-picture values instead.
    """
    rng = torch.Generator().manual_seed(seed)
    found = [float(statistic(*(_drawn(sample, rng) for sample in samples))) for _ in range(rounds)]
    low, high = torch.tensor(found, dtype=torch.float64).quantile(torch.tensor(INTERVAL, dtype=torch.float64)).tolist()
    return low, high


def _drawn(sample: Tensor, rng: torch.Generator) -> Tensor:
    return sample[torch.randint(len(sample), (len(sample),), generator=rng).to(sample.device)]
