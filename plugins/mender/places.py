"""Where kinds of fault are: what the detector says of parts and the locator of places, weighed against each other."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .locator import MAPS
from .net import KINDS


class Places(nn.Module):
    """How likely each kind is at each place, by logistic functions: of what is said of the part around it alone, or of
    both."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse, self.fine = nn.Conv2d(KINDS, KINDS, 1), nn.Conv2d(KINDS + MAPS, KINDS, 1)

    def forward(self, parts: Tensor, maps: Tensor | None = None) -> Tensor:
        """The detector's logits `[N,8,r,c]`, and the locator's `[N,9,h,w]` if it was asked -> `[N,8,·,·]` in 0..1, of
        the finer size."""
        found = self.coarse(parts) if maps is None else self.fine(_both(parts, maps))
        return torch.sigmoid(found)

    def fit(self, parts: Tensor, maps: Tensor, where: Tensor) -> None:
        """Learn from pictures with one kind of fault each or none: both logits, and `where` it is, `[N,8,h,w]` in
        0..1."""
        own = where.flatten(2).amax(2)[:, :, None, None] > 0
        counts = torch.where(own, 1.0, 1 / KINDS).expand_as(where)
        both = _both(parts, maps)
        _fit(self.coarse, both[:, :KINDS], where, counts)
        _fit(self.fine, both, where, counts)


def _both(parts: Tensor, maps: Tensor) -> Tensor:
    return torch.cat([F.interpolate(parts, maps.shape[2:], mode="bilinear"), maps], 1)


def _fit(weighed: nn.Conv2d, logits: Tensor, where: Tensor, counts: Tensor) -> None:
    optimizer = torch.optim.LBFGS(weighed.parameters(), max_iter=100)

    def cost() -> Tensor:
        optimizer.zero_grad()
        unlike = F.binary_cross_entropy_with_logits(weighed(logits), where, counts)
        unlike.backward()  # type: ignore[no-untyped-call]
        return unlike

    optimizer.step(cost)
