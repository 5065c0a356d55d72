"""Contact sheets: many pictures in one."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from torch import Tensor

from zoo.tensors import write

COLUMNS = 8


def sheet(images: Tensor) -> Image.Image:
    """`[N,3,H,W]` in 0..1 as one picture, eight in a row, row by row."""
    rows = -(-len(images) // COLUMNS)
    height, width = images.shape[-2:]
    tiles = (images.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    whole = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    for n, tile in enumerate(tiles):
        whole.paste(Image.fromarray(tile), (n % COLUMNS * width, n // COLUMNS * height))
    return whole


def save_sheet(images: Tensor, path: Path) -> Image.Image:
    """Write the sheet of `images` as PNG, whole or not at all, and return it."""
    made, png = sheet(images), io.BytesIO()
    made.save(png, "PNG", optimize=True)
    write(png.getvalue(), path)
    return made
