"""`zoo train`: what it passes on, and where it cannot."""

import pytest

from zoo.cli import main
from zoo.errors import ModelError
from zoo.registry import discover
from zoo.scaffold import new
from zoo.training import train


def test_a_model_without_weights_has_nothing_to_train(tmp_path):
    with pytest.raises(ModelError, match=r"ink/hatch cannot be trained"):
        train(discover(only=("ink",)).entry("ink/hatch"), "avatars:", tmp_path)


@pytest.mark.parametrize("words", [["--adapt", "."], ["--adversarial"]])
def test_what_a_training_does_not_know_is_a_sentence(words, tmp_path, capsys):
    assert main(["train", "classics/mlp", "--data", "avatars:", "--out", str(tmp_path), *words]) == 1
    assert f"knows no {words[0]}" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_training_needs_pictures(tmp_path, capsys):
    assert main(["train", "classics/mlp", "--out", str(tmp_path)]) == 1
    assert "--data avatars:" in capsys.readouterr().err


TRAIN = """
def train(model, data, out, resume=False, adapt=None, adversarial=False):
    (out / "asked").write_text(f"{model} {data} {resume} {adapt.name} {adversarial}")
"""


def test_adapt_and_adversarial_reach_the_training_that_knows_them(tmp_path):
    new("taught", "stylizer", tmp_path)
    (tmp_path / "taught" / "train.py").write_text(TRAIN)
    entry = discover(tmp_path, only=("taught",), strict=True)
    model = next(iter(entry.models.values()))
    train(model, None, tmp_path, adapt=tmp_path / "looks", adversarial=True)
    assert (tmp_path / "asked").read_text() == f"{model.cls.name} None False looks True"
