"""The training loop: what was killed goes on as if it had not been."""

import errno
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from zoo.errors import WeightsError
from zoo.training.ema import Average, calibrate
from zoo.training.loop import Budget, TrainingError, fit

PICTURES = np.random.RandomState(0).randint(0, 256, (12, 4, 4, 3), dtype=np.uint8)


class Denoiser:
    """A method at its smallest, with all that uses chance: noise, dropout, and an optimizer with a memory."""

    def __init__(self, limit: int | None = None) -> None:
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout(0.2), nn.Conv2d(4, 3, 1))
        self.average = Average(self.net, half_life=8)
        self.optimizer = torch.optim.Adam(self.net.parameters(), 0.01)
        self.parts = {"net": self.net, "average": self.average, "optimizer": self.optimizer}
        self.limit = limit

    def step(self, images, progress):
        if self.limit == 0:
            raise KeyboardInterrupt
        self.limit = None if self.limit is None else self.limit - 1
        loss = (self.net(images + torch.randn_like(images)) - images).square().mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.average.follow(self.net, len(images))
        return {"loss": loss}

    def sample(self):
        return torch.zeros(64, 3, 4, 4)

    def weights(self):
        return torch.cat([value.flatten() for value in self.average.state_dict().values()])


BUDGET = Budget(images=40, batch=4, save_every=8)


def test_a_killed_training_ends_with_the_weights_of_an_uninterrupted_one(tmp_path):
    whole = Denoiser()
    fit(whole, PICTURES, tmp_path / "whole", BUDGET)
    with pytest.raises(KeyboardInterrupt):
        fit(Denoiser(limit=5), PICTURES, tmp_path / "killed", BUDGET)
    torch.manual_seed(99)
    resumed = Denoiser()
    assert fit(resumed, PICTURES, tmp_path / "killed", BUDGET, resume=True) == 40
    assert torch.equal(resumed.weights(), whole.weights())
    assert not torch.equal(whole.weights(), Denoiser().weights())


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one(tmp_path, monkeypatch):
    fit(Denoiser(), PICTURES, tmp_path, Budget(images=8, batch=4, save_every=8))
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", full)
        with pytest.raises(WeightsError, match="No space left"):
            fit(Denoiser(), PICTURES, tmp_path, BUDGET, resume=True)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert fit(Denoiser(), PICTURES, tmp_path, BUDGET, resume=True) == 40


def test_a_loss_that_is_no_number_stops_before_the_checkpoint_is_spoilt(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, Budget(images=8, batch=4, save_every=8))
    before = (tmp_path / "checkpoint.pt").read_bytes()
    sick = Denoiser()
    sick.step = lambda images, progress: {"loss": torch.tensor(float("nan"))}
    with pytest.raises(TrainingError, match="learning rate"):
        fit(sick, PICTURES, tmp_path, BUDGET, resume=True)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_there_must_be_something_to_resume(tmp_path):
    with pytest.raises(TrainingError, match="--resume"):
        fit(Denoiser(), PICTURES, tmp_path, BUDGET, resume=True)


def test_sheets_show_how_it_goes(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, BUDGET)
    assert [sheet.name for sheet in sorted((tmp_path / "samples").iterdir())][-1] == "00000040.png"


def test_an_average_goes_half_way_in_a_half_life():
    net = nn.Linear(1, 1)
    average = Average(net, half_life=10)
    average.seen.fill_(1e6)
    with torch.no_grad():
        start = net.weight.clone()
        net.weight += 1
    average.follow(net, 10)
    assert torch.allclose(average.net.weight, start + 0.5)


def test_calibration_sets_running_statistics_to_those_of_the_latents():
    norm = nn.BatchNorm1d(2)
    latents = torch.randn(256, 2) * 3 + 5
    calibrate(norm, latents)
    assert torch.allclose(norm.running_mean, latents.mean(0), atol=1e-4)
    assert not norm.training
