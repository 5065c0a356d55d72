"""Distances between sets of pictures: what each is for."""

import numpy as np
import pytest
import torch

from zoo.metrics.diversity import pairwise_distance
from zoo.metrics.swd import sliced_wasserstein
from zoo.training.avatars import draw


@pytest.fixture(scope="module")
def portraits() -> torch.Tensor:
    """`[32,3,32,32]`, all of them real."""
    drawn = np.stack([draw("lorelei", seed, 32) for seed in range(32)])
    return torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 255


def test_two_real_sets_are_near_at_every_level(portraits):
    one, other = portraits[:16], portraits[16:]
    floor = sliced_wasserstein(one, other)
    assert list(floor) == [32, 16]
    assert all(0 < distance < 200 for distance in floor.values())


def test_grain_shows_at_the_finest_level_and_a_tint_at_the_coarsest(portraits):
    one, other = portraits[:16], portraits[16:]
    floor = sliced_wasserstein(one, other)
    grainy = sliced_wasserstein(one, other + 0.1 * torch.randn(other.shape, generator=torch.Generator().manual_seed(0)))
    tinted = sliced_wasserstein(one, other * torch.tensor([1.0, 0.8, 0.6]).view(3, 1, 1))
    assert grainy[32] > 2 * floor[32]
    assert tinted[16] > 2 * floor[16]
    assert grainy[16] < tinted[16]


def test_the_same_seed_measures_the_same(portraits):
    assert sliced_wasserstein(portraits[:4], portraits[4:8]) == sliced_wasserstein(portraits[:4], portraits[4:8])


def test_repetition_lowers_the_lowest_percent_and_sameness_the_mean(portraits):
    mean, lowest = pairwise_distance(portraits)
    repeated = torch.cat([portraits[:16], portraits[:16]])
    alike = portraits.mean(0) + 0.3 * (portraits - portraits.mean(0))
    assert pairwise_distance(repeated)[1] < 0.5 * lowest
    assert pairwise_distance(alike)[0] < 0.5 * mean
