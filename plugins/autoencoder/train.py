"""How the weights came to be, and what they are worth.

`zoo train autoencoder/baseline --data avatars: --out DIR` teaches the autoencoder, measures its errors on clean
pictures that it has not seen, and writes the weights; with `--adversarial` it hardens the bundled ones. `zoo evaluate
autoencoder/baseline` writes the numbers of the bundled ones and the sheet of the card.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor

from zoo import Context
from zoo.metrics.auroc import auroc
from zoo.metrics.bootstrap import bootstrap
from zoo.metrics.psnr import psnr
from zoo.metrics.ssim import ssim
from zoo.registry import discover
from zoo.training.attacks import Attack, Objective, robustness
from zoo.training.loop import Budget, fit
from zoo.training.once import once
from zoo.training.results import save_results
from zoo.training.sources import pictures

from .distort import DISTORTIONS, Distortion, apply, untouched
from .learning import BATCH, SIDE, Hardening, Restoring, batches
from .material import dead_leaves, photos, restyle
from .net import KINDS, Baseline
from .plugin import Baseline as Model

HERE = Path(__file__).parent
WEIGHTS = HERE / "weights" / "baseline"
TRAIN, CALIBRATION, TEST = 1, 2, 3
"""Seeds of the avatars: no picture of one is in another."""
MATERIAL, LEAVES, CALIBRATED = 640, 160, 200
"""How many pictures and dead leaves to learn from, and how many other pictures to calibrate with."""
BUDGET = Budget(images=4700 * BATCH, batch=BATCH, save_every=100 * BATCH)
HARDENING = Budget(images=1200 * 4, batch=4, save_every=100 * 4)
"""Of a training against adversarial examples, which goes on from the bundled weights."""
TESTED, ATTACKED = 16, 32
"""Avatars to evaluate on, and to attack."""
KODAK = HERE.parents[2] / "shared" / "data" / "kodak"
"""Photographs to evaluate on where they are there; never trained on, never committed."""


BEGIN, END = "<!-- numbers: written by plugins.autoencoder.train evaluate -->", "<!-- end of numbers -->"


def train(
    model: str, data: str, out: Path, resume: bool = False, tracker: str | None = None, adversarial: bool = False
) -> None:
    """Teach the autoencoder on pictures from `data` and on `material`; results go to `out`.

    To be `adversarial` is to go on from the bundled weights, and harden the score of texture against adversarial
    examples.
    """
    torch.manual_seed(0)
    draw = batches(material(out / "material", _pictures(data, MATERIAL, TRAIN)))
    shown = draw(16)
    net = _bundled(model) if adversarial else Baseline()
    method = Hardening(shown, net) if adversarial else Restoring(shown, net.autoencoder)
    settings = {"model": model, "data": data, "side": SIDE, "adversarial": adversarial}
    seen = fit(method, draw, out, HARDENING if adversarial else BUDGET, resume, tracker, settings=settings)
    net.autoencoder = method.result()
    with torch.no_grad():
        calibrate(net, _pictures(data, MATERIAL + CALIBRATED, CALIBRATION)[-CALIBRATED:])
    save_results(net, out, {"model": f"autoencoder/{model}", "data": data, "seed": TRAIN, "seen": seen})


def _bundled(model: str) -> Baseline:
    """The network as it is bundled, free to learn."""
    net = discover(only=("autoencoder",), strict=True).entry(f"autoencoder/{model}").open().net
    return cast(Baseline, net).requires_grad_(True)


def material(folder: Path, clean: Tensor) -> list[Sequence[Tensor]]:
    """Clean pictures by source, bytes `[3,H,W]`; a source that stands thrice is drawn from three times as often.

    What takes long to make is kept in `folder`.
    """
    kept = once(
        folder / "material.safetensors",
        lambda: {
            "restyled": restyle(clean[:336]),
            "leaves": torch.stack([dead_leaves(256, seed) for seed in range(LEAVES)]),
        },
    )
    return [clean, clean, clean, kept["restyled"], kept["leaves"], photos()]


def calibrate(net: Baseline, clean: Tensor) -> None:
    """Set what errors are usual and high: on `clean` pictures, a quarter of them restyled, and on restyled ones alone.

    `clean` is `[N,3,256,256]` bytes; the last two fifths of it are restyled.
    """
    plain, restyled = clean[: len(clean) * 3 // 5], restyle(clean[len(clean) * 3 // 5 :])
    for row, shown in enumerate((torch.cat([plain, restyled[: len(plain) // 3]]), restyled)):
        found = []
        for images in (shown / 255, F.avg_pool2d(shown / 255, 2)):
            clean = apply(untouched, images, seed=0, severity=(0, 0))
            found += [net.errors(each) for each in clean.split(4)]
        net.pictures[row] = _quantiles(torch.cat([each.pictures for each in found]))
        net.cells[row] = _quantiles(torch.cat([each.cells.movedim(1, -1).flatten(0, 2) for each in found]))


def _quantiles(errors: Tensor) -> Tensor:
    """Median and 95 % quantile of each kind: `[n,2]` -> `[2,2]`."""
    return torch.from_numpy(np.quantile(errors.numpy(), (0.5, 0.95), axis=0).T)


@torch.no_grad()
def evaluate(model: Model) -> dict[str, float]:
    """What `zoo evaluate` prints: the numbers of the tables, which it writes too, with the sheet."""
    drawn = _pictures("avatars:", TESTED, TEST, 192)
    reports = {
        "Avatars": report(model, drawn / 255, Context()),
        "Avatars, restyled": report(model, restyle(drawn) / 255, Context(drawn / 255, "ink")),
    }
    if KODAK.is_dir():
        reports["Kodak photographs"] = report(model, _photographs(), Context())
    sheet(model, _pictures("avatars:", 8, TEST, 128) / 255).save(HERE / "samples.webp", quality=90)
    write(reports)
    return {name: number for title, of in reports.items() for name, number in _flat(title.split()[-1].lower(), of)}


def attacked(model: Model, attack: Attack) -> dict[str, float]:
    """What `zoo evaluate --attack` prints, by kind: clean avatars, and the same damaged in the kind's ways in turn."""
    clean = apply(untouched, _pictures("avatars:", ATTACKED, TEST, 192) / 255, seed=1, severity=(0, 0))
    found = {}
    for number, (kind, ways) in enumerate(DISTORTIONS.items()):
        damaged = torch.cat(
            [apply(ways[n % len(ways)], each, 2 + n, severity=(0.25, 0.85)) for n, each in enumerate(clean.split(1))]
        )
        measured = robustness(_logit(model, number), clean, damaged, attack)
        found |= {f"{kind}_{name}": value for name, value in measured.items()}
    return found


def _logit(model: Model, kind: int) -> Objective:
    """What the score of a kind is the sigmoid of, but for a scale: it never saturates, and orders pictures alike."""
    return lambda images: model.net.errors(images).pictures[:, kind]


def _flat(title: str, report: dict) -> Iterator[tuple[str, float]]:
    """The numbers of a report by names without spaces: `avatars_blur_auroc`."""
    for kind in KINDS:
        yield f"{title}_clean_{kind}_suspected", report["clean"]["suspected"][kind]
        for damage, of in report[kind].items():
            values = zip(("psnr_before", "psnr", "ssim_before", "ssim"), of["psnr"] + of["ssim"], strict=True)
            ends = zip(("auroc_low", "auroc_high"), of["auroc 95 %"], strict=True)
            for name, value in (*values, ("worse", of["worse"]), ("auroc", of["auroc"]), *ends):
                yield f"{title}_{damage}_{name}", value


def report(model: Model, images: Tensor, context: Context) -> dict:
    """Every distortion on every one of the clean `images`, found and mended; and the clean ones, left alone or not."""
    clean = apply(untouched, images, seed=1, severity=(0, 0))
    calm, kept = _correct(model, clean, context)
    changed = (kept != clean).flatten(1).any(1)
    found = {
        "pictures": len(images),
        "clean": {
            "changed": changed.float().mean().item(),
            "psnr of the changed": psnr(kept[changed], clean[changed]).mean().item() if changed.any() else None,
            "suspected": {kind: (calm[kind] > 0.5).float().mean().item() for kind in KINDS},
        },
    }
    for kind, distortions in DISTORTIONS.items():
        found[kind] = {each.__name__: _measure(model, images, context, calm[kind], kind, each) for each in distortions}
    return found


def _measure(model: Model, images: Tensor, context: Context, calm: Tensor, kind: str, distortion: Distortion) -> dict:
    damaged = apply(distortion, images, seed=2, severity=(0.25, 0.85))
    scores, mended = _correct(model, damaged, context)
    before, after = (psnr(each, images).clamp(max=60) for each in (damaged, mended))
    low, high = bootstrap(_area, calm, scores[kind])
    return {
        "psnr": [before.mean().item(), after.mean().item()],
        "ssim": [ssim(damaged, images).mean().item(), ssim(mended, images).mean().item()],
        "worse": (after < before - 0.05).float().mean().item(),
        "auroc": _area(calm, scores[kind]),
        "auroc 95 %": [low, high],
    }


def _area(clean: Tensor, damaged: Tensor) -> float:
    return auroc(torch.cat([clean, damaged]), torch.arange(len(clean) + len(damaged)) >= len(clean))


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


def _correct(model: Model, images: Tensor, context: Context) -> tuple[dict[str, Tensor], Tensor]:
    """The scores of each kind, `[N]`, and the images mended; a few at a time."""
    found = [model.detect(each, Model.Params(), context) for each in images.split(4)]
    pairs = zip(images.split(4), found, strict=True)
    mended = torch.cat([model.fix(each, findings, Model.Params()) for each, findings in pairs])
    return {kind: torch.cat([each.scores[kind] for each in found]) for kind in KINDS}, mended.mul(255).round() / 255


def _pictures(data: str, count: int, seed: int, side: int = 256) -> Tensor:
    """Pictures from `data`, `[count,3,side,side]` bytes; fewer, where it holds fewer."""
    return torch.from_numpy(pictures(data, count, side, seed).copy()).permute(0, 3, 1, 2)


def _photographs() -> Tensor:
    """The middles of Kodak's photographs, `[24,3,192,192]` in 0..1."""
    pictures = [Image.open(path).convert("RGB") for path in sorted(KODAK.glob("*.png"))]
    middles = [np.asarray(each)[154:346, 154:346] for each in pictures]
    return torch.from_numpy(np.stack(middles)).permute(0, 3, 1, 2) / 255
