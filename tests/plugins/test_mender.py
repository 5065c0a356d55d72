"""The mender on its real weights: portraits that it has never seen, clean and spoilt, by themselves and compared."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor

from plugins.mender.detector import Detector, Evidence
from plugins.mender.features import LENGTH, PARTS, features
from plugins.mender.learning import taught
from plugins.mender.leaves import collage, cut, dead_leaves, shot, texture, toned
from plugins.mender.mending import Mender
from plugins.mender.normals import Normals, distance
from plugins.mender.oddities import ODDITIES
from plugins.mender.places import Places
from plugins.mender.placing import place
from plugins.mender.reference import colours
from zoo import Context, Corrector, Findings
from zoo.metrics.auroc import auroc
from zoo.registry import discover
from zoo.training.anomalies import SEEN, apply, last_step
from zoo.training.avatars import STYLES, draw
from zoo.training.degradations import UNSEEN, Degradation
from zoo.training.sources import SourceError

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


def test_what_is_named_too_readily_is_named_less() -> None:
    detector, kinds = Detector(), torch.arange(8).repeat(20)
    said = F.one_hot(kinds, 8).float()
    said[:, 2] += 1.5  # always nearly the third
    evidence = Evidence(said + 0.1, torch.zeros(160, 16, 8), torch.zeros(160), torch.zeros(160))
    detector.lean(evidence, kinds)
    assert (evidence.kinds.argmax(1) == kinds).float().mean() < 0.2
    assert ((evidence.kinds + detector.leaning).argmax(1) == kinds).all()


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda each: each.__name__)
def test_an_oddity_shows_and_repeats(oddity: Degradation, portraits: Tensor) -> None:
    made = [oddity(portraits[0], 0.6, torch.Generator().manual_seed(1)) for _ in range(2)]
    assert made[0].equal(made[1])
    assert made[0].shape == portraits[0].shape
    assert (made[0] - portraits[0]).square().mean().sqrt() > 1 / 255


def test_no_oddity_is_one_of_the_kinds_that_are_held_out() -> None:
    held_out = {each.__name__ for ways in UNSEEN.values() for each in ways}
    assert not held_out & {each.__name__ for each in ODDITIES}


def test_scenes_stay_within_range_and_repeat(portraits: Tensor) -> None:
    def rng() -> torch.Generator:
        return torch.Generator().manual_seed(5)

    for make in (
        lambda rng: texture(48, 5),
        lambda rng: dead_leaves(48, rng, 20),
        lambda rng: toned(portraits[0], rng),
        lambda rng: shot(portraits[0], rng),
        lambda rng: collage(lambda: cut(portraits[0], 48, rng), rng),
    ):
        made = make(rng())
        assert 0 <= made.min() < made.max() <= 1
        assert made.equal(make(rng()))


def test_what_a_camera_leaves_hardly_shows(portraits: Tensor) -> None:
    found = [
        (shot(portraits[0], torch.Generator().manual_seed(seed)) - portraits[0]).square().mean().sqrt()
        for seed in range(20)
    ]
    assert 0 < max(found) < 10 / 255


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
    found, spoilt = detect(last_step(portraits, 7)), detect(apply(portraits, "noise", 7, 0.5))
    calm = overall(found) < 0.3
    assert calm.sum() >= COUNT / 2
    assert found.map[calm].mean() < 0.03
    assert spoilt.map.mean() > 0.5


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


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Next to no material."""
    material = import_module("plugins.mender.material")
    tiny = dict.fromkeys(("avatars", "portraits", "photographs", "scenes", "styled"), 4)
    monkeypatch.setattr(material, "COUNTS", dict.fromkeys(material.SPLITS, tiny))
    monkeypatch.setattr(material, "SIDE", 96)
    photographs = import_module("plugins.mender.photographs")
    monkeypatch.setattr(photographs, "BUDGIE", dict.fromkeys(material.SPLITS, ()))  # these would have to be fetched
    monkeypatch.setattr(import_module("plugins.mender.examples"), "SIDES", (96,))


def test_a_picture_is_cut_beside_its_original_or_reduced_whole(portraits: Tensor) -> None:
    sized = import_module("plugins.mender.examples")._sized
    pairs, rng = torch.stack([portraits[:3], 1 - portraits[:3]]), torch.Generator().manual_seed(4)
    after, before = sized(pairs, 48, rng, whole=False)
    assert after.shape == (3, 3, 48, 48)
    assert before.equal(1 - after)
    whole, _ = sized(pairs, 64, rng, whole=True)
    assert (whole - F.interpolate(portraits[:3], (64, 64), mode="area")).abs().mean() < 0.03


def test_photographs_are_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographs = import_module("plugins.mender.photographs")
    asked = []

    def fetch(url: str, folder: str, md5: str) -> None:
        asked.append(url)
        inside = Path(folder) / "budgie-backgrounds-3.0" / "backgrounds"
        inside.mkdir(parents=True)
        Image.new("RGB", (96, 60), (255, 0, 0)).save(inside / "tea-gardens.jpg")

    monkeypatch.setattr(photographs, "CACHE", tmp_path)
    monkeypatch.setattr(photographs, "download_and_extract_archive", fetch)
    for _ in range(2):
        found = photographs.budgie("tea-gardens")
    assert found.shape == (3, 20, 32)
    assert found[0].min() > 0.95
    assert asked == [photographs.URL]


def test_photographs_that_cannot_be_fetched_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographs = import_module("plugins.mender.photographs")

    def fail(*args: object, **options: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(photographs, "CACHE", tmp_path)
    monkeypatch.setattr(photographs, "download_and_extract_archive", fail)
    with pytest.raises(SourceError, match=r"cannot be fetched: .*no route to host.* unpack https://deb\.debian\.org"):
        photographs.budgie("tea-gardens")


def test_no_photograph_is_in_two_splits() -> None:
    photographs = import_module("plugins.mender.photographs")
    for each in (photographs.SCIKIT, photographs.BUDGIE):
        names = [name for split in photographs.SPLITS for name in each[split]]
        assert len(names) == len(set(names))


def test_each_kind_is_placed_by_whoever_knows() -> None:
    """Of the first kind the detector's parts tell, of the second the fixer's maps."""
    rng = torch.Generator().manual_seed(0)
    where = torch.zeros(64, 8, 8, 8)
    where[:32, 0, :4], where[32:, 1, :, 4:] = 1, 1
    parts, maps = torch.randn(64, 8, 4, 4, generator=rng), torch.randn(64, 8, 8, 8, generator=rng)
    parts[:, 0] += 4 * F.avg_pool2d(where[:, 0], 2)
    maps[:, 1] += 4 * where[:, 1]
    places = Places()
    places.fit(parts, maps, where)
    coarse, fine = places(parts), places(parts, maps)
    assert coarse.shape == parts.shape
    assert fine.shape == maps.shape
    for kind, spoilt in enumerate((where[:32], where[32:])):
        shown = fine[:32, kind] if kind == 0 else fine[32:, kind]
        assert auroc(shown.flatten(), spoilt[:, kind].flatten() > 0) > 0.95


@pytest.mark.usefixtures("few")
def test_both_parts_together_learn_where(tmp_path: Path) -> None:
    net = Mender().eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    place(net, tmp_path, 0)
    changed = {name for name, value in net.state_dict().items() if not value.equal(before[name])}
    assert changed == {"places.coarse", "places.fine"}
    assert net.places.fine.isfinite().all()


@pytest.mark.usefixtures("few")
def test_training_leaves_a_detector_that_hardening_goes_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hardening = import_module("plugins.mender.hardening")
    for name, value in {"ROUNDS": 1, "PICTURES": 4, "CHUNK": 4, "STEPS": 2, "SIDE": 64, "ATTACK": 1}.items():
        monkeypatch.setattr(hardening, name, value)
    detector = taught(tmp_path, steps=3)
    images, making = torch.rand(2, 3, 96, 96), detector.making(torch.zeros(2, dtype=torch.long))
    with torch.inference_mode():
        kinds, score, _ = detector(images, making)
    assert kinds.isfinite().all()
    assert ((score >= 0) & (score <= 1)).all()
    hardening.harden(detector, tmp_path)
    with torch.inference_mode():
        assert not detector(images, making)[1].equal(score)


def test_an_attack_moves_the_score_where_it_wants(mender: Corrector, portraits: Tensor) -> None:
    """What hardening learns from: clean pictures that look spoilt, spoilt ones that look clean, a grey level apart."""
    hardening = import_module("plugins.mender.hardening")
    detector = mender.net.detector
    making = detector.making(torch.zeros(2, dtype=torch.long))

    def joint(images: Tensor) -> Tensor:
        return detector.joint(detector.weigh(features(images), making), making, 0)

    clean = last_step(portraits[:2, :, :64, :64], 12)
    with torch.no_grad():
        before = joint(clean)
        up, down = (joint(hardening._misled(detector, clean, sign, 0)) for sign in (1, -1))
    assert (up > before).all()
    assert (down < up).all()
