"""Area under the receiver operating characteristic."""

from __future__ import annotations

import torch
from torch import Tensor


def auroc(scores: Tensor, labels: Tensor) -> float:
    """The chance that a positive scores higher than a negative, ties counting half: 0.5 is guessing, 1 perfect.

    `scores` `[N]`; `labels` `[N]` booleans, both values present. Source: J. A. Hanley and B. J. McNeil, "The meaning
    and use of the area under a receiver operating characteristic (ROC) curve", Radiology 143(1), 1982: the
    Mann-Whitney statistic.
    """
    positive, negative = scores[labels.bool()], scores[~labels.bool()].sort().values
    below = torch.searchsorted(negative, positive, right=False)
    up_to = torch.searchsorted(negative, positive, right=True)
    return float((below + up_to).double().mean() / (2 * len(negative)))
