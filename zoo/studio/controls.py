"""Params as Gradio components: the only code that knows which control shows what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from zoo.params import Param, Params, Value, describe
from zoo.studio.words import label

RADIO_LIMIT = 4
"""Up to so many choices are shown all at once."""


def control(param: Param, value: Value | None = None) -> Component:
    """The control of one param, set to `value` or its default."""
    common = {
        "value": param.default if value is None else value,
        "label": label(param.title),
        "info": label(param.description),
        "interactive": True,
    }
    return _BY_KIND[param.kind](param, common)


def controls(params: type[Params], values: Mapping[str, Value], but: Collection[str] = ()) -> list[Component]:
    """The controls of all params, in order, `but` for those that have a place elsewhere."""
    return [control(param, values.get(param.name)) for param in describe(params) if param.name not in but]


def collect(params: type[Params], values: Sequence[Any], but: Collection[str] = ()) -> dict[str, Value]:
    """What the controls say, by name: only what differs from the defaults, so that recipes stay short."""
    named = zip([param for param in describe(params) if param.name not in but], values, strict=True)
    return {param.name: value for param, value in named if value is not None and value != param.default}


def _number(param: Param, common: dict[str, Any]) -> Component:
    if param.minimum is None or param.maximum is None:
        return gr.Number(precision=0 if param.whole else None, minimum=param.minimum, maximum=param.maximum, **common)
    step = param.step or (1 if param.whole else (param.maximum - param.minimum) / 100)
    return gr.Slider(param.minimum, param.maximum, step=step, buttons=[], **common)


def _choice(param: Param, common: dict[str, Any]) -> Component:
    choices = [(label(choice), choice) for choice in param.choices]
    kind = gr.Radio if len(choices) <= RADIO_LIMIT else gr.Dropdown
    return kind(choices, **common)


_BY_KIND: dict[str, Callable[[Param, dict[str, Any]], Component]] = {
    "bool": lambda _, common: gr.Checkbox(**common),
    "number": _number,
    "choice": _choice,
    "text": lambda param, common: gr.Textbox(max_length=param.max_length or 200, **common),
    "color": lambda _, common: gr.ColorPicker(**common),
}
