"""A report to take home: its numbers as JSON, and everything it shows on one sheet."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from zoo.persona import Picture, Report
from zoo.registry import Zoo
from zoo.studio.findings import findings_lines, name_of
from zoo.studio.overlay import HOT, overlay

MARGIN, PANEL, COLUMNS = 24, 300, 4
LINE = 26
_DRAWN = str.maketrans({"→": "to", "Δ": "delta "})
"""What Pillow's font has no letters for."""
PAPER, INK, FAINT, CALM = (255, 255, 255), (24, 24, 27), (113, 113, 122), (99, 102, 241)


def sheet(picture: Picture, mended: Picture | None, report: Report, zoo: Zoo) -> Image.Image:
    """The picture, where it looks wrong, the mended one where there is one, the map of each kind, and all scores.

    In English: the one font that comes with Pillow has no Chinese.
    """
    panels = [("Picture", picture), ("Where it looks wrong", overlay(picture, report))]
    panels += [("Mended", mended)] if mended else []
    panels += [
        (f"{name_of(kind, report, zoo, 'en')} {report.scores[kind]:.0%}", overlay(picture, report, kind))
        for kind in report.maps
    ]
    lines = findings_lines(report, zoo, "en")
    rows = -(-len(panels) // COLUMNS)
    bars = MARGIN + LINE * (len(lines) + len(report.scores) + 3)
    cell = PANEL + LINE + MARGIN // 2
    page = Image.new("RGB", (2 * MARGIN + COLUMNS * (PANEL + MARGIN) - MARGIN, bars + rows * cell + MARGIN), PAPER)
    draw = ImageDraw.Draw(page)
    _words(draw, lines)
    _bars(draw, report, zoo, MARGIN + LINE * (len(lines) + 1))
    for number, (title, shown) in enumerate(panels):
        left, top = MARGIN + number % COLUMNS * (PANEL + MARGIN), bars + number // COLUMNS * cell
        small = ImageOps.contain(shown, (PANEL, PANEL))
        page.paste(small, (left, top + LINE))
        draw.text((left, top), title, INK, ImageFont.load_default(16))
    return page


def save(report: Report, path: Path) -> Path:
    """The numbers of a report, as JSON."""
    path.write_text(json.dumps(report.facts, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return path


def _words(draw: ImageDraw.ImageDraw, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        top = MARGIN + number * LINE + (6 if number else 0)
        draw.text((MARGIN, top), line.translate(_DRAWN), FAINT if number else INK, _font(number))


def _bars(draw: ImageDraw.ImageDraw, report: Report, zoo: Zoo, top: int) -> None:
    """A bar for each score, the threshold marked."""
    scores = {"Over all": report.overall} | {
        name_of(kind, report, zoo, "en"): score for kind, score in report.scores.items()
    }
    left, width = MARGIN + 220, 2 * PANEL
    for number, (name, score) in enumerate(scores.items()):
        y = top + MARGIN // 2 + number * LINE
        draw.text((MARGIN, y), name, INK, ImageFont.load_default(15))
        draw.rectangle((left, y + 3, left + width, y + 15), (228, 228, 231))
        high = report.verdict != "clean" and score >= report.threshold
        draw.rectangle((left, y + 3, left + round(width * score), y + 15), HOT if high else CALM)
        mark = left + round(width * report.threshold)
        draw.line((mark, y, mark, y + 18), INK, 2)
        draw.text((left + width + 12, y), f"{score:.0%}", INK, ImageFont.load_default(15))


def _font(number: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(22 if number == 0 else 15)
