"""What correctors cost: CPU seconds of one core at 512×512, beside the bare convolutions of their own mending.

    python benchmarks/correctors.py

writes `docs/results/correctors.md` and `correctors.json`. The convolutions are timed in turn with detecting and
mending, and the least of each counts, because machines are noisy.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from time import process_time

import torch

HOUSE = Path(__file__).parent.parent
sys.path.insert(0, str(HOUSE))

from zoo import Context, Corrector  # noqa: E402 – the house is found by then
from zoo.engine.local import keep_memory  # noqa: E402
from zoo.registry import discover  # noqa: E402
from zoo.tensors import write  # noqa: E402
from zoo.training.anomalies import apply, last_step  # noqa: E402
from zoo.training.avatars import STYLES, draw  # noqa: E402

SIDE, ROUNDS = 512, 15
RESULTS = HOUSE / "docs" / "results"
COLUMNS = {
    "clean": "detect, clean: s",
    "spoilt": "detect, with maps: s",
    "fix": "fix: s",
    "convolutions": "its convolutions: s",
    "ratio": "fix ÷ its convolutions",
}
PAGE = """# What correctors cost

Written by `python benchmarks/correctors.py`, with torch {torch}: CPU seconds of one core for one picture of
{side}×{side} at default params, least of {rounds}. The picture is an avatar, clean and with noise. A convolution is
bare when torch is called with tensors of the same shapes and nothing happens in between. Asked of `mender/mender`:
detect in 0.05 s, fix in 0.6 s, and at most 1.2 × its convolutions.

| model | {columns} |
|---{lines}|
{rows}
"""


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of one call, over all threads of this process."""
    start = process_time()
    run()
    return process_time() - start


def measure(model: Corrector, side: int = SIDE, rounds: int = ROUNDS) -> dict[str, float]:
    """The least seconds by the names in `COLUMNS`; no ratio where nothing is mended by convolutions."""
    drawn = torch.from_numpy(draw(STYLES[0], 0, side).copy()).permute(2, 0, 1)[None] / 255
    params, clean = model.Params(), last_step(drawn, 0)
    spoilt = apply(clean, "noise", 0, 0.5)
    found = model.detect(spoilt, params, Context())
    bare = run_path(str(HOUSE / "benchmarks" / "portraits.py"))["Convolutions"]()
    with bare:
        model.fix(spoilt, found, params)
    runs: dict[str, Callable[[], object]] = {
        "clean": lambda: model.detect(clean, params, Context()),
        "spoilt": lambda: model.detect(spoilt, params, Context()),
        "fix": lambda: model.fix(spoilt, found, params),
        "convolutions": bare.run,
    }
    times = [[seconds(run) for run in runs.values()] for _ in range(rounds + 1)][1:]
    least = dict(zip(runs, map(min, zip(*times, strict=True)), strict=True))
    return least | ({"ratio": least["fix"] / least["convolutions"]} if bare.calls else {})


def page(measured: dict[str, dict[str, float]]) -> str:
    rows = [
        f"| `{id}` | " + " | ".join(f"{of[name]:.3g}" if name in of else "–" for name in COLUMNS) + " |"
        for id, of in measured.items()
    ]
    facts = {"torch": torch.__version__, "side": SIDE, "rounds": ROUNDS}
    return PAGE.format(columns=" | ".join(COLUMNS.values()), lines="|---" * len(COLUMNS), rows="\n".join(rows), **facts)


def main() -> None:
    torch.set_num_threads(1)
    keep_memory()  # as the engine does
    with torch.no_grad():
        measured = {entry.id: measure(entry.open()) for entry in discover().of_kind("corrector")}
    write(page(measured).encode(), RESULTS / "correctors.md")
    write((json.dumps(measured, indent=2) + "\n").encode(), RESULTS / "correctors.json")
    print(page(measured))


if __name__ == "__main__":
    main()
