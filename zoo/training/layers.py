"""DiceBear styles as layers: each part rasterised once, every colour a slot that is filled later.

A drawn portrait is flat colours laid over each other, and laying over is linear in the colours. So a picture is
`Σ coverage[slot] · palette[slot]`, with coverages between 0 and 1 that sum to 1 at every pixel, and a portrait is known
by its coverages `[slots, H, W]` before any colour is chosen.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

Coverage = NDArray[np.float32]
Element = Mapping[str, Any]

INKS = {"fill": "fill-opacity", "stroke": "stroke-opacity"}
BLEND = "mix-blend-mode"


@dataclass(frozen=True)
class Sheet:
    """How a DiceBear style is read: `slots` maps “component/colour”, “component/*” or “colour” to a slot's number, and
    `zoom`, `x`, `y` place the drawing on its square (1, 0, 0: as it is; shifts as shares of the side)."""

    style: str
    slots: Mapping[str, int]
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def slot(self, component: str, colour: str) -> int:
        for key in (f"{component}/{colour}", f"{component}/*", colour):
            if key in self.slots:
                return self.slots[key]
        raise KeyError(f"{self.style}: no slot for {component}/{colour}")


@dataclass(frozen=True)
class Layer:
    """Part of one component: what it covers inside `box` (top, bottom, left, right), slot by slot."""

    box: tuple[int, int, int, int]
    slots: tuple[int, ...]
    coverage: Coverage


def compose(sheet: Sheet, parts: Mapping[str, str], size: int, slots: int) -> Coverage:
    """The coverages `[slots, size, size]` of the portrait with these `parts` (component → variant; one that is left out
    is not drawn), over slot 0, the background."""
    covered = np.zeros((slots, size, size), np.float32)
    covered[0] = 1
    for layer in _layers(sheet, parts, size):
        top, bottom, left, right = layer.box
        there = covered[:, top:bottom, left:right]
        there *= 1 - layer.coverage.sum(0)
        there[list(layer.slots)] += layer.coverage
    return covered


def _layers(sheet: Sheet, parts: Mapping[str, str], size: int) -> Iterator[Layer]:
    for found in _runs(definition(sheet.style)["canvas"]["elements"], "canvas", "canvas", "", sheet.style, parts):
        layer = _rasterise(*found, _Key(sheet), size)
        if layer is not None:
            yield layer


@cache
def definition(style: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("dicebear_styles").joinpath(f"{style}.json").read_text("utf-8"))
    return found


def _runs(
    elements: Sequence[Element], component: str, variant: str, place: str, style: str, parts: Mapping[str, str]
) -> Iterator[tuple[str, str, str, int]]:
    """Every unbroken run of drawn elements, from the back to the front: component, variant, where, which run."""
    run = 0
    drawn = False
    for element in elements:
        if element["type"] != "component":
            drawn = True
            continue
        if drawn:
            yield component, variant, place, run
        drawn, run = False, run + 1
        name = element["name"]
        if parts.get(name):
            there = f"{place}|{element.get('attributes', {}).get('transform', '')}"
            inner = definition(style)["components"][name]["variants"][parts[name]]["elements"]
            yield from _runs(inner, name, parts[name], there, style, parts)
    if drawn:
        yield component, variant, place, run


class _Key:
    """A sheet as the key of a cache: one sheet a style."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet

    def __hash__(self) -> int:
        return hash(self.sheet.style)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.sheet is self.sheet


@cache
def _rasterise(component: str, variant: str, place: str, run: int, key: _Key, size: int) -> Layer | None:
    """One run of elements, once for every three slots in it: as red, green and blue."""
    elements = list(_run(key.sheet.style, component, variant, run))
    slots = sorted({slot for element in elements for slot in _slots(element, component, key.sheet, {})})
    coverage = np.zeros((len(slots), size, size), np.float32)
    for first in range(0, len(slots), 3):
        inks = {slot: "#" + "00" * n + "ff" + "00" * (2 - n) for n, slot in enumerate(slots[first : first + 3])}
        body = "".join(_svg(element, component, key.sheet, inks, {}) for element in elements)
        rgba = _render(_placed(body, place), key.sheet, size)
        coverage[first : first + 3] = (rgba[..., :3] * rgba[..., 3:]).transpose(2, 0, 1)[: len(inks)]
    return _cropped(slots, coverage)


def _run(style: str, component: str, variant: str, run: int) -> Iterator[Element]:
    whole = definition(style)
    owner = whole["canvas"] if component == "canvas" else whole["components"][component]["variants"][variant]
    at = 0
    for element in owner["elements"]:
        if element["type"] == "component":
            at += 1
        elif at == run:
            yield element


def _cropped(slots: Sequence[int], coverage: Coverage) -> Layer | None:
    seen = coverage.sum(0) > 1 / 512
    if not seen.any():
        return None
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    box = (int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
    return Layer(box, tuple(slots), coverage[:, box[0] : box[1], box[2] : box[3]].copy())


def _colour(value: object) -> str | None:
    """The name that a sheet knows a colour by, or None where nothing is painted."""
    if isinstance(value, Mapping):
        return str(value["name"])
    text = str(value)
    return None if text == "none" or text.startswith("url(") else text


def _shade(attributes: Mapping[str, Any], ink: str) -> str:
    """Black at a low opacity is a shadow, which is a colour of its own."""
    opacity = float(attributes.get(INKS[ink], attributes.get("opacity", 1)))
    return "shade" if opacity < 0.5 and str(attributes.get(ink)) in ("black", "#000", "#000000") else ""


def _slots(element: Element, component: str, sheet: Sheet, above: Mapping[str, Any]) -> Iterator[int]:
    if element["name"] == "mask":
        return
    attributes = {**above, **element.get("attributes", {})}
    children = element.get("children", ())
    if not children:
        for ink in INKS:
            name = _colour(attributes[ink]) if ink in attributes else None
            if name is not None:
                yield sheet.slot(component, _shade(attributes, ink) or name)
    for child in children:
        yield from _slots(child, component, sheet, {k: v for k, v in attributes.items() if k in INKS})


def _svg(element: Element, component: str, sheet: Sheet, inks: Mapping[int, str], above: Mapping[str, Any]) -> str:
    """The element as SVG with the slots of `inks` in their colours and all others black."""
    attributes = dict(element.get("attributes", {}))
    inherited = {**{k: v for k, v in above.items() if k in INKS}, **attributes}
    for ink, opacity in INKS.items():
        name = _colour(attributes[ink]) if ink in attributes else None
        if name is None or element["name"] == "mask":
            continue
        shade = _shade(inherited, ink)
        if shade:
            attributes.pop(opacity, None)
            attributes.pop("opacity", None)
        attributes[ink] = inks.get(sheet.slot(component, shade or name), "#000000")
    if BLEND in str(attributes.get("style", "")):
        del attributes["style"]
    written = "".join(f" {name}={quoteattr(str(value))}" for name, value in attributes.items())
    inner = "".join(
        _svg(child, component, sheet, inks, inherited)
        for child in element.get("children", ())
        if child["type"] != "component"
    )
    return f"<{element['name']}{written}>{inner}</{element['name']}>"


def _placed(body: str, place: str) -> str:
    for transform in reversed(place.split("|")):
        body = f'<g transform="{transform}">{body}</g>' if transform else body
    return body


def _render(body: str, sheet: Sheet, size: int) -> NDArray[np.float32]:
    """`[size, size, 4]` in 0..1, RGBA, not premultiplied."""
    canvas = definition(sheet.style)["canvas"]
    side = float(canvas["width"])
    seen = side / sheet.zoom
    left, top = (side - seen) / 2 - sheet.x * seen, (side - seen) / 2 - sheet.y * seen
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left} {top} {seen} {seen}" width="{size}" height="{size}" '
        f'fill="none">{body}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"), np.float32) / np.float32(255)
