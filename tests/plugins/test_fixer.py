"""The network that mends, and how it learns: sizes, tiles, colours of the whole, and a training that learns."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from plugins.mender import fixing, net
from plugins.mender.fixing import Fixing, lesson, lessons, said
from plugins.mender.material import Clean
from plugins.mender.net import REACH, Fixer, lattice
from zoo.training.anomalies import SEEN
from zoo.training.checkpoints import CHECKPOINT
from zoo.training.loop import Budget, fit


@pytest.fixture(scope="module")
def fixer() -> Fixer:
    """With random weights, so that there is something to see at every pixel; shallow, so with less reach."""
    torch.manual_seed(0)
    made = Fixer(widths=(8, 8, 8), depths=(1, 1, 1)).eval()
    for layer in (made.head, made.colour[-1]):
        torch.nn.init.normal_(layer.weight, std=0.05)
    return made


def nothing(count: int) -> Tensor:
    """Said of the kinds of `count` pictures."""
    return torch.zeros(count, len(SEEN))


def pictures(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (5, 7), (32, 32), (61, 83), (40, 800)])
@torch.no_grad()
def test_any_size_in_is_the_size_that_comes_out(fixer: Fixer, size: tuple[int, int]) -> None:
    mended, sight = fixer(pictures(2, 3, *size), nothing(2))
    assert mended.shape == (2, 3, *size)
    assert net.enlarged(sight.maps, size).shape == (2, len(SEEN), *size)
    assert sight.features.shape == (2, fixer.features, *(-(-side // net.MULTIPLE) for side in size))
    assert mended.min() >= 0
    assert mended.max() <= 1


@torch.no_grad()
def test_a_picture_in_tiles_is_mended_as_at_once(fixer: Fixer, monkeypatch: pytest.MonkeyPatch) -> None:
    images = pictures(1, 3, 270, 413)
    mended, sight = fixer(images, nothing(1))
    monkeypatch.setattr(net, "TILE", 128)
    monkeypatch.setattr(net, "REACH", 64)
    tiled, sight_tiled = fixer(images, nothing(1))
    for one, other in zip((mended, *sight), (tiled, *sight_tiled), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


@torch.no_grad()
def test_a_picture_is_mended_as_one_of_several(fixer: Fixer) -> None:
    images, said = pictures(2, 3, 40, 56), torch.rand(2, len(SEEN), generator=torch.Generator().manual_seed(2))
    (mended, sight), (mended_alone, sight_alone) = fixer(images, said), fixer(images[1:], said[1:])
    for several, alone in zip((mended, *sight), (mended_alone, *sight_alone), strict=True):
        assert torch.allclose(several[1:], alone, atol=1e-5)


def test_no_pixel_is_seen_from_beyond_the_reach() -> None:
    fixer = Fixer()
    images = pictures(1, 3, 16, 512).requires_grad_()
    context = fixer.look(images, nothing(1)).detach()
    mended, maps, features = fixer.mend(images, context)
    (mended[..., 256:264].sum() + maps[..., 64:66].sum() + features[..., 32].sum()).backward()
    assert images.grad is not None
    seen = images.grad.abs().sum((0, 1, 2)).nonzero().flatten()
    assert seen.min() >= 256 - REACH
    assert seen.max() < 264 + REACH
    assert seen.max() - seen.min() > REACH, "it sees less than it could"


@torch.no_grad()
def test_pictures_of_a_batch_are_mended_each_by_itself(fixer: Fixer) -> None:
    images = pictures(3, 3, 48, 40)
    kinds = torch.eye(len(SEEN))[:3]
    together = fixer(images, kinds)[0]
    alone = torch.cat([fixer(*each)[0] for each in zip(images.split(1), kinds.split(1), strict=True)])
    assert torch.allclose(together, alone, atol=1e-5)
    assert not torch.allclose(together, fixer(images, nothing(3))[0], atol=1e-3), "what it is told changes nothing"


def test_what_repeats_in_every_cell_is_found_under_a_picture() -> None:
    pattern = 0.02 * torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    pattern = pattern - pattern.mean((2, 3), keepdim=True)
    slope = torch.linspace(0.2, 0.8, 160).view(1, 1, 1, 160).expand(1, 3, 96, 160)
    assert torch.allclose(lattice(slope), torch.zeros(1, 3, 8, 8), atol=5e-3)
    assert torch.allclose(lattice(slope + pattern.repeat(1, 1, 12, 20)), pattern, atol=5e-3)


@torch.no_grad()
def test_untrained_it_changes_next_to_nothing() -> None:
    torch.manual_seed(0)
    images = pictures(1, 3, 64, 64)
    assert (Fixer()(images, nothing(1))[0] - images).abs().max() < 0.1


def sources() -> dict[str, Clean]:
    rng = torch.Generator().manual_seed(3)
    names = (*fixing.SHARES, "some/style")
    return {name: Clean(torch.randint(256, (1, 3, 256, 256), generator=rng).byte()) for name in names}


def test_a_lesson_is_the_same_twice_and_knows_where_it_was_spoilt() -> None:
    one, other = (lesson(sources(), 8, 64, seed=4) for _ in range(2))
    assert torch.equal(one.spoilt, other.spoilt)
    touched = (one.spoilt - one.clean).abs().amax(1) > 0.05
    assert not (touched & (one.masks.amax(1) == 0)).any()
    assert one.masks.shape == (8, len(SEEN), 64, 64)


def test_what_is_said_is_mostly_what_was_done() -> None:
    done = torch.eye(len(SEEN)).repeat(100, 1) > 0
    told = said(done, torch.Generator().manual_seed(8))
    silent = (told == 0).all(1)
    assert silent.float().mean() == pytest.approx(fixing.UNTOLD, abs=0.05)
    assert (told[done] >= 0.5).equal(~silent)
    assert 0 < (told[~done] > 0).float().mean() < fixing.MISTOLD


def test_crops_of_wider_pictures_keep_to_their_picture() -> None:
    at = lesson(sources(), 2, 2 * fixing.SIDE, seed=5)
    assert at.whole.shape[-1] == 2 * fixing.SIDE
    assert at.spoilt.shape == at.clean.shape == (2, 3, fixing.SIDE, fixing.SIDE)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixing, "SIDE", 32)
    monkeypatch.setattr(fixing, "Fixer", lambda: Fixer(widths=(8, 8, 8), depths=(1, 1, 1)))


@pytest.mark.usefixtures("small")
def test_it_learns_to_take_noise_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixing, "HARD", ("noise",))
    monkeypatch.setattr(fixing, "MORE", 7)
    torch.manual_seed(0)
    flat = {name: Clean(torch.full((1, 3, 64, 64), 90).byte()) for name in fixing.SHARES}
    noisy = lesson(flat, 8, 32, seed=6)
    method = Fixing(noisy)
    gains = [method.step(tuple(vars(noisy).values()), 0.02 + n / 400)["gain, dB"] for n in range(60)]
    assert abs(gains[0]) < 0.3
    assert gains[-1] > 1


@pytest.mark.usefixtures("small")
def test_a_training_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    def train(out: Path, images: int, resume: bool = False) -> Fixing:
        torch.manual_seed(0)
        method = Fixing(lesson(sources(), 16, 32, seed=7))
        fit(method, lessons(sources()), out, Budget(images, 2, 4), resume, tracker="none")
        return method

    straight = train(tmp_path / "one", 8)
    torch.manual_seed(0)
    stopped = Fixing(lesson(sources(), 16, 32, seed=7))
    draw, left = lessons(sources()), [2]

    def until_stopped(count: int) -> tuple[Tensor, ...]:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return draw(count)

    with pytest.raises(KeyboardInterrupt):
        fit(stopped, until_stopped, tmp_path / "two", Budget(8, 2, 4), tracker="none")
    assert (tmp_path / "two" / CHECKPOINT).exists()
    resumed = train(tmp_path / "two", 8, resume=True)
    for one, other in zip(straight.average.net.parameters(), resumed.average.net.parameters(), strict=True):
        assert torch.equal(one, other)
