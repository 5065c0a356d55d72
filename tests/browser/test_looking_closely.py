"""Detect & Fix in full, with a corrector that says all that one can: threshold, kinds, original, report."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.studio.gradio_site import serving
from tests.studio.tiny_zoo import Plain, Scribe
from tests.watchers import Lamplighter, Watchman
from zoo import Card, Stylizer, studio
from zoo.engine import Engine
from zoo.engine.local import Local
from zoo.registry import Entry, Zoo
from zoo.store import Store
from zoo.studio.web import surroundings
from zoo.studio.words import words


class Dusk(Stylizer):
    """Darkens a portrait."""

    name = "dusk"
    card = Card("Dusk", "CC0-1.0", "https://example.org/dusk")

    def stylize(self, images, params, reference=None):
        return images * 0.3


@pytest.fixture(scope="module")
def zoo():
    classes = (Plain, Scribe, Dusk, Watchman, Lamplighter)
    return Zoo({f"tiny/{cls.name}": Entry(f"tiny/{cls.name}", "tiny", cls, None) for cls in classes})


@pytest.fixture(scope="module")
def site(zoo, tmp_path_factory):
    """The studio with a zoo of models that cost nothing."""
    engine = Engine(zoo, Store(str(tmp_path_factory.mktemp("store"))), Local("cpu"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("temporary")))
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        patch.setenv("ZOO_BEHIND_PROXY", "1")
        css = [Path(studio.__file__).parent / "style.css"]
        options = {"i18n": words(zoo), "theme": studio.theme(), "css_paths": css, "app_kwargs": surroundings(engine)}
        # Gradio would try the page for 15 s and give up: machines that run tests are busy.
        with serving(studio.page(engine), **options, _frontend=False) as url:
            yield SimpleNamespace(url=url, address={"x-forwarded-for": "2001:db8::7"})


@pytest.mark.parametrize(("language", "screen"), [("en", "desktop"), ("zh", "phone")])
def test_check_detect_switch_kinds_move_the_threshold_fix_and_take_the_report_home(visit, tmp_path, language, screen):
    visitor = visit(language, screen)
    visitor.open()
    visitor.generate()

    visitor.tab("Stylize")
    visitor.see("#check input").check()
    visitor.click("#styles button >> nth=0")
    expect(visitor.see("#check-line")).to_contain_text("Watchman")
    visitor.fits()

    visitor.tab("Detect & Fix")
    visitor.see("#detect").click()
    expect(visitor.see("#report dt")).to_have_count(3)
    expect(visitor.see("#report")).to_contain_text("PSNR")
    visitor.fits()

    everything = visitor.pixels("#heat img")
    source = visitor.see("#heat img").get_attribute("src")
    visitor.see("#chips label").nth(2).click()
    expect(visitor.see("#heat img")).not_to_have_attribute("src", source)
    assert np.abs(visitor.pixels("#heat img") - everything).max() > 0

    move(visitor, "Home")
    expect(visitor.see("#report")).to_contain_text("100%")
    expect(visitor.see("#report .verdict")).to_contain_text("Darkness")
    visitor.click("#fix")
    assert json.loads(visitor.recipe)["steps"][-1] == {"model": "tiny/watchman", "params": {"threshold": 0.0}}
    expect(visitor.see("#report")).to_contain_text("→")

    visitor.see("#take-report").click()
    expect(visitor.see("#report-files a")).to_have_count(2)
    drawn = visitor.download("#report-files a >> nth=0", tmp_path)
    facts = visitor.download("#report-files a >> nth=1", tmp_path)
    assert Image.open(drawn).width > 800
    assert json.loads(facts.read_text("utf-8"))["threshold"] == 0
    visitor.fits()


def test_an_original_of_another_size_is_told_and_findings_may_be_anothers(visit, tmp_path):
    visitor = visit()
    visitor.open()
    visitor.generate()
    visitor.tab("Detect & Fix")
    visitor.unfold("Original, and findings by another model")
    Image.new("RGB", (120, 90)).save(tmp_path / "other.png")
    visitor.see("#original input[type=file]").set_input_files(tmp_path / "other.png")
    expect(visitor.see("#original-brought textarea")).not_to_have_value("")
    visitor.choose("#finder", "Lamplighter")
    visitor.see("#detect").click()
    expect(visitor.see("#report .warning")).to_contain_text("another size")
    expect(visitor.see("#report")).to_contain_text("Lamplighter")
    expect(visitor.see("#threshold")).to_be_hidden()


def move(visitor, key):
    """Presses a key on the threshold slider."""
    visitor.see("#threshold input[type=range]").focus()
    visitor.page.keyboard.press(key)
