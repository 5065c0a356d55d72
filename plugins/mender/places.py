"""Where kinds of fault are: what the detector says of the whole and of its parts, the survey of cells and the locator
of places, weighed against each other."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .net import KINDS, MAPS

SUREST = 0.999
"""A score that is higher, or lower than what is left, counts no more."""


class Places(nn.Module):
    """How likely each kind is at each place, by logistic functions: of what is said of the picture and of the part and
    the cell around it, or of what the locator says too. A kind that the picture does not seem to have is less likely
    anywhere in it."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse = nn.Conv2d(2 * KINDS + MAPS, KINDS, 1)
        self.fine = nn.Conv2d(2 * KINDS + 2 * MAPS, KINDS, 1)

    def forward(self, kinds: Tensor, parts: Tensor, surveyed: Tensor, located: Tensor | None = None) -> Tensor:
        """The detector's scores `[N,8]`, and logits: its parts' `[N,8,r,c]`, the survey's `[N,9,h,w]`, and the
        locator's alike if it was asked -> `[N,8,h,w]` in 0..1."""
        weigh = self.coarse if located is None else self.fine
        return torch.sigmoid(weigh(_joined(kinds, parts, surveyed, located)))

    def fit(self, kinds: Tensor, parts: Tensor, surveyed: Tensor, located: Tensor, where: Tensor) -> None:
        """Learn from pictures with one kind of fault each or none: scores and logits, and `where` it is, `[N,8,h,w]` in
        0..1."""
        own = where.flatten(2).amax(2)[:, :, None, None] > 0
        counts = torch.where(own, 1.0, 1 / KINDS).expand_as(where)
        _fit(self.coarse, _joined(kinds, parts, surveyed), where, counts)
        _fit(self.fine, _joined(kinds, parts, surveyed, located), where, counts)


def _joined(kinds: Tensor, parts: Tensor, surveyed: Tensor, located: Tensor | None = None) -> Tensor:
    size = surveyed.shape[2:]
    whole = kinds.clamp(1 - SUREST, SUREST).logit()[:, :, None, None].expand(-1, -1, *size)
    said = [whole, F.interpolate(parts, size, mode="bilinear"), surveyed]
    return torch.cat(said if located is None else [*said, located], 1)


def _fit(weighed: nn.Conv2d, logits: Tensor, where: Tensor, counts: Tensor) -> None:
    # without a line search its steps can be so long that they end in NaN
    optimizer = torch.optim.LBFGS(weighed.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def cost() -> Tensor:
        optimizer.zero_grad()
        unlike = F.binary_cross_entropy_with_logits(weighed(logits), where, counts)
        unlike.backward()  # type: ignore[no-untyped-call]
        return unlike

    optimizer.step(cost)
