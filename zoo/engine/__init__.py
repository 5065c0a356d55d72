"""Runs recipes. Nothing above knows on what."""

from __future__ import annotations

import os

from zoo.engine.engine import Engine, Progress
from zoo.registry import Zoo
from zoo.store import Store

__all__ = ["Engine", "Progress", "open_engine"]


def open_engine(zoo: Zoo, store: Store) -> Engine:
    """The engine of this machine: on ZeroGPU where a Space has it, else here."""
    if os.environ.get("SPACES_ZERO_GPU"):
        import spaces

        from zoo.engine.zerogpu import ZeroGpu

        return Engine(zoo, store, ZeroGpu(spaces.GPU))
    from zoo.engine.local import Local

    return Engine(zoo, store, Local())
