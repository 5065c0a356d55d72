"""Visitors of the studio, in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from visitor import Visitor

from zoo.registry import Zoo
from zoo.studio.words import chinese

SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser(chromium: dict[str, Any]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium)
        yield browser
        browser.close()


@pytest.fixture
def visit(site: Any, zoo: Zoo, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Brings a new visitor: `visit("zh", "phone")`. At the end nothing may have gone wrong in anybody's browser."""
    visitors: list[Visitor] = []

    def come(language: str = "en", screen: str = "desktop", scheme: Any = "light") -> Visitor:
        width, height = SCREENS[screen]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="en-US",
            color_scheme=scheme,
            has_touch=screen == "phone",
            extra_http_headers=site.address,
            permissions=["clipboard-read", "clipboard-write"],
        )
        words = {} if language == "en" else chinese(zoo)
        visitors.append(Visitor(context, site.url, language, words))
        return visitors[-1]

    yield come
    complaints = [complaint for visitor in visitors for complaint in visitor.leave()]
    assert complaints == []
