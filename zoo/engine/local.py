"""Open models on this machine: a pool with a byte budget, a thread for each, draws put together in batches."""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from cachetools import LRUCache
from torch import Tensor

from zoo.engine import verbs
from zoo.errors import ModelError, ZooError
from zoo.model import Generator, Model
from zoo.params import Params
from zoo.registry import Entry

T = TypeVar("T")

BUDGET = int(os.environ.get("ZOO_MEMORY", 2 * 2**30))
"""Bytes of weights that stay open. The least recently used go first."""
SECONDS = float(os.environ.get("ZOO_SECONDS", 120))
"""How long anybody waits for a model."""
BATCH = 16
"""Pictures drawn at once."""
KEPT = {
    "M_ARENA_MAX": (-8, 1),
    "M_MMAP_THRESHOLD": (-3, 2**25),
    "M_TOP_PAD": (-2, 2**29),
    "M_TRIM_THRESHOLD": (-1, 2**30),
}
"""Parameters of mallopt(3) and what they are set to: one heap for all threads, for pieces of up to 32 MiB, which grows
by half a GiB at a time, and of which up to one GiB is kept when nothing uses it."""

log = logging.getLogger("zoo.engine")


def pick_device() -> str:
    """`ZOO_DEVICE`, or the best there is: cuda, mps, cpu."""
    wanted = os.environ.get("ZOO_DEVICE", "auto")
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def exact() -> None:
    """Arithmetic that gives the same picture everywhere: full fp32, fixed kernels."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def keep_memory() -> None:
    """Have glibc keep memory that was freed, where it is the C library. Otherwise it goes back to the kernel after each
    layer, and comes again page by page: a twelfth of a U-Net's time."""
    if mallopt := getattr(ctypes.CDLL(None) if os.name == "posix" else None, "mallopt", None):
        for parameter, value in KEPT.values():
            mallopt(parameter, value)


def attempt(model: Model, verb: Callable[..., T], *args: Any) -> T:
    """`verb` on an open model; whatever the model throws becomes a `ModelError`, its traceback goes to the log."""
    try:
        with torch.inference_mode():
            return verb(model, *args)
    except ZooError:
        raise
    except torch.OutOfMemoryError:
        raise ModelError(
            "“{title}” ran out of memory. Try a smaller picture, or again later.", title=model.card.title
        ) from None
    except Exception as error:
        log.exception("%s failed in %s", model.card.title, verb.__name__)
        raise ModelError(
            "“{title}” failed: {why}. Try other settings, or another model.", title=model.card.title, why=repr(error)
        ) from None


@dataclass
class _Ask:
    """One caller's part of a batch."""

    params: Params
    latents: Tensor
    amounts: Tensor
    answer: Future[Tensor] = field(default_factory=Future)


class _Open:
    """An open model and the thread that alone touches it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=model.name)
        self.waiting: list[_Ask] = []
        self.lock = threading.Lock()

    @property
    def size(self) -> int:
        state = self.model.net.state_dict().values() if self.model.net else ()
        return 1 + sum(int(tensor.nbytes) for tensor in state)

    def draw(self, params: Params, latents: Tensor, amounts: Tensor) -> Future[Tensor]:
        ask = _Ask(params, latents, amounts)
        with self.lock:
            self.waiting.append(ask)
        self.thread.submit(self._serve)
        return ask.answer

    def _serve(self) -> None:
        """Draws for everybody who waits with the same params, in one batch."""
        if not (asks := self._take()):
            return
        try:
            latents = torch.cat([ask.latents for ask in asks])
            amounts = torch.cat([ask.amounts for ask in asks])
            pictures = attempt(self.model, verbs.draw, asks[0].params, latents, amounts)
            parts = torch.split(pictures, [len(ask.latents) for ask in asks])
            for ask, part in zip(asks, parts, strict=True):
                ask.answer.set_result(part)
        except ZooError as error:
            for ask in asks:
                ask.answer.set_exception(error)

    def _take(self) -> list[_Ask]:
        with self.lock:
            taken: list[_Ask] = []
            for ask in list(self.waiting):
                room = sum(len(other.latents) for other in taken) + len(ask.latents) <= BATCH
                if not taken or (room and ask.params == taken[0].params):
                    taken.append(ask)
                    self.waiting.remove(ask)
            return taken


class Local:
    """Runs models here. Open ones stay open within `budget` bytes."""

    def __init__(self, device: str | None = None, budget: int = BUDGET, seconds: float = SECONDS) -> None:
        exact()
        keep_memory()
        self.device = device or pick_device()
        self.seconds = seconds
        self._lock = threading.Lock()
        self._pool: LRUCache[str, _Open] = LRUCache(budget, getsizeof=lambda opened: min(opened.size, budget))

    def draw(self, entry: Entry, params: Params, latents: Tensor, amounts: Tensor) -> Tensor:
        """`verbs.draw`, in one batch with whoever asks the same model for the same at this moment."""
        if not issubclass(entry.cls, Generator):
            raise ModelError("“{id}” is a {found}, not a {kind}.", id=entry.id, found=entry.kind, kind="generator")
        return self._wait(entry, self._open(entry).draw(params, latents, amounts))

    def call(self, entry: Entry, verb: Callable[..., T], *args: Any) -> T:
        """One of `zoo.engine.verbs` on the model of `entry`, in the caller's context: Gradio finds there whose progress
        it is told."""
        opened = self._open(entry)
        return self._wait(entry, opened.thread.submit(copy_context().run, attempt, opened.model, verb, *args))

    def _open(self, entry: Entry) -> _Open:
        with self._lock:
            opened = self._pool.get(entry.id)
            if opened is None:
                opened = self._pool[entry.id] = _Open(entry.open(self.device))
            return opened

    def _wait(self, entry: Entry, answer: Future[T]) -> T:
        try:
            return answer.result(self.seconds)
        except FutureTimeoutError:
            with self._lock:
                self._pool.pop(entry.id, None)
            raise ModelError(
                "“{title}” took longer than {seconds} s. Try a smaller picture, or another model.",
                title=entry.title,
                seconds=f"{self.seconds:g}",
            ) from None
