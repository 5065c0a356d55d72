"""The persona at hand: one recipe, kept in the page, and everything that shows it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr
from gradio.blocks import Block

from zoo.engine import Engine, Progress
from zoo.errors import RecipeError
from zoo.language import say
from zoo.persona import Persona
from zoo.recipe import Recipe, encode, parse
from zoo.studio import edits
from zoo.studio.answers import answering
from zoo.studio.words import label

View = Callable[[Persona, str], Any]
"""What a component shows of a persona, in a language."""


PRIVATE: dict[str, Any] = {"api_visibility": "private"}
"""For events of the page: kept out of the API's description."""
COMPUTE: dict[str, Any] = {**PRIVATE, "concurrency_id": "compute"}
"""For those that run models."""
RENDER: dict[str, Any] = {"concurrency_id": "render", "concurrency_limit": 1}
"""For what makes the controls of a model: one at a time, or Gradio trips over the others' components."""


def unseen(value: str, elem_id: str | None = None) -> gr.Textbox:
    """A text that only events read and write. The style sheet hides it as well: Gradio forgets that it is hidden once
    a column around it appears."""
    return gr.Textbox(value, visible="hidden", elem_id=elem_id, elem_classes="unseen", container=False)


class Stage:
    """Holds the recipe of the persona at hand, as JSON in a hidden textbox: no server state, nothing lost on restart.

    Tabs register what they show with `view`; a handler returns `show(persona)`, for `outputs`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.at_hand = unseen("", "at-hand")
        self.language = unseen("en", "language")
        self.code = unseen("", "code")
        self._views: list[tuple[Block, View]] = [(self.code, lambda persona, _: address_code(persona.recipe))]

    @property
    def inputs(self) -> list[Block]:
        """What every handler is given first: the recipe's JSON and the language."""
        return [self.at_hand, self.language]

    @property
    def outputs(self) -> list[Block]:
        """What `show` fills."""
        return [self.at_hand, *(component for component, _ in self._views)]

    def view(self, component: Block, view: View) -> None:
        """`component` shows the persona at hand by `view`."""
        self._views.append((component, view))

    def empty(self, sentence: str) -> None:
        """What stands in a tab until there is a persona: what to do."""
        hint = gr.Markdown(label(sentence), elem_classes="empty")
        self.view(hint, lambda *_: gr.Markdown(visible=False))

    def filled(self) -> gr.Column:
        """A column that appears with the persona."""
        column = gr.Column(visible=False)
        self.view(column, lambda *_: gr.Column(visible=True))
        return column

    def recipe(self, at_hand: str) -> Recipe:
        """The recipe at hand. Raises `RecipeError` where there is none yet."""
        if not at_hand:
            raise RecipeError("There is no persona yet. Generate one, or drop a picture.")
        return parse(at_hand)

    def run(self, recipe: Recipe, language: str, progress: gr.Progress) -> list[Any]:
        """Makes the persona of `recipe` the one at hand."""
        return self.show(self.engine.run(recipe, telling(progress, language)), language)

    @answering
    def step_back(self, at_hand: str, language: str) -> list[Any]:
        """The persona as it was before its last step."""
        return self.show(self.engine.run(edits.without_last_step(self.recipe(at_hand))), language)

    def show(self, persona: Persona, language: str) -> list[Any]:
        """The values of `outputs`."""
        return [persona.recipe.canonical, *(view(persona, language) for _, view in self._views)]


def address_code(recipe: Recipe) -> str:
    """What the page's own address says of a persona, so that a reload keeps it: its code, or nothing where it needs
    pictures that were not shared or is too long for a link."""
    try:
        return "" if recipe.pictures else encode(recipe)
    except RecipeError:
        return ""


def telling(progress: gr.Progress, language: str) -> Progress:
    """The engine's progress, on the page. It can be pickled: on ZeroGPU a model tells it in another process."""
    return partial(_tell, progress, language)


def _tell(progress: gr.Progress, language: str, done: float, title: str) -> None:
    progress(done, desc=say("{model} at work", language, model=title))
