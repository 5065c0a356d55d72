"""The threshold: a slider for correctors whose params have one."""

from __future__ import annotations

import gradio as gr

from zoo import params
from zoo.registry import Zoo
from zoo.studio.words import label

NAME = "threshold"


def slider(visible: bool) -> gr.Slider:
    """From here on a score is an anomaly."""
    return gr.Slider(
        0,
        1,
        value=0.5,
        step=0.01,
        label=label("Threshold"),
        info=label("Low finds more, and suspects more pictures that are fine."),
        buttons=[],
        visible=visible,
        interactive=True,
        elem_id="threshold",
    )


def movable(zoo: Zoo, corrector: str, detector: str | None) -> bool:
    """Whether a step of the two can carry a threshold: both have one."""
    return all(params.threshold(zoo.entry(id, "corrector").cls.Params) for id in (corrector, detector) if id)


def default(zoo: Zoo, corrector: str) -> float:
    """Where the corrector's threshold stands by itself."""
    param = params.threshold(zoo.entry(corrector, "corrector").cls.Params)
    return float(param.default) if param else 0.5
