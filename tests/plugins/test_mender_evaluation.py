"""What `zoo evaluate mender/mender` measures, on a few small pictures and with peers whose worth is known."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from plugins.classical.filters import bilateral
from plugins.mender.detector import Detector
from plugins.mender.evaluating.attacking import hardened, under_attack
from plugins.mender.evaluating.carried import carried
from plugins.mender.evaluating.estimates import mean_area
from plugins.mender.evaluating.figures import figures
from plugins.mender.evaluating.measuring import Tables, measured
from plugins.mender.evaluating.niqe import Niqe
from plugins.mender.evaluating.peers import Peer, corrector, filtering, of_trained, scoring
from plugins.mender.evaluating.peers_training import Clock
from plugins.mender.evaluating.pictures import Held, clean, spoil_all
from plugins.mender.evaluating.plain import Restoring
from plugins.mender.evaluating.rebuilding import Rebuilding
from plugins.mender.evaluating.table import page
from plugins.mender.evaluating.trained import NAMES, Finder, load, save
from plugins.mender.fixing import Lesson
from plugins.mender.mending import Mender as Network
from plugins.mender.plugin import Mender
from zoo import Context, tensors
from zoo.registry import discover
from zoo.training.anomalies import SEEN
from zoo.training.avatars import STYLES, draw

COUNT, SIDE = 4, 64


@pytest.fixture(scope="module")
def portraits() -> Tensor:
    drawn = [torch.tensor(draw(STYLES[seed % 2], 70_000 + seed, SIDE)) for seed in range(COUNT)]
    return torch.stack(drawn).permute(0, 3, 1, 2) / 255


@pytest.fixture(scope="module")
def sets(portraits: Tensor) -> list[Held]:
    """A source to spoil, one to look at clean, and what a stylizer made of the first: negatives."""
    return [Held("avatars", portraits), Held("kodak", portraits[:2]), Held("ink/negative", 1 - portraits, portraits)]


def measure(peer: Peer, sets: list[Held], count: int = COUNT) -> Tables:
    return measured({"": peer}, sets, spoilt={"avatars": count}, styled=count)[""]


def plain_errors(clean: Tensor) -> Iterator[float]:
    """Of the plain net on one lesson, again and again: decibels."""
    torch.manual_seed(0)
    spoilt = spoil_all(clean, "noise", 0, (0.6, 0.6)).images
    lesson = Lesson(spoilt, torch.zeros(COUNT, 8), spoilt, clean, torch.zeros(COUNT, 8, 128, 128))
    method = Restoring(lesson)
    for _ in range(12):
        yield method.step(tuple(vars(lesson).values()), 0.1)["error, dB"].item()


def unlikeness(clean: Tensor) -> Iterator[float]:
    torch.manual_seed(0)
    method = Rebuilding(clean)
    for _ in range(12):
        yield method.step(clean, 0.0)["dissimilarity"].item()


def roughness(images: Tensor) -> Tensor:
    """Noise shows, and blur does not: half for as rough as a third of black against white."""
    rough = (images[..., 1:] - images[..., :-1]).abs().flatten(1).mean(1)
    return rough / (rough + 0.3)


def test_a_fault_that_does_not_show_is_none() -> None:
    flat = torch.ones(2, 3, SIDE, SIDE)
    assert not spoil_all(flat, "banding", 0, (0.5, 0.5)).shown.any()
    assert spoil_all(flat, "noise", 0, (0.5, 0.5)).shown.all()


def test_clean_and_spoilt_differ_by_the_fault_alone(portraits: Tensor) -> None:
    """To the last bit but for rounding: with the same seed the last step is the same."""
    null = spoil_all(portraits, "colour", 3, (0.0, 0.0))
    assert (null.images != clean(portraits, 3)).float().mean() < 1e-3
    assert not null.shown.any()


def test_a_filter_is_measured_by_what_it_mends_and_leaves(sets: list[Held]) -> None:
    tables = measure(filtering(bilateral), sets)
    assert set(tables) == {"identical", "gain", "gain in part"}
    found = figures(tables, {"bilateral": tables})
    assert found["psnr_gain_noise"] > 1
    assert found["clean_identical_share"] == 0
    assert found["kinds_below_bilateral"] == 0
    assert found["psnr_gain_low"] <= found["psnr_gain"] <= found["psnr_gain_high"]


def test_a_filter_that_does_nothing_gains_nothing(sets: list[Held]) -> None:
    nothing, bilaterals = measure(filtering(lambda images: images), sets), measure(filtering(bilateral), sets)
    found = figures(nothing, {"plain": bilaterals, "baseline": nothing, "bilateral": bilaterals})
    assert (found["psnr_gain"], found["worse_share"], found["clean_identical_share"]) == (0, 0, 1)
    assert found["psnr_gain_over_autoencoder"] == 0
    assert found["psnr_gain_over_baseline"] == pytest.approx(-figures(bilaterals, {})["psnr_gain"], abs=1e-4)
    assert found["kinds_below_bilateral"] >= 1


def test_a_score_is_measured_by_what_it_tells_apart(sets: list[Held]) -> None:
    found = figures(measure(scoring(roughness), sets), {})
    assert found["auroc_noise"] > 0.8
    assert found["auroc_blur"] < 0.5
    assert found["auroc_null"] == pytest.approx(0.5, abs=0.06)
    assert found["auroc_style_min"] == found["auroc_style_negative"]
    assert found["fpr_same"] == 0
    assert not any(name.startswith(("pixel", "psnr", "kind_accuracy")) for name in found)


def test_the_corrector_of_record_has_every_figure_that_is_asked_for_twice_the_same(sets: list[Held]) -> None:
    model = discover(only=("autoencoder",), strict=True).entry("autoencoder/baseline").open()
    once, again = (measure(corrector(model), sets[:2], 2) for _ in range(2))
    assert all(torch.equal(table, again[name]) or table.isnan().any() for name, table in once.items())
    found = figures(once, {"plain": once})
    asked = ("auroc_seen", "auroc_colour", "auroc_unseen", "auroc_null", "fpr_same", "fpr_other", "pixel_auroc")
    asked += ("pixel_f1", "pro", "psnr_gain", "psnr_gain_blur", "psnr_gain_blocks", "worse_share")
    for name in (*asked, "clean_identical_share"):
        assert found[f"{name}_low"] <= found[f"{name}_high"]
    assert all(math.isfinite(value) for value in found.values())


def test_whoever_compares_is_told_the_original_and_whoever_names_is_asked_for_kinds(sets: list[Held]) -> None:
    model = Mender()
    torch.manual_seed(0)
    model.net = model.build().eval()
    tables = measure(corrector(model, names=True, compares=True), sets[::2], 2)
    assert {"compared", "ink/negative", "ink/negative alone", "named", "found", "counts"} <= set(tables)
    assert tables["counts"].shape == (2, len(SEEN), 2, 256)


def test_an_attack_that_does_nothing_changes_nothing_and_others_have_a_slope_to_go_by(sets: list[Held]) -> None:
    torch.manual_seed(0)
    detector = Detector().eval()
    nothing = under_attack(detector, lambda objective, images: images, sets, count=2)
    assert nothing["auroc_robust"] == nothing["auroc"]
    assert nothing["blind"] == 0


def test_all_are_shown_the_same_pictures(sets: list[Held]) -> None:
    seen: dict[str, list[Tensor]] = {"one": [], "other": []}

    def looking(name: str) -> Peer:
        return filtering(lambda images: seen[name].append(images.clone()) or images)

    measured({name: looking(name) for name in seen}, sets[:2], spoilt={"avatars": 2})
    assert len(seen["one"]) == len(seen["other"]) > 2 * len(SEEN)
    assert all(torch.equal(*both) for both in zip(*seen.values(), strict=True))


def test_gains_are_means_of_kinds_over_pictures_in_which_they_show() -> None:
    """Two kinds; the second shows in one picture alone, and gets worse there."""
    gains = torch.full((2, 8), torch.nan)
    gains[:, 0], gains[0, 1] = torch.tensor([1.0, 3.0]), -4.0
    nothing = torch.full((2, 8), torch.nan)
    found = figures({"gain": gains, "gain in part": nothing.fill_(0)}, {"plain": {"gain": gains - 1}})
    assert found["psnr_gain"] == (2 - 4) / 2
    assert found["psnr_gain_over_baseline"] == 1
    assert found["worse_share"] == pytest.approx(1 / (3 + 16), abs=1e-5)


def test_a_trained_peer_is_one_file_set_by_what_clean_pictures_score(tmp_path: Path) -> None:
    class Brightness(nn.Module):
        def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
            return images.mean((1, 2, 3)), images[:, :1]

    save(Finder(Brightness(), torch.tensor(0.25)), tmp_path / "draem.pt2", seconds=12)
    (name, peer), *others = load(tmp_path).items()
    assert (name, peer.seconds, others) == ("draem", 12, [])
    found = of_trained(name, peer.net).detect(torch.full((3, 3, 160, 160), 0.25), Context())
    assert found.overall.tolist() == pytest.approx([0.5] * 3)
    assert found.map.shape == (3, 1, 160, 160)


@pytest.mark.parametrize("teach", [plain_errors, unlikeness])
def test_what_is_compared_with_learns(teach: Callable[[Tensor], Iterator[float]], portraits: Tensor) -> None:
    first, *_, last = teach(F.interpolate(portraits, (128, 128)))
    assert last < first


def test_a_hardened_detector_is_attacked_where_its_weights_are(tmp_path: Path) -> None:
    file, net = tmp_path / "model.safetensors", Network()
    assert hardened(file) is None
    net.detector.centre += 1
    tensors.save(net.state_dict(), file)
    assert torch.equal(hardened(file).centre, Network().detector.centre + 1)


def test_a_clock_goes_on_where_it_stopped() -> None:
    clock = Clock()
    clock.load_state_dict({"seconds": 100.0})
    assert 100 <= clock.seconds < 101


def test_a_page_says_who_is_absent() -> None:
    there = {f"{name}_training_seconds": 60.0 for name in NAMES if name != "draem"}
    assert "Not there when this was written: DRAEM." in page(there)
    assert "Not there" not in page(there | {"draem_training_seconds": 60.0})


def test_figures_of_peers_that_are_not_at_hand_are_carried_over() -> None:
    filters = {"bilateral_psnr_gain": 1.0, "nlm_psnr_gain": 0.5}
    plain = {"plain_training_seconds": 9.0, "plain_psnr_gain": 2.0, "plain_psnr_gain_low": 1.5}
    before = filters | plain | {"psnr_gain": 3.0, "psnr_gain_over_baseline": 1.0, "robust_auroc_after": 0.4}
    gains = {"": 4.0, "bilateral_": 1.0, "nlm_": 0.5}
    ends = {"": 0.0, "_low": -0.1, "_high": 0.1}
    found = {f"{prefix}psnr_gain{end}": gain + by for prefix, gain in gains.items() for end, by in ends.items()}
    kept = carried(found, before)
    assert kept.keys() >= plain.keys() | {"robust_auroc_after"}
    assert "psnr_gain" not in kept
    assert [kept[f"psnr_gain_over_baseline{end}"] for end in ("", "_low", "_high")] == pytest.approx([2.0, 1.9, 2.1])
    said = page(found | kept, kept)
    assert (
        "carried over from the run before on the same pictures: plain residual net, the mender after hardening." in said
    )
    assert "difference of the means" in said


def test_nothing_is_carried_over_to_other_pictures_nor_over_what_was_measured_anew() -> None:
    before = {"bilateral_psnr_gain": 1.0, "nlm_psnr_gain": 0.5, "draem_training_seconds": 9.0, "draem_pro": 0.2}
    filters = {name: before[name] for name in ("bilateral_psnr_gain", "nlm_psnr_gain")}
    assert carried(filters, before)["draem_pro"] == 0.2
    assert carried(filters | {"nlm_psnr_gain": 0.6}, before) == {}
    assert carried(filters | {"draem_training_seconds": 8.0}, before) == {}
    assert carried(filters, {}) == {}


def test_pictures_are_drawn_anew_as_rows_and_faults_that_do_not_show_are_left_out() -> None:
    table = torch.tensor([[0.1, 0.9, torch.nan], [0.2, 0.8, 0.05], [0.3, 0.7, torch.nan]])
    assert mean_area(table) == pytest.approx((1 + 0) / 2)


def test_natural_image_quality_by_its_distance_from_clean_pictures(portraits: Tensor) -> None:
    niqe = Niqe(clean(portraits[:2], 1), clean(portraits[2:], 2))
    noisy = spoil_all(portraits, "noise", 5, (0.6, 0.6)).images
    assert niqe(clean(portraits, 6)).mean() < niqe(noisy).mean() <= 1


def test_a_page_shows_what_there_is() -> None:
    text = page({"auroc_seen": 0.9876, "auroc_seen_low": 0.98, "auroc_seen_high": 0.99, "niqe_auroc_seen": 0.8})
    assert "| 0.988 (0.98 to 0.99) | 0.8 |" in text
    assert "bilateral" not in text
