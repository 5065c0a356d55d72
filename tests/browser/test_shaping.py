"""Changing the persona at hand: sliders, styles, a reference picture, undo."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect


@pytest.fixture
def visitor(visit):
    """With a persona at hand."""
    visitor = visit()
    visitor.open()
    visitor.generate()
    return visitor


def test_a_slider_shapes_the_portrait_at_hand_and_its_steps_stay(visitor):
    visitor.tab("Stylize")
    visitor.click("#stylize")
    styled, pixels = json.loads(visitor.recipe), visitor.pixels()
    visitor.tab("Generate")
    visitor.unfold("Shape it")

    before = visitor.recipe
    visitor.see("input[type=range]:visible").first.click(position={"x": 8, "y": 4})
    visitor.changed(before)

    shaped = json.loads(visitor.recipe)
    assert shaped["steps"] == styled["steps"]
    assert shaped["profile"] == styled["profile"]
    assert shaped["source"]["seed"] == styled["source"]["seed"]
    assert shaped["source"] != styled["source"]
    assert np.abs(visitor.pixels() - pixels).max() > 0


def test_a_slider_is_moved_by_keyboard(visitor):
    visitor.unfold("Shape it")
    before = visitor.recipe
    visitor.see("input[type=range]:visible").first.press("ArrowLeft")
    visitor.changed(before)


def test_another_style_takes_the_place_of_the_one_before_and_undo_takes_it_off(visitor):
    drawn = visitor.recipe
    visitor.tab("Stylize")
    visitor.click("#styles button >> nth=0")
    visitor.click("#styles button >> nth=1")
    assert len(json.loads(visitor.recipe)["steps"]) == 1

    visitor.click("#undo")
    assert visitor.recipe == drawn
    visitor.see("#undo").click()
    visitor.told("There is no step to undo. This is the portrait as it came.")


def test_a_reference_picture_lends_its_colours(visitor, zoo, tmp_path):
    style = next(entry for entry in zoo.of_kind("stylizer") if entry.cls.takes_reference)
    reference = tmp_path / "reference.png"
    Image.effect_noise((64, 64), 90).convert("RGB").point([0] * 256 + list(range(256)) + [90] * 256).save(reference)
    visitor.tab("Stylize")
    visitor.choose("#style", style.title)
    visitor.see("#reference input[type=file]").set_input_files(reference)
    expect(visitor.see("#reference img")).to_be_visible()

    pixels = visitor.pixels()
    visitor.click("#stylize")

    (step,) = json.loads(visitor.recipe)["steps"]
    assert step["model"] == style.id
    assert len(step["reference"]) == 64
    assert np.abs(visitor.pixels() - pixels).max() > 2


def test_a_mix_lies_between_two_seeds(visitor):
    alone = visitor.recipe
    visitor.see("#fresh input").uncheck()
    visitor.unfold("Mix two personas")
    visitor.page.get_by_label("Second seed").fill("11")
    visitor.changed(alone)
    mixed = json.loads(alone)["source"] | {"mix": {"seed": 11, "weight": 0.5}}
    assert json.loads(visitor.recipe)["source"] == mixed

    visitor.see("#seed input").fill("12")
    visitor.generate()
    assert json.loads(visitor.recipe)["source"] == mixed | {"seed": 12}


def test_a_profile_can_be_written_anew(visitor):
    nickname = visitor.see("#profile h2").inner_text()
    visitor.unfold("Name and voice")
    visitor.click("#rewrite")

    expect(visitor.see("#profile h2")).not_to_have_text(nickname)


def test_a_typed_name_belongs_to_its_persona_and_an_empty_box_takes_none_away(visitor, visit):
    visitor.unfold("Name and voice")
    box = visitor.page.get_by_label("Nickname")
    box.fill("Robin Harbour")
    box.press("Enter")
    expect(visitor.see("#profile h2")).to_have_text("Robin Harbour")
    link = visitor.copy_link("generate")

    finder = visit()
    finder.open(link.removeprefix(finder.url).replace("/p/", "/?p="))
    finder.unfold("Name and voice")
    expect(finder.page.get_by_label("Nickname")).to_have_value("Robin Harbour")
    finder.page.get_by_label("Bio").focus()
    finder.page.get_by_label("Nickname").focus()
    expect(finder.see("#profile h2")).to_have_text("Robin Harbour")

    visitor.generate()
    expect(visitor.see("#profile h2")).not_to_have_text("Robin Harbour")
    expect(box).to_have_value("")
