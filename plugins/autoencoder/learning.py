"""Learning to undo damage: the loop, which can be stopped and started at will."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .distort import damage
from .material import batch
from .net import Autoencoder

SIDE, BATCH = 64, 8
CHANCES: Mapping[str, float] = {"colour": 0.4, "texture": 0.8}
SEVERITY, LOCAL = (0.2, 1.0), 0.25
RATE = 2e-3

FLOOR = 1e-3
"""The squared error that decibels are counted from. Near 0 the mildly damaged pictures would outweigh the others, and
the network learn to leave everything as it is."""


def learn(sources: Sequence[Sequence[Tensor]], steps: int, folder: Path) -> nn.Module:
    """The autoencoder after `steps` steps, its weights averaged over the last 500 or so.

    Goes on from what `folder` holds. Crops and damage depend on the step alone, so a stop changes nothing.
    """
    torch.manual_seed(0)
    net = Autoencoder().to(memory_format=torch.channels_last)
    mean = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.998))
    optimizer = torch.optim.AdamW(net.parameters(), betas=(0.9, 0.99), weight_decay=1e-4)
    parts = {"net": net, "mean": mean, "optimizer": optimizer}
    tally = torch.zeros(4, 2)
    for step in range(_resume(folder, parts), steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps)
        clean = batch(sources, BATCH, SIDE, seed=2 * step * BATCH)
        damaged = damage(clean, (2 * step + 1) * BATCH + 2**40, CHANCES, SEVERITY, LOCAL)
        errors = decibels(net(damaged.images.contiguous(memory_format=torch.channels_last)), clean)
        optimizer.zero_grad()
        errors.mean().backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0, error_if_nonfinite=True)
        optimizer.step()
        mean.update_parameters(net)
        kinds = damaged.kinds["colour"] + 2 * damaged.kinds["texture"]
        tally.index_add_(0, kinds, _gains(damaged.images, clean, errors))
        if (step + 1) % 100 == 0 or step + 1 == steps:
            gains = dict(zip(("clean", "colour", "texture", "both"), (tally[:, 0] / tally[:, 1]).tolist(), strict=True))
            print(step + 1, *(f"{kind} {gain:+.2f} dB" for kind, gain in gains.items()), flush=True)
            _keep(folder, step + 1, parts)
            tally.zero_()
    return mean.module.eval()


def rate(step: int, steps: int) -> float:
    """The learning rate: a warm-up, a plateau, and over the last 40 % of the steps a straight way down."""
    return RATE * min(1.0, (step + 1) / 100, (steps - step) / (0.4 * steps))


def decibels(images: Tensor, clean: Tensor) -> Tensor:
    """How far each of the images is from the clean one, `[N]`: the log of the squared error above `FLOOR`."""
    return 10 * ((images - clean).square().flatten(1).mean(1) + FLOOR).log10()


def _gains(damaged: Tensor, clean: Tensor, errors: Tensor) -> Tensor:
    """What each picture won, and one to count it by: `[N,2]`."""
    won = decibels(damaged, clean) - errors.detach()
    return torch.stack([won, torch.ones_like(won)], dim=1)


def _resume(folder: Path, parts: Mapping[str, Any]) -> int:
    path = folder / "checkpoint.pt"
    if not path.exists():
        return 0
    saved = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return int(saved["step"])


def _keep(folder: Path, step: int, parts: Mapping[str, Any]) -> None:
    """Written whole or not at all: who stops the training loses at most a hundred steps."""
    part = folder / "checkpoint.part"
    torch.save({"step": step} | {name: each.state_dict() for name, each in parts.items()}, part)
    os.replace(part, folder / "checkpoint.pt")
