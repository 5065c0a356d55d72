"""Every sentence that a visitor can meet is there in Chinese too."""

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo.errors import PictureError
from zoo.language import catalogue, say, tell

ZOO = Path(__file__).parent.parent / "zoo"
FOR_VISITORS = ("engine", "studio", "hub.py", "latents.py", "persona.py", "pictures.py", "recipe.py", "store.py")
"""The rooms whose sentences reach a visitor; the others speak to authors and hosts, in English."""
SAYING = {"say", "speak", "label", "empty", "thumbnails", "dropzone", "chooser"}
CHINESE = catalogue("zh")


def sentences(path: Path) -> Iterator[str]:
    """The sentences in a module: literal arguments of errors, and of what says or labels."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and (place := _says(node.func)) is not None:
            for argument in node.args[place : place + 1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def _says(function: ast.expr) -> int | None:
    """Which argument of this call is a sentence, if any."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    said = name in SAYING or (name.endswith("Error") and name not in ("ValueError", "TimeoutError"))
    return int(name in ("speak", "chooser")) if said else None


def modules() -> list[Path]:
    rooms = [ZOO / room for room in FOR_VISITORS]
    return [path for room in rooms for path in ([room] if room.is_file() else sorted(room.rglob("*.py")))]


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


UNTRANSLATED = {"en", "# Persona Zoo", "image", "original", "reference"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ZOO)))
def test_every_sentence_for_visitors_is_there_in_chinese(path):
    missing = [text for text in sentences(path) if text not in CHINESE and text not in UNTRANSLATED]
    assert not missing, f"Add to zoo/locales/zh.json: {missing}"


def test_the_catalogue_holds_nothing_that_the_code_does_not_say():
    constants = {
        node.value
        for path in ZOO.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not set(CHINESE) - constants


def test_translations_fill_the_same_places():
    for english, chinese in CHINESE.items():
        assert places(chinese) == places(english), english


def test_the_catalogue_is_sorted_and_says_nothing_twice():
    text = (ZOO / "locales" / "zh.json").read_text("utf-8")
    keys = [key for key, _ in json.loads(text, object_pairs_hook=list)]
    assert keys == sorted(set(keys))


def test_an_error_tells_itself_in_the_visitors_language():
    error = PictureError("This file has more than {limit} MB. Save the picture smaller, or as JPEG.", limit=8)
    assert str(error) == "This file has more than 8 MB. Save the picture smaller, or as JPEG."
    assert tell(error, "zh") == "这个文件超过 8 MB。请把图片存得小一些，或存为 JPEG。"
    assert say("Nobody translated this.", "zh") == "Nobody translated this."
