"""Where curves go, and what happens when they cannot."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from test_loop import BUDGET, PICTURES, Denoiser

from zoo.training.loop import Budget, TrainingError, fit
from zoo.training.trackers import Forgiving, open_tracker


def test_losses_speed_collapse_and_sheets_go_to_tensorboard(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, BUDGET, real=PICTURES(64))
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    tags = {"loss/loss", "images per second", "collapse/variety", "collapse/twins"}
    assert set(events.Tags()["scalars"]) == tags
    assert events.Tags()["images"] == ["samples"]
    assert [event.step for event in events.Scalars("loss/loss")] == [8, 16, 24, 32, 40]
    assert all(event.value > 0 for event in events.Scalars("images per second"))


def test_a_resumed_training_goes_on_in_the_same_curves(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, Budget(16, 4, 8))
    fit(Denoiser(), PICTURES, tmp_path, BUDGET, resume=True)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("loss/loss")] == [8, 16, 24, 32, 40]


def test_none_leaves_nothing(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, BUDGET, tracker="none")
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.safetensors", "samples"}


def test_an_unknown_tracker_is_a_sentence(tmp_path):
    with pytest.raises(TrainingError, match="tensorboard, trackio, wandb, none"):
        open_tracker("mlflow", tmp_path, {})


@pytest.mark.parametrize("name", ["trackio", "wandb"])
def test_a_missing_package_is_named_with_its_pip_line(name, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    with pytest.raises(TrainingError, match=f"pip install {name}"):
        open_tracker(name, tmp_path, {})


class Offline:
    """A client that lost its connection."""

    calls = 0

    def log(self, values, seen):
        self.calls += 1
        raise ConnectionError("the server is gone")

    def show(self, sheet, seen):
        raise ConnectionError("the server is gone")

    def close(self):
        pass


def test_a_tracker_that_fails_is_told_of_once_and_costs_no_training(capsys):
    offline = Offline()
    tracker = Forgiving(offline)
    tracker.log({"loss": 1.0}, 1)
    tracker.log({"loss": 1.0}, 2)
    tracker.show(None, 2)
    assert offline.calls == 1
    assert capsys.readouterr().out.count("the server is gone.") == 1
