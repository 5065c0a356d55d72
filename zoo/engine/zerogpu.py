"""Running models on a ZeroGPU Space: one function under `spaces.GPU`, which forks a worker for each call.

No threads are kept, since they do not survive the fork; open models live in the worker, and what goes in and comes
out can be pickled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import Tensor

from zoo.engine import verbs
from zoo.engine.local import attempt, exact
from zoo.model import Model
from zoo.params import Params
from zoo.registry import Entry

T = TypeVar("T")

SECONDS = 20
"""Of the visitor's quota that a call asks for; the bundled models take under one."""


class ZeroGpu:
    """The same two methods as `Local`, each call in a worker that has the GPU."""

    def __init__(self, gpu: Callable[..., Any], device: str = "cuda") -> None:
        exact()
        self._opened: dict[str, Model] = {}
        self._device = device
        self._run = gpu(duration=SECONDS)(self._on_gpu)

    def draw(self, entry: Entry, params: Params, latents: Tensor, amounts: Tensor) -> Tensor:
        """`verbs.draw`."""
        return self.call(entry, verbs.draw, params, latents, amounts)

    def call(self, entry: Entry, verb: Callable[..., T], *args: Any) -> T:
        """One of `zoo.engine.verbs` on the model of `entry`."""
        answer: T = self._run(entry, verb, *args)
        return answer

    def _on_gpu(self, entry: Entry, verb: Callable[..., T], *args: Any) -> T:
        if entry.id not in self._opened:
            self._opened[entry.id] = entry.open(self._device)
        return attempt(self._opened[entry.id], verb, *args)
