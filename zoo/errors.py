"""What goes wrong, told to the person who can put it right."""

from __future__ import annotations

from functools import partial
from typing import Any


class ZooError(Exception):
    """A problem, as a sentence that names the fix.

    `sentence` is English with `{named}` places, and doubles as the key of its translations
    (`zoo.language`); `values` fill the places. `str(error)` is the English sentence, filled. `translations`, by
    language, go before the house's own: those of the plugin that raised it.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values
        self.translations: dict[str, str] = {}

    def __str__(self) -> str:
        return self.sentence.format(**self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        """Keyword arguments survive pickling, so that an error crosses a process border whole."""
        return partial(type(self), self.sentence, **self.values), ()


class PluginError(ZooError):
    """A plugin, or a class in it, breaks the plugin API."""


class ParamsError(PluginError):
    """A field of a `Params` class cannot be shown, or a value is outside what it allows."""


class WeightsError(ZooError):
    """A weights file is missing, foreign, damaged, or not the one that was pinned."""


class RecipeError(ZooError):
    """A recipe, or the link that carries one, cannot be followed."""


class PictureError(ZooError):
    """An uploaded picture was refused at the gate."""


class StoreError(ZooError):
    """A shared picture is not there, or there is no room for one."""


class ModelError(ZooError):
    """A model is unknown, or failed while it ran."""
