"""The studio's main job, end to end: from a click to a link that makes the same persona again."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

SAME = 2
"""Grey levels by which a picture may differ when it is made again."""


@pytest.mark.parametrize("screen", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_generate_pick_stylize_fix_copy_the_link_and_open_it_elsewhere(visit, language, screen):
    sender = visit(language, screen)
    sender.open()
    speaks(sender, "#generator-about", "#generate", "Generate", "Seed", "Mix two personas", "Recent personas")
    sender.generate()
    expect(sender.see("#candidates img")).to_have_count(6)
    sender.click("#candidates button >> nth=2")
    sender.fits()

    sender.see("#generate-to-stylize").click()
    expect(sender.see("#styles img")).not_to_have_count(0)
    speaks(sender, "#style-about", "#stylize", "Stylize", "Every style on this portrait: choose one", "Tune it")
    sender.click("#styles button >> nth=1")
    sender.click("#styles button >> nth=0")
    sender.see("#on-top input").check()
    sender.click("#stylize")
    sender.fits()

    sender.see("#stylize-to-fix").click()
    speaks(sender, "#corrector-about", "#detect", "Detect", "Corrector", "Undo the last step", "More files")
    sender.see("#detect").click()
    expect(sender.see("#report dt").first).to_be_visible()
    sender.see("#heat").scroll_into_view_if_needed()  # on a phone it is far down, and not loaded before
    expect(sender.see("#heat img")).to_be_visible()
    sender.click("#fix")
    sender.fits()
    link = sender.copy_link("fix")

    finder = visit(language, screen)
    finder.page.goto(link)
    finder.changed("")
    assert finder.recipe == sender.recipe
    assert np.abs(finder.pixels() - sender.pixels()).max() <= SAME
    finder.fits()


def speaks(visitor, about, button, text, *labels):
    """Card, button and labels are in the visitor's language."""
    expect(visitor.see(about)).to_contain_text(visitor.say("Source"))
    expect(visitor.see(button)).to_have_text(visitor.say(text))
    for label in labels:
        expect(visitor.page.get_by_text(visitor.say(label), exact=True).locator("visible=true").first).to_be_visible()
