"""Area under the receiver operating characteristic, of pixels."""

from __future__ import annotations

from torch import Tensor


def pixel_auroc(counts: Tensor) -> float:
    """The chance that a map is higher at an anomalous pixel than at a sound one, ties counting half: 0.5 is guessing.

    `counts` `[N,2,L]` by `pixel_counts`, of all pictures together. Source: P. Bergmann, M. Fauser, D. Sattlegger and
    C. Steger, "MVTec AD", CVPR 2019, section 4.3. Large anomalies count most, and few pixels are anomalous at all: a
    high value can go with maps that show little (see `pixel_f1`).
    """
    sound, anomalous = counts.double().sum(0)
    below = sound.cumsum(0) - sound / 2
    return float((anomalous * below).sum() / (sound.sum() * anomalous.sum()))
