"""How the weights came to be, and what they are worth.

`python -m plugins.autoencoder.train learn` teaches the autoencoder, measures its errors on clean pictures that it has
not seen, and writes the weights; `… evaluate` writes their numbers and the sheet of the card.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from zoo import Context
from zoo.metrics.auroc import auroc
from zoo.metrics.psnr import psnr
from zoo.metrics.ssim import ssim
from zoo.training.sources import avatars

from .distort import DISTORTIONS, Distortion, apply, untouched
from .learning import learn
from .material import dead_leaves, photos, restyle
from .net import KINDS, Baseline
from .plugin import Baseline as Model

HERE = Path(__file__).parent
WEIGHTS = HERE / "weights" / "baseline"
TRAIN, CALIBRATION, TEST = 1, 2, 3
"""Seeds of the avatars: no picture of one is in another."""
STEPS = 4700
KODAK = HERE.parents[2] / "shared" / "data" / "kodak"
"""Photographs to evaluate on where they are there; never trained on, never committed."""


BEGIN, END = "<!-- numbers: written by plugins.autoencoder.train evaluate -->", "<!-- end of numbers -->"


def material(folder: Path) -> list[Sequence[Tensor]]:
    """Clean pictures by source, bytes `[3,H,W]`; a source that stands thrice is drawn from three times as often."""
    drawn = _drawn(640, TRAIN)
    restyled = _once(folder / "restyled.pt", lambda: restyle(drawn[:336]))
    leaves = _once(folder / "leaves.pt", lambda: torch.stack([dead_leaves(256, seed) for seed in range(160)]))
    return [drawn, drawn, drawn, restyled, leaves, photos()]


def calibrate(net: Baseline) -> None:
    """Set what errors are usual and high: on clean avatars, a quarter of them restyled, and on restyled ones alone."""
    drawn = _drawn(200, CALIBRATION)
    restyled = restyle(drawn[120:])
    for row, pictures in enumerate((torch.cat([drawn[:120], restyled[:40]]), restyled)):
        found = []
        for images in (pictures / 255, F.avg_pool2d(pictures / 255, 2)):
            clean = apply(untouched, images, seed=0, severity=(0, 0))
            found += [net.errors(each) for each in clean.split(4)]
        net.pictures[row] = _quantiles(torch.cat([each.pictures for each in found]))
        net.cells[row] = _quantiles(torch.cat([each.cells.movedim(1, -1).flatten(0, 2) for each in found]))


def _quantiles(errors: Tensor) -> Tensor:
    """Median and 95 % quantile of each kind: `[n,2]` -> `[2,2]`."""
    return torch.from_numpy(np.quantile(errors.numpy(), (0.5, 0.95), axis=0).T)


def save(net: Baseline) -> str:
    """The weights as one file; returns its sha256, to be pinned in `plugin.py`."""
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    path = WEIGHTS / "model.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def evaluate(model: Model, images: Tensor, context: Context) -> dict:
    """Every distortion on every one of the clean `images`, found and mended; and the clean ones, left alone or not."""
    clean = apply(untouched, images, seed=1, severity=(0, 0))
    calm, kept = _correct(model, clean, context)
    changed = (kept != clean).flatten(1).any(1)
    report = {
        "pictures": len(images),
        "clean": {
            "changed": changed.float().mean().item(),
            "psnr of the changed": psnr(kept[changed], clean[changed]).mean().item() if changed.any() else None,
            "suspected": {kind: (calm[kind] > 0.5).float().mean().item() for kind in KINDS},
        },
    }
    for kind, distortions in DISTORTIONS.items():
        report[kind] = {each.__name__: _measure(model, images, context, calm[kind], kind, each) for each in distortions}
    return report


def _measure(model: Model, images: Tensor, context: Context, calm: Tensor, kind: str, distortion: Distortion) -> dict:
    damaged = apply(distortion, images, seed=2, severity=(0.25, 0.85))
    scores, mended = _correct(model, damaged, context)
    before, after = (psnr(each, images).clamp(max=60) for each in (damaged, mended))
    labels = torch.cat([torch.zeros(len(calm)), torch.ones(len(images))])
    low, high = interval(torch.cat([calm, scores[kind]]), labels)
    return {
        "psnr": [before.mean().item(), after.mean().item()],
        "ssim": [ssim(damaged, images).mean().item(), ssim(mended, images).mean().item()],
        "worse": (after < before - 0.05).float().mean().item(),
        "auroc": auroc(torch.cat([calm, scores[kind]]), labels),
        "auroc 95 %": [low, high],
    }


def interval(scores: Tensor, labels: Tensor, rounds: int = 200) -> tuple[float, float]:
    """The 95 % interval of the AUROC, by the bootstrap (Efron 1979), clean and damaged drawn apart."""
    rng = torch.Generator().manual_seed(0)
    clean, damaged = scores[labels == 0], scores[labels == 1]
    areas = []
    for _ in range(rounds):
        parts = [part[torch.randint(len(part), (len(part),), generator=rng)] for part in (clean, damaged)]
        areas.append(auroc(torch.cat(parts), labels.sort().values))
    low, high = torch.tensor(areas).quantile(torch.tensor([0.025, 0.975])).tolist()
    return low, high


def table(reports: Mapping[str, dict]) -> str:
    """The numbers as Markdown, one table for each set of pictures."""
    return "\n".join(line for name, report in reports.items() for line in _lines(name, report))


def _lines(name: str, report: dict) -> list[str]:
    clean = report["clean"]
    suspected = ", ".join(f"{kind} {share:.0%}" for kind, share in clean["suspected"].items())
    lines = [
        f"**{name}**, {report['pictures']} pictures. Clean ones suspected: {suspected}; changed at all: "
        f"{clean['changed']:.0%}" + (f", those to {clean['psnr of the changed']:.1f} dB." if clean["changed"] else "."),
        "",
        "| kind | damage | PSNR, dB | SSIM | made worse | AUROC (95 %) |",
        "|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        for damage, of in report[kind].items():
            low, high = of["auroc 95 %"]
            psnrs = "{:.2f} → {:.2f}".format(*of["psnr"])
            ssims = "{:.3f} → {:.3f}".format(*of["ssim"])
            lines.append(
                f"| {kind} | {damage.replace('_', ' ')} | {psnrs} | {ssims} | {of['worse']:.0%} | "
                f"{of['auroc']:.2f} ({low:.2f}–{high:.2f}) |"
            )
    return [*lines, ""]


def write(reports: Mapping[str, dict]) -> None:
    """`metrics.json`, and the same as tables in both READMEs, between their marks."""
    (WEIGHTS / "metrics.json").write_text(json.dumps(reports, indent=1) + "\n")
    for readme in (HERE / "README.md", WEIGHTS / "README.md"):
        before, _, rest = readme.read_text("utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        readme.write_text(f"{before}{BEGIN}\n{table(reports)}\n{END}{after}", "utf-8")


def sheet(model: Model, images: Tensor) -> Image.Image:
    """For each distortion, two in a row: damaged, where it was found, mended, and as it was."""
    rows = []
    for number, distortion in enumerate(each for kind in DISTORTIONS.values() for each in kind):
        clean = images[number : number + 1]
        damaged = apply(distortion, clean, seed=number, severity=(0.7, 0.7))
        found = model.detect(damaged, Model.Params(), Context())
        mended = model.fix(damaged, found, Model.Params())
        rows.append(torch.cat([damaged, found.map.expand(-1, 3, -1, -1), mended, clean], dim=3)[0])
    left, right = (torch.cat(half, dim=1) for half in (rows[:4], rows[4:]))
    both = torch.cat([left, torch.ones(3, left.shape[1], 16), right], dim=2)
    return Image.fromarray(both.mul(255).round().byte().permute(1, 2, 0).numpy())


def opened() -> Model:
    """The model with the weights that lie beside it."""
    model = Model()
    model.net = model.load(load_file(WEIGHTS / "model.safetensors")).eval()
    return model


def _correct(model: Model, images: Tensor, context: Context) -> tuple[dict[str, Tensor], Tensor]:
    """The scores of each kind, `[N]`, and the images mended; a few at a time."""
    found = [model.detect(each, Model.Params(), context) for each in images.split(4)]
    pairs = zip(images.split(4), found, strict=True)
    mended = torch.cat([model.fix(each, findings, Model.Params()) for each, findings in pairs])
    return {kind: torch.cat([each.scores[kind] for each in found]) for kind in KINDS}, mended.mul(255).round() / 255


def _drawn(count: int, seed: int, side: int = 256) -> Tensor:
    """Avatars, `[count,3,side,side]` bytes."""
    return torch.from_numpy(avatars(count, side, seed=seed).copy()).permute(0, 3, 1, 2)


def _photographs() -> Tensor:
    """The middles of Kodak's photographs, `[24,3,192,192]` in 0..1."""
    pictures = [Image.open(path).convert("RGB") for path in sorted(KODAK.glob("*.png"))]
    middles = [np.asarray(each)[154:346, 154:346] for each in pictures]
    return torch.from_numpy(np.stack(middles)).permute(0, 3, 1, 2) / 255


def _once(path: Path, make: Callable[[], Tensor]) -> Tensor:
    """What `make` gives, kept in `path` for the next start."""
    if not path.exists():
        torch.save(make(), path)
    return torch.load(path, weights_only=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m plugins.autoencoder.train", description=__doc__)
    parser.add_argument("verb", choices=("learn", "evaluate"))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--folder", type=Path, default=Path("runs/autoencoder"), help="where a stopped training lies")
    parser.add_argument("--pictures", type=int, default=16, help="how many avatars to evaluate on")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.verb == "learn":
        options.folder.mkdir(parents=True, exist_ok=True)
        net = Baseline()
        net.autoencoder = learn(material(options.folder), options.steps, options.folder)
        with torch.no_grad():
            calibrate(net)
        print(f"Pin sha256 {save(net)} in plugin.py, then evaluate.")
        return
    with torch.inference_mode():
        model, drawn = opened(), _drawn(options.pictures, TEST, 192)
        reports = {
            "Avatars": evaluate(model, drawn / 255, Context()),
            "Avatars, restyled": evaluate(model, restyle(drawn) / 255, Context(drawn / 255, "ink")),
        }
        if KODAK.is_dir():
            reports["Kodak photographs"] = evaluate(model, _photographs(), Context())
        sheet(model, _drawn(8, TEST, 128) / 255).save(HERE / "samples.webp", quality=90)
    write(reports)


if __name__ == "__main__":
    main()
