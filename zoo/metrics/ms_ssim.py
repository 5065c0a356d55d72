"""Multi-scale structural similarity."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from .ssim import WINDOW, components

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the scales, finest first: Wang 2003, section 3.2."""
CHUNK = 64


def ms_ssim(images: Tensor, references: Tensor) -> Tensor:
    """How alike two pictures are at up to five scales, `[N,3,H,W]` in 0..1 -> `[N]` in 0..1; equal ones give 1.

    Source: Z. Wang, E. P. Simoncelli and A. C. Bovik, "Multi-scale structural similarity for image quality
    assessment", Asilomar 2003, equation 7, on each channel, then averaged. Structure that is opposite at a scale counts
    as none there. Sides are at least 11 pixels; where one is under 176, as many scales as fit the window are used and
    their weights sum to 1 again, so compare at equal sizes.
    """
    parts = zip(torch.split(images, CHUNK), torch.split(references, CHUNK), strict=True)
    return torch.cat([_similarity(*part) for part in parts])


def ms_ssim_pairs(images: Tensor, pairs: int = 1000, seed: int = 0) -> Tensor:
    """`ms_ssim` of random pairs of different pictures of one set: `[N,3,H,W]` -> `[pairs]`.

    Their mean is the lower the more diverse the set is. Compare with that of real pictures. Source: A. Odena, C. Olah
    and J. Shlens, "Conditional image synthesis with auxiliary classifier GANs", ICML 2017, arXiv:1610.09585, sec. 4.2.
    """
    rng = torch.Generator().manual_seed(seed)
    first = torch.randint(len(images), (pairs,), generator=rng)
    second = (first + 1 + torch.randint(len(images) - 1, (pairs,), generator=rng)) % len(images)
    both = zip(torch.split(first, CHUNK), torch.split(second, CHUNK), strict=True)
    return torch.cat([_similarity(images[a], images[b]) for a, b in both])


def _similarity(x: Tensor, y: Tensor) -> Tensor:
    count = _scales(min(x.shape[-2:]))
    weights = torch.tensor(WEIGHTS[:count], device=x.device) / sum(WEIGHTS[:count])
    product = torch.ones(x.shape[:2], device=x.device)
    for scale, weight in enumerate(weights):
        luminance, structure = components(x, y)
        of_scale = luminance * structure if scale == count - 1 else structure
        product = product * of_scale.flatten(2).mean(2).clamp_min(0) ** weight
        x, y = avg_pool2d(x, 2), avg_pool2d(y, 2)
    return product.mean(1)


def _scales(side: int) -> int:
    """How many of the five fit the window into a picture of this side."""
    return next((scale for scale in range(1, len(WEIGHTS)) if side // 2**scale < WINDOW), len(WEIGHTS))
