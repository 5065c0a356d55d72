"""What the filters are worth: `zoo evaluate classical/filters`. There is nothing to train."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo import Context, Findings
from zoo.metrics.auroc import auroc
from zoo.metrics.psnr import psnr
from zoo.training.anomalies import SEEN, UNSEEN, apply, last_step
from zoo.training.sources import pictures, tensor

from ..autoencoder.material import restyle
from .filters import bilateral, grey_edge, grey_world
from .mending import denoised
from .plugin import Filters

HERE = Path(__file__).parent
SEED, TESTED, SIDE = 12, 8, 192
"""Avatars that no calibration has seen, how many, and the side of every picture."""
SEVERITY = (0.15, 0.75)
KODAK = HERE.parents[2] / "shared" / "data" / "kodak"
"""Photographs to evaluate on where they are there; never calibrated on, never committed."""
ALONE: Mapping[str, Callable[[Tensor], Tensor]] = {
    "bilateral": bilateral,
    "non-local means": lambda images: denoised(images, torch.ones_like(images[:, :1])),
    "grey-edge": grey_edge,
    "grey-world": grey_world,
}
"""The filters by themselves, on everything."""
BEGIN, END = "<!-- numbers: written by plugins.classical.train -->", "<!-- end of numbers -->"


@torch.no_grad()
def evaluate(model: Filters) -> dict[str, float]:
    """What `zoo evaluate` prints, by set of pictures, kind and figure; the tables and the sheet of the card go beside
    it."""
    drawn = tensor(pictures("avatars:", TESTED, SIDE, SEED))
    sets = {
        "avatars": (drawn, Context()),
        "restyled": (restyle((drawn * 255).byte()) / 255, Context(stylizer="ink")),
    }
    if KODAK.is_dir():
        sets["kodak"] = (_photographs(), Context())
    found = {name: dict(_measured(model, *each)) for name, each in sets.items()}
    write(found)
    sheet(model, drawn).save(HERE / "samples.webp", quality=90)
    return {f"{name}_{figure}": value for name, figures in found.items() for figure, value in figures.items()}


def _measured(model: Filters, images: Tensor, context: Context) -> Iterator[tuple[str, float]]:
    clean = last_step(images, 1)
    calm, kept = _corrected(model, clean, context)
    yield "clean_suspected", float((calm["overall"] >= 0.5).float().mean())
    yield "clean_identical", float((kept == clean).flatten(1).all(1).float().mean())
    for kind in (*SEEN, *UNSEEN):
        spoilt = apply(images, kind, 2, SEVERITY)
        scores, mended = _corrected(model, spoilt, context)
        yield f"{kind}_psnr_before", _psnr(spoilt, images)
        yield f"{kind}_psnr", _psnr(mended, images)
        yield f"{kind}_worse", float((psnr(mended, images) < psnr(spoilt, images) - 0.05).float().mean())
        yield f"{kind}_auroc", _area(calm[kind if kind in calm else "overall"], scores.get(kind, scores["overall"]))
        for name, alone in ALONE.items():
            yield f"{kind}_psnr_{name}", _psnr(_split(alone, spoilt), images)


def _corrected(model: Filters, images: Tensor, context: Context) -> tuple[dict[str, Tensor], Tensor]:
    """The scores of each kind and `overall`, `[N]`, and the pictures mended, in 8-bit steps."""
    params = Filters.Params()
    found = [model.detect(each, params, context) for each in images.split(1)]
    mended = torch.cat([model.fix(each, one, params) for each, one in zip(images.split(1), found, strict=True)])
    scores = {kind: torch.cat([each.scores[kind] for each in found]) for kind in model.kinds}
    return scores | {"overall": torch.cat([_overall(each) for each in found])}, (mended * 255).round() / 255


def _overall(found: Findings) -> Tensor:
    return found.overall if found.overall is not None else torch.stack(list(found.scores.values())).amax(0)


def _split(alone: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    return torch.cat([alone(each) for each in images.split(1)])


def _psnr(images: Tensor, clean: Tensor) -> float:
    return float(psnr(images, clean).clamp(max=60).mean())


def _area(clean: Tensor, spoilt: Tensor) -> float:
    return auroc(torch.cat([clean, spoilt]), torch.arange(len(clean) + len(spoilt)) >= len(clean))


def _photographs() -> Tensor:
    """The middles of Kodak's photographs, `[TESTED,3,SIDE,SIDE]` in 0..1."""
    shown = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(KODAK.glob("*.png"))[:TESTED]]
    return tensor(np.stack([each[160 : 160 + SIDE, 160 : 160 + SIDE] for each in shown]))


def write(found: Mapping[str, Mapping[str, float]]) -> None:
    """The figures as tables in the README, between their marks."""
    path = HERE / "README.md"
    before, _, rest = path.read_text("utf-8").partition(BEGIN)
    tables = "\n".join(line for name, figures in found.items() for line in _table(name, figures))
    path.write_text(f"{before}{BEGIN}\n{tables}\n{END}{rest.partition(END)[2]}", "utf-8")


def _table(name: str, figures: Mapping[str, float]) -> Iterator[str]:
    yield (
        f"**{name.capitalize()}**, {TESTED} pictures. Clean ones suspected: {figures['clean_suspected']:.0%}; "
        f"unchanged bit for bit: {figures['clean_identical']:.0%}.\n"
    )
    yield f"| kind | before | `classical/filters` | made worse | AUROC | {' | '.join(ALONE)} |"
    yield "|---|---|---|---|---|" + "---|" * len(ALONE)
    for kind in (*SEEN, *UNSEEN):
        alone = " | ".join(f"{figures[f'{kind}_psnr_{name}']:.2f}" for name in ALONE)
        yield (
            f"| {kind.replace('_', ' ')} | {figures[f'{kind}_psnr_before']:.2f} | {figures[f'{kind}_psnr']:.2f} | "
            f"{figures[f'{kind}_worse']:.0%} | {figures[f'{kind}_auroc']:.2f} | {alone} |"
        )
    yield ""


def sheet(model: Filters, images: Tensor) -> Image.Image:
    """For each kind it knows, a row: spoilt, where it was found, mended, and as it was."""
    rows = []
    for number, kind in enumerate(model.kinds):
        params, clean = Filters.Params(white_balance=kind == "colour"), images[number : number + 1]
        spoilt = apply(clean, kind, number, 0.6)
        found = model.detect(spoilt, params, Context())
        mended = model.fix(spoilt, found, params)
        rows.append(torch.cat([spoilt, found.map.expand(-1, 3, -1, -1), mended, clean], 3)[0])
    return Image.fromarray(torch.cat(rows, 1).mul(255).round().byte().permute(1, 2, 0).numpy())
