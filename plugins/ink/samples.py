"""Draws the sheet in the README: one avatar in every style. Needs the `train` extra.

python -m plugins.ink.samples
"""

from __future__ import annotations

import json
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import resvg_py
import torch
from dicebear import Avatar
from dicebear import Style as Drawn
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from .plugin import zoo_models

SHEET = Path(__file__).parent / "samples.webp"
ADA = {"seed": "Ada", "skinColor": ["#e8b48f"], "hairColor": ["#7a4a2c"], "mouthColor": ["#b5524a"]}
KOFI = {"seed": "Kofi", "skinColor": ["#8d5a3b"], "hairColor": ["#1d1613"], "mouthColor": ["#7a2f2a"]}


def avatar(options: dict[str, Any], wall: str) -> Tensor:
    """A drawing in DiceBear's Lorelei by Lisa Wischofsky (CC0 1.0), `[1,3,512,512]` in 0..1."""
    style = Drawn(json.loads(files("dicebear_styles").joinpath("lorelei.json").read_text("utf-8")))
    svg = Avatar(style, options | {"size": 512, "backgroundColor": [wall]}).to_string()
    picture = Image.open(BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGB")
    return torch.from_numpy(np.array(picture, np.float32) / 255).permute(2, 0, 1)[None]


def main() -> None:
    images, reference = avatar(ADA, "#cfe3f2"), avatar(KOFI, "#f2b84b")
    tiles = [images]
    for model in zoo_models():
        style = model()
        tiles.append(style.stylize(images, style.Params(), reference if style.takes_reference else None))
    rows = [torch.cat(tiles[start : start + 3], 3) for start in (0, 3, 6)]
    sheet = interpolate(torch.cat(rows, 2), (1080, 1080), mode="area")[0]
    pixels = (sheet.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    Image.fromarray(pixels).save(SHEET, quality=82, method=6)


if __name__ == "__main__":
    main()
