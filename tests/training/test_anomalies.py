"""Synthetic anomalies: that they do what they say, where they say, and leave no other trace than their own."""

from itertools import pairwise

import pytest
import torch
from torch import Generator

from zoo.metrics.auroc import auroc
from zoo.training import degradations
from zoo.training.anomalies import SEEN, UNSEEN, apply, dithered, last_step, patch, spoil
from zoo.training.degradations.tones import banding, contrast

KINDS = SEEN + UNSEEN
VARIANTS = [
    pytest.param(variant, id=variant.__name__)
    for variants in (*degradations.SEEN.values(), *degradations.UNSEEN.values())
    for variant in variants
]


def dead_leaves(count: int, side: int) -> torch.Tensor:
    """Shaded discs that hide one another, `[count,3,side,side]`: the statistics of natural scenes (Lee 2001,
    doi:10.1023/A:1011109015675)."""
    rng = Generator().manual_seed(0)
    pictures = torch.full((count, 3, side, side), 0.5)
    place = torch.arange(side)
    for radius in (side / torch.linspace(1, 12, 40)).tolist():
        x, y, slant, *colour = torch.rand(6, count, 1, 1, generator=rng)
        rows, columns = place.view(-1, 1) - x * side, place - y * side
        shade = 0.25 * (slant - 0.5) * (rows + columns) / radius
        leaf = 0.1 + 0.8 * torch.stack(colour, 1) + shade[:, None]
        pictures = torch.where((rows.square() + columns.square() < radius * radius)[:, None], leaf, pictures)
    return pictures.clamp(0, 1)


LEAVES = dead_leaves(440, 32)
LARGE = dead_leaves(12, 96)


def error(spoilt, clean):
    return (spoilt - clean).square().mean().item()


# What is done


@pytest.mark.parametrize("variant", VARIANTS)
def test_severity_0_is_the_identity(variant):
    for seed, picture in enumerate(LARGE[:4]):
        assert torch.allclose(variant(picture, 0.0, Generator().manual_seed(seed)), picture, atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_greater_severity_is_farther_from_the_original(variant):
    def mean_error(severity):
        spoilt = [variant(one, severity, Generator().manual_seed(n)).clamp(0, 1) for n, one in enumerate(LARGE)]
        return error(torch.stack(spoilt), LARGE)

    errors = [mean_error(severity) for severity in (0.0, 0.02, 0.05, 0.15, 0.3, 0.5, 0.75, 1.0)]
    assert all(less < more for less, more in pairwise(errors))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_severity_is_about_as_bad_in_every_kind(kind):
    psnr = -10 * torch.tensor(error(apply(LARGE, kind, 3, 0.5), LARGE)).log10()
    assert 17 < psnr < 31


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (7, 3), (32, 32), (40, 300)])
def test_any_size(kind, size):
    images = torch.rand(1, 3, *size)
    spoilt = apply(images, kind, 1, (0.05, 1.0))
    assert spoilt.shape == images.shape
    assert spoilt.isfinite().all()


def test_black_and_white_pictures_stay_within_range():
    images = torch.stack([torch.zeros(3, 24, 24), torch.ones(3, 24, 24)])
    for kind in KINDS:
        spoilt = apply(images, kind, 2, 1.0)
        assert 0 <= spoilt.min() <= spoilt.max() <= 1


def test_blocks_have_their_edges_where_those_of_jpeg_are():
    steps = apply(LARGE, "blocks", 0, 0.8).diff(dim=3).abs().mean((0, 1, 2))
    assert steps[7::8].mean() > 1.5 * steps[3::8].mean()


def test_a_checker_repeats_every_8_pixels_or_sooner():
    grey = torch.full((6, 3, 48, 48), 0.5)
    spoilt = apply(grey, "checker", 0, 0.5)
    assert (spoilt[..., 8:] - spoilt[..., :-8]).abs().max() <= 6 / 255  # the last step's noise, and no more
    assert spoilt.std((1, 2, 3)).min() > 0.02


def test_banding_leaves_few_values():
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, 64)
    assert len(banding(ramp[0], 1.0, Generator()).unique()) == 3
    assert len(banding(ramp[0], 0.15, Generator()).unique()) == 14


# Where, and to which


def test_masks_and_severities_tell_which_kind_was_done():
    spoilt = spoil(LEAVES[:60], seed=1)
    assert spoilt.masks.shape == (60, len(SEEN), 32, 32)
    assert spoilt.severity.shape == (60, len(SEEN))
    done = spoilt.severity > 0
    assert torch.equal(spoilt.masks.amax((2, 3)), done.float())
    assert spoilt.severity[done].min() >= 0.05
    assert spoilt.severity.max() <= 1


def test_held_out_kinds_have_their_own_order():
    spoilt = spoil(LEAVES[:40], seed=1, kinds=UNSEEN, clean=0)
    assert spoilt.masks.shape == (40, len(UNSEEN), 32, 32)
    assert (spoilt.severity > 0).any(0).all()


@pytest.mark.parametrize("kinds", [SEEN, UNSEEN])
def test_outside_the_masks_nothing_changes(kinds):
    spoilt = spoil(LEAVES[:100], seed=2, kinds=kinds, clean=0, local=1)
    outside = (spoilt.masks.amax(1, keepdim=True) == 0).expand_as(LEAVES[:100])
    assert 0.3 < outside.float().mean() < 0.9
    assert torch.equal(spoilt.images[outside], last_step(LEAVES[:100], seed=2)[outside])


def test_as_many_are_clean_double_and_local_as_asked_for():
    spoilt = spoil(torch.rand(1, 3, 16, 16).expand(600, -1, -1, -1), seed=3)
    kinds = (spoilt.severity > 0).sum(1)
    whole = (spoilt.masks.amin((2, 3)) == 1).sum()
    assert (kinds == 0).float().mean() == pytest.approx(0.15, abs=0.05)
    assert (kinds == 2).float().mean() == pytest.approx(0.15, abs=0.05)
    assert 1 - whole / kinds.sum() == pytest.approx(0.4, abs=0.06)


def test_clean_pictures_only_go_through_the_last_step():
    spoilt = spoil(LEAVES[:10], seed=4, clean=1)
    assert torch.equal(spoilt.images, last_step(LEAVES[:10], seed=4))
    assert not spoilt.masks.any()


def test_a_patch_has_soft_edges_and_a_full_middle():
    for seed in range(20):
        mask = patch(64, 80, Generator().manual_seed(seed))
        assert mask.shape == (64, 80)
        assert mask.max() == 1
        assert 0.05 < (mask > 0).float().mean() < 0.65
        assert mask.diff(dim=0).abs().max() < 0.75


# Chance


def test_a_picture_is_spoilt_alike_alone_and_in_a_batch():
    together, alone = spoil(LEAVES[:9], seed=5), spoil(LEAVES[:1], seed=5)
    assert torch.equal(together.images[:1], alone.images)
    assert torch.equal(together.masks[:1], alone.masks)
    for kind in KINDS:
        assert torch.equal(apply(LEAVES[:3], kind, 5, (0.1, 1))[:1], apply(LEAVES[:1], kind, 5, (0.1, 1)))


def test_the_same_seed_spoils_alike_and_another_otherwise():
    first, again, other = (spoil(LEAVES[:20], seed=seed) for seed in (6, 6, 7))
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.severity, again.severity)
    assert not torch.equal(first.severity, other.severity)


def test_chance_elsewhere_is_left_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    spoil(LEAVES[:20], seed=8)
    assert torch.equal(torch.rand(3), expected)


# Leaks


def laplacian(images):
    middle = images[..., 1:-1, 1:-1]
    around = images[..., :-2, 1:-1] + images[..., 2:, 1:-1] + images[..., 1:-1, :-2] + images[..., 1:-1, 2:]
    return (4 * middle - around).abs().mean((1, 2, 3))


def distinct_values(images):
    return torch.tensor([float(len(image.unique())) for image in images])


def high_frequencies(images):
    spectrum = torch.fft.rfft2(images).abs().square()
    return spectrum[..., 10:23, 10:].mean((1, 2, 3))


def between_bytes(images):
    """How far values are from 8-bit steps."""
    levels = images * 255
    return (levels - levels.round()).abs().mean((1, 2, 3))


STATISTICS = (laplacian, distinct_values, high_frequencies, between_bytes)


def told_apart(spoilt, clean):
    """AUROC from two sets' statistics."""
    return auroc(torch.cat([spoilt, clean]), torch.arange(len(spoilt) + len(clean)) < len(spoilt))


@pytest.fixture(scope="module")
def clean():
    """What each statistic says of clean pictures."""
    return {statistic: statistic(last_step(LEAVES, seed=9)) for statistic in STATISTICS}


@pytest.mark.parametrize("kind", KINDS)
def test_null_control(kind, clean):
    spoilt = apply(LEAVES, kind, 9, 1e-4)
    for statistic in STATISTICS:
        assert told_apart(statistic(spoilt), clean[statistic]) == pytest.approx(0.5, abs=0.05), statistic.__name__


@pytest.mark.parametrize("kinds", [SEEN, UNSEEN])
def test_null_control_of_local_and_double_anomalies(kinds, clean):
    spoilt = spoil(LEAVES, 10, kinds, clean=0, double=0.5, local=0.5, severity=(1e-4, 1e-4)).images
    for statistic in STATISTICS:
        assert told_apart(statistic(spoilt), clean[statistic]) == pytest.approx(0.5, abs=0.05), statistic.__name__


def test_without_a_common_last_step_the_same_statistics_leak():
    spoilt = apply(LEAVES, "colour", 9, 1e-4)
    for statistic in (between_bytes, distinct_values):
        assert told_apart(statistic(LEAVES), statistic(spoilt)) > 0.99


def test_the_last_step_leaves_8_bit_values_a_little_off_the_original():
    images = last_step(LEAVES, seed=12)
    assert torch.equal((images * 255).round() / 255, images)
    assert 0 < (images - LEAVES).abs().mean() < 1 / 255


def test_dithering_hides_the_steps_of_the_file_and_rounding_brings_them_back():
    ramp = (torch.arange(4096) % 256 / 255).expand(1, 3, 16, 4096)
    fine = dithered(ramp, seed=13)
    assert ((fine * 255).round() != (ramp * 255).round()).float().mean() < 1e-4  # at the very edge of a step

    def levels(images):
        return len((contrast(images[0], 1.0, Generator()) * 255).round().unique())

    assert levels(ramp) < 200
    assert levels(fine) == 256
