"""The figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from zoo.training.anomalies import SEEN, UNSEEN

from .carried import HARDENED
from .trained import NAMES

RESULTS = Path(__file__).parents[3] / "docs" / "results" / "mender-mender.md"
COLUMNS = {
    "": "`mender/mender`",
    "baseline_": "`autoencoder/baseline`",
    "classical_": "`classical/filters`",
    "niqe_": "NIQE",
    "bilateral_": "bilateral",
    "nlm_": "non-local means",
    "grey_world_": "grey-world",
    "plain_": "plain residual net",
    "ssim_ae_": "SSIM autoencoder",
    "draem_": "DRAEM",
    "ganomaly_": "GANomaly",
}
ROWS = {
    "auroc_seen": "image AUROC, 7 kinds without colour, no original",
    "auroc_colour": "image AUROC, colour, no original",
    "auroc_colour_reference": "image AUROC, colour, with the original",
    "auroc_unseen": "image AUROC, 6 kinds that no training has seen",
    "auroc_style_min": "image AUROC, 8 kinds, the worst of the stylizers, with the original",
    "auroc_style_alone_min": "the same without the original",
    "auroc_null": "image AUROC, null control (½ is due)",
    "fpr_same": "clean pictures suspected, same sources as calibrated on (5 % are due)",
    "fpr_other": "clean pictures suspected, photographs from elsewhere",
    "fpr_styled": "clean pictures suspected, by known stylizers",
    "fpr_large": "clean pictures suspected, whole ones: drawings of 512×512, Kodak's photographs as PNG and as JPEG",
    "fpr_large_styled": "clean pictures suspected, whole ones restyled",
    "found_share": "faults found at the threshold, 8 kinds",
    "kind_accuracy": "kind named right, of those found",
    "pixel_auroc": "pixel AUROC",
    "pixel_auroc_colour_apart": "pixel AUROC, 7 kinds without colour",
    "pixel_auroc_reference": "pixel AUROC, with the original",
    "pixel_auroc_among_clean": "pixel AUROC, the same pictures unspoilt in the pool, as MVTec AD has good ones",
    "pixel_auroc_done": "pixel AUROC, all that was done, though nothing show",
    "pixel_f1": "pixel F1, best threshold",
    "pro": "per-region overlap up to 0.3",
    "psnr_gain": "PSNR gain, 8 kinds, dB",
    "psnr_gain_in_part": "PSNR gain, in patches, dB",
    "psnr_gain_over_baseline": "PSNR gain over the plain residual net that had the same lessons, dB",
    "psnr_gain_over_autoencoder": "PSNR gain over `autoencoder/baseline` as it is bundled, dB",
    "psnr_gain_blur": "PSNR gain on blur, dB",
    "psnr_gain_blocks": "PSNR gain on blocks, dB",
    "kinds_below_bilateral": "kinds on which bilateral gains more",
    "worse_share": "spoilt pictures made worse, by over 0.05 dB",
    "clean_identical_share": "clean pictures back bit for bit",
    "robust_auroc_before": "image AUROC under PGD, 2/255",
    "robust_auroc_after": "the same after adversarial training",
    "training_seconds": "training, CPU seconds of one core",
}
CARRIED = "Not at hand when this was written, and carried over from the run before on the same pictures: {}."
APART = (
    "What is gained over the plain residual net is then the difference of the means, with the interval of the gain "
    "alone."
)
PER_KIND = ("auroc", "psnr_gain", "pixel_auroc", "pixel_f1", "pro")


def page(figures: Mapping[str, float], carried: Mapping[str, float] | None = None) -> str:
    """All tables; `carried` are those figures that an earlier run measured."""
    return "\n".join(
        [
            "# The mender, beside what else can be run\n",
            "Written by `zoo evaluate mender/mender`, all on the same held-out pictures; in brackets 95 "
            "% intervals over pictures. Faults of severity 0.15 to 0.75, by stylizers 0.25 to 0.75; one that changes a "
            "picture by less than a grey level counts for nothing. What is mended is rounded to 8 bits.\n",
            _peers(figures, carried or {}),
            *_table("quantity", {words: name for name, words in ROWS.items()}, figures),
            "\n## By kind\n",
            *(line for name in PER_KIND for line in _by_kind(name, figures)),
            "## By stylizer\n",
            *_table("image AUROC, 8 kinds", dict(_styles(figures)), figures),
            "",
        ]
    )


def _peers(figures: Mapping[str, float], carried: Mapping[str, float]) -> str:
    """What there is to say of the peers that could not be run."""
    trained = {f"{name}_training_seconds": COLUMNS[f"{name}_"] for name in NAMES}
    hardened = {HARDENED: "the mender after hardening"}
    kept = [words for mark, words in (trained | hardened).items() if mark in carried]
    absent = [words for mark, words in trained.items() if mark not in figures]
    said = ["Peers that are trained: see `plugins/mender/evaluating/peers_training.py`."]
    if kept:
        said.append(CARRIED.format(", ".join(kept)))
    if COLUMNS["plain_"] in kept:
        said.append(APART)
    if absent:
        said.append(f"Not there when this was written: {', '.join(absent)}.")
    return " ".join(said) + "\n"


def _by_kind(name: str, figures: Mapping[str, float]) -> list[str]:
    kinds = {kind.replace("_", " "): f"{name}_{kind}" for kind in (*SEEN, *UNSEEN)}
    return [*_table(name.replace("_", " "), kinds, figures), ""]


def _styles(figures: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    for name in figures:
        if name.startswith("auroc_style_") and not name.endswith(("_low", "_high", "_min")):
            style = name.removeprefix("auroc_style_")
            alone = style.startswith("alone_")
            yield style.removeprefix("alone_") + (", no original" if alone else ""), name


def _table(title: str, rows: Mapping[str, str], figures: Mapping[str, float]) -> list[str]:
    """Of rows and columns, those with figures in them."""
    shown = {words: name for words, name in rows.items() if any(column + name in figures for column in COLUMNS)}
    columns = [column for column in COLUMNS if any(column + name in figures for name in shown.values())]
    lines = [f"| {title} | {' | '.join(COLUMNS[each] for each in columns)} |", "|---" * (1 + len(columns)) + "|"]
    for words, name in shown.items():
        lines.append(f"| {words} | {' | '.join(_cell(column + name, figures) for column in columns)} |")
    return lines


def _cell(name: str, figures: Mapping[str, float]) -> str:
    if name not in figures:
        return "–"
    ends = [figures.get(name + end) for end in ("_low", "_high")]
    interval = "" if None in ends else f" ({ends[0]:.3g} to {ends[1]:.3g})"
    return f"{figures[name]:.3g}{interval}"
