"""The corrector of record, on its real weights and small portraits that it has never seen."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from math import log
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from plugins.autoencoder.distort import DISTORTIONS, Distortion, apply, blur, damage, noise, untouched, white_balance
from plugins.autoencoder.learning import Batch, Hardening, ranking
from zoo import Context, Corrector
from zoo.metrics.auroc import auroc
from zoo.registry import discover
from zoo.training import train
from zoo.training.avatars import STYLES, draw
from zoo.training.loop import Budget

ROOT = Path(__file__).parents[2]
DAMAGE = [distortion for kind in DISTORTIONS.values() for distortion in kind]
each_damage = pytest.mark.parametrize("distortion", DAMAGE, ids=lambda distortion: distortion.__name__)


@pytest.fixture(scope="module")
def corrector() -> Corrector:
    return discover().entry("autoencoder/baseline").open()


@pytest.fixture(scope="module")
def portraits() -> Tensor:
    drawn = [torch.tensor(draw(STYLES[seed % 2], 50_000 + seed, 128)) for seed in range(16)]
    return torch.stack(drawn).permute(0, 3, 1, 2) / 255


@pytest.fixture(scope="module")
def score(corrector: Corrector) -> Callable[[Tensor, str], Tensor]:
    def score(images: Tensor, kind: str) -> Tensor:
        with torch.inference_mode():
            return corrector.detect(images, corrector.Params(), Context()).scores[kind]

    return score


def correct(corrector: Corrector, images: Tensor, **params: float) -> Tensor:
    with torch.inference_mode():
        return corrector.correct(images, corrector.Params(**params), Context())


@each_damage
def test_damage_of_no_severity_is_none(distortion: Distortion, portraits: Tensor) -> None:
    left = distortion(portraits[0], 0.0, torch.Generator().manual_seed(0))
    assert torch.allclose(left, portraits[0], atol=1e-6)


@each_damage
def test_damage_shows_and_stays_in_range(distortion: Distortion, portraits: Tensor) -> None:
    damaged = apply(distortion, portraits[:2], seed=1, severity=(1, 1))
    assert (damaged - portraits[:2]).abs().mean() > 2 / 255
    assert damaged.min() >= 0
    assert damaged.max() <= 1


def test_a_picture_is_damaged_alike_alone_and_in_a_batch(portraits: Tensor) -> None:
    chances = {"colour": 0.5, "texture": 0.5}
    batch = damage(portraits[:4], 7, chances, (0.2, 1), 0.5)
    alone = damage(portraits[3:4], 7 + 3, chances, (0.2, 1), 0.5)
    assert batch.images[3:].equal(alone.images)
    assert batch.mask[3:].equal(alone.mask)


def test_where_the_mask_is_zero_damage_is_but_the_last_step(portraits: Tensor) -> None:
    damaged = damage(portraits, 3, {"colour": 1.0}, (1, 1), 1.0)
    outside = (damaged.mask == 0).expand_as(portraits)
    assert outside.any()
    assert (damaged.images - portraits)[outside].abs().max() < 5 / 255


def test_null_control(portraits: Tensor, score: Callable[[Tensor, str], Tensor]) -> None:
    """Damage of severity 0 cannot be told from none: what the scores see is the damage, not how it was made."""
    heads = portraits[..., 32:96, 32:96]
    clean = torch.cat([apply(untouched, heads, seed, severity=(0, 0)) for seed in range(8)])
    null = torch.cat([apply(distortion, heads, seed + 8, severity=(0, 0)) for seed, distortion in enumerate(DAMAGE)])
    labels = torch.arange(2 * len(clean)) >= len(clean)
    for kind in DISTORTIONS:
        assert auroc(torch.cat([score(clean, kind), score(null, kind)]), labels) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("kind", "distortion"), [("colour", white_balance), ("texture", blur)])
def test_damage_raises_the_score_of_its_kind(
    kind: str, distortion: Distortion, portraits: Tensor, score: Callable[[Tensor, str], Tensor]
) -> None:
    clean = apply(untouched, portraits, seed=1, severity=(0, 0))
    damaged = apply(distortion, portraits, seed=2, severity=(0.8, 0.8))
    assert (score(damaged, kind) > score(clean, kind)).float().mean() > 0.8


def test_most_clean_portraits_stay_as_they_are_bit_for_bit(corrector: Corrector, portraits: Tensor) -> None:
    kept = (correct(corrector, portraits) == portraits).flatten(1).all(1)
    assert kept.float().mean() >= 0.8


def test_noise_is_mended(corrector: Corrector, portraits: Tensor) -> None:
    noisy = apply(noise, portraits, seed=4, severity=(0.6, 0.6))
    before, after = ((images - portraits).square().mean() for images in (noisy, correct(corrector, noisy)))
    assert after < before / 2


def test_where_the_map_is_zero_nothing_changes(corrector: Corrector, portraits: Tensor) -> None:
    blurred, params = apply(blur, portraits[:2], seed=5, severity=(0.8, 0.8)), corrector.Params()
    with torch.inference_mode():
        found = corrector.detect(blurred, params, Context())
        where = torch.ones_like(found.map)
        where[..., :64] = 0
        fixed = corrector.fix(blurred, replace(found, map=where), params)
    assert fixed[..., :64].equal(blurred[..., :64])
    assert not fixed[..., 64:].equal(blurred[..., 64:])


def test_a_restyled_picture_is_held_against_restyled_ones(corrector: Corrector, portraits: Tensor) -> None:
    """Strokes and dots are meant: the same grain raises less suspicion where a stylizer was at work."""
    grainy, params = apply(noise, portraits[:4], seed=3, severity=(0.3, 0.3)), corrector.Params()
    with torch.inference_mode():
        drawn = corrector.detect(grainy, params, Context()).scores["texture"]
        restyled = corrector.detect(grainy, params, Context(portraits[:4], "ink/hatch")).scores["texture"]
    assert (restyled < drawn).all()


def test_no_strength_no_change(corrector: Corrector, portraits: Tensor) -> None:
    blurred = apply(blur, portraits[:2], seed=5, severity=(0.8, 0.8))
    assert correct(corrector, blurred, strength=0).equal(blurred)


def test_sensitivity_moves_the_threshold(corrector: Corrector, portraits: Tensor) -> None:
    scores = [
        corrector.detect(portraits[:4], corrector.Params(sensitivity=at), Context()).scores["texture"].detach()
        for at in (0, 0.5, 1)
    ]
    assert (scores[0] < scores[1]).all()
    assert (scores[1] < scores[2]).all()


def test_a_picture_is_mended_alike_alone_and_in_a_batch(corrector: Corrector, portraits: Tensor) -> None:
    blurred = apply(blur, portraits[:3], seed=6, severity=(0.7, 0.7))
    batch = correct(corrector, blurred)
    alone = torch.cat([correct(corrector, blurred[index : index + 1]) for index in range(3)])
    assert torch.allclose(batch, alone, atol=1 / 255)


@pytest.fixture
def crops(portraits: Tensor) -> Batch:
    """Middles of portraits, and the same blurred: texture is borne, colour is not."""
    clean = portraits[:4, :, 32:64, 32:64]
    return clean, apply(blur, clean, seed=1, severity=(0.4, 0.4)), torch.tensor([[False, True]]).expand(4, 2)


def test_a_ranking_counts_the_pairs_in_the_wrong_order() -> None:
    clean, damaged = torch.tensor([0.0, 0.0]), torch.tensor([-30.0, 0.0, 30.0])
    by_pair = [30.0, log(2), 0.0]
    for index, loss in enumerate(by_pair):
        assert ranking(clean, damaged, torch.arange(3) == index).item() == pytest.approx(loss, abs=1e-6)
    assert ranking(clean, damaged, torch.ones(3)).item() == pytest.approx(sum(by_pair) / 3)
    assert ranking(clean, damaged, torch.zeros(3)).item() == 0


def test_hardening_ranks_attacked_crops_better(corrector: Corrector, crops: Batch) -> None:
    method = Hardening(crops, deepcopy(corrector.net).requires_grad_(True))

    def misranked() -> float:
        torch.manual_seed(0)
        return method.misranked(crops).item()

    before = misranked()
    for _ in range(4):
        method.step(crops, progress=0.5)
    assert misranked() < before


@pytest.mark.parametrize("adversarial", [False, True])
def test_training_leaves_weights_that_the_zoo_opens(
    adversarial: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(8):
        Image.fromarray(draw(STYLES[seed % 2], seed, 64)).save(tmp_path / f"{seed}.png")
    entry = discover(only=("autoencoder",), strict=True).entry("autoencoder/baseline")
    method = import_module("zoo_plugins.autoencoder.train")
    for name, value in {"MATERIAL": 4, "LEAVES": 1, "CALIBRATED": 4}.items():
        monkeypatch.setattr(method, name, value)
    for name in ("BUDGET", "HARDENING"):
        monkeypatch.setattr(method, name, Budget(images=16, batch=8, save_every=8))
    train(entry, str(tmp_path), tmp_path / "out", tracker="none", adversarial=adversarial)
    files = {file.name for file in (tmp_path / "out").iterdir()}
    assert files >= {"model.safetensors", "metrics.json", "README.md", "checkpoint.safetensors", "samples"}
    moved = (weights(tmp_path / "out") - weights(entry.weights_folder)).abs().max()
    assert (0 < moved < 0.01) == adversarial, "hardening goes on from the bundled weights, other training does not"


def weights(folder: Path) -> Tensor:
    """All of the network's, in a row."""
    tensors = load_file(folder / "model.safetensors")
    return torch.cat([tensors[name].flatten() for name in sorted(tensors) if name.startswith("autoencoder.")])


def test_the_readme_says_what_the_attacks_measured() -> None:
    readme = (ROOT / "plugins" / "autoencoder" / "README.md").read_text("utf-8")
    for name in ("baseline", "hardened"):
        found = json.loads((ROOT / "docs" / "results" / f"autoencoder-{name}-pgd.json").read_text("utf-8"))
        for kind in ("colour", "texture"):
            figures = (
                "{:.2f} ({:.2f}–{:.2f})".format(*(found[f"{kind}_{each}{end}"] for end in ("", "_low", "_high")))
                for each in ("auroc", "auroc_robust")
            )
            assert f"| {name} | {kind} | {' | '.join(figures)} |" in readme


def test_the_readme_says_what_hardening_costs() -> None:
    folder, measured = ROOT / "plugins" / "autoencoder", ROOT / "docs" / "results" / "autoencoder-hardened.json"
    readme, after = (folder / "README.md").read_text("utf-8"), json.loads(measured.read_text("utf-8"))
    before = json.loads((folder / "weights" / "baseline" / "metrics.json").read_text("utf-8"))
    for title, report in before.items():
        name, ways = title.split()[-1].lower(), report["texture"]
        rows = [[of["psnr"][1] - of["psnr"][0], of["auroc"]] for of in ways.values()]
        new = [{end: after[f"{name}_{way}_{end}"] for end in ("psnr", "psnr_before", "auroc")} for way in ways]
        rows_after = [[of["psnr"] - of["psnr_before"], of["auroc"]] for of in new]
        (gain, area), (gain_after, area_after) = (torch.tensor(each).mean(0).tolist() for each in (rows, rows_after))
        assert f"| {title} | {gain:+.2f} → {gain_after:+.2f} | {area:.2f} → {area_after:.2f} |" in readme
