"""Before and after, under one slider."""

from __future__ import annotations

import gradio as gr

from zoo.studio import files
from zoo.studio.stage import Stage

HEIGHT = 420


def before_after(stage: Stage, elem_id: str) -> gr.ImageSlider:
    """The portrait before its last step, and after it."""
    slider = gr.ImageSlider(
        type="filepath",
        format="png",
        interactive=False,
        show_label=False,
        buttons=["fullscreen"],
        height=HEIGHT,
        max_height=HEIGHT,  # or the pictures are cut to fit
        elem_id=elem_id,
    )
    stage.view(slider, lambda persona, _: (files.served_stage(persona, -2), files.served(persona)))
    return slider
