"""The losses and codes, where the answer is known."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from zoo.training import losses
from zoo.training.codes import PrincipalCodes

NAMES = "saturating", "non_saturating", "least_squares", "hinge", "wasserstein", "relativistic"


def pair(name: str):
    return getattr(losses, f"{name}_discriminator"), getattr(losses, f"{name}_generator")


def logits(*values: float) -> torch.Tensor:
    return torch.tensor(values)[:, None].requires_grad_()


# fmt: off
UNDECIDED = {  # what both have to lose where every logit is 0
    "saturating": (2 * math.log(2), -math.log(2)),
    "non_saturating": (2 * math.log(2), math.log(2)),
    "least_squares": (1, 0),
    "hinge": (2, 0),
    "wasserstein": (0, 0),
    "relativistic": (math.log(2), math.log(2)),
}
AT_THREE_AND_TWO = {  # real 3, drawn 2
    "saturating": (math.log1p(math.exp(-3)) + math.log1p(math.exp(2)), -math.log1p(math.exp(2))),
    "non_saturating": (math.log1p(math.exp(-3)) + math.log1p(math.exp(2)), math.log1p(math.exp(-2))),
    "least_squares": ((4 + 9) / 2, 2),
    "hinge": (3, -2),
    "wasserstein": (-1, -2),
    "relativistic": (math.log1p(math.exp(-1)), math.log1p(math.exp(1))),
}
# fmt: on


@pytest.mark.parametrize("name", NAMES)
def test_losses_are_those_of_the_papers(name):
    for (real, drawn), known in {(0.0, 0.0): UNDECIDED, (3.0, 2.0): AT_THREE_AND_TWO}.items():
        found = [loss(logits(real, real), logits(drawn, drawn)).item() for loss in pair(name)]
        assert found == pytest.approx(known[name], abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_discriminator_parts_real_from_drawn(name):
    real, drawn = logits(0.2, -0.3), logits(0.1, -0.1)
    pair(name)[0](real, drawn).backward()
    assert (real.grad < 0).all(), "a step down raises the logits of real ones"
    assert (drawn.grad > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_raises_the_logits_of_what_it_draws(name):
    drawn = logits(-0.2, -0.9)
    pair(name)[1](logits(0.2, -0.3), drawn).backward()
    assert (drawn.grad < 0).all()


def test_only_the_saturating_generator_stops_learning_from_a_sure_discriminator():
    slopes = {}
    for name in NAMES:
        drawn = logits(-12.0)
        pair(name)[1](logits(12.0), drawn).backward()
        slopes[name] = abs(drawn.grad.item())
    assert slopes.pop("saturating") < 1e-4
    assert min(slopes.values()) > 0.9


def test_a_hinge_leaves_alone_what_is_far_enough():
    real, drawn = logits(1.5), logits(-1.5)
    losses.hinge_discriminator(real, drawn).backward()
    assert real.grad == drawn.grad == 0


def test_relativistic_losses_look_at_pairs():
    real, drawn = logits(5.0, -5.0), logits(4.0, -6.0)
    assert losses.relativistic_discriminator(real, drawn).item() == pytest.approx(math.log1p(math.exp(-1)))


def plane(slope: float) -> nn.Module:
    """A discriminator with the same slope everywhere."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 1))
    with torch.no_grad():
        net[1].weight.mul_(slope / net[1].weight.norm())
    return net


@pytest.mark.parametrize("slope", [0.5, 2.0])
def test_the_penalty_is_the_squared_slope(slope):
    torch.manual_seed(0)
    penalty = losses.gradient_penalty(plane(slope), torch.rand(20_000, 3, 2, 2))
    assert penalty.item() == pytest.approx(slope**2, rel=0.05)


@pytest.mark.parametrize("slope", [0.5, 1.0, 3.0])
def test_the_wasserstein_penalty_is_how_far_the_slope_is_from_one(slope):
    real, drawn = torch.rand(2, 8, 3, 2, 2)
    assert losses.wasserstein_penalty(plane(slope), real, drawn).item() == pytest.approx((slope - 1) ** 2, abs=1e-6)


def test_the_wasserstein_penalty_pulls_the_slope_to_one():
    torch.manual_seed(0)
    net = plane(3.0)
    real, drawn = torch.rand(2, 8, 3, 2, 2)
    for _ in range(50):
        net.zero_grad()
        losses.wasserstein_penalty(net, real, drawn).backward()
        with torch.no_grad():
            net[1].weight -= 0.1 * net[1].weight.grad
    assert net[1].weight.norm().item() == pytest.approx(1, abs=1e-3)


def test_the_wasserstein_penalty_looks_between_real_and_drawn():
    """A slope that is 2x is 1 at ½ only: measured from 0 to 1 the mean of (2x − 1)² is ⅓."""
    torch.manual_seed(0)

    def square(images):
        return images.square().sum((1, 2, 3))[:, None]

    real, drawn = torch.ones(20_000, 1, 1, 1), torch.zeros(20_000, 1, 1, 1)
    assert losses.wasserstein_penalty(square, real, drawn).item() == pytest.approx(1 / 3, rel=0.03)


def test_codes_of_pictures_are_about_standard_normal():
    torch.manual_seed(0)
    pictures = np.random.RandomState(0).randint(0, 256, (300, 8, 8, 3), dtype=np.uint8)
    codes = PrincipalCodes(pictures, 6)(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255)
    assert torch.allclose(codes.mean(0), torch.zeros(6), atol=1e-3)
    assert torch.allclose(codes.T @ codes / 300, torch.eye(6), atol=0.05)
