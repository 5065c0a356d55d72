"""The best F1 of pixels."""

from __future__ import annotations

from torch import Tensor


def pixel_f1(counts: Tensor) -> float:
    """The highest F1 that any one threshold on the maps gives, in 0..1; what calls every pixel anomalous gets
    2s / (1 + s), where s is the anomalous pixels' share.

    `counts` `[N,2,L]` by `pixel_counts`, of all pictures together. Source: C. J. van Rijsbergen, "Information
    Retrieval", 1979, chapter 7, with equal weights of precision and recall; the threshold is the best in hindsight, as
    in V. Zavrtanik, M. Kristan and D. Skočaj, "DRAEM", ICCV 2021, arXiv:2108.07610, and those compared with it.
    """
    sound, anomalous = counts.double().sum(0).flip(1).cumsum(1)
    return float((2 * anomalous / (anomalous + sound + anomalous[-1])).max())
