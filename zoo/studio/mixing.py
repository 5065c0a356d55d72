"""Mixing: the persona at hand on its way to a second seed."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import Block

from zoo.recipe import Draw, Mix, Recipe, parse, validate
from zoo.studio.answers import answering
from zoo.studio.stage import COMPUTE, Stage
from zoo.studio.words import label

HALF = 0.5


class Mixing:
    """A part of the Generate tab: a second seed, and how far to go towards it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        with gr.Accordion(label("Mix two personas"), open=False):
            self.seed = gr.Number(
                None,
                precision=0,
                minimum=0,
                maximum=2**32 - 1,
                label=label("Second seed"),
                placeholder=label("none"),
                interactive=True,
            )
            self.weight = gr.Slider(
                0, 1, HALF, step=0.05, label=label("How far towards it"), buttons=[], interactive=True
            )

    @property
    def controls(self) -> list[Block]:
        """What `shown` fills."""
        return [self.seed, self.weight]

    def shown(self, recipe: Recipe) -> list[Any]:
        """What the controls show of a recipe."""
        mix = recipe.source.mix if isinstance(recipe.source, Draw) else None
        return [mix.seed, mix.weight] if mix else [None, HALF]

    def bind(self) -> None:
        """Wires the controls."""
        gr.on(
            [self.seed.input, self.weight.input],
            self.remix,
            [*self.stage.inputs, *self.controls],
            self.stage.outputs,
            trigger_mode="always_last",
            show_progress="hidden",
            **COMPUTE,
        )

    @answering
    def remix(
        self,
        at_hand: str,
        language: str,
        seed: int | None,
        weight: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 – gradio's way to ask for one
    ) -> list[Any]:
        """The persona at hand, mixed with another seed, or with none."""
        recipe = parse(at_hand) if at_hand else None
        mix = None if seed is None else validate(Mix, {"seed": seed, "weight": weight})
        if recipe is None or not isinstance(recipe.source, Draw) or recipe.source.mix == mix:
            return [gr.skip()] * len(self.stage.outputs)
        source = recipe.source.model_copy(update={"mix": mix})
        return self.stage.run(recipe.model_copy(update={"source": source}), language, progress)
