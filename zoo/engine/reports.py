"""Findings as a visitor gets them: numbers and grey pictures."""

from __future__ import annotations

from PIL import Image
from torch import Tensor

from zoo import pictures
from zoo.model import Findings
from zoo.persona import Original, Report
from zoo.registry import Entry


def report_on(
    entry: Entry, detector: Entry, findings: Findings, seconds: float, original: Original | None = None
) -> Report:
    """What `detector` found in one picture, for `entry` to mend."""
    scores = {kind: _number(score) for kind, score in findings.scores.items()}
    return Report(
        entry.id,
        detector.id,
        scores,
        _number(findings.overall) if findings.overall is not None else max(scores.values()),
        float(findings.threshold),
        _grey(findings.map),
        {kind: _grey(heat) for kind, heat in findings.maps.items()},
        seconds,
        findings.calibration,
        original,
    )


def size(report: Report) -> int:
    """Bytes of its pictures."""
    return (1 + len(report.maps)) * report.map.width * report.map.height


def _number(scores: Tensor) -> float:
    return float(scores.flatten()[0])


def _grey(heat: Tensor) -> Image.Image:
    return pictures.to_image(heat.expand(-1, 3, -1, -1)).convert("L")
