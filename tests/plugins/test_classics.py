"""The plugin `classics`: trained generators, and the training that made them, at a tiny size."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from plugins.classics.net import DcganGenerator
from zoo.latents import latent
from zoo.registry import BUNDLED, Entry, discover
from zoo.training import train
from zoo.training.evaluation import numbers
from zoo.training.loop import Budget
from zoo.training.sources import SourceError

IDS = "classics/mlp", "classics/dcgan", "classics/vae"


@pytest.fixture(scope="module")
def zoo():
    return discover(only=("classics",), strict=True)


@pytest.fixture(params=IDS)
def entry(zoo, request) -> Entry:
    return zoo.entry(request.param)


def drawn(model, *seeds: int, **params: float) -> torch.Tensor:
    latents = torch.from_numpy(np.stack([latent(seed, model.latent_shape) for seed in seeds]))
    return model.draw(latents, type(model).Params(**params))


def test_bundled_weights_are_the_pinned_ones_and_small(entry):
    entry.open()
    assert (entry.weights_folder / "model.safetensors").stat().st_size < 12e6
    facts = json.loads((entry.weights_folder / "metrics.json").read_text("utf-8"))
    assert facts["sha256"] == entry.cls.weights.sha256


def test_a_portrait_is_the_same_alone_and_in_a_batch(entry):
    model = entry.open()
    alone, batch = drawn(model, 5), drawn(model, 4, 5, 6)
    assert torch.allclose(alone[0], batch[1], atol=1 / 255)
    assert (batch[0] - batch[1]).abs().mean() > 0.02


def test_low_variety_draws_portraits_that_are_alike(entry):
    model = entry.open()
    spread = [float(drawn(model, *range(16), truncation=share).std(0).mean()) for share in (0.3, 1.0)]
    assert spread[0] < 0.7 * spread[1]


def test_portraits_have_a_face_before_a_lighter_background(entry):
    portraits = drawn(entry.open(), *range(32))
    side = portraits.shape[-1]
    corner, middle = side // 8, slice(side // 3, 2 * side // 3)
    assert portraits[:, :, :corner, :corner].mean() > portraits[:, :, middle, middle].mean() + 0.1


def test_the_mlp_draws_in_grey_and_the_dcgan_in_colour(zoo):
    grey, colour = (drawn(zoo.entry(id).open(), 1) for id in IDS[:2])
    assert torch.equal(grey[:, 0], grey[:, 2])
    assert (colour[:, 0] - colour[:, 2]).abs().max() > 0.1


def test_directions_are_unit_vectors_at_right_angles(zoo):
    model = zoo.entry("classics/dcgan").open()
    vectors = torch.stack([model.net.get_buffer(name) for name in model.directions.values()])
    assert torch.allclose(vectors @ vectors.T, torch.eye(len(vectors)), atol=1e-4)


def test_directions_are_those_along_which_the_first_layer_changes_most():
    torch.manual_seed(0)
    net = DcganGenerator()
    net.find_directions([(0, 1), (1, -1)])
    first, second = (net.first(net.get_buffer(f"direction_{n}")[None, :, None, None]).norm().detach() for n in (0, 1))
    others = net.first(torch.nn.functional.normalize(torch.randn(100, 128))[:, :, None, None]).flatten(1).norm(dim=1)
    assert first > second > others.max()


def shorten(name: str, monkeypatch) -> None:
    """Train on 8 pictures only."""
    short = Budget(images=8, batch=4)
    if name == "vae":
        monkeypatch.setattr(import_module("zoo_plugins.classics.vae_train"), "BUDGET", short)
        return
    classics = import_module("zoo_plugins.classics.train").CLASSICS
    monkeypatch.setitem(classics, name, replace(classics[name], budget=short))


@pytest.mark.parametrize("id", IDS)
def test_training_leaves_weights_that_the_zoo_opens(id, zoo, tmp_path, monkeypatch):
    for seed, noise in enumerate(np.random.RandomState(0).randint(0, 256, (128, 8, 8, 3), dtype=np.uint8)):
        Image.fromarray(noise).save(tmp_path / f"{seed}.png")
    shorten(id.split("/")[1], monkeypatch)
    train(zoo.entry(id), str(tmp_path), tmp_path / "out")
    files = {file.name for file in (tmp_path / "out").iterdir()}
    assert {"model.safetensors", "metrics.json", "README.md", "checkpoint.safetensors", "samples"} <= files
    assert json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))["seen"] == 8


def test_a_folder_of_few_pictures_is_refused(zoo, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    with pytest.raises(SourceError, match="at least 128"):
        train(zoo.entry("classics/dcgan"), str(tmp_path), tmp_path / "out")


def test_the_card_shows_what_was_measured():
    readme = (BUNDLED / "classics" / "README.md").read_text("utf-8")
    files = sorted(Path(BUNDLED / "classics" / "weights").glob("*/metrics.json"))
    table = numbers({file.parent.name: json.loads(file.read_text("utf-8")) for file in files})
    assert table in readme
    assert table.count("swd_") >= 4
