"""A heat map over the picture it is about."""

from __future__ import annotations

from PIL import Image

HOT = (255, 40, 0)
OPACITY = 0.75


def overlay(picture: Image.Image, heat: Image.Image) -> Image.Image:
    """`picture`, greyed so that colour is the map's alone, with `HOT` where `heat` (L, white is 1) says so.

    The scale is fixed: the same value has the same colour in every picture.
    """
    calm = picture.convert("L").convert("RGB")
    mask = heat.resize(picture.size).point(lambda value: round(value * OPACITY))
    return Image.composite(Image.new("RGB", picture.size, HOT), calm, mask)
