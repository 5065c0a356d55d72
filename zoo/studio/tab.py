"""What the three working tabs share."""

from __future__ import annotations

from abc import ABC, abstractmethod

import gradio as gr

from zoo.model import Kind
from zoo.registry import Entry, Zoo
from zoo.studio.stage import Stage
from zoo.studio.words import label

FIRST = ("mender/mender",)
"""Chosen before others of their kind, where the zoo has them."""


def offered(zoo: Zoo, kind: Kind) -> list[Entry]:
    """The models of one kind, those of `FIRST` first."""
    return sorted(zoo.of_kind(kind), key=lambda entry: entry.id not in FIRST)


class Tab(ABC):
    """Controls left, result right."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.zoo = stage.engine.zoo
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=280):
                self._controls()
            with gr.Column(scale=6, min_width=300):
                self._result()

    @abstractmethod
    def _controls(self) -> None:
        """Makes what the visitor sets."""

    @abstractmethod
    def _result(self) -> None:
        """Makes what the visitor gets."""

    def chooser(self, kind: Kind, title: str, elem_id: str) -> gr.Dropdown:
        """The models of one kind, the first chosen; nothing to choose where the zoo has none."""
        entries = offered(self.zoo, kind)
        choices = [(label(entry.title), entry.id) for entry in entries]
        return gr.Dropdown(choices, value=entries[0].id if entries else None, label=label(title), elem_id=elem_id)
