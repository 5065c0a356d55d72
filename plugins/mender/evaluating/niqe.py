"""The natural image quality evaluator, fitted to pictures of our own: the usual weights are of photographs alone.

Source: A. Mittal, R. Soundararajan and A. Bovik, "Making a 'completely blind' image quality analyzer", IEEE Signal
Processing Letters 20(3), 2013; features as in A. Mittal, A. Moorthy and A. Bovik, "No-reference image quality
assessment in the spatial domain", IEEE TIP 21(12), 2012, section III. Patches are smaller than its 96 pixels, as the
pictures are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

PATCH = 40
SHARP = 0.75
"""Patches that are flatter than this share of a picture's sharpest are not fitted to (section II-B)."""
SIGMA, REACH = 7 / 6, 3
LUMA = (0.299, 0.587, 0.114)
SHAPES = torch.arange(0.2, 10, 0.005, dtype=torch.float64)
SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))


class Niqe:
    """How far pictures are from clean ones: fitted to some, and with the 95 % quantile of `others` for a threshold."""

    def __init__(self, clean: Tensor, others: Tensor) -> None:
        patches = torch.cat([described[sharp >= SHARP * sharp.max()] for described, sharp in map(describe, clean)])
        self.mean, self.covariance = patches.mean(0), patches.T.cov()
        self.high = self.distance(others).quantile(0.95)

    def __call__(self, images: Tensor) -> Tensor:
        """`[N,3,H,W]` in 0..1, sides of 40 or more -> `[N]` in 0..1, 0.5 at the threshold."""
        distance = self.distance(images)
        return (distance / (distance + self.high)).float()

    def distance(self, images: Tensor) -> Tensor:
        """Equation 10 of 2013."""
        return torch.stack([self._distance(describe(image)[0]) for image in images])

    def _distance(self, patches: Tensor) -> Tensor:
        covariance = patches.T.cov() if len(patches) > 1 else torch.zeros_like(self.covariance)
        off = patches.mean(0) - self.mean
        inverse = torch.linalg.pinv((self.covariance + covariance) / 2, hermitian=True)
        return (off @ inverse @ off).clamp_min(0).sqrt()


def describe(image: Tensor) -> tuple[Tensor, Tensor]:
    """The 36 features of each patch of `[3,H,W]`, `[P,36]`, and how sharp it is, `[P]`."""
    grey = (image * image.new_tensor(LUMA).view(3, 1, 1)).sum(0, keepdim=True)[None] * 255
    half = F.interpolate(grey, scale_factor=0.5, mode="bicubic", antialias=True)
    (fine, spread), (coarse, _) = _normalised(grey), _normalised(half)
    features = [_features(each, side) for each, side in ((fine, PATCH), (coarse, PATCH // 2))]
    return torch.cat(features, 1), _patches(spread, PATCH).mean(1)


def _normalised(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Mean-subtracted contrast-normalised values, and the local deviation: equations 1 to 3 of 2012."""
    bell = torch.exp(-0.5 * (torch.arange(-REACH, REACH + 1) / SIGMA) ** 2)
    bell = (bell / bell.sum()).view(1, 1, 1, -1)

    def mean(values: Tensor) -> Tensor:
        padded = F.pad(values, (REACH,) * 4, mode="replicate")
        return F.conv2d(F.conv2d(padded, bell), bell.mT)

    centre = mean(grey)
    spread = (mean(grey.square()) - centre.square()).clamp_min(0).sqrt()
    return (grey - centre) / (spread + 1), spread


def _patches(values: Tensor, side: int) -> Tensor:
    """`[1,1,H,W]` -> `[P,side²]`, double."""
    return F.unfold(values, side, stride=side)[0].T.double()


def _features(values: Tensor, side: int) -> Tensor:
    """18 of each patch: shape and variance of the values, and four numbers of each of four products of neighbours."""
    shape, left, right, _ = _fitted(_patches(values, side), symmetric=True)
    found = [shape, (left + right) / 2]
    for down, across in SHIFTS:
        product = values * values.roll((down, across), (2, 3))
        found += _fitted(_patches(product, side), symmetric=False)
    return torch.stack(found, 1)


def _fitted(values: Tensor, symmetric: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The asymmetric generalised Gaussian of each row by its moments (Lasmar et al. 2009; equations 9 to 15 of 2012):
    shape, variances to the left and to the right, mean."""
    left, right = (_half_variance(sign * values) for sign in (-1, 1))
    ratio = values.abs().mean(1).square() / values.square().mean(1).clamp_min(1e-9)
    if not symmetric:
        skew = (left / right.clamp_min(1e-9)).sqrt().clamp(0.01, 100)
        ratio = ratio * (skew**3 + 1) * (skew + 1) / (skew.square() + 1).square()
    shape = SHAPES[torch.searchsorted(_RATIOS, ratio).clamp(max=len(SHAPES) - 1)]
    scale = _gamma(1 / shape).sqrt() / _gamma(3 / shape).sqrt() * _gamma(2 / shape) / _gamma(1 / shape)
    return shape, left, right, (right.sqrt() - left.sqrt()) * scale


def _half_variance(values: Tensor) -> Tensor:
    above = values.clamp_min(0)
    return above.square().sum(1) / (above > 0).sum(1).clamp_min(1)


def _gamma(values: Tensor) -> Tensor:
    return torch.lgamma(values).exp()


_RATIOS = _gamma(2 / SHAPES).square() / (_gamma(1 / SHAPES) * _gamma(3 / SHAPES))
"""By shape, ascending: how far a distribution's absolute mean falls short of its deviation, squared."""
