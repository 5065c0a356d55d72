"""`zoo bench`: ratios, of one round, whose size nobody asserts."""

import json
from pathlib import Path
from runpy import run_path

import pytest
import torch
from torch import nn

from zoo.cli import main
from zoo.errors import ModelError
from zoo.registry import discover

BENCH = run_path(str(Path(__file__).parent.parent / "benchmarks" / "portraits.py"))


def test_a_page_and_json_with_every_ratio(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_STORE", str(tmp_path / "store"))
    zoo = discover(only=("classics",))
    page = BENCH["save"](BENCH["measure"](zoo, [zoo.entry("classics/dcgan")], rounds=1), tmp_path)

    ratios = json.loads((tmp_path / "bench.json").read_text("utf-8"))["models"]["classics/dcgan"]["ratios"]
    assert set(ratios) == set(BENCH["RATIOS"])
    assert all(ratio > 0 for ratio in ratios.values())
    assert (tmp_path / "bench.md").read_text("utf-8") == page
    assert f"| {BENCH['RATIOS']['engine_to_model']} | {ratios['engine_to_model']:.3g} |" in page


def test_every_convolution_is_found_that_of_a_layer_and_that_of_a_function():
    net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ConvTranspose2d(4, 2, 2))
    bare = BENCH["Convolutions"]()
    with torch.no_grad(), bare:
        nn.functional.conv2d(net(torch.rand(2, 3, 9, 9)), torch.rand(4, 1, 1, 1), groups=2)
    assert [tuple(call[0].shape) for call in bare.calls] == [(2, 3, 9, 9), (2, 4, 4, 4), (2, 2, 5, 5)]
    bare.run()
    assert len(bare.calls) == 3


def test_a_generator_without_convolutions_is_told_so():
    zoo = discover(only=("classics",))
    with pytest.raises(ModelError, match="Measure a model that has some"):
        BENCH["measure"](zoo, [zoo.entry("classics/mlp")], rounds=1)


def test_only_generators_are_measured(capsys):
    assert main(["bench", "ink/hatch"]) == 1
    assert "not a generator" in capsys.readouterr().err


def test_what_a_corrector_costs_beside_its_convolutions():
    zoo = discover(only=("mender", "classical"))
    bench = run_path(str(Path(__file__).parent.parent / "benchmarks" / "correctors.py"))
    measured = {id: bench["measure"](zoo.entry(id).open(), side=64, rounds=1) for id in zoo.models}
    assert set(measured["mender/mender"]) == set(bench["COLUMNS"])
    assert measured["mender/mender"]["ratio"] > 0
    assert "ratio" not in measured["classical/filters"]  # no convolutions of its own
    assert "| `mender/mender` |" in bench["page"](measured)
