"""Where a training computes: device, precision, and the processes that share it. All by `accelerate`.

A method stays as it would be on one CPU. Its parts are moved, its steps run under autocast, and where several
processes train, an optimizer averages the gradients over them before it steps, so no network is wrapped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast, gather_object
from torch import Tensor, nn
from torch.optim import Optimizer

from .checkpoints import Stateful, TrainingError

Precision = Literal["no", "bf16"]


def open_accelerator() -> Accelerator:
    """The device that `ZOO_DEVICE` or `accelerate launch` names, or the best there is."""
    return Accelerator(cpu=os.environ.get("ZOO_DEVICE") == "cpu")


def prepare(parts: Mapping[str, Stateful], accelerator: Accelerator) -> None:
    """Move the networks to the device, alike in every process, and let the optimizers average their gradients."""
    for part in parts.values():
        if isinstance(part, nn.Module):
            part.to(accelerator.device)
        elif isinstance(part, Optimizer) and accelerator.num_processes > 1:
            part.register_step_pre_hook(lambda optimizer, *_: _average(optimizer, accelerator))
    align(parts, accelerator)
    if accelerator.process_index:
        torch.manual_seed(torch.initial_seed() + accelerator.process_index)


def align(parts: Mapping[str, Stateful], accelerator: Accelerator) -> None:
    """Give every process the first one's networks: running statistics differ between them."""
    if accelerator.num_processes > 1:
        for part in parts.values():
            if isinstance(part, nn.Module):
                for tensor in (*part.parameters(), *part.buffers()):
                    tensor.data = broadcast(tensor.data)


@torch.no_grad()
def _average(optimizer: Optimizer, accelerator: Accelerator) -> None:
    """In one message, for a network has hundreds of small tensors."""
    slopes = [each.grad for group in optimizer.param_groups for each in group["params"] if each.grad is not None]
    if slopes:
        mean = accelerator.reduce(torch.cat([slope.flatten() for slope in slopes]), "mean")
        for slope, part in zip(slopes, mean.split([slope.numel() for slope in slopes]), strict=True):
            slope.copy_(part.view_as(slope))


def autocast(accelerator: Accelerator, precision: Precision | None) -> AbstractContextManager[Any]:
    """What a step runs under. No cache of cast weights: they change within a step of two networks."""
    precision = precision or accelerator.mixed_precision
    if precision not in ("no", "bf16"):
        raise TrainingError("A training runs in “no” or “bf16” precision, not in “{name}”.", name=precision)
    if precision == "no":
        return nullcontext()
    return torch.autocast(accelerator.device.type, torch.bfloat16, cache_enabled=False)


def share(batch: int, accelerator: Accelerator) -> int:
    """This process's part of a batch. Raises `TrainingError` where it does not come out even."""
    count: int = accelerator.num_processes
    if batch % count:
        raise TrainingError(
            "A batch of {batch} cannot be shared by {count} processes. Use a number that divides it.",
            batch=batch,
            count=count,
        )
    return batch // count


def random_states(accelerator: Accelerator) -> list[dict[str, Tensor]]:
    """The state of torch's generators in each process, by device."""
    states = {"cpu": torch.get_rng_state()}
    if accelerator.device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(accelerator.device)
    return list(gather_object([states]))


def set_random_states(states: Iterable[Mapping[str, Tensor]], accelerator: Accelerator) -> None:
    """Put back what `random_states` gave. Raises `TrainingError` where there were more processes then, or fewer."""
    states = list(states)
    if len(states) != accelerator.num_processes:
        raise TrainingError(
            "This training was begun by {before} processes and is resumed by {now}. Use as many as before.",
            before=len(states),
            now=accelerator.num_processes,
        )
    mine = states[accelerator.process_index]
    torch.set_rng_state(mine["cpu"])
    if accelerator.device.type == "cuda" and "cuda" in mine:
        torch.cuda.set_rng_state(mine["cuda"], accelerator.device)
