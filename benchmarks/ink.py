"""What the styles of `plugins/ink` cost: CPU seconds of one core at 512×512, beside one bare 3×3 convolution.

    python benchmarks/ink.py

writes `docs/results/ink.md`. The convolution (64 → 64 channels at 512×512) is timed in turn with each style, and
the best of each is kept, because machines are noisy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

import torch

HOUSE = Path(__file__).parent.parent
sys.path.insert(0, str(HOUSE))

from zoo.portraits import portraits  # noqa: E402 – the house is found by then
from zoo.registry import Entry, discover  # noqa: E402

SIDE, ROUNDS = 512, 5
ALLOWED = {"cartoon": 0.8, "oil": 0.8}
HEAD = f"""# The styles of `ink`, by cost

Written by `python benchmarks/ink.py`, with torch {{torch}}: CPU seconds of one core for one picture of {SIDE}×{SIDE} at
default params, best of {ROUNDS}; “× conv” is the ratio to one 3×3 convolution of 64 channels, timed in turn with it.

| style | CPU s | allowed | × conv |
|---|---|---|---|
"""


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of one call, over all threads of this process."""
    start = process_time()
    run()
    return process_time() - start


def measure(entry: Entry) -> str:
    """A row of the table."""
    style, images = entry.open(), portraits(1, SIDE, SIDE)
    reference = portraits(2, SIDE, SIDE)[1:] if style.takes_reference else None
    layer, features = torch.nn.Conv2d(64, 64, 3, padding=1), torch.rand(1, 64, SIDE, SIDE)
    rounds = [
        (seconds(lambda: style.stylize(images, style.Params(), reference)), seconds(lambda: layer(features)))
        for _ in range(ROUNDS)
    ]
    ours, bare = (min(times) for times in zip(*rounds, strict=True))
    return f"| {style.name} | {ours:.2f} | {ALLOWED.get(style.name, 0.4)} | {ours / bare:.1f} |\n"


def main() -> None:
    torch.set_num_threads(1)
    with torch.inference_mode():
        rows = [measure(entry) for entry in discover(only=("ink",), strict=True).of_kind("stylizer")]
    text = HEAD.format(torch=torch.__version__) + "".join(rows)
    (HOUSE / "docs" / "results" / "ink.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
