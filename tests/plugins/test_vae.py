"""`classics/vae`: what it is trained to do, and how it takes a reference picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from plugins.classics.vae_net import Vae, framed
from plugins.classics.vae_train import Setting, Variational, divergence, pyramid_l1
from zoo.registry import discover
from zoo.training.avatars import draw
from zoo.training.sources import tensor


@pytest.fixture(scope="module")
def model():
    return discover(only=("classics",), strict=True).entry("classics/vae").open()


@pytest.fixture(scope="module")
def portraits() -> torch.Tensor:
    """Drawn for this test: no training has seen them."""
    return tensor(np.stack([draw("lorelei", seed, 64) for seed in range(9_000, 9_008)]))


def redrawn(model, images: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model.draw(model.encode(images), model.Params())


def test_a_portrait_comes_back_more_like_itself_than_like_any_other(model, portraits):
    apart = torch.cdist(redrawn(model, portraits).flatten(1), portraits.flatten(1))
    assert apart.argmin(1).tolist() == list(range(len(portraits)))


def test_latents_of_portraits_are_about_standard_normal(model, portraits):
    latents = model.encode(portraits)
    assert latents.shape == (8, *model.latent_shape)
    assert 0.3 < latents.std() < 1.3


def test_a_reference_may_be_of_any_size(model, portraits):
    large = torch.nn.functional.interpolate(portraits, (192, 192), mode="bilinear")
    wide = torch.nn.functional.pad(large, (50, 50, 0, 0), value=1.0)
    assert torch.allclose(model.encode(large), model.encode(wide))
    assert (model.encode(large) - model.encode(portraits)).abs().mean() < 0.3
    for height, width in ((1, 1), (1, 200), (63, 65), (64, 64)):
        images = torch.rand(2, 3, height, width)
        assert framed(images).shape == (2, 3, 64, 64)
        assert model.encode(images).isfinite().all()


def test_a_picture_is_encoded_alike_alone_and_in_a_batch(model, portraits):
    assert torch.allclose(model.encode(portraits[3:4])[0], model.encode(portraits)[3], atol=1e-4)


def test_the_divergence_is_nought_at_the_prior_and_as_known_beside_it():
    assert divergence(torch.zeros(4, 6), torch.zeros(4, 6)) == 0
    moved = divergence(torch.full((4, 6), 2.0), torch.full((4, 6), math.log(4)))
    assert moved.item() == pytest.approx(6 * (4 + 4 - 1 - math.log(4)) / 2)


def test_the_pyramid_sees_a_cast_at_every_size_and_grain_at_the_finest():
    grey = torch.full((1, 3, 64, 64), 0.5)
    grain = 0.1 * (-1.0) ** torch.arange(64)
    assert pyramid_l1(grey + 0.1, grey).item() == pytest.approx(0.1)
    assert pyramid_l1(grey + grain, grey).item() == pytest.approx(0.1 / 4)


def test_the_divergence_comes_in_after_the_denoising():
    method = Variational(Setting(denoising=0.1, ramp=0.2, keep=0.01))
    assert [method.weight(progress) for progress in (0, 0.09, 0.1, 0.2, 0.5, 1)] == pytest.approx(
        [0.01, 0.01, 0.1, 0.6, 1, 1]
    )


@pytest.mark.parametrize("progress", [0.0, 0.5])
def test_both_kinds_of_training_learn_to_give_a_picture_back(progress):
    torch.manual_seed(0)
    method = Variational(Setting())
    images = torch.rand(4, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    losses = [method.step(images, progress)["pyramid"].item() for _ in range(25)]
    assert losses[-1] < 0.8 * losses[0]


def test_a_fresh_network_draws_within_range():
    drawn = Vae()(torch.randn(2, 64))
    assert drawn.shape == (2, 3, 64, 64)
    assert 0 <= drawn.min() <= drawn.max() <= 1
