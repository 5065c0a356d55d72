"""What says where faults are, and how it learns: sizes, lessons, and a training that learns and goes on."""

from pathlib import Path

import pytest
import torch

from plugins.mender import locating, net
from plugins.mender.fixing import SHARES
from plugins.mender.locating import HIDDEN, Locating, lesson, train_locator
from plugins.mender.locator import MAPS, Locator
from plugins.mender.material import Clean
from plugins.mender.net import Fixer
from zoo.metrics.auroc import auroc
from zoo.training.anomalies import SEEN
from zoo.training.checkpoints import CHECKPOINT
from zoo.training.loop import Budget


@pytest.fixture(scope="module")
def fixer() -> Fixer:
    torch.manual_seed(0)
    return Fixer().eval()


@pytest.fixture(scope="module")
def locator() -> Locator:
    """With random weights, so that all that it sees counts."""
    torch.manual_seed(1)
    made = Locator().eval()
    torch.nn.init.normal_(made.head.weight, std=0.1)
    return made


def sources() -> dict[str, Clean]:
    """Smooth pictures, in which noise shows."""
    rng = torch.Generator().manual_seed(3)
    corners = torch.rand(6, 3, 4, 4, generator=rng)
    pictures = torch.nn.functional.interpolate(corners, (96, 96), mode="bicubic").clamp(0, 1)
    return {name: Clean((255 * pictures).byte()) for name in SHARES}


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (32, 32), (61, 83)])
@torch.no_grad()
def test_maps_are_a_quarter_of_any_size(fixer: Fixer, locator: Locator, size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size)
    maps = locator(images, *fixer(images, torch.zeros(2, len(SEEN))))
    assert net.enlarged(maps, size).shape == (2, MAPS, *size)
    assert maps.isfinite().all()


@torch.no_grad()
def test_pictures_of_a_batch_are_looked_at_each_by_itself(fixer: Fixer, locator: Locator) -> None:
    images, kinds = torch.rand(2, 3, 48, 64), torch.eye(len(SEEN))[:2]
    both = locator(images, *fixer(images, kinds))
    alone = locator(images[1:], *fixer(images[1:], kinds[1:]))
    assert torch.allclose(both[1:], alone, atol=1e-4)
    assert both.std() > 0.01


@torch.no_grad()
def test_a_picture_in_tiles_is_looked_at_as_at_once(
    fixer: Fixer, locator: Locator, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, nothing = torch.rand(1, 3, 330, 200), torch.zeros(1, len(SEEN))
    whole = locator(images, *fixer(images, nothing))
    monkeypatch.setattr(net, "TILE", 160)
    assert torch.allclose(whole, locator(images, *fixer(images, nothing)), atol=1e-4)


def test_a_lesson_is_the_same_twice_and_counts_what_shows() -> None:
    one, other = (lesson(sources(), 8, 64, seed=4) for _ in range(2))
    for first, second in zip(vars(one).values(), vars(other).values(), strict=True):
        assert torch.equal(first, second)
    assert one.where.shape == (8, MAPS, 16, 16)
    assert torch.allclose(one.where[:, -1], one.where[:, :-1].amax(1), atol=0.3)
    nothing = one.where[:, -1] == 0
    assert (one.counts[:, 0][nothing] == 1).all()
    assert one.counts.min() >= HIDDEN - 1e-6


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locating, "SIDES", (64,))
    monkeypatch.setattr(locating, "Locator", lambda: Locator(widths=(16, 16, 16), depths=(1, 1, 1)))


@pytest.mark.usefixtures("small")
def test_it_learns_where_noise_is(fixer: Fixer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEEN", "SUBTLE"):
        monkeypatch.setattr(locating, name, ("noise",))
    monkeypatch.setattr(locating, "LOCAL", 1.0)
    monkeypatch.setattr(locating, "SEVERITY", (0.7, 1.0))
    torch.manual_seed(0)
    method, held = Locating(fixer, lesson(sources(), 8, 64, seed=1)), lesson(sources(), 16, 64, seed=99)

    def found(net: Locator) -> float:
        with torch.no_grad():
            maps = net.eval()(held.spoilt, *fixer(held.spoilt, held.said))
        net.train()
        there = held.where[:, -1] > 0.5
        return auroc(maps[:, -1].flatten(), there.flatten())

    before = found(method.net)
    for step in range(80):
        method.step(tuple(vars(lesson(sources(), 8, 64, seed=100 + step)).values()), 0.02 + step / 100)
    assert found(method.net) > max(0.85, before)


@pytest.mark.usefixtures("small")
def test_a_training_begins_or_goes_on_where_the_whole_one_ended(
    fixer: Fixer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locating, "corpus", lambda folder, split: sources())
    monkeypatch.setattr(locating, "BUDGET", Budget(4, 2, 2))
    before = [value.clone() for value in fixer.parameters()]
    _, seen = train_locator(fixer, tmp_path, resume=True, tracker="none")
    assert seen == 4
    assert (tmp_path / "locator" / CHECKPOINT).exists()
    monkeypatch.setattr(locating, "BUDGET", Budget(8, 2, 2))
    assert train_locator(fixer, tmp_path, resume=True, tracker="none")[1] == 8
    assert all(torch.equal(one, other) for one, other in zip(before, fixer.parameters(), strict=True))
