"""What the page says, in the browsers of an English and of a Chinese visitor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from gradio_site import CHROMIUM, serving
from playwright.sync_api import Browser, sync_playwright
from tiny_zoo import Plain

from zoo.registry import Entry, Zoo
from zoo.studio.words import LANGUAGE_JS, chinese, label, speak, words

SENTENCES = {
    "Copy link": "复制链接",
    "Drop a picture here, or click to choose one.": "把图片拖到这里，或点击选择。",
    "Don't keep it: it’s “yours”.": "别留着：它是“你的”。",
    "a.b.c": "甲.乙.丙",
    "Strength, 0–1 (default 0.5) & more": "强度，0–1（默认 0.5）等",
    "https://example.org/?a=b": "网址",
}


def zoo_with(folder: Path, text: str) -> Zoo:
    (folder / "zh.json").write_text(text, "utf-8")
    return Zoo({"tiny/plain": Entry("tiny/plain", "tiny", Plain, folder)})


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    return zoo_with(tmp_path_factory.mktemp("plugin"), json.dumps(SENTENCES))


@pytest.fixture(scope="module")
def url(zoo: Zoo) -> Iterator[str]:
    first, second, *_ = SENTENCES
    with gr.Blocks() as demo:
        for sentence in SENTENCES:
            gr.Button(label(sentence), elem_classes="button")
        gr.Radio([(label(first), "a"), (label(second), "b")], label=label(first), info=label(second), elem_id="radio")
        gr.Textbox(placeholder=label(second), elem_id="text")
        language = gr.Textbox(elem_id="language")
        answer = gr.Textbox(elem_id="answer")
        gr.Button("Say", elem_id="say").click(
            lambda language: gr.update(label=label(first), value=speak(zoo, second, language)), language, answer
        )
        demo.load(None, None, language, js=LANGUAGE_JS)
    with serving(demo, i18n=words(zoo)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(**CHROMIUM)
        yield browser
        browser.close()


@pytest.mark.parametrize(("locale", "said"), [("en-US", list(SENTENCES)), ("zh-CN", list(SENTENCES.values()))])
def test_whole_sentences_are_looked_up_whatever_is_in_them(
    url: str, browser: Browser, locale: str, said: list[str]
) -> None:
    context = browser.new_context(locale=locale)
    context.add_init_script(
        "document.addEventListener('DOMContentLoaded', () => document.documentElement.lang = navigator.language)"
    )
    tab = context.new_page()
    tab.goto(url)
    tab.wait_for_selector("#say")

    assert [button.inner_text() for button in tab.query_selector_all(".button")] == said
    assert tab.inner_text("#radio").split("\n") == [said[0], said[1], said[0], said[1]]
    assert tab.get_attribute("#text textarea, #text input", "placeholder") == said[1]

    tab.click("#say")
    tab.wait_for_selector(f"#answer :text('{said[0]}')")
    assert tab.input_value("#answer textarea, #answer input") == said[1]
    context.close()


@pytest.mark.parametrize("english", ["{count} pictures", "a } b", "constructor"])
def test_what_the_browser_cannot_look_up_is_refused(english: str) -> None:
    with pytest.raises(ValueError, match="cannot look up"):
        label(english)


def test_places_are_filled_on_the_server_in_the_visitors_language(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path, json.dumps({"{count} pictures": "{count} 张图片"}))

    assert speak(zoo, "{count} pictures", "zh", count=3) == "3 张图片"
    assert speak(zoo, "{count} pictures", "en", count=3) == "3 pictures"


@pytest.mark.parametrize("text", ["not JSON", "[]", '{"a": 1}'])
def test_a_plugin_whose_words_cannot_be_read_stays_in_english(tmp_path: Path, text: str) -> None:
    zoo = zoo_with(tmp_path, text)

    assert "a" not in chinese(zoo)
    assert speak(zoo, "a", "zh") == "a"
