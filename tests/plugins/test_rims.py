"""The networks that look at greys alone, one set for each stylizer."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from plugins.mender.examples import Examples
from plugins.mender.greys import GREYS
from plugins.mender.learning import learn_rims
from plugins.mender.rims import Rims
from zoo.metrics.auroc import auroc

COUNT = 120


@pytest.fixture(scope="module")
def clean() -> Examples:
    """By two stylizers, of which the greys of the second are apart from those of the first by far more than any fault
    moves them."""
    rng = torch.Generator().manual_seed(0)
    making = torch.arange(COUNT) % 2 + 1
    return examples(torch.randn(COUNT, GREYS, generator=rng) + 20 * making[:, None], making, 0.0)


def examples(greys: Tensor, making: Tensor, severity: float) -> Examples:
    """Of which nothing else matters."""
    nothing, count = torch.zeros(len(making)), len(making)
    spoilt = torch.full((count, 8), severity)
    changed = torch.full((count,), 255 * severity)
    return Examples(*[nothing] * 3, greys, making, spoilt, nothing, nothing > 0, changed, nothing, nothing)


def test_each_stylizer_is_learnt_by_itself(clean: Examples) -> None:
    """What is up for the one is down for the other."""
    moved = torch.zeros(COUNT, GREYS)
    moved[:, 3] = 3.0 * (3 - 2 * clean.making)
    spoilt = examples(clean.greys + moved, clean.making, 0.5)
    torch.manual_seed(0)
    rims = Rims(2)
    learn_rims(rims, clean, spoilt, 0, steps=60)
    for which in (1, 2):
        its = clean.making == which
        with torch.no_grad():
            found = rims(torch.cat([clean.greys[its], spoilt.greys[its]]), torch.full((2 * int(its.sum()),), which))
        assert auroc(found, torch.arange(len(found)) >= len(found) // 2) > 0.9


@torch.no_grad()
def test_of_what_no_stylizer_made_nothing_is_said(clean: Examples) -> None:
    torch.manual_seed(0)
    rims = Rims(2)
    making = replace(clean, making=torch.arange(COUNT) % 3).making
    found = rims(clean.greys, making)
    assert (found == 0).equal(making == 0)
    one = int(making.nonzero()[0])
    assert rims(clean.greys[one : one + 1], making[one : one + 1]).item() == pytest.approx(found[one].item(), abs=1e-5)
