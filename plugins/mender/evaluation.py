"""What `zoo evaluate mender/mender` measures: the mender and its peers on the same held-out pictures, in one run."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from zoo import Corrector
from zoo.training.attacks import Attack, attack

from .evaluating.attacking import hardened, of_model, under_attack
from .evaluating.carried import ENDS, carried
from .evaluating.figures import figures
from .evaluating.large import suspicions
from .evaluating.measuring import measured
from .evaluating.peers import corrector, peers
from .evaluating.pictures import Held, held_out
from .evaluating.samples import save_samples
from .evaluating.table import RESULTS, page
from .evaluating.trained import HARDENED, load


def evaluate(model: Corrector) -> dict[str, float]:
    """Metric name → value, of the mender, and with a prefix of each peer; the same as tables goes to `RESULTS`. Peers
    that are trained for hours and are not at hand keep the figures that are committed: see `carried`."""
    sets, trained = _held_out(), load()
    mender = corrector(model, names=True, compares=True)
    tables = measured({"": mender, **peers(trained)}, sets)
    found = {
        f"{prefix}_{name}".removeprefix("_"): value
        for prefix, of in tables.items()
        for name, value in figures(of, {other: each for other, each in tables.items() if other != prefix}).items()
    }
    found |= {name: round(value, 5) for name, value in suspicions(mender).items()}
    found |= {f"{name}_training_seconds": each.seconds for name, each in trained.items()}
    for when, detector in (("before", of_model(model)), ("after", hardened(HARDENED))):
        if detector:
            robust = under_attack(detector, attack("pgd"), sets)
            found |= {f"robust_auroc_{when}{end}": round(robust[f"auroc_robust{end}"], 5) for end in ENDS}
    kept = carried(found, _before())
    if RESULTS.parent.is_dir():
        RESULTS.write_text(page(found | kept, kept), "utf-8")
        save_samples(model, sets)
    return found | kept


def _before() -> dict[str, float]:
    """The figures that are committed."""
    path = RESULTS.with_suffix(".json")
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def attacked(model: Corrector, attack: Attack) -> dict[str, float]:
    """What `zoo evaluate --attack` prints."""
    return under_attack(of_model(model), attack, _held_out())


def _held_out() -> list[Held]:
    """Made anew each time, in seconds: they are what the code of today draws and stylizes."""
    with TemporaryDirectory() as folder:
        return held_out(Path(folder))
