"""`zoo evaluate`: a plugin's own numbers, those that all generators share, and where they go."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from zoo.cli import main
from zoo.errors import ModelError
from zoo.registry import BUNDLED, discover
from zoo.training.evaluation import END, START, evaluate
from zoo.training.tables import numbers, table

MODEL = '''
from zoo import Card, Field, Params, Stylizer, hookimpl

ZOO_API = 1


class Same(Stylizer):
    """Leaves a portrait as it is."""

    name = "same"
    card = Card("Same", "Apache-2.0", "https://example.org")

    def stylize(self, images, params, reference=None):
        return images


@hookimpl
def zoo_models():
    return [Same]
'''

MEASURED = """
import torch


def evaluate(model):
    return {"psnr": 48.0, "psnr_low": 47.5, "psnr_high": 48.5, "psnr_floor": 50.0, "pictures": 3}


def attacked(model, attack):
    found = attack(lambda at: at.flatten(1).mean(1), torch.zeros(1, 3, 4, 4))
    return {"auroc": 1.0, "auroc_robust": round(float(found.max()) * 255, 3)}
"""


def plugin(folder: Path, train: str | None) -> Path:
    """A folder of plugins with one in it, `mine`."""
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "__init__.py").write_text(MODEL, "utf-8")
    if train:
        (folder / "mine" / "train.py").write_text(train, "utf-8")
    return folder


def test_a_table_for_people_and_json_for_programs(tmp_path, capsys):
    out = tmp_path / "numbers.json"
    assert main(["evaluate", "mine/same", "--plugins", str(plugin(tmp_path / "p", MEASURED)), "--out", str(out)]) == 0
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert told == [["psnr", "48", "(47.5–48.5)"], ["psnr_floor", "50"], ["pictures", "3"]]
    assert json.loads(out.read_text("utf-8")) == {
        "psnr": 48.0,
        "psnr_low": 47.5,
        "psnr_high": 48.5,
        "psnr_floor": 50.0,
        "pictures": 3,
    }


def test_an_attack_of_so_many_grey_levels(tmp_path, capsys):
    words = ["evaluate", "mine/same", "--plugins", str(plugin(tmp_path, MEASURED)), "--attack", "pgd"]
    assert main([*words, "--epsilon", "5"]) == 0
    assert capsys.readouterr().out.splitlines() == ["auroc         1", "auroc_robust  5"]


@pytest.mark.parametrize(
    ("train", "words", "sentence"),
    [
        (None, [], "there is no evaluate() in a train.py"),
        ("def train(): ...", ["--attack", "fgsm"], "there is no attacked() in a train.py"),
        ("import no_such_package", [], "needs no_such_package for this. Install it"),
        ("def evaluate(model): import no_such_package", [], "needs no_such_package for this. Install it"),
        ("def evaluate(model): return {'psnr': float('nan')}", [], "measured “psnr” as nan"),
        ("def evaluate(model): return {'psnr': None}", [], "measured “psnr” as None"),
        (MEASURED, ["--attack", "fgsm", "--epsilon", "0"], "Name more than 0"),
        (MEASURED, ["--out", "/proc/nowhere/numbers.json"], "cannot be written"),
    ],
)
def test_what_cannot_be_evaluated_is_told_in_a_sentence(train, words, sentence, tmp_path, capsys):
    assert main(["evaluate", "mine/same", "--plugins", str(plugin(tmp_path, train)), *words]) == 1
    told = capsys.readouterr().err
    assert sentence in told
    assert "Traceback" not in told


@pytest.fixture
def classics(tmp_path) -> Path:
    """A copy of the bundled generators that may be written to, without what trained them: comparing needs none."""
    ignore = shutil.ignore_patterns("train.py", "__pycache__")
    shutil.copytree(BUNDLED / "classics", tmp_path / "plugins" / "classics", ignore=ignore)
    return tmp_path / "plugins"


def test_a_generator_is_compared_with_held_out_pictures_and_its_card_says_so(classics, tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.training.sources.CACHE", tmp_path)
    entry = discover(classics).entry("classics/mlp")
    metrics = evaluate(entry, count=24)

    assert {"swd_28", "swd_14", "ms_ssim", "ms_ssim_low", "ms_ssim_high", "pairwise_distance"} <= set(metrics)
    assert metrics["swd_28"] > 1.5 * metrics["swd_28_floor"]
    assert metrics["ms_ssim_low"] <= metrics["ms_ssim"] <= metrics["ms_ssim_high"]

    facts = json.loads((entry.weights_folder / "metrics.json").read_text("utf-8"))
    assert facts["metrics"] == metrics
    assert (facts["held_out"], facts["sha256"]) == (24, entry.cls.weights.sha256)
    files = sorted(entry.folder.glob("weights/*/metrics.json"))
    shown = numbers({file.parent.name: json.loads(file.read_text("utf-8")) for file in files})
    assert f"{START}\n{shown}\n{END}" in (entry.folder / "README.md").read_text("utf-8")
    assert f"| `mlp` | swd_28 | {metrics['swd_28']:.4g} | {metrics['swd_28_floor']:.4g} |" in shown
    assert Image.open(entry.weights_folder / "samples.png").size == (8 * 28, 8 * 28)


def test_a_folder_of_pictures_is_its_own_floor(classics, tmp_path):
    for number in range(8):
        Image.effect_noise((32, 32), 20 + 10 * number).save(tmp_path / f"{number}.png")
    path = classics / "classics" / "weights" / "mlp" / "metrics.json"
    path.write_text(json.dumps({"data": str(tmp_path)}), "utf-8")
    metrics = evaluate(discover(classics).entry("classics/mlp"), count=8)
    assert metrics["swd_28_floor"] > 0


def test_without_the_packages_that_draw_real_pictures_a_sentence_says_what_to_install(classics):
    script = (
        "import sys; sys.modules['resvg_py'] = None; from zoo.cli import main; raise SystemExit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, "evaluate", "classics/mlp", "--plugins", str(classics)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=BUNDLED.parent)
    assert ran.returncode == 1
    assert "needs resvg_py for this. Install it with `pip install 'persona-zoo[train]'`" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_weights_of_unknown_origin_cannot_be_compared(classics):
    (classics / "classics" / "weights" / "mlp" / "metrics.json").unlink()
    with pytest.raises(ModelError, match=r"classics/mlp cannot be evaluated"):
        evaluate(discover(classics).entry("classics/mlp"))


def test_a_figure_that_ends_like_an_interval_but_has_no_estimate_is_shown():
    assert "gamma_low" in table({"gamma_low": 1.0})
    assert "| `m` | gamma_low | 1 | – |" in numbers({"m": {"metrics": {"gamma_low": 1.0}}})
