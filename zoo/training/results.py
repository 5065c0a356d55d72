"""What a training leaves behind: the weights, what they were made of, and a sheet of samples."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from torch import nn

from zoo.tensors import save, write

WEIGHTS = "model.safetensors"
METRICS = "metrics.json"


def save_results(net: nn.Module, out: Path, facts: Mapping[str, object]) -> None:
    """Write `net` to `model.safetensors`, and to `metrics.json` the `facts`, the command and the file's digest."""
    digest = save(net.state_dict(), out / WEIGHTS)
    command = " ".join(["zoo", *sys.argv[1:]])
    write_facts(out / METRICS, {**facts, "command": command, "sha256": digest})
    print(f"{out / WEIGHTS}: sha256 {digest}")


def write_facts(path: Path, facts: Mapping[str, object]) -> None:
    """Write JSON that diffs line by line."""
    write((json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode(), path)
