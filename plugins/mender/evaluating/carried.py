"""What an earlier run measured of peers that are not at hand: the plain residual net learns for many hours."""

from __future__ import annotations

from collections.abc import Mapping

from .trained import NAMES

ENDS = ("", "_low", "_high")
WITNESSES = ("bilateral_psnr_gain", "nlm_psnr_gain")
"""Of filters that learn nothing: while these stay within `NEAR`, the held-out pictures are the same."""
NEAR = 0.005
HARDENED = "robust_auroc_after"


def carried(found: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """Figures of `before` that `found` lacks: those of `trained.NAMES`, what they were compared in, and of the hardened
    detector. None where the pictures were others.

    Picture by picture nothing can be compared any more: the gain over the plain net is the difference of the means, and
    its interval that of the gain alone, which is the wider one.
    """
    if not all(abs(found.get(each, 0.0) - before.get(each, 1.0)) <= NEAR for each in WITNESSES):
        return {}
    peers = tuple(f"{name}_" for name in NAMES if f"{name}_training_seconds" not in found)
    kept = {name: value for name, value in before.items() if name.startswith(peers)}
    if HARDENED not in found:
        kept |= {f"{HARDENED}{end}": before[f"{HARDENED}{end}"] for end in ENDS if f"{HARDENED}{end}" in before}
    plain = kept.get("plain_psnr_gain")
    if plain is not None:
        for prefix in (name.removesuffix("psnr_gain") for name in found if name.endswith("psnr_gain")):
            gains = {end: found[f"{prefix}psnr_gain{end}"] for end in ENDS}
            kept |= {f"{prefix}psnr_gain_over_baseline{end}": round(gain - plain, 5) for end, gain in gains.items()}
    return kept
