"""What the mender learns from, and that it learns: material, oddities, places, hardening."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor

from plugins.mender.archives import ARCHIVES, SPLITS, Archive
from plugins.mender.detector import FAMILIES, Detector
from plugins.mender.examples import Examples
from plugins.mender.features import LENGTH, features
from plugins.mender.learning import fit_families, taught
from plugins.mender.leaves import collage, cut, dead_leaves, sharpness, shot, texture, toned
from plugins.mender.mending import Mender
from plugins.mender.normals import distance
from plugins.mender.oddities import ODDITIES
from plugins.mender.photographs import SCIKIT
from plugins.mender.places import Places
from plugins.mender.placing import place
from zoo.metrics.auroc import auroc
from zoo.registry import discover
from zoo.training.anomalies import last_step
from zoo.training.avatars import STYLES, draw
from zoo.training.degradations import UNSEEN, Degradation, gaussian
from zoo.training.sources import SourceError


@pytest.fixture(scope="module")
def portraits() -> Tensor:
    drawn = [torch.tensor(draw(STYLES[seed % 2], 90_000 + seed, 128)) for seed in range(10)]
    return torch.stack(drawn).permute(0, 3, 1, 2) / 255


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


def test_sharpness_falls_with_blur_and_not_with_contrast() -> None:
    scene = dead_leaves(96, torch.Generator().manual_seed(2))
    found = [sharpness(gaussian(scene, sigma)) for sigma in (0.3, 1.0, 1.5, 2.5)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 2 > found[2]
    assert abs(sharpness(0.3 + scene / 2) - sharpness(scene)) < 0.2


def test_soft_squares_of_photographs_are_cut_again(monkeypatch: pytest.MonkeyPatch) -> None:
    material = import_module("plugins.mender.material")
    scene = dead_leaves(300, torch.Generator().manual_seed(3))
    monkeypatch.setattr(material, "photographs", lambda split: [gaussian(scene, 2.0), scene])
    make = material._photographs("calibrate")
    assert min(sharpness(make(seed, torch.Generator().manual_seed(seed))) for seed in range(12)) > 1.8


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Next to no material."""
    material = import_module("plugins.mender.material")
    tiny = dict.fromkeys(("avatars", "portraits", "photographs", "scenes", "styled"), 4)
    monkeypatch.setattr(material, "COUNTS", dict.fromkeys(material.SPLITS, tiny))
    monkeypatch.setattr(material, "SIDE", 96)
    photographs = import_module("plugins.mender.photographs")
    monkeypatch.setattr(photographs, "ARCHIVES", ())  # they would have to be fetched
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

    def download(url: str, folder: str, md5: str) -> None:
        asked.append((url, md5))
        path = Path(folder) / "themes" / "tree.webp"
        path.parent.mkdir(parents=True)
        Image.new("RGB", (1920, 1200), (255, 0, 0)).save(path)

    monkeypatch.setattr(photographs, "CACHE", tmp_path)
    monkeypatch.setattr(photographs, "download_and_extract_archive", download)
    archive = Archive("https://deb.debian.org/one.tar.xz", "0", "themes", "webp", {"train": "tree"})
    for reduced, size in ((1, (3, 600, 960)), (4, (3, 300, 480))):
        monkeypatch.setattr(photographs, "ARCHIVES", (replace(archive, reduced=reduced),))
        found = photographs.photographs("train")[-1]
        assert found.shape == size, "so many times smaller that it is still of 600 pixels, unless that is too few"
        assert found[0].min() > 0.95
    assert asked == [("https://deb.debian.org/one.tar.xz", "0")]
    assert len(photographs.photographs("test")) == len(photographs.SCIKIT["test"])


def test_photographs_that_cannot_be_fetched_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographs = import_module("plugins.mender.photographs")

    def fail(*args: object, **options: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(photographs, "CACHE", tmp_path)
    monkeypatch.setattr(photographs, "download_and_extract_archive", fail)
    with pytest.raises(SourceError, match=r"cannot be fetched: .*no route to host.* unpack https://deb\.debian\.org"):
        photographs.photographs("train")


def test_no_photograph_is_in_two_splits() -> None:
    scikit = [name for names in SCIKIT.values() for name in names]
    fetched = [(each.md5, path) for each in ARCHIVES for split in SPLITS for path in each.paths(split)]
    for names in (scikit, fetched):
        assert len(names) == len(set(names)) > 0


def test_photographs_have_a_normal_for_each_sort() -> None:
    """What lies between two sorts is far from all, though in the midst of all of them."""
    rng = torch.Generator().manual_seed(0)
    detector, size = Detector(), 700
    sorts = torch.zeros(FAMILIES - 2, LENGTH)
    for number, sort in enumerate(sorts):
        sort[50 * number : 50 * number + 50] = 3
    photographs = sorts.repeat_interleave(size, 0) + 0.3 * torch.randn(size * len(sorts), LENGTH, generator=rng)
    drawings, scenes = (0.3 * torch.randn(size, LENGTH, generator=rng) + shift for shift in (5, -5))
    source = torch.tensor([0] * size + [3] * size + [2] * len(photographs))
    fit_families(detector, clean_examples(torch.cat([drawings, scenes, photographs]), source))
    near, between = (distance(detector.families.nearest(each)) for each in (photographs, torch.zeros(1, LENGTH)))
    assert near.amax() < 1 < between


def clean_examples(described: Tensor, source: Tensor) -> Examples:
    """Of which nothing else matters."""
    nothing = torch.zeros(len(source))
    return Examples(described[:, None], *[nothing] * 8, source, nothing)


def test_each_kind_is_placed_by_whoever_knows() -> None:
    """Of the first kind the detector's parts tell, of the second the survey, of the third the locator; and of the
    fourth, which is everywhere where it is, the score of the whole."""
    rng = torch.Generator().manual_seed(0)
    where = torch.zeros(128, 8, 8, 8)
    where[:32, 0, :4], where[32:64, 1, :, 4:], where[64:96, 2, 4:], where[96:, 3] = 1, 1, 1, 1
    kinds = torch.rand(128, 8, generator=rng)
    kinds[:, 3] = 0.3 * kinds[:, 3] + 0.7 * where[:, 3, 0, 0]
    parts = torch.randn(128, 8, 4, 4, generator=rng)
    surveyed, located = torch.randn(2, 128, 9, 8, 8, generator=rng)
    parts[:, 0] += 4 * F.avg_pool2d(where[:, 0], 2)
    surveyed[:, 1] += 4 * where[:, 1]
    located[:, 2] += 4 * where[:, 2]
    places = Places()
    places.fit(kinds, parts, surveyed, located, where)
    coarse, fine = places(kinds, parts, surveyed), places(kinds, parts, surveyed, located)
    assert coarse.shape == fine.shape == where.shape
    for kind in range(4):
        assert auroc(fine[:, kind].flatten(), where[:, kind].flatten() > 0) > 0.95
    assert auroc(coarse[:, 1].flatten(), where[:, 1].flatten() > 0) > 0.95


@pytest.mark.usefixtures("few")
def test_all_together_learn_where(tmp_path: Path) -> None:
    net = Mender().eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    place(net, tmp_path, 0)
    changed = {name for name, value in net.state_dict().items() if not value.equal(before[name])}
    assert {name.split(".")[0] for name in changed} == {"places"}
    assert all(value.isfinite().all() for value in net.places.parameters())


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


def test_an_attack_moves_the_score_where_it_wants(portraits: Tensor) -> None:
    """What hardening learns from: clean pictures that look spoilt, spoilt ones that look clean, a grey level apart."""
    hardening = import_module("plugins.mender.hardening")
    detector = discover().entry("mender/mender").open().net.detector
    making = detector.making(torch.zeros(2, dtype=torch.long))

    def joint(images: Tensor) -> Tensor:
        return detector.joint(detector.weigh(features(images), making), making, 0)

    clean = last_step(portraits[:2, :, :64, :64], 12)
    with torch.no_grad():
        before = joint(clean)
        up, down = (joint(hardening._misled(detector, clean, sign, 0)) for sign in (1, -1))
    assert (up > before).all()
    assert (down < up).all()
