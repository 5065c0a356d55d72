"""The training loop: what was killed goes on as if it had not been."""

import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from zoo.errors import WeightsError
from zoo.training.checkpoints import CHECKPOINT, read_checkpoint
from zoo.training.ema import Average, calibrate
from zoo.training.loop import Budget, TrainingError, fit
from zoo.training.sources import batches

PICTURES = batches(np.random.RandomState(0).randint(0, 256, (12, 4, 4, 3), dtype=np.uint8))


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
        return torch.cat([value.flatten() for value in self.average.net.state_dict().values()])


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


STEPPING = """
import sys, time
from pathlib import Path
from test_loop import Denoiser, PICTURES, LONG
from zoo.training.loop import fit

class Told(Denoiser):
    def step(self, images, progress):
        print("step", flush=True)
        time.sleep(0.005)
        return super().step(images, progress)

fit(Told(), PICTURES, Path(sys.argv[1]), LONG, tracker="none")
"""
LONG = Budget(images=400, batch=4, save_every=12)


def test_kill_9_at_any_step_then_resume_ends_with_the_same_weights(tmp_path):
    whole = Denoiser()
    fit(whole, PICTURES, tmp_path / "whole", LONG, tracker="none")
    steps = random.randint(4, 80)
    with subprocess.Popen(
        [sys.executable, "-c", STEPPING, tmp_path / "killed"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    ) as training:
        for _ in range(steps):
            assert training.stdout.readline() == "step\n"
        training.kill()
    assert training.returncode == -signal.SIGKILL
    resumed = Denoiser()
    fit(resumed, PICTURES, tmp_path / "killed", LONG, resume=True, tracker="none")
    assert torch.allclose(resumed.weights(), whole.weights(), atol=1e-6), f"killed after {steps} steps"


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file may grow over `room` bytes in here: the system call that writes on fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_is_a_sentence_and_leaves_the_last_checkpoint(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, Budget(images=8, batch=4, save_every=8), tracker="none")
    before = (tmp_path / CHECKPOINT).read_bytes()
    with full_disk(1000), pytest.raises(WeightsError, match="Free some space"):
        fit(Denoiser(), PICTURES, tmp_path, BUDGET, resume=True, tracker="none")
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert not list(tmp_path.glob(".checkpoint*"))
    assert fit(Denoiser(), PICTURES, tmp_path, BUDGET, resume=True, tracker="none") == 40


class Sick(Denoiser):
    """Its loss, or only its weights, are no numbers after a while."""

    def __init__(self, spoil: str) -> None:
        super().__init__()
        self.spoil = spoil

    def step(self, images, progress):
        losses = super().step(images, progress)
        if progress > 0.5 and self.spoil == "weights":
            self.net[0].weight.data.fill_(float("inf"))
        return {"loss": losses["loss"] * float("nan")} if progress > 0.5 and self.spoil == "loss" else losses


@pytest.mark.parametrize("spoil", ["loss", "weights"])
def test_what_is_no_number_stops_before_the_checkpoint_is_spoilt(spoil, tmp_path):
    with pytest.raises(TrainingError, match="holds the last good weights: lower the learning rate"):
        fit(Sick(spoil), PICTURES, tmp_path, BUDGET, tracker="none")
    assert 0 < read_checkpoint(tmp_path).seen <= 24
    healthy = Denoiser()
    assert fit(healthy, PICTURES, tmp_path, BUDGET, resume=True, tracker="none") == 40
    assert healthy.weights().isfinite().all()


def test_without_a_checkpoint_nothing_good_is_promised(tmp_path):
    with pytest.raises(TrainingError, match="begin anew"):
        fit(Sick("loss"), PICTURES, tmp_path, Budget(images=40, batch=4, save_every=4000), tracker="none")


def test_another_training_is_not_resumed(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, Budget(8, 4, 8), tracker="none", settings={"side": 4})
    with pytest.raises(TrainingError, match="begun with side 4, not 8"):
        fit(Denoiser(), PICTURES, tmp_path, BUDGET, resume=True, settings={"side": 8})
    with pytest.raises(TrainingError, match="begun with batch 4, not 2"):
        fit(Denoiser(), PICTURES, tmp_path, Budget(40, 2, 8), resume=True, settings={"side": 4})
    wider = Denoiser()
    wider.parts = {"net": nn.Sequential(nn.Conv2d(3, 8, 1))}
    with pytest.raises(TrainingError, match=r"0.weight was 4×3×1×1 and is 8×3×1×1.*resolution"):
        fit(wider, PICTURES, tmp_path, BUDGET, resume=True, settings={"side": 4})


def test_a_training_is_not_overwritten(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, BUDGET, tracker="none")
    with pytest.raises(TrainingError, match="Go on with --resume"):
        fit(Denoiser(), PICTURES, tmp_path, BUDGET, tracker="none")


def test_a_damaged_checkpoint_is_a_sentence(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, BUDGET, tracker="none")
    (tmp_path / CHECKPOINT).write_bytes((tmp_path / CHECKPOINT).read_bytes()[:300])
    with pytest.raises(TrainingError, match="is damaged"):
        fit(Denoiser(), PICTURES, tmp_path, BUDGET, resume=True, tracker="none")


def test_a_sheet_may_use_chance_without_changing_what_comes_after(tmp_path):
    plain, chancy = Denoiser(), Denoiser()
    chancy.sample = lambda: torch.rand(64, 3, 4, 4)
    for name, method in (("plain", plain), ("chancy", chancy)):
        torch.manual_seed(1)
        fit(method, PICTURES, tmp_path / name, BUDGET, tracker="none")
    assert torch.equal(plain.weights(), chancy.weights())


def test_half_precision_is_for_the_steps_only(tmp_path):
    method = Denoiser()
    fit(method, PICTURES, tmp_path, BUDGET, tracker="none", precision="bf16")
    full = Denoiser()
    fit(full, PICTURES, tmp_path / "full", BUDGET, tracker="none")
    assert method.net[0].weight.dtype == torch.float32
    assert not torch.equal(method.weights(), full.weights())
    assert (method.weights() - full.weights()).abs().median() < 0.01


SHARED = """
import sys
from pathlib import Path
from safetensors.torch import save_file
from test_loop import Denoiser, PICTURES, BUDGET
from zoo.training.loop import fit
import os
method = Denoiser()
fit(method, PICTURES, Path(sys.argv[1]), BUDGET, tracker="none")
save_file(dict(method.net.state_dict()), Path(sys.argv[1]) / f"{os.environ['RANK']}.safetensors")
"""


def test_two_processes_end_with_the_same_weights(tmp_path):
    (tmp_path / "shared.py").write_text(SHARED)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "ACCELERATE_USE_CPU": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run([*torchrun, tmp_path / "shared.py", tmp_path], env=here, check=True, capture_output=True)
    first, second = (load_file(tmp_path / f"{rank}.safetensors") for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)
    alone = Denoiser()
    fit(alone, PICTURES, tmp_path / "alone", BUDGET, tracker="none")
    assert not torch.equal(alone.net.state_dict()["0.weight"], first["0.weight"]), "the second drew pictures of its own"


def test_denormal_numbers_are_nothing_in_a_training_and_something_after_it(tmp_path):
    method, seen = Denoiser(), []
    step = method.step
    method.step = lambda *batch: seen.append(float(torch.tensor(1e-40) * 1)) or step(*batch)
    fit(method, PICTURES, tmp_path, BUDGET, tracker="none")
    assert set(seen) == {0.0}
    assert float(torch.tensor(1e-40) * 1) > 0


def test_there_must_be_something_to_resume(tmp_path):
    with pytest.raises(TrainingError, match="--resume"):
        fit(Denoiser(), PICTURES, tmp_path, BUDGET, resume=True)


def test_sheets_show_how_it_goes(tmp_path):
    fit(Denoiser(), PICTURES, tmp_path, BUDGET)
    assert [sheet.name for sheet in sorted((tmp_path / "samples").iterdir())][-1] == "00000040.png"


def test_an_average_goes_half_way_in_a_half_life():
    net = nn.Linear(1, 1)
    average = Average(net, half_life=10)
    average.seen = 10**6
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
