"""Latents: a seed means the same point for ever."""

import numpy as np
import pytest

from zoo.errors import RecipeError
from zoo.latents import latent, pack, slerp, subseed, unpack


def test_a_seed_means_the_same_latent_on_every_machine():
    assert latent(42, (3,)).tolist() == pytest.approx([0.49671414, -0.1382643, 0.64768857])
    assert latent(42, (2, 2)).ravel()[:3].tolist() == latent(42, (4,))[:3].tolist()
    assert latent(42, (8,)).dtype == np.float32


def test_roles_have_seeds_of_their_own():
    assert subseed(1, "hair") == 2948961155
    assert len({subseed(seed, role) for seed in range(50) for role in ("hair", "eyes")}) == 100


def test_slerp_stays_as_long_as_its_ends():
    a, b = latent(1, (512,)), latent(2, (512,))
    assert np.allclose(slerp(a, b, 0), a, atol=1e-5)
    assert np.allclose(slerp(a, b, 1), b, atol=1e-5)
    middle = np.linalg.norm(slerp(a, b, 0.5))
    assert middle == pytest.approx((np.linalg.norm(a) + np.linalg.norm(b)) / 2, rel=1e-5)
    assert np.allclose(slerp(a, a, 0.3), a, atol=1e-5)


def test_a_packed_latent_comes_back():
    point = latent(5, (4, 3))
    assert np.allclose(unpack(pack(point), (4, 3)), point, atol=2e-3)


@pytest.mark.parametrize("text", ["", "AAAA", "****", pack(np.full(12, np.inf, np.float32))])
def test_a_latent_that_does_not_fit_is_refused(text):
    with pytest.raises(RecipeError, match="Draw the persona anew"):
        unpack(text, (12,))
