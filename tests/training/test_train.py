"""`zoo train`, where it cannot."""

import pytest

from zoo.errors import ModelError
from zoo.registry import discover
from zoo.training import train


def test_a_model_without_weights_has_nothing_to_train(tmp_path):
    with pytest.raises(ModelError, match=r"ink/hatch cannot be trained"):
        train(discover(only=("ink",)).entry("ink/hatch"), "avatars:", tmp_path)
