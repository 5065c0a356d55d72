"""Small pictures to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import gradio as gr

from zoo.errors import RecipeError
from zoo.studio.words import label

T = TypeVar("T")


def thumbnails(title: str, columns: int, elem_id: str) -> gr.Gallery:
    """A gallery whose every picture is a choice. The style sheet hides an empty one, and its title."""
    gr.Markdown(label(title), elem_classes="thumbnails-title")
    return gr.Gallery(
        show_label=False,
        columns=columns,
        height="auto",
        object_fit="cover",
        allow_preview=False,
        interactive=False,
        buttons=[],
        format="png",
        elem_id=elem_id,
        elem_classes="thumbnails",
    )


def filled(pictures: Sequence[tuple[str, str]]) -> gr.Gallery:
    """New pictures, path and caption, with none chosen: Gradio tells of a choice only where it changes."""
    return gr.Gallery(list(pictures), selected_index=None)


def chosen(offered: Sequence[T], event: gr.SelectData) -> T:
    """What was clicked, of what was offered. Raises `RecipeError` where that is there no more."""
    if not (isinstance(event.index, int) and 0 <= event.index < len(offered)):
        raise RecipeError("This choice is gone. Make another.")
    return offered[event.index]
