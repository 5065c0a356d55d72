"""The plugin `classical`: what its statistics find, and what its filters mend, on portraits drawn by arithmetic."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from plugins.classical.filters import bilateral, grey_edge, grey_world, illuminant, non_local_means
from plugins.classical.measures import evenness, luma, noise, quantiser
from plugins.classical.repairs import deband, deblock, notch
from zoo import Context, Corrector, Findings
from zoo.metrics.psnr import psnr
from zoo.portraits import portraits
from zoo.registry import discover
from zoo.training.anomalies import apply, last_step

FILTERS = {
    "bilateral": bilateral,
    "non_local_means": lambda images: non_local_means(images, 0.05),
    "grey_world": grey_world,
    "grey_edge": grey_edge,
    "notch": notch,
    "deband": lambda images: deband(images, 0.1),
    "deblock": lambda images: deblock(images, 0.1),
}
every_filter = pytest.mark.parametrize("name", list(FILTERS))
SIZES = ((1, 1), (1, 7), (5, 1), (8, 8), (31, 33), (400, 4))
MENDED = ("noise", "blocks", "checker", "banding")


@pytest.fixture(scope="module")
def corrector() -> Corrector:
    return discover(only=("classical",), strict=True).entry("classical/filters").open()


@pytest.fixture(scope="module")
def clean() -> Tensor:
    return last_step(portraits(2, 96, 128), 1)


def detect(corrector: Corrector, images: Tensor, context: Context = Context(), **params: object) -> Findings:  # noqa: B008
    return corrector.detect(images, corrector.Params(**params), context)


def correct(corrector: Corrector, images: Tensor, **params: object) -> Tensor:
    return corrector.correct(images, corrector.Params(**params), Context())


@every_filter
@pytest.mark.parametrize("size", SIZES)
def test_a_filter_takes_any_size_and_leaves_its_input_alone(name: str, size: tuple[int, int]) -> None:
    images = portraits(2, *size)
    before = images.clone()
    filtered = FILTERS[name](images)
    assert filtered.shape == images.shape
    assert filtered.isfinite().all()
    assert filtered.min() >= 0
    assert filtered.max() <= 1
    assert images.equal(before)


@every_filter
def test_a_filter_treats_each_picture_by_itself(name: str) -> None:
    images = apply(portraits(2, 40, 56), "noise", 3, 0.4)
    alone = torch.cat([FILTERS[name](each) for each in images.split(1)])
    assert torch.allclose(FILTERS[name](images), alone, atol=1e-5)


def test_bilateral_keeps_an_edge_that_a_blur_would_not() -> None:
    step = torch.zeros(1, 3, 16, 16)
    step[..., 8:] = 1
    assert (bilateral(step, space=2, tones=0.1) - step).abs().max() < 1e-3


def test_bilateral_with_wide_tones_is_a_gaussian_blur() -> None:
    dot = torch.zeros(1, 3, 9, 9)
    dot[..., 4, 4] = 1
    blurred = bilateral(dot, space=1, tones=1000)
    assert blurred[0, 0, 4, 5] / blurred[0, 0, 4, 4] == pytest.approx(torch.exp(torch.tensor(-0.5)).item(), rel=1e-3)


def test_non_local_means_finds_likeness_beyond_the_nearest_pixels() -> None:
    """Of noisy stripes, each is averaged with the others; a blur as wide would make them grey."""
    stripes = (torch.arange(48) // 3 % 2).float().mul(0.6).add(0.2).expand(1, 3, 48, 48)
    noisy = stripes + 0.06 * torch.randn(1, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    assert psnr(non_local_means(noisy, 0.06, search=6), stripes) > psnr(noisy, stripes) + 4


def test_white_balance_takes_the_light_out() -> None:
    grey = torch.rand(1, 1, 48, 48, generator=torch.Generator().manual_seed(0)).expand(1, 3, 48, 48)
    light = torch.tensor([1.0, 0.8, 0.6]).view(1, 3, 1, 1)
    for balance in (grey_edge, grey_world):
        spread = balance(grey * light).mean((2, 3)).flatten()
        assert spread.max() - spread.min() < 0.01
    assert torch.allclose(illuminant(grey * light), light / light.norm(), atol=2e-3)


def test_the_measures_tell_how_it_was_spoilt() -> None:
    flat = torch.full((1, 3, 64, 64), 0.5)
    grains = 0.05 * torch.randn(flat.shape, generator=torch.Generator().manual_seed(0))
    assert noise(flat[:, :1] + grains[:, :1]).median() == pytest.approx(0.05, rel=0.15)
    slope = torch.linspace(0.1, 0.9, 64).expand(1, 3, 64, 64) + 0.05 * torch.rand(3, 1, 1)
    banded = torch.round(slope * 6) / 6
    even, steps = evenness(torch.cat([banded, luma(banded)], 1))
    assert even > 0.9
    assert steps == 6


def test_a_jpeg_tells_its_quantiser() -> None:
    """At quality 10 the tables of ITU-T T.81, annex K, are five times as coarse: steps of 55 and 60 levels."""
    from io import BytesIO

    import numpy as np
    from PIL import Image

    busy = torch.rand(64, 64, 3, generator=torch.Generator().manual_seed(0)).mul(255).byte().numpy()
    file = BytesIO()
    Image.fromarray(busy).save(file, "JPEG", quality=10)
    saved = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1)[None] / 255
    assert 50 <= quantiser(luma(saved)).item() * 255 <= 65
    assert quantiser(luma(torch.from_numpy(busy).permute(2, 0, 1)[None] / 255)).item() == 0


def test_notch_removes_a_checkerboard_and_nothing_else(clean: Tensor) -> None:
    spoilt = apply(clean, "checker", 2, 0.3)
    assert (psnr(notch(spoilt), clean) > psnr(spoilt, clean) + 3).all()
    assert (psnr(notch(clean), clean) > 50).all()


@pytest.mark.parametrize("kind", MENDED)
def test_damage_is_found_named_and_mended(corrector: Corrector, clean: Tensor, kind: str) -> None:
    spoilt = apply(clean, kind, 2, 0.5)
    scores = detect(corrector, spoilt).scores
    assert (scores[kind] > 0.5).all()
    assert (scores[kind] > detect(corrector, clean).scores[kind]).all()
    assert (psnr(correct(corrector, spoilt), clean) > psnr(spoilt, clean)).all()


def test_under_the_threshold_nothing_changes_bit_for_bit(corrector: Corrector, clean: Tensor) -> None:
    noisy = apply(clean, "noise", 2, 0.5)
    assert correct(corrector, noisy, threshold=1.0).equal(noisy)
    assert not correct(corrector, noisy).equal(noisy)


def test_where_the_map_is_zero_nothing_changes(corrector: Corrector, clean: Tensor) -> None:
    noisy, params = apply(clean, "noise", 2, 0.5), corrector.Params()
    found = detect(corrector, noisy)
    left = torch.ones_like(found.map)
    left[..., :64] = 0
    maps = {kind: each * left for kind, each in found.maps.items()}
    for halved in (replace(found, map=found.map * left, maps=maps), replace(found, map=found.map * left, maps={})):
        fixed = corrector.fix(noisy, halved, params)
        assert fixed[..., :64].equal(noisy[..., :64])
        assert not fixed[..., 64:].equal(noisy[..., 64:])


def test_the_map_says_where(corrector: Corrector) -> None:
    clean = last_step(portraits(1, 192, 192), 1)
    partly = torch.cat([apply(clean, "noise", 2, 0.6)[..., :128], clean[..., 128:]], 3)
    where = detect(corrector, partly).maps["noise"]
    assert where[..., :112].mean() > where[..., 144:].mean() + 0.4


def test_findings_of_another_model_are_mended_where_they_say(corrector: Corrector, clean: Tensor) -> None:
    noisy = apply(clean, "noise", 2, 0.5)
    theirs = Findings({"texture": torch.tensor([0.9, 0.1])}, torch.ones_like(clean[:, :1]))
    fixed = corrector.fix(noisy, theirs, corrector.Params())
    assert psnr(fixed[:1], clean[:1]) > psnr(noisy[:1], clean[:1])
    assert fixed[1].equal(noisy[1])


def test_beside_the_original_a_cast_is_plain(corrector: Corrector, clean: Tensor) -> None:
    tinted = (clean * torch.tensor([1.1, 1.0, 0.9]).view(3, 1, 1)).clamp(0, 1)
    assert (detect(corrector, tinted, Context(clean)).scores["colour"] > 0.5).all()
    assert (detect(corrector, clean, Context(clean)).scores["colour"] < 0.1).all()


@pytest.mark.parametrize("size", [*SIZES, (32, 32), (33, 600)])
@pytest.mark.parametrize("level", [None, 0.0, 1.0])
def test_any_size_is_answered(corrector: Corrector, size: tuple[int, int], level: float | None) -> None:
    images = portraits(1, *size) if level is None else torch.full((1, 3, *size), level)
    found = detect(corrector, images)
    assert found.map.shape == images[:, :1].shape
    assert all(score.isfinite().all() for score in found.scores.values())
    everything = replace(
        found, scores=dict.fromkeys(found.scores, torch.ones(1)), overall=torch.ones(1), map=torch.ones_like(found.map)
    )
    fixed = corrector.fix(images, replace(everything, maps={}), corrector.Params(white_balance=True))
    assert fixed.shape == images.shape
    assert fixed.isfinite().all()


def test_no_strength_no_change(corrector: Corrector, clean: Tensor) -> None:
    noisy = apply(clean, "noise", 2, 0.5)
    assert correct(corrector, noisy, strength=0).equal(noisy)
