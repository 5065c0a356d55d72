"""Damage for pictures, in two kinds: `colour` (casts) and `texture` (lost or spoilt detail).

Every distortion is a function `(picture [3,H,W] in 0..1, severity 0..1, rng) -> picture`; at severity 0 it is the
identity. Draw and damage are seeded per picture, so a picture is damaged alike alone and in a batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

Distortion = Callable[[Tensor, float, Generator], Tensor]

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in luma (ITU-R BT.601)."""


def uniform(rng: Generator, low: float, high: float) -> float:
    return low + (high - low) * torch.rand((), generator=rng).item()


def white_balance(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Red, green and blue each scaled by up to a factor of 1.4."""
    gains = torch.exp(severity * 0.34 * (2 * torch.rand(3, generator=rng) - 1))
    return picture * gains.view(3, 1, 1)


def hue(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Colours turned about the grey axis by up to 45 degrees (Rodrigues' rotation formula)."""
    angle = severity * math.pi / 4 * math.copysign(uniform(rng, 0.5, 1), uniform(rng, -1, 1))
    across = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turn = torch.eye(3) + math.sin(angle) * across + (1 - math.cos(angle)) * across @ across
    return torch.einsum("ij,jhw->ihw", turn, picture)


def saturation(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Washed out, as far as grey, or up to twice as vivid."""
    amount = 1 - severity if uniform(rng, 0, 1) < 0.5 else 1 + severity
    grey = (picture * torch.tensor(LUMA).view(3, 1, 1)).sum(0, keepdim=True)
    return grey + amount * (picture - grey)


def gamma(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Tones too dark or too light: a power between 1/1.7 and 1.7."""
    power = 1.7 ** (severity * math.copysign(uniform(rng, 0.5, 1), uniform(rng, -1, 1)))
    return picture.clamp(0, 1) ** power


def blur(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Gaussian blur, sigma up to 3 pixels."""
    sigma = 3 * severity
    if sigma < 0.05:
        return picture
    reach = min(math.ceil(3 * sigma), min(picture.shape[-2:]) - 1)
    bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    bell = bell / bell.sum()
    padded = F.pad(picture[:, None], (reach, reach, reach, reach), mode="reflect")
    return F.conv2d(F.conv2d(padded, bell.view(1, 1, 1, -1)), bell.view(1, 1, -1, 1))[:, 0]


def resample(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Made smaller by up to a factor of 4, and enlarged again."""
    size = tuple(max(4, round(side / (1 + 3 * severity))) for side in picture.shape[-2:])
    if size == tuple(picture.shape[-2:]):
        return picture
    small = F.interpolate(picture[None], size, mode="bilinear", antialias=True)
    how = "bicubic" if uniform(rng, 0, 1) < 0.7 else "nearest"
    return F.interpolate(small, picture.shape[-2:], mode=how)[0]


def noise(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """Gaussian noise, standard deviation up to 0.12: in colour, in grey, or in grains of 2 pixels."""
    channels, grain = (3, 1) if uniform(rng, 0, 1) < 0.6 else (1, 1 + int(uniform(rng, 0, 2)))
    height, width = picture.shape[-2:]
    field = torch.randn(1, channels, -(-height // grain), -(-width // grain), generator=rng)
    field = F.interpolate(field, scale_factor=grain)[0, :, :height, :width]
    return picture + 0.12 * severity * field


_YCC = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
_DCT = torch.cos((2 * torch.arange(8)[None] + 1) * torch.arange(8)[:, None] * math.pi / 16) / 2
_DCT[0] /= math.sqrt(2)
_STEPS = (0.75 + torch.arange(8)[:, None] + torch.arange(8)[None]) / 255
"""Quantisation steps that grow with frequency, near the tables of JPEG (ITU-T T.81, annex K) at quality 75."""


def blocks(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """The blocks of hard JPEG compression: each 8x8 block's cosine terms, rounded; chroma twice as coarsely."""
    if severity == 0:
        return picture
    height, width = picture.shape[-2:]
    padded = F.pad(picture[None], (0, -width % 8, 0, -height % 8), mode="replicate")[0]
    ycc = torch.einsum("ij,jhw->ihw", _YCC, padded)
    cells = ycc.unflatten(2, (-1, 8)).unflatten(1, (-1, 8)).transpose(2, 3)
    steps = _STEPS * 30 * severity * torch.tensor([1.0, 2, 2]).view(3, 1, 1, 1, 1)
    terms = torch.round(_DCT @ cells @ _DCT.T / steps) * steps
    ycc = (_DCT.T @ terms @ _DCT).transpose(2, 3).flatten(3).flatten(1, 2)
    return torch.einsum("ij,jhw->ihw", torch.linalg.inv(_YCC), ycc)[:, :height, :width]


DISTORTIONS: Mapping[str, tuple[Distortion, ...]] = {
    "colour": (white_balance, hue, saturation, gamma),
    "texture": (blur, resample, noise, blocks),
}


@dataclass(frozen=True)
class Damaged:
    """Pictures `images` `[N,3,H,W]` in 0..1, in 8-bit steps; `mask` `[N,1,H,W]` in 0..1: where damage was done;
    `kinds`: which pictures bear each kind of it, `[N]` booleans."""

    images: Tensor
    mask: Tensor
    kinds: Mapping[str, Tensor]


def last_step(picture: Tensor, rng: Generator) -> Tensor:
    """What every picture goes through at the end, damaged or not: faint noise, clipping, 8-bit rounding.

    Without one common last step a detector learns to tell floats from bytes, and its AUROC is a leak.
    """
    faint = uniform(rng, 0, 0.6) / 255
    noisy = picture + faint * torch.randn(picture.shape, generator=rng)
    return torch.round(noisy.clamp(0, 1) * 255) / 255


def apply(distortion: Distortion, images: Tensor, seed: int, severity: tuple[float, float]) -> Tensor:
    """`images` `[N,3,H,W]`, each distorted whole, its severity drawn from a range, and put through the last step."""
    rngs = [Generator().manual_seed(1_000_003 * seed + index) for index in range(len(images))]
    return torch.stack(
        [
            last_step(distortion(image, uniform(rng, *severity), rng).clamp(0, 1), rng)
            for image, rng in zip(images, rngs, strict=True)
        ]
    )


def untouched(picture: Tensor, severity: float, rng: Generator) -> Tensor:
    """No distortion: what clean pictures go through before the last step."""
    return picture


def patch(height: int, width: int, rng: Generator) -> Tensor:
    """A soft-edged patch `[1,H,W]` in 0..1 somewhere in the picture: smooth noise, cut at a level."""
    cells = torch.randn(1, 1, 4, 4, generator=rng)
    hills = F.interpolate(cells, (height, width), mode="bicubic", align_corners=True)[0]
    return ((hills - hills.mean()) / hills.std() * 4).clamp(0, 1)


def damage(
    images: Tensor, seed: int, chances: Mapping[str, float], severity: tuple[float, float], local: float
) -> Damaged:
    """`images` `[N,3,H,W]`, each damaged by one random distortion of each kind that its chance brings, or by none.

    `severity` is the range it is drawn from, log-uniformly; `local` the chance that only a patch is damaged.
    """
    parts = [_damage(image, seed + index, chances, severity, local) for index, image in enumerate(images)]
    spoilt, masks, kinds = zip(*parts, strict=True)
    borne = {kind: torch.tensor([kind in each for each in kinds]) for kind in DISTORTIONS}
    return Damaged(torch.stack(spoilt), torch.stack(masks), borne)


def _damage(
    image: Tensor, seed: int, chances: Mapping[str, float], severity: tuple[float, float], local: float
) -> tuple[Tensor, Tensor, list[str]]:
    rng = Generator().manual_seed(seed)
    kinds = [kind for kind, chance in chances.items() if uniform(rng, 0, 1) < chance]
    spoilt = image
    for kind in kinds:
        distortion = DISTORTIONS[kind][int(uniform(rng, 0, len(DISTORTIONS[kind])))]
        low, high = (math.log(bound) for bound in severity)
        spoilt = distortion(spoilt, math.exp(uniform(rng, low, high)), rng).clamp(0, 1)
    height, width = image.shape[-2:]
    mask = patch(height, width, rng) if uniform(rng, 0, 1) < local else torch.ones(1, height, width)
    return last_step(image + mask * (spoilt - image), rng), mask if kinds else torch.zeros_like(mask), kinds
