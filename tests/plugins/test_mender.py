"""The mender on its real weights: portraits that it has never seen, clean and spoilt, by themselves and compared."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
import torch
from torch import Tensor

from plugins.mender.detector import STYLIZERS
from plugins.mender.features import LENGTH, PARTS, features
from plugins.mender.leaves import texture
from plugins.mender.mending import SURE, Mender
from plugins.mender.normals import Normals, distance
from plugins.mender.reference import colours
from zoo import Context, Corrector, Findings
from zoo.metrics.auroc import auroc
from zoo.registry import discover
from zoo.training.anomalies import SEEN, apply, last_step, spoil
from zoo.training.avatars import STYLES, draw

COUNT, SIDE = 10, 128


@pytest.fixture(scope="module")
def mender() -> Corrector:
    return discover().entry("mender/mender").open()


@pytest.fixture(scope="module")
def portraits() -> Tensor:
    drawn = [torch.tensor(draw(STYLES[seed % 2], 90_000 + seed, SIDE)) for seed in range(COUNT)]
    return torch.stack(drawn).permute(0, 3, 1, 2) / 255


@pytest.fixture(scope="module")
def detect(mender: Corrector) -> Callable[..., Findings]:
    def detect(
        images: Tensor, original: Tensor | None = None, stylizer: str | None = None, **params: float
    ) -> Findings:
        with torch.inference_mode():
            return mender.detect(images, mender.Params(**params), Context(original, stylizer))

    return detect


def overall(found: Findings) -> Tensor:
    assert found.overall is not None
    return found.overall


def area(clean: Tensor, spoilt: Tensor) -> float:
    return auroc(torch.cat([clean, spoilt]), torch.arange(len(clean) + len(spoilt)) >= len(clean))


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (33, 97), (40, 600), (400, 130)])
def test_any_size_is_described_by_as_many_numbers(size: tuple[int, int]) -> None:
    described = features(torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0)))
    assert described.shape == (2, 1 + PARTS, LENGTH)
    assert described.isfinite().all()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_an_empty_picture_is_described_too(level: float) -> None:
    assert features(torch.full((1, 3, 64, 64), level)).isfinite().all()


def test_floats_are_described_as_the_bytes_that_a_file_holds(portraits: Tensor) -> None:
    """Else a picture fresh from a model and the same one from its file would score apart."""
    fresh = (portraits[:1] + 0.3 / 255).clamp(0, 1)
    assert features(fresh).equal(features(fresh.mul(255).round() / 255))


def test_a_normal_is_how_far_clean_pictures_are_off() -> None:
    clean = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0)) @ torch.tensor(
        [[1.0, 0.9, 0], [0, 0.1, 0], [0, 0, 5]]
    )
    normals = Normals(2, 3)
    normals.fit(1, clean + 7)
    off = normals(clean + 7, torch.ones(4000, dtype=torch.long))
    assert off.square().mean(0).sub(1).abs().max() < 0.2
    assert normals.nearest(clean / 100).equal(normals(clean / 100, torch.zeros(4000, dtype=torch.long)))
    stranger = clean.mean(0) + torch.tensor([[1.0, -1, 0]])  # where clean ones go together
    assert distance(normals(stranger + 7, torch.ones(1, dtype=torch.long))) > distance(off).max()


def test_a_gradient_reaches_the_pixels(portraits: Tensor) -> None:
    pixels = portraits[:1, :, :64, :64].clone().requires_grad_()
    features(pixels).sum().backward()
    assert pixels.grad is not None
    assert (pixels.grad != 0).float().mean() > 0.9


def test_colours_that_did_not_move(portraits: Tensor) -> None:
    moved = colours(portraits[:2], portraits[:2])
    assert moved[:, :15].abs().max() < 1e-3  # the map, the shift, the spread


def test_an_even_change_of_colours_leaves_nothing() -> None:
    """Where a stylizer maps colours to colours, whatever does not lie on the map was not its doing."""
    scene = texture(64, 3)[None]
    greyer = 0.5 + 0.5 * (scene - 0.5)
    even, noisy = (colours(each, scene)[0, 15] for each in (greyer, apply(greyer, "noise", 1, 0.3)))
    assert even > 2 * noisy


@pytest.mark.parametrize("kind", [kind for kind in SEEN if kind not in ("colour", "clipping")])
def test_what_is_spoilt_scores_above_the_threshold(
    kind: str, portraits: Tensor, detect: Callable[..., Findings]
) -> None:
    found = detect(apply(portraits, kind, 3, 0.7))
    assert (overall(found) >= 0.5).float().mean() >= 0.8
    clean = detect(last_step(portraits, 4))
    assert area(clean.scores[kind], found.scores[kind]) >= 0.9


@pytest.mark.parametrize("size", [(1, 1), (31, 200), (64, 64), (300, 40)])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_of_what_tells_nothing_nothing_is_said(size: tuple[int, int], level: float, mender: Corrector) -> None:
    blank = torch.full((1, 3, *size), level)
    with torch.inference_mode():
        found = mender.detect(blank, mender.Params(), Context())
        assert overall(found).item() == 0
        assert mender.fix(blank, found, mender.Params()).equal(blank)


def test_a_picture_that_went_black_is_seen_beside_its_original(
    portraits: Tensor, detect: Callable[..., Findings]
) -> None:
    assert (overall(detect(torch.zeros_like(portraits[:2]), portraits[:2])) > 0.5).all()


@pytest.mark.parametrize("kind", ["colour", "clipping", "blur"])
def test_beside_its_original_it_is_plain_what_became_of_a_picture(
    kind: str, portraits: Tensor, detect: Callable[..., Findings]
) -> None:
    clean = overall(detect(last_step(portraits, 5), portraits))
    spoilt = overall(detect(apply(portraits, kind, 6, 0.4), portraits))
    assert area(clean, spoilt) >= 0.95


def test_beside_its_original_what_is_marked_is_what_changed(portraits: Tensor, detect: Callable[..., Findings]) -> None:
    spoilt = apply(portraits[:4], "colour", 6, 0.6)
    spoilt[..., :64] = portraits[:4, ..., :64]
    where = detect(spoilt, portraits[:4]).map
    assert (where[..., :56] == 0).all()
    changed = (spoilt - portraits[:4]).abs().amax(1, keepdim=True) > 0.1
    assert where[changed].mean() > 0.5


def test_null_control(portraits: Tensor, detect: Callable[..., Findings]) -> None:
    """Severity 0 cannot be told from clean: what is seen is the fault, not how it was made. Both have the same faint
    noise of the last step, which of so few pictures some would have more of by chance."""
    heads = portraits[..., 16:112, 16:112]
    clean = overall(detect(torch.cat([last_step(heads, 20 + n) for n in range(len(SEEN))])))
    null = overall(detect(torch.cat([apply(heads, kind, 20 + n, 0.0) for n, kind in enumerate(SEEN)])))
    assert area(clean, null) == pytest.approx(0.5, abs=0.05)


def test_where_nothing_looks_wrong_hardly_anything_is_marked(
    portraits: Tensor, detect: Callable[..., Findings]
) -> None:
    """In what is shown: under the threshold maps are shown paler, by the overall score."""
    found, spoilt = detect(last_step(portraits, 7)), detect(apply(portraits, "noise", 7, 0.5))
    calm = overall(found) < 0.3
    assert calm.sum() >= COUNT / 2
    shown = found.map * (overall(found) / found.threshold).clamp(max=1)[:, None, None, None]
    assert shown[calm].mean() < 0.03
    assert spoilt.map.mean() > 0.5


@pytest.mark.parametrize("kind", ["colour", "clipping", "halo"])
def test_a_patch_with_soft_edges_is_mapped(kind: str, portraits: Tensor, detect: Callable[..., Findings]) -> None:
    """Odd beside the rest alone, as a washed-out cheek is."""
    spoilt = spoil(portraits, 5, (kind,), clean=0, double=0, local=1, severity=(0.5, 0.7))
    where = spoilt.masks > 0.5
    tells = where | (spoilt.masks == 0)
    assert auroc(detect(spoilt.images).map[tells], where[tells]) > 0.75


def test_clean_portraits_come_back_bit_for_bit(mender: Corrector, portraits: Tensor) -> None:
    clean = last_step(portraits, 7)
    with torch.inference_mode():
        kept = (mender.correct(clean, mender.Params(), Context()) == clean).flatten(1).all(1)
    assert kept.float().mean() >= 0.8


def test_a_style_has_a_normal_of_its_own(mender: Corrector, portraits: Tensor, detect: Callable[..., Findings]) -> None:
    """A good drawing is not a bad photograph: who knows the stylizer suspects it less."""
    style = discover().entry("ink/hatch").open()
    with torch.inference_mode():
        drawn = last_step(style.stylize(portraits, style.Params()), 8)
    known = detect(drawn, stylizer="ink/hatch")
    assert (overall(known) < 0.5).float().mean() >= 0.7
    assert known.calibration is not None
    assert known.calibration.on == "80 clean pictures by the same stylizer"


def test_a_picture_is_held_against_the_style_that_it_looks_like(
    mender: Corrector, portraits: Tensor, detect: Callable[..., Findings]
) -> None:
    """Also where nobody says who made it, a good drawing is seldom a bad photograph; a plain picture is of no style."""
    style = discover().entry("ink/halftone").open()
    with torch.inference_mode():
        drawn = last_step(style.stylize(portraits, style.Params()), 8)
        detector = cast(Mender, mender.net).detector
        guesses = [detector.maker(detector.standard(features(of)[:, 0])).argmax(1) for of in (drawn, portraits)]
    assert (guesses[0] == 1 + STYLIZERS.index("ink/halftone")).float().mean() >= 0.7
    assert (guesses[1] == 0).float().mean() >= 0.9
    assert (overall(detect(drawn)) < 0.5).float().mean() >= 0.7


def test_a_style_that_is_not_known_is_not_compared(portraits: Tensor, detect: Callable[..., Findings]) -> None:
    known, unknown = detect(portraits[:2], portraits[:2]), detect(portraits[:2], portraits[:2], "someone/else")
    plain = detect(portraits[:2])
    assert overall(unknown).equal(overall(plain))
    assert not overall(known).equal(overall(plain))


def test_half_is_where_one_clean_picture_in_twenty_is_suspected(
    portraits: Tensor, detect: Callable[..., Findings]
) -> None:
    calibration = detect(portraits[:1]).calibration
    assert calibration is not None
    assert calibration.false_positives(0.5) == pytest.approx(0.05, abs=0.02)
    assert calibration.false_positives(0.1) == pytest.approx(0.5, abs=0.05)
    assert calibration.on in discover().entry("mender/mender").translations


def test_the_threshold_moves_the_verdict_alone(portraits: Tensor, detect: Callable[..., Findings]) -> None:
    noisy = apply(portraits[:2], "noise", 9, 0.5)
    half, low = detect(noisy), detect(noisy, threshold=0.1)
    assert (half.threshold, low.threshold) == (0.5, 0.1)
    assert overall(half).equal(overall(low))
    assert half.map.equal(low.map)


def test_what_another_detector_found_is_mended(mender: Corrector, portraits: Tensor) -> None:
    noisy = apply(portraits[:1], "noise", 10, 0.6)
    where = torch.ones_like(noisy[:, :1])
    where[..., :64] = 0
    with torch.inference_mode():
        fixed = mender.fix(noisy, Findings({"texture": torch.ones(1)}, where), mender.Params())
    assert fixed[..., :64].equal(noisy[..., :64])
    after, before = ((each - portraits[:1])[..., 64:].square().mean() for each in (fixed, noisy))
    assert after < before


def test_the_fixer_is_told_the_likeliest_kind_as_if_it_were_sure(mender: Corrector, portraits: Tensor) -> None:
    net, likely = cast(Mender, mender.net), {"blur": 0.55, "noise": 0.4}
    sure = {"blur": SURE, "noise": 0.4}
    scores = [torch.tensor([[given.get(kind, 0.2) for given in (likely, sure)]]) for kind in SEEN]
    with torch.inference_mode():
        mended = net.fixed(portraits[:2], [score[0] for score in scores])[0]
        told = torch.tensor([[sure.get(kind, 0.0) for kind in SEEN]] * 2)
        assert mended.equal(net.fixer(portraits[:2], told)[0])


def test_no_strength_no_change(mender: Corrector, portraits: Tensor) -> None:
    noisy = apply(portraits[:1], "noise", 11, 0.6)
    with torch.inference_mode():
        assert mender.correct(noisy, mender.Params(strength=0), Context()).equal(noisy)


def test_a_picture_scores_alike_alone_and_in_a_batch(portraits: Tensor, detect: Callable[..., Findings]) -> None:
    spoilt = apply(portraits[:3], "blocks", 12, 0.5)
    both = detect(spoilt)
    for index in range(3):
        assert torch.allclose(overall(detect(spoilt[index : index + 1])), overall(both)[index : index + 1], atol=1e-3)


def test_findings_under_the_threshold_mend_nothing(
    mender: Corrector, portraits: Tensor, detect: Callable[..., Findings]
) -> None:
    noisy = apply(portraits[:1], "noise", 13, 0.6)
    calm = replace(detect(noisy), overall=torch.tensor([0.49]))
    with torch.inference_mode():
        assert mender.fix(noisy, calm, mender.Params()).equal(noisy)
