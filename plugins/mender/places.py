"""Where kinds of fault are: what the detector says of parts and the fixer of places, weighed against each other."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .normals import KINDS


class Places(nn.Module):
    """How likely each kind is at each place, by logistic functions: of the part around it alone, or of both."""

    coarse: Tensor
    fine: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("coarse", torch.tensor([1.0, 0.0]).repeat(KINDS, 1))
        self.register_buffer("fine", torch.tensor([0.5, 0.5, 0.0]).repeat(KINDS, 1))

    def forward(self, parts: Tensor, maps: Tensor | None = None) -> Tensor:
        """The detector's logits `[N,8,r,c]`, and the fixer's `[N,8,h,w]` if it was asked -> `[N,8,·,·]` in 0..1, of the
        finer size."""
        if maps is None:
            return _weighed(self.coarse, parts)
        return _weighed(self.fine, _spread(parts, maps), maps)

    def fit(self, parts: Tensor, maps: Tensor, where: Tensor) -> None:
        """Learn from pictures with one kind of fault each or none: both logits, and `where` it is, `[N,8,h,w]` in
        0..1."""
        own = where.flatten(2).amax(2)[:, :, None, None] > 0
        counts = torch.where(own, 1.0, 1 / KINDS)
        spread = _spread(parts, maps)
        self.coarse.copy_(_fitted(self.coarse, where, counts, spread))
        self.fine.copy_(_fitted(self.fine, where, counts, spread, maps))


def _spread(parts: Tensor, maps: Tensor) -> Tensor:
    return F.interpolate(parts, maps.shape[2:], mode="bilinear")


def _weighed(weights: Tensor, *logits: Tensor) -> Tensor:
    """The last weight is added to."""
    *slopes, bias = weights[:, :, None, None].unbind(1)
    total = sum((slope * each for slope, each in zip(slopes, logits, strict=True)), start=bias)
    return total.sigmoid()


def _fitted(begin: Tensor, where: Tensor, counts: Tensor, *logits: Tensor) -> Tensor:
    weights = begin.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([weights], max_iter=100)

    def cost() -> Tensor:
        optimizer.zero_grad()
        unlike = F.binary_cross_entropy(_weighed(weights, *logits), where, counts.expand_as(where))
        unlike.backward()  # type: ignore[no-untyped-call]
        return unlike

    optimizer.step(cost)
    return weights.detach()
