"""A heat map over the picture it is about."""

from __future__ import annotations

from PIL import Image

from zoo.persona import Report

HOT = (255, 40, 0)
OPACITY = 0.75


def overlay(picture: Image.Image, report: Report, kind: str = "") -> Image.Image:
    """`picture`, greyed so that colour is the map's alone, with `HOT` where the report has `kind`, or any.

    The scale is fixed: the same value has the same colour in every picture that is suspected. In others all is paler,
    as their overall score is under the threshold: where nothing looks wrong, no place may.
    """
    heat = report.maps.get(kind, report.map)
    suspected = report.overall >= report.threshold
    strength = OPACITY * (1.0 if suspected else report.overall / report.threshold)
    calm = picture.convert("L").convert("RGB")
    mask = heat.resize(picture.size).point(lambda value: round(value * strength))
    return Image.composite(Image.new("RGB", picture.size, HOT), calm, mask)
