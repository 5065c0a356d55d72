"""What looks at all of a picture at once: sizes, what cells are like, and a training that learns and goes on."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from plugins.mender import surveying
from plugins.mender.fixing import SHARES
from plugins.mender.locating import lesson
from plugins.mender.material import Clean
from plugins.mender.mending import Mender
from plugins.mender.net import MAPS
from plugins.mender.survey import CELL, SIDE, SIGNS, Survey, cells, over, reduced
from plugins.mender.surveying import Surveying, train_survey
from zoo.metrics.auroc import auroc
from zoo.training.anomalies import SEEN
from zoo.training.loop import Budget


@pytest.fixture(scope="module")
def survey() -> Survey:
    """With random weights, so that all that it sees counts."""
    torch.manual_seed(1)
    made = Survey().eval()
    torch.nn.init.normal_(made.head.weight, std=0.1)
    return made


def sources() -> dict[str, Clean]:
    """Drawings: areas of one colour each."""
    rng = torch.Generator().manual_seed(3)
    corners = torch.rand(6, 3, 4, 4, generator=rng)
    pictures = F.interpolate(corners, (96, 96), mode="nearest")
    return {name: Clean((255 * pictures).byte()) for name in SHARES}


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (32, 32), (61, 83), (500, 333), (40, 2000)])
@torch.no_grad()
def test_any_size_is_seen_whole(survey: Survey, size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size)
    seen = reduced(images)
    assert max(seen.shape[2:]) <= SIDE
    assert all(side % CELL == 0 for side in seen.shape[2:])
    assert cells(seen).shape[1] == SIGNS
    found = over(survey(images), size, size)
    assert found.shape == (2, MAPS, *size)
    assert found.isfinite().all()


@pytest.mark.parametrize("size", [(33, 97), (160, 160), (200, 120)])
@torch.no_grad()
def test_it_speaks_of_the_places_that_the_locator_speaks_of(size: tuple[int, int]) -> None:
    net, images = Mender().eval(), torch.rand(1, 3, *size)
    assert net.surveyed(images).shape == net.located(images, torch.zeros(1, len(SEEN))).shape


@torch.no_grad()
def test_pictures_of_a_batch_are_looked_at_each_by_itself(survey: Survey) -> None:
    images = torch.rand(2, 3, 48, 64)
    both, alone = survey(images), survey(images[1:])
    assert torch.allclose(both[1:], alone, atol=1e-4)
    assert both.std() > 0.01


def test_a_gain_shifts_the_tint_alike_in_light_and_dark() -> None:
    """So that a cast shows as one step, whatever it falls on."""
    scene = torch.tensor([0.3, 0.7]).repeat_interleave(16).expand(1, 3, 32, 32)
    warm = scene * torch.tensor([1.2, 1.0, 0.8]).view(3, 1, 1)
    moved = (cells(warm) - cells(scene))[0, 18:21].flatten(1)
    assert moved[0].abs().max() < 1e-6, "light, by green"
    assert (moved[1:].amax(1) - moved[1:].amin(1)).max() < 0.04
    assert (moved[1] > 0.15).all()
    assert (moved[2] < -0.15).all()


def test_what_was_found_lies_where_it_was_found() -> None:
    """At any size: a corner stays that corner."""
    found = torch.zeros(1, MAPS, 20, 20)
    found[..., :10, 10:] = 1
    for size in ((160, 160), (640, 640)):
        spread = over(found, size, size)
        half = size[0] // 2
        inner = spread[..., : half - half // 8, half + half // 8 :]
        assert inner.min() == 1
        assert spread[..., half + half // 8 :, :].max() == 0


def test_it_learns_what_colours_a_drawing_has_no_patches_of(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    monkeypatch.setattr("plugins.mender.locating.SUBTLE", ("colour",))
    monkeypatch.setattr("plugins.mender.locating.CLEAN", 0.0)
    method = Surveying(lesson(sources(), 16, 64, seed=999))
    for seed in range(0, 140, 2):
        batch = lesson(sources(), 16, 64, seed)
        method.step(tuple(vars(batch).values()), 0.2)
    shown = method.shown
    with torch.no_grad():
        found = over(method.result()(shown.spoilt), (64, 64), shown.where.shape[2:])
    where = shown.where[:, -1]
    tells = (where > 0.5) | (where == 0)
    assert auroc(found[:, -1][tells], where[tells] > 0.5) > 0.6


def test_a_training_goes_on_and_shows_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveying, "corpus", lambda folder, split: sources())
    monkeypatch.setattr(surveying, "SIDES", (32, 48))
    for images in (8, 16):
        monkeypatch.setattr(surveying, "BUDGET", Budget(images=images, batch=4, save_every=4))
        survey, seen = train_survey(tmp_path, resume=True)
        assert seen == images
    assert not survey.training
    assert [*(tmp_path / "survey").rglob("*.png")], "sheets"
