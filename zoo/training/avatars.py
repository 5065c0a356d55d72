"""Portraits drawn with DiceBear in two CC0 styles, coloured so that they look like people.

A portrait is a function of its style and seed alone: `look` picks its parts and colours, `draw` rasterises them.
Only parts that suit a portrait are picked from: no hearts for eyes, no hair over the whole face.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import numpy as np
import resvg_py
from dicebear import Avatar, Style
from numpy.typing import NDArray
from PIL import Image

from zoo.latents import subseed

StyleName = Literal["lorelei", "open-peeps"]
STYLES: tuple[StyleName, ...] = get_args(StyleName)

Look = Mapping[str, Any]
"""DiceBear options that leave nothing open: each part and colour of one portrait."""

LIGHT_SKIN = ("#f9dcc8", "#f3cbab", "#e8b48c", "#d69c6e")
DARK_SKIN = ("#b47a52", "#8f5c3f")
DARK_HAIR = ("#2a2226", "#43302b", "#6b4430")
HAIR = (*DARK_HAIR, "#96603a", "#c08a4e", "#e0bd7c", "#a9492f", "#8e8d98")
DARK_INK = ("#211c22", "#2e2220")
INK = (*DARK_INK, "#43291f", "#5b3524", "#2b2a3f")
CLOTHES = ("#7f9bd8", "#6fb3a8", "#e2a1a8", "#e9c46a", "#8d7fb8", "#d9795d", "#f0ece4", "#4f6d8f")
BACKGROUND = ("#cfe3f2", "#f6dfd3", "#dcebd5", "#f5ebc8", "#e3dcf1", "#d3ecea", "#f7d9e0", "#e9e6e1")
LIPS = "#b5454b"
"""Natural colours. Dark skin goes with dark hair and ink, so that the face keeps its contrast."""

DARK = 0.35
GLASSES = 0.16
FRECKLES = 0.10
EARRINGS = 0.15
BEARD = 0.22
"""How often, out of 1."""


def draw(style: StyleName, seed: int, size: int) -> NDArray[np.uint8]:
    """The portrait of `seed`, `[size, size, 3]`. Same arguments, same picture."""
    options = look(style, seed) | {"size": size, "idRandomization": False}
    png = resvg_py.svg_to_bytes(svg_string=Avatar(_style(style), options).to_string(), skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB"))


def look(style: StyleName, seed: int) -> dict[str, Any]:
    """The parts and colours of the portrait of `seed`."""
    rng = np.random.RandomState(subseed(seed, style))
    return _lorelei(rng) if style == "lorelei" else _open_peeps(rng)


@cache
def _style(name: StyleName) -> Style:
    return Style(json.loads(files("dicebear_styles").joinpath(f"{name}.json").read_text("utf-8")))


def _lorelei(rng: np.random.RandomState) -> dict[str, Any]:
    """By Lisa Wischofsky, CC0 1.0."""
    dark = rng.rand() < DARK
    skin, hair = _colour(rng, DARK_SKIN if dark else LIGHT_SKIN), _colour(rng, DARK_HAIR if dark else HAIR)
    ink = "#2a1f22"
    parts = {name: f"variant{rng.choice(variants):02d}" for name, variants in LORELEI.items()}
    return _options(parts | {"mouth": str(rng.choice(LORELEI_MOUTHS))}) | {
        "glassesProbability": _percent(rng, GLASSES),
        "frecklesProbability": _percent(rng, FRECKLES),
        "earringsProbability": _percent(rng, EARRINGS),
        "beardProbability": 0,
        "hairAccessoriesProbability": 0,
        "skinColor": [skin],
        "hairColor": [hair],
        "eyebrowsColor": [_blend(hair, ink, 0.6)],
        "noseColor": [_blend(skin, "#5a2c1e", 0.55)],
        "frecklesColor": [_blend(skin, "#8a4a2c", 0.45)],
        "mouthColor": [_blend(LIPS, skin, 0.1)],
        "earringsColor": ["#c99a3c"],
        "backgroundColor": [_colour(rng, BACKGROUND)],
        **{f"{part}Color": [ink] for part in ("outline", "eyes", "glasses")},
        "scale": 1.22,
        "translateY": 2,
    }


def _open_peeps(rng: np.random.RandomState) -> dict[str, Any]:
    """By Pablo Stanley, CC0 1.0. Most of its hair is drawn in ink, so the ink has a hair's colours."""
    head = str(rng.choice(PEEPS_SHORT if rng.rand() < 0.5 else PEEPS_LONG))
    beard = BEARD if head in PEEPS_SHORT else 0.0
    dark = rng.rand() < DARK
    skin, ink = (
        (_colour(rng, DARK_SKIN), _colour(rng, DARK_INK)) if dark else (_colour(rng, LIGHT_SKIN), _colour(rng, INK))
    )
    parts = {
        "head": head,
        "expression": str(rng.choice(PEEPS_EXPRESSIONS)),
        "facialHair": str(rng.choice(PEEPS_BEARDS)),
        "accessories": str(rng.choice(PEEPS_GLASSES)),
    }
    return _options(parts) | {
        "accessoriesProbability": _percent(rng, GLASSES),
        "facialHairProbability": _percent(rng, beard),
        "maskProbability": 0,
        "inkColor": [ink],
        "headContrastColor": [_colour(rng, HAIR[1:3] if dark else HAIR[2:])],
        "skinColor": [skin],
        "clothingColor": [_colour(rng, CLOTHES)],
        "backgroundColor": [_colour(rng, BACKGROUND)],
        "scale": 1.06,
        "translateY": 2,
    }


LORELEI = {
    "head": (1, 2, 3, 4),
    "hair": (*range(1, 21), 22, 23, 24, 26, 29, 30, 31, 32, 33, 35, 37, 38, 39, 42, 43, 44, 46, 47, 48),
    "eyes": (2, 4, 6, 8, 9, 10, 11, 12, 14, 16, 17, 18, 19, 20, 21, 23, 24),
    "eyebrows": (1, 2, 5, 6, 7, 9, 10, 12),
    "nose": (1, 2, 3, 4, 5, 6),
    "glasses": (1, 3, 4),
    "earrings": (1, 2, 3),
    "freckles": (1,),
}
LORELEI_MOUTHS = tuple(f"happy{n:02d}" for n in (1, 2, 3, 4, 5, 6, 10, 14, 18))

# fmt: off
PEEPS_SHORT = (
    "afro", "dreads1", "dreads2", "flatTop", "grayShort", "noHair1", "pomp", "shaved1", "shaved2", "shaved3",
    "short1", "short2", "short3", "short4", "short5", "twists", "twists2", "turban",
)
PEEPS_LONG = (
    "bangs", "bangs2", "bun", "buns", "grayBun", "grayMedium", "hijab", "long", "longBangs", "longCurly",
    "medium1", "medium2", "medium3", "mediumBangs", "mediumBangs2", "mediumBangs3", "mediumStraight",
)
PEEPS_EXPRESSIONS = (
    "calm", "cheeky", "cute", "eatingHappy", "explaining", "smile",
)
PEEPS_BEARDS = (
    "chin", "full", "full2", "full4", "goatee1", "moustache4", "moustache6", "moustache7", "moustache9",
)
PEEPS_GLASSES = (
    "glasses", "glasses2", "glasses3", "glasses4", "glasses5",
)
# fmt: on


def _options(parts: Mapping[str, str]) -> dict[str, Any]:
    return {f"{part}Variant": [variant] for part, variant in parts.items()}


def _percent(rng: np.random.RandomState, probability: float) -> int:
    """100 with this probability, else 0: DiceBear's own dice have nothing left to decide."""
    return 100 if rng.rand() < probability else 0


def _colour(rng: np.random.RandomState, choices: tuple[str, ...]) -> str:
    """One of the choices, a little off, so that colours form a continuum."""
    base = np.array(_rgb(choices[rng.randint(len(choices))]))
    return _hex(base * (1 + rng.uniform(-0.04, 0.04)) + rng.uniform(-3, 3, 3))


def _blend(a: str, b: str, weight: float) -> str:
    return _hex((1 - weight) * np.array(_rgb(a)) + weight * np.array(_rgb(b)))


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _hex(rgb: NDArray[np.float64]) -> str:
    return "#" + bytes(np.clip(rgb.round(), 0, 255).astype(np.uint8)).hex()
