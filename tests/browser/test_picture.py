"""The picture that the README opens with: the studio as a visitor leaves it."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

README_PICTURE = Path(__file__).parents[2] / "docs" / "images" / "studio.png"
SEED = "7"
WIDTH, HEIGHT = 1280, 960
MOST_BYTES = 400_000


def test_the_studio_makes_the_readmes_picture(visit, zoo, tmp_path):
    """With `ZOO_WRITE_SCREENSHOT=1` it goes into docs/images."""
    visitor = visit()
    visitor.open()
    visitor.choose("#generator", zoo.of_kind("generator")[0].title)
    visitor.see("#seed input").fill(SEED)
    visitor.see("#fresh input").uncheck()
    visitor.generate()
    expect(visitor.see("#candidates img")).to_have_count(6)
    visitor.tab("Stylize")
    expect(visitor.see("#styles img")).not_to_have_count(0)
    visitor.click("#stylize")
    visitor.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    path = README_PICTURE if os.environ.get("ZOO_WRITE_SCREENSHOT") == "1" else tmp_path / "studio.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    visitor.idle()
    visitor.page.screenshot(path=path, animations="disabled")

    assert Image.open(path).size == (WIDTH, HEIGHT)
    assert path.stat().st_size < MOST_BYTES
