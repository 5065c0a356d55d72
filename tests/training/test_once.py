"""What is made once, and kept."""

from pathlib import Path

import pytest
import torch

from zoo.training.once import once


def test_what_is_kept_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "numbers.safetensors"
    first = once(path, lambda: {"ones": torch.ones(3, 2).T})
    again = once(path, lambda: pytest.fail("made again"))
    assert first["ones"].equal(again["ones"])


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail() -> dict[str, torch.Tensor]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        once(tmp_path / "numbers.safetensors", fail)
    assert not list(tmp_path.iterdir())
