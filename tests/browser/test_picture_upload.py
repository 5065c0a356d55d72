"""From a picture to a persona, in a studio whose models encode."""

from __future__ import annotations

import json
import re
import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.conftest import free_port
from tests.engine.troupe import Mirror, troupe
from zoo.engine import Engine
from zoo.engine.local import Local
from zoo.model import Card
from zoo.registry import Entry, Zoo
from zoo.store import Store
from zoo.studio import launch

REDDISH = (200, 90, 40)


class Painter(Mirror):
    """Takes its time, as those do that descend through a large network."""

    name = "painter"
    card = Card("Painter", "CC0-1.0", "https://example.org/painter")

    def encode(self, images, progress=lambda share: None):
        def tell(share):
            time.sleep(0.05)
            progress(share)

        return super().encode(images, tell)


class Troupe:
    """A studio of tiny models, in this process."""

    def __init__(self, zoo: Zoo, store: Store) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.address: dict[str, str] = {}
        options = {"server_name": "127.0.0.1", "server_port": port, "prevent_thread_lock": True, "quiet": True}
        self.blocks = launch(Engine(zoo, store, Local("cpu")), **options)


@pytest.fixture(scope="module")
def zoo() -> Zoo:
    return Zoo({**troupe().models, "tiny/painter": Entry("tiny/painter", "tiny", Painter, None)})


@pytest.fixture(scope="module")
def site(zoo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("troupe")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "temporary"))
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        served = Troupe(zoo, Store(str(folder / "store")))
        yield served
        served.blocks.close(verbose=False)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_picture_becomes_a_persona_that_a_link_brings_back(visit, tmp_path, language):
    photo = tmp_path / "photo.png"
    Image.new("RGB", (90, 60), REDDISH).save(photo)
    visitor, finder = visit(language), visit(language)
    visitor.open()
    expect(visitor.see("#from-picture")).to_have_count(0)
    visitor.choose("#generator", "Painter")
    visitor.unfold("From a picture")
    visitor.see("#draw-nearest").click()
    visitor.told("There is no picture yet. Drop one, then press the button again.")
    visitor.see("#from-picture-upload input[type=file]").set_input_files(photo)
    expect(visitor.see("#from-picture-upload img")).to_be_visible()

    before = visitor.recipe
    visitor.see("#draw-nearest").click()
    working = re.escape(visitor.say("{model} at work").format(model="Painter"))
    expect(visitor.see("#from-picture-upload")).to_contain_text(re.compile(rf"{working}.*[1-9]\d?\.\d%"))
    visitor.changed(before)

    assert np.abs(visitor.pixels() - REDDISH).max() <= 3
    expect(visitor.see("#candidates img")).to_have_count(6)
    source = json.loads(visitor.recipe)["source"]
    assert source["latent"]

    finder.page.goto(visitor.copy_link("generate"))
    finder.changed("")
    assert finder.recipe == visitor.recipe
    expect(finder.see("#from-picture")).to_be_visible()

    before = visitor.recipe
    visitor.unfold("Shape it")
    visitor.see("input[type=range]:visible").last.press("ArrowRight")
    visitor.changed(before)
    assert json.loads(visitor.recipe)["source"]["latent"] == source["latent"]
