"""Contact sheets: many pictures in one PNG."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from torch import Tensor

COLUMNS = 8


def save_sheet(images: Tensor, path: Path) -> None:
    """Write `[N,3,H,W]` in 0..1, eight in a row, row by row."""
    rows = -(-len(images) // COLUMNS)
    height, width = images.shape[-2:]
    tiles = (images.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    sheet = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    for n, tile in enumerate(tiles):
        sheet.paste(Image.fromarray(tile), (n % COLUMNS * width, n // COLUMNS * height))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, optimize=True)
