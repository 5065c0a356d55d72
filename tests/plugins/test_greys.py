"""How greys lie between dark and light, in drawings of black and white and in the same spoilt."""

import pytest
import torch
from torch import Tensor

from plugins.mender.greys import GREYS, LEVELS, STEPS, greys
from zoo.training.anomalies import apply, last_step
from zoo.training.degradations import gaussian


@pytest.fixture(scope="module")
def strokes() -> Tensor:
    """Black bars on white paper, with soft rims."""
    x = torch.arange(96) / 96
    bars = ((8 * torch.pi * (x[:, None] + 0.3 * x[None])).sin() > 0.2).float()
    return gaussian(bars.expand(3, -1, -1), 0.8)[None]


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (64, 64), (300, 40), (400, 520)])
def test_any_size_is_as_many_numbers(size: tuple[int, int]) -> None:
    found = greys(torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0)))
    assert found.shape == (2, GREYS)
    assert found.isfinite().all()


def test_shares_are_of_the_levels_that_there_are() -> None:
    half = torch.zeros(1, 3, 64, 64)
    half[..., 32:] = 1
    found = greys(half)[0]
    shares = found[: len(LEVELS) - 1].exp()
    assert shares[[0, -1]].tolist() == pytest.approx([0.5, 0.5], abs=0.01)
    assert shares[1:-1].max() < 0.001
    first = 2 * len(LEVELS) - 4
    steps = found[first : first + len(STEPS) - 1].exp()
    assert steps[-1] == pytest.approx(1 / 126, abs=0.001), "one in 63 across, and none down"


@pytest.mark.parametrize("kind", ["halo", "clipping"])
def test_what_moves_the_rims_of_strokes_is_told_from_what_does_not(kind: str, strokes: Tensor) -> None:
    clean = [greys(last_step(strokes, seed)) for seed in range(4)]
    spoilt = greys(apply(strokes, kind, 3, 0.5))
    apart = torch.cat(clean).std(0).clamp_min(0.02)
    off = ((spoilt - clean[0]) / apart).abs().mean()
    assert off > 3 * ((clean[1] - clean[0]) / apart).abs().mean()
