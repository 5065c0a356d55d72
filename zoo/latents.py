"""Latents: the points generators draw from, one stream per picture, from that picture's own seed.

`numpy.random.RandomState` is frozen by NEP 19, so a seed means the same latent for ever and on every machine;
torch's generator differs between instruction sets.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from zoo.errors import RecipeError

Latent = NDArray[np.float32]


def latent(seed: int, shape: tuple[int, ...]) -> Latent:
    """Standard normal, of `shape`, from `seed` in 0 … 2³²−1."""
    return np.random.RandomState(seed).standard_normal(shape).astype(np.float32)


def subseed(seed: int, role: str) -> int:
    """A seed of its own for one `role` of what `seed` makes."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{role}".encode()).digest()[:4], "big")


def slerp(a: Latent, b: Latent, weight: float) -> Latent:
    """From `a` (weight 0) to `b` (weight 1) along the sphere, so that what lies between is as likely as the ends
    (White 2016, arXiv:1609.04468). The length goes from one's to the other's."""
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    cosine = float(np.clip(np.vdot(a, b) / (lengths[0] * lengths[1]), -1, 1))
    angle = math.acos(cosine)
    if math.sin(angle) < 1e-6:
        return ((1 - weight) * a + weight * b).astype(np.float32)
    length = (1 - weight) * lengths[0] + weight * lengths[1]
    way = math.sin((1 - weight) * angle) * (a / lengths[0]) + math.sin(weight * angle) * (b / lengths[1])
    return (way * (length / math.sin(angle))).astype(np.float32)


def pack(latent: Latent) -> str:
    """A latent as text for a recipe: fp16, base64url."""
    return base64.urlsafe_b64encode(latent.astype("<f2").tobytes()).decode().rstrip("=")


def unpack(text: str, shape: tuple[int, ...]) -> Latent:
    """The latent that `pack` made. Raises `RecipeError` where it is not of `shape` or not finite."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
        values = np.frombuffer(raw, "<f2").reshape(shape).astype(np.float32)
    except (binascii.Error, ValueError):
        raise RecipeError("The latent in this recipe does not fit its model. Draw the persona anew.") from None
    if not np.isfinite(values).all():
        raise RecipeError("The latent in this recipe does not fit its model. Draw the persona anew.")
    return values
