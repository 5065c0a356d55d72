"""The page's words: English in the code, looked up in the visitor's browser.

Gradio's browser side (svelte-i18n) takes whole English sentences for keys, full stops and quotes included;
what it has no translation for, it shows as it is. It breaks on two things, which `label` refuses, and has
one habit to know: of several labels joined into one string, only the first is translated.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import gradio as gr
from gradio.i18n import I18nData

from zoo.language import catalogue, say

if TYPE_CHECKING:
    from zoo.registry import Entry, Zoo

LANGUAGE_JS = "() => document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'"
"""Run on load, fills a hidden textbox with the language of the page, for handlers to pass to `say`."""

_JS_OBJECT_NAMES = {"constructor", "hasOwnProperty", "isPrototypeOf", "toLocaleString", "toString", "valueOf"}


def label(english: str) -> I18nData:
    """`english`, to be shown in the visitor's language: for a label, info, placeholder, button, tab or choice.

    Raises ValueError for what the browser would not look up: braces (fill places on the server, with `say`),
    and the names that every JavaScript object has.
    """
    if "{" in english or "}" in english or english in _JS_OBJECT_NAMES:
        raise ValueError(f"The browser cannot look up “{english}”. Say it without braces, and not as one word of code.")
    return I18nData(english)


def chinese(zoo: Zoo) -> Mapping[str, str]:
    """What there is in Chinese, by the English: the plugins' words, and before them the house's own."""
    found: dict[str, str] = {}
    for entry in zoo.models.values():
        found |= _words_of(entry)
    return found | dict(catalogue("zh"))


def words(zoo: Zoo) -> gr.I18n:
    """The dictionaries for `launch(i18n=…)`. Every Chinese locale falls back to `zh`."""
    spoken = {"common.complete": "Done"}  # Gradio says it after every event, and has no words for it
    return gr.I18n(en=spoken, zh=dict(chinese(zoo)) | {"common.complete": "完成"})


def speak(zoo: Zoo, sentence: str, language: str = "en", **values: object) -> str:
    """`zoo.language.say`, knowing the plugins' words too."""
    known = chinese(zoo) if language == "zh" else {}
    return say(known.get(sentence, sentence), "en", **values)


def _words_of(entry: Entry) -> dict[str, str]:
    """The sentences in the plugin's `zh.json`. A file that cannot be read leaves its plugin in English."""
    try:
        return {english: text for english, text in entry.translations.items() if isinstance(text, str)}
    except (OSError, ValueError, AttributeError) as error:
        logging.getLogger(__name__).warning("The plugin “%s” stays in English: %s", entry.plugin, error)
        return {}
