"""The watch for mode collapse, on sets that are known to be varied, alike, or doubled."""

import numpy as np
import torch

from zoo.training.loop import Budget, fit
from zoo.training.sources import batches
from zoo.training.watch import CollapseWatch


def drawn(seed: int, count: int = 64) -> torch.Tensor:
    return torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


WATCH = drawn(0)


def test_pictures_as_varied_as_real_ones_raise_no_warning():
    figures, warning = CollapseWatch(WATCH).look(drawn(1), 0.5)
    assert warning is None
    assert 0.95 < figures["variety"] < 1.05
    assert 0.8 < figures["twins"] < 1.2


def test_pictures_that_are_all_alike_raise_one():
    alike = drawn(1)[:1] + 0.05 * drawn(2)
    figures, warning = CollapseWatch(WATCH).look(alike, 0.5)
    assert figures["variety"] < 0.2
    assert warning.startswith("The pictures are alike")
    assert "learning rate" in warning


def test_a_few_pictures_again_and_again_raise_one():
    figures, warning = CollapseWatch(WATCH).look(drawn(1, 8).repeat(8, 1, 1, 1), 0.5)
    assert figures["variety"] > 0.8
    assert warning.startswith("Some pictures are nearly the same")


def test_the_warning_comes_once_and_again_after_all_was_well():
    watch = CollapseWatch(WATCH)
    same = torch.zeros(64, 3, 8, 8)
    warned = [watch.look(images, progress)[1] is not None for images, progress in
              ((same, 0.05), (same, 0.2), (same, 0.3), (drawn(1), 0.4), (same, 0.5))]  # fmt: skip
    assert warned == [False, True, False, False, True]


class Collapsed:
    """Draws one picture for all latents."""

    parts = {}

    def step(self, images, progress):
        return {"loss": images.mean()}

    def sample(self):
        return torch.full((64, 3, 8, 8), 0.5)


def test_a_training_that_collapses_says_so_while_it_runs(tmp_path, capsys):
    pictures = np.random.RandomState(0).randint(0, 256, (64, 8, 8, 3), dtype=np.uint8)
    fit(Collapsed(), batches(pictures), tmp_path, Budget(80, 8, 16), tracker="none", real=WATCH)
    assert capsys.readouterr().out.count("The pictures are alike") == 1
