"""`zoo train avatars/portraits --adapt FOLDER`: a look of one's own, from a folder of pictures to a model."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch
from PIL import Image

from plugins.avatars.adapt import FEWEST, texture_apart
from plugins.avatars.look_net import Look
from plugins.avatars.train import bundled
from zoo import Generator
from zoo.cli import main
from zoo.contract import check
from zoo.errors import ZooError
from zoo.pictures import to_image
from zoo.registry import BUNDLED, Entry, Zoo, discover
from zoo.training import train
from zoo.training.evaluation import evaluate


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """Of a copy of the plugin, which a look can be put into."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(BUNDLED / "avatars", folder / "avatars", ignore=shutil.ignore_patterns("__pycache__"))
    return discover(folder, strict=True)


@pytest.fixture(scope="module")
def sepia(zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many portraits in brown as it takes, and a file that is none."""
    folder = tmp_path_factory.mktemp("sepia")
    model = zoo.entry("avatars/portraits").open()
    latents = torch.randn(FEWEST, *model.latent_shape, generator=torch.Generator().manual_seed(3))
    for n, picture in enumerate(model.draw(latents, model.Params())):
        grey = picture.mean(0, keepdim=True)
        tone = torch.tensor([0.9, 0.6, 0.4]).view(3, 1, 1)
        to_image((grey * tone)[None]).save(folder / f"{n:02d}.png")
    (folder / "99.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def look(zoo: Zoo, sepia: Path) -> Entry:
    """What 80 pictures teach, in place of the thousands of a real training."""
    entry = zoo.entry("avatars/portraits")
    adapt = import_module(f"{entry.cls.__module__.rpartition('.')[0]}.adapt")
    assert entry.folder is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapt, "BUDGET", replace(adapt.BUDGET, images=80, save_every=80))
        train(entry, None, entry.folder / "weights" / "sepia", adapt=sepia, tracker="none")
    return discover(entry.folder.parent, strict=True).entry("avatars/sepia")


def test_a_look_begins_as_no_change() -> None:
    base, look = bundled(), Look()
    look.rest_on(base.state_dict())
    latents = torch.randn(2, 22, generator=torch.Generator().manual_seed(0))
    assert torch.equal(look(latents, {}), base(latents, {}))


def test_the_texture_of_a_picture_is_told_from_a_flat_one_wherever_it_lies() -> None:
    striped = (torch.arange(256) % 8 < 4).float().expand(1, 3, 256, 256)
    torch.manual_seed(0)
    moved, flat = texture_apart(striped.roll(3, 3), striped), texture_apart(torch.full_like(striped, 0.5), striped)
    assert moved < 0.2 * flat


def test_ten_pictures_become_a_small_model_of_their_own(zoo: Zoo, look: Entry) -> None:
    folder = look.weights_folder
    assert folder is not None
    held_out = json.loads((folder / "metrics.json").read_text("utf-8"))["held_out"]
    assert held_out["l1"] < 0.8 * held_out["l1_before"]
    assert (folder / "model.safetensors").stat().st_size < 200_000
    assert Image.open(folder / "samples.png").size == (2048, 2048)

    sepia, portraits = look.open(), zoo.entry("avatars/portraits").open()
    assert isinstance(sepia, Generator)
    assert isinstance(portraits, Generator)
    latents = torch.randn(4, *sepia.latent_shape, generator=torch.Generator().manual_seed(1))
    red, _, blue = sepia.draw(latents, sepia.Params()).mean((0, 2, 3))
    red_before, _, blue_before = portraits.draw(latents, portraits.Params()).mean((0, 2, 3))
    assert red - blue > red_before - blue_before + 0.1


def test_a_look_keeps_the_contract_and_speaks_chinese(look: Entry) -> None:
    assert [result for result in check(look) if not result.passed] == []
    assert look.about in look.translations


def test_evaluating_a_look_tells_where_its_figures_are(look: Entry) -> None:
    with pytest.raises(ZooError, match=r"“held_out” in .*sepia/metrics\.json"):
        evaluate(look)


def test_a_look_is_refused_by_other_portraits(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    cls = zoo.entry("avatars/portraits").cls
    module = import_module(cls.__module__)
    monkeypatch.setattr(cls, "weights", replace(cls.weights, sha256="0" * 64))
    with pytest.raises(ZooError, match="Adapt them anew"):
        module.Adapted().load(Look().state_dict())


def test_mistakes_are_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none").mkdir()
    adapt = ["train", "avatars/portraits", "--adapt", str(tmp_path / "none"), "--tracker", "none"]
    assert main([*adapt, "--out", str(tmp_path / "look")]) == 1
    assert "No pictures that can be read" in capsys.readouterr().err
    assert main([*adapt, "--out", str(tmp_path / "My look")]) == 1
    assert "gives the look its name" in capsys.readouterr().err
    assert main(["train", "avatars/portraits", "--data", "mnist:", "--out", str(tmp_path / "x")]) == 1
    assert "Use --data avatars:" in capsys.readouterr().err
