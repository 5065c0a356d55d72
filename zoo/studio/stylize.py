"""The Stylize tab: every style on the portrait at hand, one chosen, tuned, applied."""

from __future__ import annotations

from typing import Any

import gradio as gr

from zoo.model import Stylizer
from zoo.recipe import Recipe, Step
from zoo.registry import Entry
from zoo.studio import cards, edits, files
from zoo.studio.answers import answering
from zoo.studio.check import Check
from zoo.studio.compare import before_after
from zoo.studio.controls import collect, controls
from zoo.studio.share import Actions
from zoo.studio.stage import COMPUTE, PRIVATE, RENDER, Stage
from zoo.studio.tab import Tab
from zoo.studio.thumbnails import chosen, filled, thumbnails
from zoo.studio.uploads import Uploads
from zoo.studio.words import label, speak

PREVIEW_SIDE = 192


class StylizeTab(Tab):
    """Styles left, before and after right."""

    def __init__(self, stage: Stage, uploads: Uploads) -> None:
        self.uploads = uploads
        super().__init__(stage)

    def _controls(self) -> None:
        self.own = files.dropzone("Your own picture", "stylize-upload")
        self.style = self.chooser("stylizer", "Style", "style")
        self.apply = gr.Button(label("Stylize"), variant="primary", size="lg", elem_id="stylize")
        self.about = gr.HTML(elem_id="style-about")
        self.previews = thumbnails("Every style on this portrait: choose one", 4, "styles")
        with gr.Column(visible=False) as self.reference_place:  # a dropzone that is updated itself loses its guard
            self.reference = files.dropzone("Reference picture", "reference")
        self.settings_place = gr.Column()
        self.on_top = gr.Checkbox(False, label=label("On top of the style before"), elem_id="on-top")
        self.check = Check(self.stage)
        self.undo = gr.Button(label("Undo the last step"), size="sm", elem_id="undo")

    def _result(self) -> None:
        self.stage.empty("Nothing to restyle yet. Generate a persona, or drop a picture of your own.")
        with self.stage.filled():
            self.slider = before_after(self.stage, "before-after")
            self.check.result()
            self.actions = Actions(self.stage, "stylize", sends=("fix",))

    def bind(self, tab: gr.Tab) -> None:
        """Wires the tab."""
        stage = self.stage
        taken = self.own.upload(self.uploads.take, [*stage.inputs, self.own], stage.outputs, **PRIVATE)
        for event in (tab.select, taken.success):
            event(self.preview, stage.inputs, self.previews, show_progress="minimal", **COMPUTE)
        self.check.after(self.previews.select(self.choose, stage.inputs, [self.style, *stage.outputs], **COMPUTE))
        self.check.bind()
        self.style.change(
            self.describe, [stage.language, self.style], [self.about, self.reference_place], queue=False, **PRIVATE
        )
        self.undo.click(stage.step_back, stage.inputs, stage.outputs, **PRIVATE)
        with self.settings_place:
            gr.render(self.style, **RENDER)(self._settings)

    def _settings(self, style: str | None) -> None:
        if style is None:  # this zoo has none
            return
        entry = self.zoo.entry(style, "stylizer")
        with gr.Accordion(label("Tune it"), open=False):
            params = controls(entry.cls.Params, {})
        applied = self.apply.click(
            self.stylize,
            [*self.stage.inputs, self.style, self.reference, self.on_top, *params],
            self.stage.outputs,
            show_progress_on=self.slider,
            **COMPUTE,
        )
        self.check.after(applied)

    @answering
    def stylize(
        self,
        at_hand: str,
        language: str,
        style: str,
        reference: str | None,
        on_top: bool,
        *settings: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Adds the style as a step, or puts it in place of the style before."""
        entry = self.zoo.entry(style, "stylizer")
        digest = self.uploads.hold(reference) if reference and _stylizer(entry).takes_reference else None
        step = Step(model=style, params=collect(entry.cls.Params, settings), reference=digest)
        recipe = edits.with_step(self.stage.recipe(at_hand), step, self.zoo, on_top)
        return self.stage.run(recipe, language, progress)

    @answering
    def preview(self, at_hand: str, language: str) -> Any:
        """Every style that needs no reference, on the portrait as it was before its last style."""
        if not at_hand:
            return gr.skip()
        recipe = self._unstyled(self.stage.recipe(at_hand))
        persona = self.stage.engine.run(recipe)
        shown = []
        for entry in self._shown():
            small = self.stage.engine.preview(recipe, entry.id, PREVIEW_SIDE)
            path = files.served_image(small, persona, entry.id.replace("/", "-"))
            shown.append((path, speak(self.zoo, entry.title, language)))
        return filled(shown)

    @answering
    def choose(self, at_hand: str, language: str, event: gr.SelectData) -> list[Any]:
        """The style that was clicked, with its defaults."""
        styles = self._shown()
        style = chosen(styles, event).id
        recipe = edits.with_step(self.stage.recipe(at_hand), Step(model=style), self.zoo, on_top=False)
        return [style, *self.stage.show(self.stage.engine.run(recipe), language)]

    @answering
    def describe(self, language: str, style: str) -> list[Any]:
        """The card of the chosen style, and the place for a reference where it takes one."""
        entry = self.zoo.entry(style, "stylizer")
        return [
            cards.about_card(entry, self.zoo, language),
            gr.Column(visible=_stylizer(entry).takes_reference),
        ]

    def _shown(self) -> list[Entry]:
        """The styles that can be previewed: those that need nothing but the portrait."""
        return [entry for entry in self.zoo.of_kind("stylizer") if not _stylizer(entry).takes_reference]

    def _unstyled(self, recipe: Recipe) -> Recipe:
        """The recipe before its last step, where that is a style: what another style would start from."""
        last = recipe.steps and self.zoo.entry(recipe.steps[-1].model).kind == "stylizer"
        return recipe.upto(len(recipe.steps) - 1) if last else recipe.upto(len(recipe.steps))


def _stylizer(entry: Entry) -> type[Stylizer]:
    assert issubclass(entry.cls, Stylizer)
    return entry.cls
