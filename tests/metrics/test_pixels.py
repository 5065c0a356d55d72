"""Metrics of pixels: maps against masks, by cases that can be worked out by hand."""

import pytest
import torch
from torch import Tensor

from zoo.metrics.auroc import auroc
from zoo.metrics.bootstrap import bootstrap
from zoo.metrics.pixel_auroc import pixel_auroc
from zoo.metrics.pixel_f1 import pixel_f1
from zoo.metrics.pixels import pixel_counts
from zoo.metrics.pro import pro, region_overlaps


def mask(*boxes: tuple[int, int, int, int], side: int = 20) -> Tensor:
    """`[1,1,side,side]`, anomalous in the boxes: top, left, height, width."""
    found = torch.zeros(1, 1, side, side, dtype=torch.bool)
    for top, left, height, width in boxes:
        found[..., top : top + height, left : left + width] = True
    return found


def noise(count: int = 3, side: int = 20) -> Tensor:
    """Maps in 256 levels."""
    return torch.randint(256, (count, 1, side, side), generator=torch.Generator().manual_seed(0)) / 255


def test_counts_are_of_each_picture_and_class_and_level() -> None:
    counts = pixel_counts(noise(), mask((0, 0, 5, 4)).expand(3, -1, -1, -1))
    assert counts.shape == (3, 2, 256)
    assert counts.sum(2).tolist() == [[380, 20]] * 3


def test_what_is_not_counted_is_neither_sound_nor_anomalous() -> None:
    where = mask((0, 0, 5, 4))
    counts = pixel_counts(noise(1), where, ~mask((0, 0, 5, 2)))
    assert counts.sum(2).tolist() == [[380, 10]]
    assert region_overlaps(noise(1), where, ~where)[0, :, 0].tolist() == [0, 380]


def test_the_auroc_of_pixels_is_the_auroc_of_all_of_them() -> None:
    maps, where = noise(), mask((3, 3, 9, 4)).expand(3, -1, -1, -1)
    maps = (maps + 0.2 * where).clamp(0, 1).mul(255).round() / 255
    assert pixel_auroc(pixel_counts(maps, where)) == pytest.approx(auroc(maps.flatten(), where.flatten()))


def test_a_perfect_map_gets_1_of_each() -> None:
    where = mask((2, 2, 5, 5), (12, 10, 3, 6))
    counts, overlaps = pixel_counts(where.float(), where), region_overlaps(where.float(), where)
    assert pixel_auroc(counts) == 1
    assert pixel_f1(counts) == 1
    assert pro(overlaps) == 1


def test_a_map_that_says_nothing_gets_what_guessing_gets() -> None:
    where = mask((0, 0, 10, 10))
    counts, overlaps = pixel_counts(torch.zeros(1, 1, 20, 20), where), region_overlaps(torch.zeros(1, 1, 20, 20), where)
    assert pixel_auroc(counts) == 0.5
    assert pixel_f1(counts) == pytest.approx(2 * 0.25 / 1.25)
    assert pro(overlaps) == pytest.approx(0.15)


def test_f1_is_that_of_the_best_threshold() -> None:
    where = mask((0, 0, 1, 4))
    maps = torch.zeros(1, 1, 20, 20)
    maps[..., 0, :3] = 0.9  # three of four
    maps[..., 19, 0] = 0.9  # and one beside
    assert pixel_f1(pixel_counts(maps, where)) == pytest.approx(2 * 3 / (4 + 4))


def test_a_small_region_counts_as_much_as_a_large_one() -> None:
    large, small = mask((0, 0, 10, 10)), mask((15, 15, 2, 2))
    both = large | small
    found = region_overlaps(large.float(), both)
    assert found[0, 0, 255] == 1
    assert found[0, 0, 0] == 2
    # half of the regions up to where everything is flagged: a line from (0, 1/2) to (1, 1)
    assert pro(found) == pytest.approx(0.5 + 0.15 / 2)


def test_corners_connect() -> None:
    assert region_overlaps(torch.zeros(1, 1, 20, 20), mask((0, 0, 2, 2), (2, 2, 2, 2)))[0, 0, 0] == 1


def test_pictures_are_pooled_and_drawn_anew() -> None:
    where = mask((3, 3, 9, 4)).expand(6, -1, -1, -1)
    maps = (0.5 * noise(6) + 0.3 * where).clamp(0, 1)
    for metric, of in ((pixel_auroc, pixel_counts), (pixel_f1, pixel_counts), (pro, region_overlaps)):
        values = of(maps, where)
        low, high = bootstrap(metric, values, rounds=40)
        assert low <= metric(values) <= high
        assert low < high
