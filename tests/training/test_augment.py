"""Augmentation and minibatch statistics: what they change, what they leave, and that gradients pass."""

import pytest
import torch

from zoo.training.augment import augment, cutout, recolour, translate
from zoo.training.minibatch import MinibatchDeviation


@pytest.fixture(autouse=True)
def same_chance():
    torch.manual_seed(0)


def test_each_picture_is_augmented_in_its_own_way_and_keeps_its_shape():
    one = torch.rand(1, 3, 16, 24).expand(8, -1, -1, -1)
    augmented = augment(one)
    assert augmented.shape == one.shape
    assert all((augmented[n] - augmented[0]).abs().max() > 0.01 for n in range(1, 8))


def test_the_same_chance_augments_alike():
    images = torch.rand(4, 3, 8, 8)
    torch.manual_seed(7)
    first = augment(images)
    torch.manual_seed(7)
    assert torch.equal(augment(images), first)


def test_colours_change_and_shapes_stay():
    images = (torch.rand(16, 1, 8, 8) > 0.5).float() * torch.tensor([0.9, 0.5, 0.2])[None, :, None, None]
    brighter = recolour(images)
    for before, after in zip(images, brighter, strict=True):
        assert len(after.flatten(1).unique(dim=1).T) == 2
        assert not torch.allclose(before, after)
    assert (brighter.mean((1, 2, 3)) - images.mean((1, 2, 3))).abs().max() <= 0.25


def test_a_moved_picture_is_all_there_but_for_an_eighth():
    images = torch.zeros(200, 3, 16, 16)
    images[:, :, 8, 8] = 1
    moved = translate(images)
    places = (moved[:, 0] == 1).nonzero()
    assert len(places) == 200
    assert set(places[:, 1].tolist()) == set(places[:, 2].tolist()) == {6, 7, 8, 9, 10}
    assert not torch.equal(places[:, 1], places[:, 2])


def test_what_a_move_uncovers_is_grey():
    moved = translate(torch.ones(50, 3, 16, 16))
    assert set(moved.unique().tolist()) == {0.5, 1.0}


def test_a_hole_covers_at_most_a_quarter_and_often_as_much():
    covered = (cutout(torch.ones(200, 3, 16, 16)) == 0.5).float().mean((1, 2, 3))
    assert covered.max() == 0.25
    assert covered.min() >= 1 / 16
    assert (covered == 0.25).float().mean() > 0.2


def test_the_gradient_reaches_every_picture():
    images = torch.rand(8, 3, 16, 16, requires_grad=True)
    augment(images).square().sum().backward()
    assert (images.grad.flatten(1).norm(dim=1) > 0).all()


def test_a_batch_that_is_all_one_picture_shows_no_deviation():
    same = torch.rand(1, 5, 4, 4).expand(8, -1, -1, -1)
    shown = MinibatchDeviation()(same)
    assert shown.shape == (8, 6, 4, 4)
    assert torch.equal(shown[:, :5], same)
    assert shown[:, 5].max() < 1e-3


def test_the_deviation_is_that_of_the_group():
    features = torch.tensor([0.0, 2.0, 5.0, 5.0])[:, None, None, None].expand(-1, 3, 2, 2)
    shown = MinibatchDeviation(group=2)(features)[:, 3, 0, 0]
    assert torch.allclose(shown, torch.tensor([1.0, 1.0, 0.0, 0.0]), atol=1e-3)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_batch_that_is_no_whole_number_of_groups_is_split_as_it_can_be(count):
    features = torch.rand(count, 2, 4, 4, requires_grad=True)
    shown = MinibatchDeviation(4)(features)
    assert shown.shape == (count, 3, 4, 4)
    shown.sum().backward()
    assert features.grad.isfinite().all()
