"""Adversarial examples, on scores whose worst case can be worked out by hand."""

import pytest
import torch
from torch import Tensor

from zoo import Context, Corrector
from zoo.registry import discover
from zoo.training.attacks import AttackError, attack, fgsm, image_score, pgd, robustness, slope


def pictures(count: int, seed: int = 0) -> Tensor:
    """On the grid of 8 bits."""
    return torch.randint(0, 256, (count, 3, 16, 16), generator=torch.Generator().manual_seed(seed)) / 255


def brightness(images: Tensor) -> Tensor:
    return images.flatten(1).mean(1)


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
def test_the_worst_case_of_a_linear_score_is_found_exactly(name: str) -> None:
    images = pictures(2)
    found = attack(name, epsilon=4)(brightness, images)
    assert torch.allclose(found, (images + 4 / 255).clamp(0, 1), atol=1e-6)


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
def test_no_value_moves_further_than_epsilon_or_out_of_range(name: str) -> None:
    images = pictures(3)
    found = attack(name, epsilon=3)(lambda at: torch.sin(40 * at).flatten(1).sum(1), images)
    assert (found - images).abs().max() <= 3 / 255 + 1e-6
    assert found.min() >= 0
    assert found.max() <= 1


def test_many_steps_climb_where_one_overshoots() -> None:
    """The peak is one grey level away in the direction of the slope; a whole step of eight lands beyond it."""
    images = torch.full((1, 3, 4, 4), 0.5)

    def peak(at: Tensor) -> Tensor:
        return -(at - 0.5 - 1 / 255).abs().flatten(1).mean(1)

    assert peak(pgd(peak, images, epsilon=8, steps=40)) > peak(images) > peak(fgsm(peak, images, epsilon=8))


def test_the_same_seed_attacks_the_same_and_a_picture_alike_whatever_stands_after_it() -> None:
    images = pictures(4)
    assert torch.equal(pgd(brightness, images), pgd(brightness, images))
    assert torch.equal(pgd(brightness, images)[:2], pgd(brightness, images[:2]))


def test_it_works_where_the_host_has_turned_autograd_off() -> None:
    with torch.inference_mode():
        assert fgsm(brightness, pictures(1)).mean() > pictures(1).mean()
    with torch.no_grad():
        assert slope(brightness, pictures(1)).count_nonzero() == 3 * 16 * 16


@pytest.mark.parametrize("score", [lambda at: (at * 255).detach().mean((1, 2, 3)), lambda at: (at > 0.5).float().sum()])
def test_a_score_without_a_gradient_is_told_in_a_sentence(score) -> None:
    with pytest.raises(AttackError, match="its score has no gradient"):
        fgsm(score, pictures(1))


@pytest.mark.parametrize("epsilon", [0, -1, 256, float("nan")])
def test_an_attack_needs_a_distance(epsilon: float) -> None:
    with pytest.raises(AttackError, match="more than 0"):
        attack("fgsm", epsilon)


def test_a_margin_wider_than_the_attack_holds_and_a_narrower_one_falls() -> None:
    dark, light = (0.5 + level / 255 + 0 * pictures(20) for level in (0, 6))
    held, lost = (robustness(brightness, dark, light, attack("pgd", epsilon)) for epsilon in (2, 4))
    assert (held["auroc"], held["auroc_robust"]) == (1, 1)
    assert (lost["auroc"], lost["auroc_robust"]) == (1, 0)
    assert lost["auroc_robust_low"] <= lost["auroc_robust"] <= lost["auroc_robust_high"]
    assert held["blind"] == 0


def test_a_flat_score_is_called_blind() -> None:
    found = robustness(lambda at: (100 * brightness(at)).sigmoid(), pictures(4) + 2, pictures(4, 1) + 3, attack("fgsm"))
    assert found["blind"] == 1


@pytest.fixture(scope="module")
def corrector() -> Corrector:
    return discover(only=("autoencoder",)).entry("autoencoder/baseline").open()


@pytest.mark.parametrize("sign", [1, -1])
def test_the_corrector_of_record_can_be_attacked_both_ways(corrector: Corrector, sign: int) -> None:
    """On smooth pictures: clean ones made to look damaged, and the other way round."""
    rough = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.interpolate(rough, scale_factor=8.0, mode="bilinear")
    score = image_score(corrector, "texture", Context())
    found = pgd(lambda at: sign * score(at), smooth, epsilon=1, steps=3)
    assert (sign * (score(found) - score(smooth)) > 0).all()
    assert all(parameter.grad is None for parameter in corrector.net.parameters())
