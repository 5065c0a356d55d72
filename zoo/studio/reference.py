"""A persona from a picture: the draw of a generator that comes nearest to it, and some like it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from zoo.errors import PictureError
from zoo.pictures import open_picture
from zoo.studio import files
from zoo.studio.answers import answering
from zoo.studio.stage import COMPUTE, Stage, telling
from zoo.studio.words import label

if TYPE_CHECKING:
    from zoo.studio.generate import GenerateTab

AWAY = 0.25
"""How far the other candidates go from the nearest draw towards a seed of their own."""


class Reference:
    """A part of the Generate tab, there where the chosen model encodes. Of the picture a recipe keeps the latent."""

    def __init__(self, stage: Stage, shown: bool) -> None:
        self.stage = stage
        with gr.Accordion(label("From a picture"), open=False, visible=shown, elem_id="from-picture") as self.drawer:
            self.picture = files.dropzone("Reference picture", "from-picture-upload")
            self.go = gr.Button(label("Draw what comes nearest"), elem_id="draw-nearest")
            gr.Markdown(label("The persona is drawn anew. Your picture goes into no link and is not stored."))

    def bind(self, tab: GenerateTab) -> None:
        """Wires the button. The work is told on the picture: at first there is no portrait yet to tell it on."""
        self.tab = tab
        self.go.click(
            self.draw,
            [*self.stage.inputs, tab.model, tab.seed, tab.fresh, self.picture],
            [*tab.restorable, *tab.candidates_shown],
            show_progress_on=self.picture,
            **COMPUTE,
        )

    @answering
    def draw(
        self,
        at_hand: str,
        language: str,
        model: str,
        seed: int | None,
        fresh: bool,
        path: str | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 – gradio's way to ask for one
    ) -> list[Any]:
        """The nearest draw becomes the persona at hand, with nothing set; the other candidates lie around it."""
        if path is None:
            raise PictureError("There is no picture yet. Drop one, then press the button again.")
        picture = open_picture(Path(path)).image
        near = self.stage.engine.encode(model, picture, telling(progress, language)).model_dump()
        first, *others = self.tab.seeds(seed, fresh)
        around = [near | {"seed": one, "mix": {"seed": one, "weight": AWAY}} for one in others]
        recipes = self.tab.recipes([near | {"seed": first}, *around], language)
        personas = self.stage.engine.run_all(recipes)
        return [*self.tab.restored(recipes[0], fresh), *self.tab.offer(personas, language)]
