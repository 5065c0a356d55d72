"""English is what the code says; other languages are looked up by the English sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from zoo.errors import ZooError

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def read_catalogue(path: Path) -> Mapping[str, str]:
    """The translations in a JSON file, `{English: translated}`; none where there is no such file."""
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def catalogue(language: str) -> Mapping[str, str]:
    """The house's own translations into `language`."""
    return read_catalogue(Path(__file__).parent / "locales" / f"{language}.json")


def say(sentence: str, language: str = "en", **values: object) -> str:
    """`sentence` in `language`, its places filled; in English where no translation is known."""
    return catalogue(language).get(sentence, sentence).format(**values)


def tell(error: ZooError, language: str = "en") -> str:
    """What `error` says, in `language`."""
    return say(error.translations.get(language, error.sentence), language, **error.values)
