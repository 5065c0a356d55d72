"""The losses and codes, where the answer is known."""

import numpy as np
import pytest
import torch
from torch import nn

from zoo.training.codes import PrincipalCodes
from zoo.training.losses import gradient_penalty, relativistic_loss


def test_a_clear_winner_has_nothing_left_to_win():
    high, low = torch.full((4, 1), 9.0), torch.full((4, 1), -9.0)
    assert relativistic_loss(high, low) < 1e-6
    assert relativistic_loss(low, high) == pytest.approx(18, abs=1e-3)
    assert relativistic_loss(low, low) == pytest.approx(np.log(2))


def test_the_penalty_is_the_squared_slope():
    torch.manual_seed(0)
    plane = nn.Sequential(nn.Flatten(), nn.Linear(12, 1))
    slope = plane[1].weight.square().sum()
    assert gradient_penalty(plane, torch.rand(20_000, 3, 2, 2)).item() == pytest.approx(slope.item(), rel=0.05)


def test_codes_of_pictures_are_about_standard_normal():
    torch.manual_seed(0)
    pictures = np.random.RandomState(0).randint(0, 256, (300, 8, 8, 3), dtype=np.uint8)
    codes = PrincipalCodes(pictures, 6)(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255)
    assert torch.allclose(codes.mean(0), torch.zeros(6), atol=1e-3)
    assert torch.allclose(codes.T @ codes / 300, torch.eye(6), atol=0.05)
