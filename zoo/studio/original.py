"""The original that correctors compare with: the portrait before it was restyled, or a picture that was dropped."""

from __future__ import annotations

from typing import Any

import gradio as gr

from zoo.persona import Persona
from zoo.recipe import Recipe
from zoo.studio import files
from zoo.studio.answers import answering
from zoo.studio.stage import PRIVATE, Stage, unseen
from zoo.studio.uploads import Uploads
from zoo.studio.words import label


class OriginalSlot:
    """Shows what would be compared with. `brought` holds the digest of a picture that the visitor dropped."""

    def __init__(self, stage: Stage, uploads: Uploads) -> None:
        self.stage = stage
        self.uploads = uploads
        self.place = files.dropzone("Original", "original", height=150)
        gr.Markdown(
            label("What the picture was before something was done to it. After Stylize it stands here by itself."),
            elem_classes="note",
        )
        self.brought = unseen("", "original-brought")
        stage.view(self.place, lambda persona, _: self._known(persona))
        stage.view(self.brought, lambda persona, _: _brought(persona.recipe, stage) or "")

    def bind(self) -> None:
        """Wires the slot."""
        asked = [*self.stage.inputs, self.place]
        shown = [self.place, self.brought]
        self.place.upload(self.bring, asked, self.brought, **PRIVATE).failure(
            self.forget, self.stage.inputs, shown, **PRIVATE
        )
        self.place.clear(self.forget, self.stage.inputs, shown, **PRIVATE)

    @answering
    def bring(self, at_hand: str, language: str, path: str | None) -> Any:
        """Keeps a dropped picture for the steps that compare with it."""
        return self.uploads.hold(path) if path else ""

    @answering
    def forget(self, at_hand: str, language: str) -> list[Any]:
        """Back to the original that the recipe knows."""
        if not at_hand:
            return [None, ""]
        recipe = self.stage.recipe(at_hand)
        last = len(recipe.steps) - bool(
            _brought(recipe, self.stage)
        )  # a step that compared with it would name it again
        return [self._known(self.stage.engine.run(recipe.upto(last))), ""]

    def _known(self, persona: Persona) -> str | None:
        image = self.stage.engine.original(persona)
        return files.served_image(image, persona, "original") if image else None


def _brought(recipe: Recipe, stage: Stage) -> str | None:
    """The picture that the last step compared with, if it is a corrector's."""
    last = recipe.steps[-1] if recipe.steps else None
    return last.reference if last and stage.engine.zoo.entry(last.model).kind == "corrector" else None
