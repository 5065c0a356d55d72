"""Each metric against its definition, worked by hand or by SciPy."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.ndimage import gaussian_filter

from zoo.metrics.auroc import auroc
from zoo.metrics.psnr import psnr
from zoo.metrics.ssim import ssim


def pictures(count: int, height: int = 24, width: int = 31, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed))


def test_psnr_of_one_grey_level_everywhere_is_48_decibels() -> None:
    black = torch.zeros(1, 3, 8, 8)
    assert psnr(black + 1 / 255, black).item() == pytest.approx(20 * math.log10(255), abs=1e-4)


def test_psnr_of_equal_pictures_is_infinite_and_each_picture_has_its_own() -> None:
    first, second = pictures(2), pictures(2)
    second[1] += 0.1
    values = psnr(first, second)
    assert values[0] == torch.inf
    assert values[1].item() == pytest.approx(20, abs=1e-4)


def ssim_by_scipy(x: np.ndarray, y: np.ndarray) -> float:
    """Wang et al. 2004 on one channel, with SciPy's Gaussian (radius 5) and the border cut off."""

    def window(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(image, 1.5, radius=5)[5:-5, 5:-5]

    mx, my = window(x), window(y)
    vx, vy, cov = window(x * x) - mx**2, window(y * y) - my**2, window(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    return float(np.mean((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))))


def test_ssim_is_that_of_wang_et_al() -> None:
    x, y = pictures(2), (pictures(2) + 0.3 * pictures(2, seed=1)).clamp(0, 1)
    expected = [
        np.mean([ssim_by_scipy(*pair) for pair in zip(*both, strict=True)])
        for both in zip(x.double().numpy(), y.double().numpy(), strict=True)
    ]
    assert ssim(x, y).tolist() == pytest.approx(expected, abs=1e-9)


def test_ssim_of_equal_pictures_is_one_and_of_a_negative_is_below_zero() -> None:
    x = pictures(1)
    assert ssim(x, x).item() == pytest.approx(1)
    assert ssim(x, 1 - x).item() < 0


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    scores, labels = torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([False, False, True, True])
    assert auroc(scores, labels) == 0.75


def test_auroc_of_ties_is_that_of_mann_and_whitney() -> None:
    rng = torch.Generator().manual_seed(3)
    scores, labels = torch.randint(0, 6, (200,), generator=rng), torch.rand(200, generator=rng) < 0.3
    u = stats.mannwhitneyu(scores[labels].numpy(), scores[~labels].numpy()).statistic
    assert auroc(scores, labels) == pytest.approx(u / (labels.sum().item() * (~labels).sum().item()))
