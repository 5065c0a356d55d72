"""Everybody can use the studio: axe finds no barrier, and a keyboard is enough."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

TABS = ("Generate", "Stylize", "Detect & Fix", "Models")
BARRIERS = {"serious", "critical"}


@pytest.mark.parametrize("screen", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_on_any_tab(visit, scheme, screen):
    visitor = visit(scheme=scheme, screen=screen)
    visitor.open()
    for tab in TABS:
        assert barriers_on(visitor, tab) == []

    visitor.tab("Generate")
    visitor.generate()
    visitor.copy_link("generate")
    visitor.tab("Stylize")
    expect(visitor.see("#styles img")).not_to_have_count(0)
    visitor.tab("Detect & Fix")
    visitor.see("#detect").click()
    visitor.see("#heat").scroll_into_view_if_needed()  # or a phone does not load it
    expect(visitor.see("#heat img")).to_be_visible()
    for tab in TABS:
        assert barriers_on(visitor, tab) == []


def barriers_on(visitor, tab):
    """What axe calls serious or critical on a tab with all of its accordions open."""
    visitor.tab(tab)
    closed = visitor.see("button.label-wrap:not(.open):visible")
    while closed.count():
        closed.first.click()
    visitor.idle()
    found = Axe().run(visitor.page).response["violations"]
    return [(one["id"], node["html"]) for one in found if one["impact"] in BARRIERS for node in one["nodes"]]


def test_a_keyboard_is_enough(visit):
    visitor = visit()
    visitor.open()
    press = visitor.page.keyboard.press

    tab_to(visitor, "#generate")
    press("Enter")
    visitor.changed("")
    drawn = visitor.recipe
    tab_to(visitor, "#candidates button")
    press("Tab")
    press("Enter")
    visitor.changed(drawn)
    picked = visitor.recipe
    tab_to(visitor, "#generate-to-stylize")
    press("Enter")
    expect(visitor.see("#styles img")).not_to_have_count(0)
    tab_to(visitor, "#stylize")
    press("Enter")
    visitor.changed(picked)


def tab_to(visitor, selector):
    """Presses Tab until what has the focus is `selector`."""
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by Tab")
