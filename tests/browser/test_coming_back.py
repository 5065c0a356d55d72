"""A persona comes back: from the address, a link, a file, this browser's memory; after a reload and after a restart."""

from __future__ import annotations

import json
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from zoo.label import read
from zoo.pictures import open_picture
from zoo.studio.words import chinese


def test_a_reload_keeps_the_persona(visit):
    visitor = visit()
    visitor.open()
    visitor.generate()
    kept = visitor.recipe

    visitor.page.reload()
    visitor.changed("")

    assert visitor.recipe == kept


def test_a_model_and_a_seed_are_an_address_that_people_can_type(visit, zoo):
    model = zoo.of_kind("generator")[-1]
    visitor = visit()
    visitor.open(g=model.id, s="7")
    visitor.changed("")

    assert json.loads(visitor.recipe)["source"] == {"kind": "draw", "model": model.id, "seed": 7}
    expect(visitor.page.get_by_label("Seed", exact=True)).to_have_value("7")
    expect(visitor.see("#generator-about")).to_contain_text(model.id)


def test_row_26_a_damaged_link_is_said_so_and_the_page_works(visit):
    visitor = visit("zh")
    visitor.open(p="1bczBCsIwEATQf5lz")
    visitor.told("This link is damaged: part of it is missing or changed. Copy the whole link again.")

    visitor.generate()

    expect(visitor.see("#portrait img")).to_be_visible()


def test_a_link_is_a_card_for_crawlers_and_an_invitation_for_people(visit, site):
    visitor = visit()
    visitor.open()
    visitor.generate()
    link = visitor.copy_link("generate")

    with site.client() as crawler:
        page = crawler.get(link).text
        picture = crawler.get(re.search(r'property="og:image" content="([^"]+)"', page)[1])

    nickname = visitor.see("#profile h2").inner_text()
    assert f'<meta property="og:title" content="{nickname}">' in page
    assert Image.open(BytesIO(picture.content)).size == (1200, 630)
    assert read(picture.content).recipe == link.rpartition("/")[2]
    visitor.page.goto(link)
    visitor.page.wait_for_url(re.compile(r"/\?p="))


def test_a_pasted_link_brings_the_persona_back(visit):
    sender, finder = visit(), visit()
    sender.open()
    sender.generate()

    finder.open()
    finder.unfold("Open a persona")
    box = finder.see("#open-link textarea, #open-link input")
    box.fill(sender.copy_link("generate"))
    box.press("Enter")
    finder.changed("")

    assert finder.recipe == sender.recipe


def test_a_downloaded_picture_is_labelled_and_brings_its_persona_back(visit, tmp_path):
    sender, finder = visit(), visit()
    sender.open()
    sender.generate()
    sender.tab("Stylize")
    sender.click("#stylize")
    path = sender.download("#stylize-download", tmp_path)

    assert open_picture(path).label.recipe
    finder.open()
    drop(finder, path)

    assert finder.recipe == sender.recipe


@pytest.mark.parametrize(("format", "suffix"), [("JPEG", ".jpg"), ("WebP", ".webp")])
def test_a_picture_in_another_format_brings_its_persona_back(visit, tmp_path, format, suffix):
    sender, finder = visit(), visit()
    sender.open()
    sender.generate()
    sender.unfold("More files")
    sender.page.get_by_label(format, exact=True).check()
    sender.see("#generate-prepare").click()
    path = sender.download(f"a[download='avatar{suffix}']", tmp_path)

    finder.open()
    drop(finder, path)

    assert finder.recipe == sender.recipe


def drop(visitor, path):
    before = visitor.recipe
    visitor.unfold("Open a persona")
    visitor.see("#open-picture input[type=file]").set_input_files(path)
    visitor.changed(before)


def test_the_language_button_keeps_the_persona(visit, zoo):
    visitor = visit()
    visitor.open()
    visitor.generate()
    kept = visitor.recipe

    visitor.see("#switch-language").click()
    visitor.words = chinese(zoo)
    visitor.page.wait_for_url(re.compile("lang=zh-CN"))
    visitor.changed("")

    assert visitor.recipe == kept
    expect(visitor.see("#generate")).to_have_text("生成")
    visitor.page.goto(visitor.url)  # the choice is remembered
    expect(visitor.see("#generate")).to_have_text("生成")


def test_row_42_after_a_restart_recent_personas_links_and_shared_pictures_are_there(visit, site, tmp_path):
    photo = tmp_path / "photo.png"
    Image.linear_gradient("L").convert("RGB").save(photo)
    visitor = visit()
    visitor.open()
    visitor.generate()
    first = visitor.recipe
    visitor.tab("Stylize")
    visitor.see("#stylize-upload input[type=file]").set_input_files(photo)
    visitor.changed(first)
    visitor.click("#stylize")
    shared, link, pixels = visitor.recipe, visitor.copy_link("stylize"), visitor.pixels()
    visitor.page.goto("about:blank")

    site.stop()
    site.start()

    visitor.page.goto(link)
    visitor.changed("")
    assert visitor.recipe == shared
    assert np.abs(visitor.pixels() - pixels).max() <= 2
    visitor.see("#recent button").first.click()
    expect(visitor.see("#recent-gallery img")).to_have_count(3)
    visitor.see("#recent-gallery button").last.click()
    visitor.changed(shared)
    assert visitor.recipe == first
