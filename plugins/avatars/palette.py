"""The colours of a portrait: what a visitor chooses by name, and what fills each slot of the drawing."""

from __future__ import annotations

from collections.abc import Mapping

SLOTS = (
    "background", "skin", "hair", "ink", "clothes", "white", "lips", "tongue",
    "skin shade", "hair shade", "clothes shade", "gold",
)  # fmt: skip

COLOURS: Mapping[str, Mapping[str, str]] = {
    "hair_colour": {
        "black": "#2c2530",
        "brown": "#5c3a28",
        "chestnut": "#8c4f30",
        "copper": "#bd5a32",
        "blond": "#dcb46c",
        "silver": "#b4b3be",
        "rose": "#d98ba4",
        "teal": "#46898f",
    },
    "skin": {
        "fair": "#fbe0cf",
        "light": "#f3c9a8",
        "tan": "#dfa274",
        "olive": "#bf8656",
        "brown": "#98623f",
        "deep": "#6b432e",
    },
    "clothes_colour": {
        "navy": "#4a648f",
        "sky": "#86a7e0",
        "teal": "#5fada2",
        "mustard": "#e8c060",
        "terracotta": "#d9714f",
        "rose": "#e398a4",
        "violet": "#8a78bb",
        "cream": "#f1ebdf",
    },
    "background": {
        "sky": "#cde2f3",
        "mint": "#cdebe4",
        "sage": "#d9e6c8",
        "butter": "#f8eab9",
        "peach": "#f9d9c4",
        "blush": "#f6cdd8",
        "lilac": "#dccff0",
        "stone": "#dedad4",
    },
}
"""The colours by name, in the order of their axis."""

SHARES: Mapping[str, tuple[float, ...]] = {
    "hair_colour": (0.2, 0.2, 0.15, 0.1, 0.15, 0.08, 0.06, 0.06),
    "skin": (0.16, 0.2, 0.18, 0.16, 0.16, 0.14),
    "clothes_colour": (0.125,) * 8,
    "background": (0.125,) * 8,
}
"""How often each is drawn."""

JITTER = 0.025
"""How far a colour strays from its named one, of 1: so that no two portraits have quite the same."""

FIXED = {"ink": "#2a1f26", "white": "#fbf7ef", "lips": "#a83c46", "tongue": "#e2665c", "gold": "#d2a045"}
SHADE = {"skin": 0.86, "hair": 0.74, "clothes": 0.80}
"""How bright the shade of a colour is, of the colour."""


def rgb(colour: str) -> tuple[float, float, float]:
    """`#rrggbb` as three numbers in 0..1."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255, green / 255, blue / 255
