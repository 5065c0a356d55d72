"""Synthetic anomalies: clean pictures in, spoilt ones out, with what was done to each, how severely and where.

Clean and spoilt pictures go through one `last_step`. Without it a detector learns to tell floats from bytes, and its
AUROC is a leak; at severities near 0 the two must be as hard to tell apart as two clean sets (the null control).
Pictures out of 8-bit files go through `dithered` before all, clean and spoilt alike: steps that a gain has pulled apart
are a second such leak.
Everything is seeded by picture, on the CPU: a picture is spoilt alike alone and in a batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from zoo.latents import subseed

from . import degradations
from .degradations import Degradation, choice, uniform

SEEN = tuple(degradations.SEEN)
"""The kinds that detectors and fixers train on."""
UNSEEN = tuple(degradations.UNSEEN)
"""The kinds that are held out."""

_VARIANTS: Mapping[str, tuple[Degradation, ...]] = {**degradations.SEEN, **degradations.UNSEEN}
_COMPOSITION = ("blur", "halo", "colour", "clipping", "noise", "checker", "banding", "blocks", *UNSEEN)
"""Of two kinds, the first here is done first: the optics come before the tones, and these before the file format, so
that the one leaves the traces of the other."""
SMALLEST_PATCH = 16
"""Pictures with a shorter side, in pixels, are spoilt whole: a soft-edged patch has no room in them."""


@dataclass(frozen=True)
class Spoilt:
    images: Tensor
    """`[N,3,H,W]` in 0..1, in 8-bit steps."""
    masks: Tensor
    """`[N,kinds,H,W]` in 0..1: where each kind was done, also where it changes nothing, as blur in a flat sky."""
    severity: Tensor
    """`[N,kinds]` in 0..1, 0 where the kind was not done."""


def spoil(
    images: Tensor,
    seed: int,
    kinds: tuple[str, ...] = SEEN,
    clean: float = 0.15,
    double: float = 0.15,
    local: float = 0.4,
    severity: tuple[float, float] = (0.05, 1.0),
) -> Spoilt:
    """`images` `[N,3,H,W]` in 0..1, each with one of `kinds`; with none by the chance `clean`, two by `double`.

    Each kind is `local`, in a patch, by that chance; its severity is drawn log-uniformly from the range.
    """
    parts = [_spoil(image, _stream(seed, n), kinds, clean, double, local, severity) for n, image in enumerate(images)]
    spoilt, masks, severities = zip(*parts, strict=True)
    return Spoilt(last_step(torch.stack(spoilt), seed), torch.stack(masks), torch.stack(severities))


def apply(images: Tensor, kind: str, seed: int, severity: float | tuple[float, float]) -> Tensor:
    """`images` `[N,3,H,W]`, each spoilt whole by a variant of `kind` and put through `last_step` with `seed`; a
    severity for all, or one for each drawn log-uniformly from a range."""
    bounds = severity if isinstance(severity, tuple) else (severity, severity)
    streams = [_stream(seed, index) for index in range(len(images))]
    spoilt = [
        _degrade(image, kind, _log_uniform(rng, *bounds), rng) for image, rng in zip(images, streams, strict=True)
    ]
    return last_step(torch.stack(spoilt), seed)


def last_step(images: Tensor, seed: int) -> Tensor:
    """What every picture goes through at the end, spoilt or not: faint noise (standard deviation up to 0.6 of an 8-bit
    step, one for each picture), clipping, rounding to 8 bits."""
    return torch.stack([_last_step(image, _stream(seed, index, "last step")) for index, image in enumerate(images)])


def dithered(images: Tensor, seed: int) -> Tensor:
    """Uniform noise as wide as one 8-bit step, in which the steps of the file vanish; rounding brings them back."""
    streams = [_stream(seed, index, "dither") for index in range(len(images))]
    fields = [torch.rand(image.shape, generator=rng) for image, rng in zip(images, streams, strict=True)]
    return images + (torch.stack(fields) - 0.5) / 255


def _last_step(image: Tensor, rng: Generator) -> Tensor:
    faint = uniform(rng, 0, 0.6) / 255
    noisy = image + faint * torch.randn(image.shape, generator=rng)
    return torch.round(noisy.clamp(0, 1) * 255) / 255


def _stream(seed: int, index: int, role: str = "anomaly") -> Generator:
    return Generator().manual_seed(subseed(seed, f"{role} {index}"))


def _log_uniform(rng: Generator, low: float, high: float) -> float:
    part = uniform(rng, 0, 1)
    return low if low == high else math.exp(math.log(low) + part * math.log(high / low))


def _degrade(image: Tensor, kind: str, severity: float, rng: Generator) -> Tensor:
    variants = _VARIANTS[kind]
    return variants[choice(rng, len(variants))](image, severity, rng).clamp(0, 1)


def _spoil(
    image: Tensor,
    rng: Generator,
    kinds: tuple[str, ...],
    clean: float,
    double: float,
    local: float,
    severity: tuple[float, float],
) -> tuple[Tensor, Tensor, Tensor]:
    masks = torch.zeros(len(kinds), *image.shape[-2:])
    severities = torch.zeros(len(kinds))
    for kind in _draw_kinds(rng, kinds, clean, double):
        place, amount = kinds.index(kind), _log_uniform(rng, *severity)
        masks[place] = _where(image, rng, local)
        severities[place] = amount
        image = torch.lerp(image, _degrade(image, kind, amount, rng), masks[place])
    return image, masks, severities


def _draw_kinds(rng: Generator, kinds: tuple[str, ...], clean: float, double: float) -> list[str]:
    lot = uniform(rng, 0, 1)
    count = 0 if lot < clean else 2 if lot < clean + double else 1
    drawn = [kinds[place] for place in torch.randperm(len(kinds), generator=rng).tolist()[:count]]
    return sorted(drawn, key=_COMPOSITION.index)


def _where(image: Tensor, rng: Generator, local: float) -> Tensor:
    """`[H,W]` in 0..1: everywhere, or by the chance `local` in a patch."""
    height, width = image.shape[-2:]
    patchy = uniform(rng, 0, 1) < local and min(height, width) >= SMALLEST_PATCH
    return patch(height, width, rng) if patchy else torch.ones(height, width)


def patch(height: int, width: int, rng: Generator) -> Tensor:
    """Soft-edged patches `[H,W]` in 0..1 that touch a tenth to six tenths of the picture: smooth noise above a level.

    Somewhere they reach 1.
    """
    cells = torch.randn(1, 1, 3 + choice(rng, 3), 3 + choice(rng, 3), generator=rng)
    hills = F.interpolate(cells, (height, width), mode="bicubic", align_corners=True)[0, 0]
    level = torch.quantile(hills[::2, ::2], 1 - uniform(rng, 0.1, 0.6))
    return ((hills - level) / (hills.max() - level) * 2.5).clamp(0, 1)
