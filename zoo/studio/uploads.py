"""Pictures that visitors bring: through the gate, into memory, to the persona at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from zoo.errors import PictureError, ZooError
from zoo.pictures import Picture, open_picture
from zoo.recipe import Recipe, Upload, decode
from zoo.studio.answers import answering
from zoo.studio.stage import Stage

SAME = 8.0
"""Mean difference in grey levels up to which a labelled file still shows the persona it names."""


class Uploads:
    """What the dropzones of all tabs do."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    @answering
    def take(self, at_hand: str, language: str, path: str | None) -> list[Any]:
        """The picture becomes the persona at hand; where its label carries a recipe that still makes it, that
        persona comes back with all its steps."""
        if path is None:
            return [gr.skip()] * len(self.stage.outputs)
        picture = open_picture(Path(path))
        recipe = self._remembered(picture) or Recipe(source=Upload(picture=self.stage.engine.store.hold(picture)))
        return self.stage.show(self.stage.engine.run(recipe), language)

    def recipe_in(self, path: str) -> Recipe:
        """The recipe in a picture's label. Raises `PictureError` where it has none."""
        label = open_picture(Path(path)).label
        if label is None or label.recipe is None:
            raise PictureError("This picture carries no recipe. To work on it, drop it in Stylize or Detect & Fix.")
        return decode(label.recipe)

    def hold(self, path: str) -> str:
        """The digest of an uploaded picture that a step refers to."""
        return self.stage.engine.store.hold(open_picture(Path(path)))

    def _remembered(self, picture: Picture) -> Recipe | None:
        """The recipe in the picture's label, if it makes this picture: an edited file is a picture of its own."""
        if picture.label is None or picture.label.recipe is None:
            return None
        try:
            recipe = decode(picture.label.recipe)
            return recipe if _alike(self.stage.engine.run(recipe).picture, picture.image) else None
        except ZooError:
            return None


def _alike(a: Image.Image, b: Image.Image) -> bool:
    if a.size != b.size:
        return False
    return float(np.abs(np.asarray(a, np.float32) - np.asarray(b, np.float32)).mean()) <= SAME
