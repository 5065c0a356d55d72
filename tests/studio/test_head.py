"""The head of the studio's page, as a crawler reads it and as a browser runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from gradio_site import CHROMIUM, page, serving
from playwright.sync_api import Browser, sync_playwright
from tiny_zoo import tiny_engine

from zoo.recipe import Draw, Recipe, Write, encode
from zoo.studio.web import surroundings

RECIPE = Recipe(source=Draw(model="tiny/plain", seed=7), profile=Write(model="tiny/scribe", nickname="小林"))


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    engine = tiny_engine(tmp_path_factory.mktemp("store"))
    with serving(page(), app_kwargs=surroundings(engine)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(**CHROMIUM)
        yield browser
        browser.close()


def contents(html: str, name: str) -> list[str]:
    return re.findall(rf'<meta[^>]*"{name}"[^>]*content="([^"]*)"', html)


def get(url: str, **headers: str) -> str:
    answer = httpx.get(url, headers=headers, trust_env=False)
    assert int(answer.headers.get("content-length", len(answer.content))) == len(answer.content)
    return answer.text


def test_the_page_speaks_of_us_and_not_of_gradio(studio: str) -> None:
    html = get(studio)

    assert contents(html, "og:title") == contents(html, "twitter:title") == ["Persona Zoo"]
    assert contents(html, "og:image") == contents(html, "twitter:image") == [f"{studio}/banner.png"]
    assert contents(html, "twitter:creator") == []
    assert html.index("og:title") < html.index("window.gradio_config")
    assert "<title>Persona Zoo</title>" in html


def test_the_page_of_a_persona_has_its_card(studio: str) -> None:
    code = encode(RECIPE)
    html = get(f"{studio}/?p={code}")

    assert contents(html, "og:title") == ["小林"]
    assert contents(html, "og:image") == [f"{studio}/p/{code}.png"]
    assert contents(html, "og:url") == [f"{studio}/p/{code}"]


@pytest.mark.parametrize(
    ("query", "accepts", "lang"),
    [
        ("", "", "en"),
        ("", "zh-HK", "zh-CN"),
        ("", "fr,zh;q=0.5", "zh-CN"),
        ("?lang=en", "zh", "en"),
        ("?lang=zh", "", "zh-CN"),
    ],
)
def test_the_page_says_its_language(studio: str, query: str, accepts: str, lang: str) -> None:
    html = get(f"{studio}/{query}", **{"accept-language": accepts})

    assert re.search(r'<html[^>]*lang="([^"]*)"', html).group(1) == lang
    assert contents(html, "og:locale") == [{"en": "en_US", "zh-CN": "zh_CN"}[lang]]


def test_the_page_is_asked_for_anew_each_time(studio: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_HOST", "somebody-persona-zoo.hf.space")
    answer = httpx.get(studio, trust_env=False)

    assert answer.headers["cache-control"] == "private, no-cache"
    assert contents(answer.text, "og:image") == ["https://somebody-persona-zoo.hf.space/banner.png"]


def shown(browser: Browser, locale: str, *addresses: str) -> str:
    """The language of a page and what Gradio itself says in it, after visiting `addresses` in turn."""
    context = browser.new_context(locale=locale)
    tab = context.new_page()
    for address in addresses:
        tab.goto(address)
        tab.wait_for_selector("#picture button")
    lang = tab.evaluate("document.documentElement.lang")
    said = tab.inner_text("#picture")
    context.close()
    assert ("拖放" in said) == (lang == "zh-CN"), said
    return lang


@pytest.mark.parametrize("locale", ["zh-CN", "zh-HK", "zh", "zh-Hans-CN"])
def test_every_chinese_browser_gets_chinese(studio: str, browser: Browser, locale: str) -> None:
    assert shown(browser, locale, studio) == "zh-CN"


def test_others_get_english_throughout(studio: str, browser: Browser) -> None:
    assert shown(browser, "fr-FR", studio) == "en"


def test_a_language_asked_for_is_remembered(studio: str, browser: Browser) -> None:
    assert shown(browser, "en-US", f"{studio}/?lang=zh") == "zh-CN"
    assert shown(browser, "en-US", f"{studio}/?lang=zh", studio) == "zh-CN"
    assert shown(browser, "zh-CN", f"{studio}/?lang=en", studio) == "en"
    assert shown(browser, "en-US", f"{studio}/?lang=<script>", studio) == "en"
