"""Settings by chance: what every stylizer accepts, and never twice the same."""

import pytest
import torch

from plugins.ink.plugin import zoo_models
from zoo import Stylizer
from zoo.training.settings import random_settings


@pytest.mark.parametrize("style", zoo_models(), ids=lambda style: style.name)
def test_they_are_within_limits_and_vary_with_the_seed_alone(style: type[Stylizer]) -> None:
    def drawn(seed: int) -> object:
        return random_settings(style.Params, torch.Generator().manual_seed(seed))

    assert drawn(0) == drawn(0)
    assert len({str(drawn(seed)) for seed in range(8)}) == 8
    assert all(drawn(seed).strength >= 0.5 for seed in range(8))
