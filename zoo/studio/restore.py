"""A persona that comes back: from the page's link, from a pasted one, from a saved picture."""

from __future__ import annotations

from typing import Any

import gradio as gr

from zoo.recipe import Recipe, from_link, from_query
from zoo.studio.answers import answering
from zoo.studio.generate import GenerateTab
from zoo.studio.stage import PRIVATE, Stage
from zoo.studio.uploads import Uploads
from zoo.studio.visit import read_query


class Restore:
    """Fills the Generate tab's controls along with the persona at hand."""

    def __init__(self, stage: Stage, tab: GenerateTab, uploads: Uploads) -> None:
        self.stage = stage
        self.tab = tab
        self.uploads = uploads

    @property
    def outputs(self) -> list[Any]:
        """What each way of coming back fills."""
        return [*self.tab.restorable, *self.stage.outputs]

    def bind(self, language_known: Any) -> None:
        """Wires the three ways. `language_known` is the event after which the page's language is known."""
        language = self.stage.language
        for event, handler, inputs in (
            (language_known.then, self.from_page, [language]),
            (self.tab.link.submit, self.from_pasted, [language, self.tab.link]),
            (self.tab.file.upload, self.from_picture, [language, self.tab.file]),
        ):
            event(handler, inputs, self.outputs, show_progress_on=self.tab.portrait, **PRIVATE)

    @answering
    def from_page(self, language: str, request: gr.Request) -> list[Any]:
        """The persona that the page's own address asks for."""
        recipe = from_query(read_query(str(request.query_params)))
        return self._shown(recipe, language) if recipe else [gr.skip()] * len(self.outputs)

    @answering
    def from_pasted(self, language: str, link: str) -> list[Any]:
        """The persona of a pasted link."""
        return self._shown(from_link(link), language) if link.strip() else [gr.skip()] * len(self.outputs)

    @answering
    def from_picture(self, language: str, path: str | None) -> list[Any]:
        """The persona of a saved picture."""
        return self._shown(self.uploads.recipe_in(path), language) if path else [gr.skip()] * len(self.outputs)

    def _shown(self, recipe: Recipe, language: str) -> list[Any]:
        persona = self.stage.engine.run(recipe)
        return [*self.tab.restored(recipe), *self.stage.show(persona, language)]
