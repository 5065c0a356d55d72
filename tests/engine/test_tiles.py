"""Pictures of any size, padded and in tiles."""

import pytest
import torch

from zoo.engine.tiles import in_tiles


@pytest.mark.parametrize("size", [(64, 64), (200, 64), (77, 130), (65, 65)])
def test_tiles_put_back_together_are_the_picture(size):
    image = torch.rand(1, 3, *size)
    assert torch.allclose(in_tiles(lambda tile: tile, image, 1, 64), image, atol=1e-6)


def test_no_tile_is_larger_and_every_side_a_multiple():
    seen = []

    def part(tile):
        seen.append(tile.shape[-2:])
        return tile[:, :1]

    assert in_tiles(part, torch.rand(1, 3, 150, 90), 8, 64).shape == (1, 1, 150, 90)
    assert all(side <= 64 and side % 8 == 0 for shape in seen for side in shape)


def test_without_a_tile_the_picture_comes_whole_and_padded():
    padded = []
    in_tiles(lambda tile: padded.append(tile.shape[-2:]) or tile, torch.rand(1, 3, 13, 18), 8, None)
    assert padded == [(16, 24)]
