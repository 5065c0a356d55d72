"""The ways in which pictures come out of style transfer wrong, each in its variants.

Every variant is a function `(picture [3,H,W] in 0..1, severity 0..1, rng) -> picture [3,H,W]`, on the CPU, whose values
may leave 0..1. Severity 0 is the identity; at 0.15 a careful eye sees it, at 1 anybody does; at 0.5 the PSNR of all
kinds is about 18 to 30 dB. What a variant draws from `rng` does not depend on the severity, so the same seed at a
greater severity is the same fault, worse.
"""

from collections.abc import Mapping

from .common import Degradation, choice, gaussian, uniform
from .textures import (
    added_checker,
    coarse_grain,
    colour_noise,
    gaussian_blur,
    glow,
    halo,
    jpeg,
    luma_noise,
    multiplied_checker,
    resample,
)
from .tones import (
    banding,
    channel_gamma,
    contrast,
    crosstalk,
    hue,
    luma_banding,
    overexposure,
    saturation,
    underexposure,
    white_balance,
)
from .unseen import chroma_shift, motion_blur, pixelate, ringing, salt_pepper, smear, streaks

__all__ = ["SEEN", "UNSEEN", "Degradation", "choice", "gaussian", "uniform"]

SEEN: Mapping[str, tuple[Degradation, ...]] = {
    "colour": (white_balance, hue, crosstalk, channel_gamma, saturation),
    "blur": (gaussian_blur, resample),
    "noise": (colour_noise, luma_noise, coarse_grain),
    "blocks": (jpeg,),
    "checker": (added_checker, multiplied_checker),
    "banding": (banding, luma_banding),
    "clipping": (overexposure, underexposure, contrast),
    "halo": (halo, glow),
}
"""What detectors and fixers train on."""
UNSEEN: Mapping[str, tuple[Degradation, ...]] = {
    "pixelate": (pixelate,),
    "chroma_shift": (chroma_shift,),
    "salt_pepper": (salt_pepper,),
    "motion_blur": (motion_blur,),
    "ringing": (ringing,),
    "smear": (smear, streaks),
}
"""What is held out."""
