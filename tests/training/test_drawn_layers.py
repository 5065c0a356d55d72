"""The compositor draws what DiceBear draws."""

import io

import numpy as np
import pytest
import resvg_py
from dicebear import Avatar, Style
from PIL import Image

from zoo.training.layers import Sheet, compose, definition

COLOURS = {"outline": "#201810", "skin": "#e0b090", "hair": "#803020", "mouth": "#b04050", "background": "#c0d8f0"}
SLOTS = ("background", "skin", "hair", "outline", "mouth")
SHEET = Sheet(
    "lorelei",
    {**dict.fromkeys(("outline", "eyes", "eyebrows", "nose", "glasses", "white"), 3), "skin": 1, "hair": 2, "mouth": 4},
)
PARTS = {"head": "variant02", "hair": "variant13", "eyes": "variant10", "eyebrows": "variant01", "nose": "variant02"}


def by_dicebear(parts: dict[str, str], size: int) -> np.ndarray:
    rare = ("glasses", "freckles", "earrings", "beard", "hairAccessories")
    options = {f"{part}Variant": [variant] for part, variant in parts.items()}
    options |= {f"{part}Probability": 100 if part in parts else 0 for part in rare}
    options |= {f"{part}Color": [COLOURS["outline"]] for part in ("outline", "eyes", "eyebrows", "nose", "glasses")}
    options |= {f"{part}Color": [COLOURS[part]] for part in ("skin", "hair", "mouth", "background")}
    avatar = Avatar(Style(definition("lorelei")), options | {"size": size, "idRandomization": False})
    png = resvg_py.svg_to_bytes(svg_string=avatar.to_string(), skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB"), np.float32)


@pytest.mark.parametrize("more", [{}, {"mouth": "happy01"}, {"mouth": "happy02", "glasses": "variant04"}])
def test_layers_make_the_picture_that_dicebear_makes(more: dict[str, str]) -> None:
    parts = {**PARTS, "mouth": "happy10", **more}
    coverage = compose(SHEET, parts, 128, len(SLOTS))
    palette = np.array([list(bytes.fromhex(COLOURS[slot][1:])) for slot in SLOTS], np.float32)
    drawn = np.einsum("shw,sc->hwc", coverage, palette)
    apart = np.abs(drawn - by_dicebear(parts, 128))
    assert apart.mean() < 0.25
    assert (apart > 4).mean() < 0.01


def test_a_part_that_is_left_out_is_not_drawn() -> None:
    bald = compose(SHEET, {name: part for name, part in PARTS.items() if name != "eyes"}, 64, len(SLOTS))
    assert bald[3].sum() < compose(SHEET, PARTS, 64, len(SLOTS))[3].sum()


def test_a_colour_without_a_slot_is_named() -> None:
    with pytest.raises(KeyError, match="lorelei: no slot for head/outline"):
        compose(Sheet("lorelei", {}), {"hair": "variant01", "head": "variant01"}, 16, 1)
