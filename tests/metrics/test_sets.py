"""Metrics of sets: of features, of attributes, of pairs of pictures. Each against what is known in advance."""

import sys

import numpy as np
import pytest
import torch
from scipy import linalg

from zoo.metrics.bootstrap import bootstrap
from zoo.metrics.fid import MetricError, fid_is
from zoo.metrics.frechet import frechet
from zoo.metrics.memorised import memorised_interval, memorised_share
from zoo.metrics.modes import mode_coverage, mode_kl
from zoo.metrics.ms_ssim import ms_ssim, ms_ssim_pairs
from zoo.metrics.prdc import prdc, prdc_values
from zoo.metrics.ssim import ssim


def cloud(count: int, seed: int, size: int = 6) -> torch.Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


def test_prdc_by_its_definition() -> None:
    real, fake, k = cloud(40, 0).numpy(), 1.5 * cloud(30, 1).numpy(), 3

    def table(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.linalg.norm(a[:, None] - b[None], axis=2)

    near = table(real, fake) <= np.sort(table(real, real), 1)[:, k, None]
    recalled = table(real, fake) <= np.sort(table(fake, fake), 1)[None, :, k]
    expected = near.any(0).mean(), recalled.any(1).mean(), near.sum(0).mean() / k, near.any(1).mean()
    assert prdc(torch.from_numpy(real), torch.from_numpy(fake), k) == pytest.approx(expected)


def test_prdc_of_one_distribution_is_near_one_in_more_rows_than_are_held_at_once() -> None:
    precision, recall, density, coverage = prdc(cloud(1500, 0), cloud(1300, 1))
    assert min(precision, recall, coverage) > 0.9
    assert density == pytest.approx(1, abs=0.1)


def test_collapse_costs_coverage_and_invention_costs_precision() -> None:
    real = cloud(400, 0)
    collapsed, spread = prdc(real, cloud(400, 1) * 0.2), prdc(real, cloud(400, 1) * 3)
    assert collapsed.precision > 0.95
    assert collapsed.coverage < 0.3
    assert spread.precision < 0.3


def test_copies_of_real_pictures_that_stand_many_times_count_as_near() -> None:
    real = cloud(8, 0).repeat(10, 1)
    assert prdc(real, real).coverage == 1


def test_prdc_has_a_value_for_each_picture() -> None:
    values = prdc_values(cloud(40, 0), cloud(30, 1))
    assert [len(each) for each in values] == [30, 40, 30, 40]


def test_frechet_is_the_distance_by_the_matrix_root() -> None:
    real, fake = cloud(200, 0).numpy(), (cloud(200, 1) @ torch.diag(torch.arange(1.0, 7)) + 2).numpy()
    covs = np.cov(real.T), np.cov(fake.T)
    expected = np.square(real.mean(0) - fake.mean(0)).sum() + np.trace(
        covs[0] + covs[1] - 2 * linalg.sqrtm(covs[0] @ covs[1]).real
    )
    assert frechet(torch.from_numpy(real), torch.from_numpy(fake)) == pytest.approx(expected, rel=1e-5)


def test_frechet_of_a_set_with_itself_is_zero_with_fewer_pictures_than_features_and_far_from_the_origin() -> None:
    real = cloud(20, 0, size=64) + 1000
    assert frechet(real, real) == pytest.approx(0, abs=1e-4)
    assert frechet(real, real + 1) == pytest.approx(64, rel=1e-4)


def test_what_was_memorised_shows() -> None:
    train, held_out, fresh = cloud(1000, 0), cloud(1000, 1), cloud(1000, 2)
    copies = torch.cat([train[:300] + 1e-4, fresh[300:]])
    assert memorised_share(fresh, train, held_out) < 0.03
    assert memorised_share(copies, train, held_out) == pytest.approx(0.3, abs=0.03)
    low, high = memorised_interval(copies, train, held_out)
    assert low < 0.3 < high


def test_modes_that_are_never_drawn_are_missed_and_cost_most() -> None:
    real = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]]).repeat(25, 1)
    half = torch.tensor([[0, 0], [0, 1], [7, 7]]).repeat(33, 1)
    assert mode_coverage(real, real) == 1
    assert mode_coverage(real, half) == 0.5
    assert mode_kl(real, real) == 0
    rare = torch.cat([real[:96], real[:1].repeat(4, 1)])
    assert 0 < mode_kl(real, rare) < 0.1 < mode_kl(real, half)


def test_kl_is_that_of_the_smoothed_shares() -> None:
    real, fake = torch.tensor([[0], [0], [0], [1]]), torch.tensor([[1], [1]])
    p, q = np.array([3.5, 1.5]) / 5, np.array([0.5, 2.5]) / 3
    assert mode_kl(real, fake) == pytest.approx((p * np.log(p / q)).sum())


def pictures(count: int, side: int, seed: int = 0) -> torch.Tensor:
    """Smooth noise."""
    rough = torch.rand(count, 3, side // 8, side // 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(rough, scale_factor=8.0, mode="bilinear")


def test_ms_ssim_at_one_scale_is_ssim() -> None:
    x, y = pictures(2, 16), pictures(2, 16, 1) * 0.3 + pictures(2, 16) * 0.7
    assert ms_ssim(x, y).tolist() == pytest.approx(ssim(x, y).tolist(), abs=1e-3)


def test_ms_ssim_falls_with_what_is_changed_and_equal_pictures_give_one() -> None:
    x = pictures(2, 192)
    grain = 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(2))
    assert ms_ssim(x, x).tolist() == pytest.approx([1, 1], abs=1e-5)
    assert (ms_ssim(x, pictures(2, 192, 1)) < ms_ssim(x, x + grain)).all()
    assert (ms_ssim(x, x + grain) < 0.99).all()


def test_pairs_of_a_collapsed_set_are_alike() -> None:
    varied = pictures(12, 64)
    collapsed = varied.mean(0) + 0.1 * (varied - varied.mean(0))
    assert ms_ssim_pairs(varied, pairs=100).mean() < ms_ssim_pairs(collapsed, pairs=100).mean() - 0.1
    assert ms_ssim_pairs(varied[:2], pairs=100).max() < 0.99


def test_the_bootstrap_of_a_mean_is_its_standard_error_to_both_sides() -> None:
    values = cloud(400, 0)[:, 0]
    low, high = bootstrap(torch.mean, values, rounds=1000)
    error = float(values.std()) / 20
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.15)
    assert low < float(values.mean()) < high
    assert bootstrap(torch.mean, values) == bootstrap(torch.mean, values)


def test_fid_without_its_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(MetricError, match=r"pip install 'persona-zoo\[fid\]'"):
        fid_is(pictures(2, 16), pictures(2, 16, 1))


def test_fid_without_its_weights_says_where_they_go(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    inception = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    monkeypatch.setattr(inception, "URL_INCEPTION_V3", "http://127.0.0.1:9/weights-6726825d.pth")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(MetricError, match="Connect to the network"):
        fid_is(pictures(2, 16), pictures(2, 16, 1))
