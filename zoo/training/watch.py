"""Watches for mode collapse: a generator that draws one picture, or a few, for all latents (Goodfellow 2016,
arXiv:1701.00160, section 5.1.1).

The pictures of a sheet are compared with each other, and so are as many real ones. Two figures are told apart, both
1 where the generator's pictures differ as much as real ones do: `variety`, the ratio of mean distances, falls when
kinds of pictures are forgotten; `twins`, that of the lowest percent, when pictures are repeated.
"""

from __future__ import annotations

from torch import Tensor

from zoo.metrics.diversity import pairwise_distance

LEAST_VARIETY, LEAST_TWINS = 0.5, 0.25
"""Ratios under which a warning is due."""

WARM_UP = 0.1
"""The share of a budget in which every generator draws much the same fog."""

VARIETY = "The pictures are alike: they differ {share:.0%} as much as real ones. "
TWINS = "Some pictures are nearly the same: the closest pairs differ {share:.0%} as much as real ones. "
ADVICE = (
    "If the next sheets show it too, stop, and resume or begin anew with a lower learning rate or a larger penalty."
)


class CollapseWatch:
    """Compares sheets with `real`, `[N,3,H,W]` in 0..1. Warns once, and once more only after all was well again."""

    def __init__(self, real: Tensor) -> None:
        self.real = pairwise_distance(real.float().cpu())
        self.warned = False

    def look(self, drawn: Tensor, progress: float) -> tuple[dict[str, float], str | None]:
        """The figures of the sheet `drawn`, `[N,3,H,W]` in 0..1, and a warning where one is due."""
        mean, lowest = pairwise_distance(drawn.float().cpu())
        variety, twins = (now / max(real, 1e-6) for now, real in zip((mean, lowest), self.real, strict=True))
        warning = None
        if variety < LEAST_VARIETY:
            warning = VARIETY.format(share=variety) + ADVICE
        elif twins < LEAST_TWINS:
            warning = TWINS.format(share=twins) + ADVICE
        due = warning if progress >= WARM_UP and not self.warned else None
        self.warned = warning is not None and (self.warned or due is not None)
        return {"variety": variety, "twins": twins}, due
