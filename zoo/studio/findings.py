"""What a corrector found, in HTML: the verdict, a bar for each score with the threshold marked, and what that means."""

from __future__ import annotations

from zoo.model import Corrector
from zoo.persona import Likeness, Original, Report
from zoo.registry import Zoo
from zoo.studio.cards import tag, text
from zoo.studio.words import speak

_ORIGINAL = {
    "compared": "Compared with the original: {numbers}.",
    "other size": "The original has another size than this picture, so nothing was compared.",
    "other picture": "The original shows another picture, so nothing was compared.",
}


def findings_card(report: Report, zoo: Zoo, language: str) -> str:
    """A report, as a visitor reads it."""
    return (
        f'<section class="report {report.verdict}">'
        + tag("p", verdict(report, zoo, language), "verdict")
        + f"<dl>{_bars(report, zoo, language)}</dl>"
        + "".join(tag("p", line, css) for line, css in _notes(report, zoo, language))
        + "</section>"
    )


def findings_lines(report: Report, zoo: Zoo, language: str) -> list[str]:
    """The sentences of a report, without its bars."""
    return [verdict(report, zoo, language), *(line for line, _ in _notes(report, zoo, language))]


def verdict(report: Report, zoo: Zoo, language: str) -> str:
    """What it amounts to, in one line."""
    if report.verdict == "clean":
        return speak(zoo, "Nothing looks wrong here.", language)
    if report.verdict == "suspect":
        return speak(zoo, "Something looks wrong here, of no kind that this model knows.", language)
    found = (f"{name_of(kind, report, zoo, language)} {_percent(report.scores[kind])}" for kind in report.anomalies)
    kinds = ("、" if language == "zh" else ", ").join(found)
    return speak(zoo, "This looks wrong: {kinds}.", language, kinds=kinds)


def name_of(kind: str, report: Report, zoo: Zoo, language: str) -> str:
    """The kind in a visitor's words."""
    detector = zoo.entry(report.detector, "corrector").cls
    assert issubclass(detector, Corrector)
    return speak(zoo, detector.kinds[kind], language)


def _bars(report: Report, zoo: Zoo, language: str) -> str:
    name = speak(zoo, "Over all", language)
    whole = _bar(name, report.overall, report.threshold, "overall", report.verdict != "clean")
    rows = (
        _bar(name_of(kind, report, zoo, language), score, report.threshold, "kind", kind in report.anomalies)
        for kind, score in report.scores.items()
    )
    return whole + "".join(rows)


def _bar(name: str, score: float, threshold: float, css: str, high: bool) -> str:
    return (
        f'<dt class="{css}">{text(name)}</dt><dd class="{css} {"high" if high else "low"}">'
        f'<span class="bar" role="meter" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{100 * score:.0f}" '
        f'aria-label="{text(name)}"><span class="level" style="width:{100 * score:.1f}%"></span>'
        f'<span class="mark" style="left:{100 * threshold:.1f}%"></span></span><span>{_percent(score)}</span></dd>'
    )


def _notes(report: Report, zoo: Zoo, language: str) -> list[tuple[str, str]]:
    """What is said under the bars, and in which style."""
    found = [(_threshold(report, zoo, language), "note")]
    if report.original:
        numbers = _numbers(report.original)
        said = speak(zoo, _ORIGINAL[report.original.comparison], language, numbers=numbers)
        found.append((said, "note" if report.original.comparison == "compared" else "warning"))
    return [*found, (_work(report, zoo, language), "note")]


def _threshold(report: Report, zoo: Zoo, language: str) -> str:
    """What the threshold means for clean pictures, where that was measured."""
    share = report.false_positives
    if report.calibration is None or share is None:
        said = "From {percent} on, a score counts as an anomaly."
        return speak(zoo, said, language, percent=_percent(report.threshold))
    on = speak(zoo, report.calibration.on, language)
    if share < 0.01:
        return speak(zoo, "At this threshold under 1% of clean pictures ({on}) are suspected.", language, on=on)
    said = "At this threshold about {share} of clean pictures ({on}) are suspected."
    return speak(zoo, said, language, share=_percent(share), on=on)


def _numbers(original: Original) -> str:
    """PSNR, SSIM and ΔE00 to the original, and what they are once mended."""
    if original.before is None:
        return ""
    sides: list[Likeness] = [original.before, *([original.after] if original.after else [])]
    found = [f"PSNR {' → '.join(f'{side.psnr:.1f}' for side in sides)} dB"]
    if original.before.ssim is not None:
        found.append(f"SSIM {' → '.join(f'{side.ssim:.3f}' for side in sides)}")
    return " · ".join([*found, f"ΔE00 {' → '.join(f'{side.delta_e:.1f}' for side in sides)}"])


def _work(report: Report, zoo: Zoo, language: str) -> str:
    return speak(
        zoo,
        "Found by {model} in {seconds} s.",
        language,
        model=speak(zoo, zoo.entry(report.detector).title, language),
        seconds=f"{report.seconds:.2f}",
    )


def _percent(share: float) -> str:
    return f"{share:.0%}"
