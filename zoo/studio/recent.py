"""Recent personas, remembered by the browser alone: recipes, no pictures."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from zoo.errors import ZooError
from zoo.recipe import parse
from zoo.studio import cards, files
from zoo.studio.answers import answering
from zoo.studio.stage import PRIVATE, Stage, unseen
from zoo.studio.thumbnails import chosen, filled, thumbnails
from zoo.studio.words import label

LIMIT = 12
REMEMBER_JS = f"""(recipe, recent) => [  // a list of outputs, of which there is one
  recipe ? [recipe, ...recent.filter(other => other !== recipe)].slice(0, {LIMIT}) : recent
]"""


class Recent:
    """A gallery of the last personas, filled when it is opened."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        # A fixed secret: with Gradio's random one, every restart of the server would make visitors forget.
        self.recipes = gr.BrowserState([], storage_key="persona-zoo-recent", secret="persona-zoo")
        with gr.Accordion(label("Recent personas"), open=False, elem_id="recent") as self.drawer:
            self.gallery = thumbnails("Kept in this browser only", LIMIT // 2, "recent-gallery")
        self.offered = unseen("[]")

    def bind(self) -> None:
        """Wires remembering, opening and choosing."""
        stage = self.stage
        stage.at_hand.change(None, [stage.at_hand, self.recipes], self.recipes, js=REMEMBER_JS, **PRIVATE)
        self.drawer.expand(self.fill, [stage.language, self.recipes], [self.gallery, self.offered], **PRIVATE)
        self.gallery.select(self.choose, [*stage.inputs, self.offered], stage.outputs, **PRIVATE)

    @answering
    def fill(self, language: str, recipes: list[str]) -> list[Any]:
        """Makes the remembered personas again; those that cannot be made any more are left out."""
        shown, kept = [], []
        for text in recipes[:LIMIT]:
            try:
                persona = self.stage.engine.run(parse(text))
            except ZooError:
                continue
            shown.append((files.served(persona), cards.caption(persona)))
            kept.append(text)
        return [filled(shown), json.dumps(kept)]

    @answering
    def choose(self, at_hand: str, language: str, offered: str, event: gr.SelectData) -> list[Any]:
        """The persona that was clicked comes back."""
        recipes = json.loads(offered)
        return self.stage.show(self.stage.engine.run(parse(chosen(recipes, event))), language)
