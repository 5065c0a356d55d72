"""The Detect & Fix tab: what is wrong with the portrait at hand, where, and the portrait mended."""

from __future__ import annotations

from typing import Any

import gradio as gr

from zoo import params as zoo_params
from zoo.recipe import Step, validate
from zoo.studio import cards, edits, files, threshold
from zoo.studio.answers import answering
from zoo.studio.compare import before_after
from zoo.studio.controls import collect, controls
from zoo.studio.look import Look
from zoo.studio.original import OriginalSlot
from zoo.studio.report import ReportView
from zoo.studio.share import Actions
from zoo.studio.stage import COMPUTE, PRIVATE, RENDER, Stage
from zoo.studio.tab import Tab, offered
from zoo.studio.uploads import Uploads
from zoo.studio.words import label


class FixTab(Tab):
    """The corrector left, findings and the mended picture right."""

    def __init__(self, stage: Stage, uploads: Uploads) -> None:
        self.uploads = uploads
        super().__init__(stage)

    def _controls(self) -> None:
        self.own = files.dropzone("Your own picture", "fix-upload")
        self.corrector = self.chooser("corrector", "Corrector", "corrector")
        with gr.Row():
            self.look = gr.Button(label("Detect"), size="lg", elem_id="detect", min_width=100)
            self.mend = gr.Button(label("Fix"), variant="primary", size="lg", elem_id="fix", min_width=100)
        self.about = gr.HTML(elem_id="corrector-about")
        self.settings_place = gr.Column()
        with gr.Accordion(label("Original, and findings by another model"), open=False, elem_id="compare"):
            self.original = OriginalSlot(self.stage, self.uploads)
            self.finder = self._finder()
        self.undo = gr.Button(label("Undo the last step"), size="sm", elem_id="fix-undo")

    def _finder(self) -> gr.Dropdown:
        others = [(label(entry.title), entry.id) for entry in offered(self.zoo, "corrector")]
        return gr.Dropdown(
            [(label("The corrector itself"), ""), *others],
            value="",
            label=label("Findings by"),
            info=label("What one model finds, another can mend."),
            elem_id="finder",
        )

    def _result(self) -> None:
        self.stage.empty("Nothing to check yet. Generate a persona, or drop a picture of your own.")
        with self.stage.filled():
            self.origin = gr.HTML(elem_id="origin")
            self.stage.view(self.origin, lambda persona, language: cards.origin_line(persona, self.zoo, language))
            self.slider = before_after(self.stage, "fix-before-after")
            self.report = ReportView(self.stage)
            self.actions = Actions(self.stage, "fix", sends=("stylize",))

    def bind(self) -> None:
        """Wires the tab."""
        stage = self.stage
        self.own.upload(self.uploads.take, [*stage.inputs, self.own], stage.outputs, **PRIVATE)
        self.corrector.change(self.describe, [stage.language, self.corrector], self.about, queue=False, **PRIVATE)
        for choice in (self.corrector, self.finder):
            choice.change(
                self.offer, [stage.language, self.corrector, self.finder], self.report.threshold, queue=False, **PRIVATE
            )
        self.undo.click(stage.step_back, stage.inputs, stage.outputs, **PRIVATE)
        self.original.bind()
        self.report.bind()
        with self.settings_place:
            gr.render(self.corrector, **RENDER)(self._settings)

    def _settings(self, corrector: str | None) -> None:
        if corrector is None:  # this zoo has none
            return
        entry = self.zoo.entry(corrector, "corrector")
        apart = _apart(entry.cls.Params)
        with gr.Accordion(label("Tune it"), open=False, visible=bool(set(entry.cls.Params.model_fields) - apart)):
            params = controls(entry.cls.Params, {}, but=apart)
        chosen = [self.corrector, self.finder, self.report.threshold, self.original.brought]
        asked = [*self.stage.inputs, *chosen, *params]
        shown = self.report
        self.look.click(self.detect, asked, shown.outputs, show_progress_on=shown.heat, **COMPUTE)
        self.mend.click(self.fix, asked, self.stage.outputs, show_progress_on=self.slider, **COMPUTE)

    @answering
    def detect(
        self,
        at_hand: str,
        language: str,
        corrector: str,
        finder: str,
        level: float | None,
        brought: str,
        *settings: Any,
    ) -> list[Any]:
        """Scores and heat maps of the portrait as it is."""
        step = self._step(corrector, finder, level, brought, settings)
        return self.report.show(Look(self.stage.recipe(at_hand), step), language)

    @answering
    def fix(
        self,
        at_hand: str,
        language: str,
        corrector: str,
        finder: str,
        level: float | None,
        brought: str,
        *settings: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Adds the corrector as a step."""
        step = self._step(corrector, finder, level, brought, settings)
        recipe = edits.with_step(self.stage.recipe(at_hand), step, self.zoo, on_top=False)
        return self.stage.run(recipe, language, progress)

    @answering
    def describe(self, language: str, corrector: str) -> str:
        """The card of the chosen corrector."""
        return cards.about_card(self.zoo.entry(corrector, "corrector"), self.zoo, language)

    @answering
    def offer(self, language: str, corrector: str, finder: str) -> Any:
        """The threshold, where the two chosen models have one."""
        return gr.Slider(
            visible=threshold.movable(self.zoo, corrector, finder), value=threshold.default(self.zoo, corrector)
        )

    def _step(self, corrector: str, finder: str, level: float | None, brought: str, settings: tuple[Any, ...]) -> Step:
        """What the controls ask for."""
        entry = self.zoo.entry(corrector, "corrector")
        params = collect(entry.cls.Params, settings, but=_apart(entry.cls.Params))
        detector = finder if finder and finder != corrector else None
        default = threshold.default(self.zoo, corrector)
        if level is not None and level != default and threshold.movable(self.zoo, corrector, detector):
            params[threshold.NAME] = level
        asked = {"model": corrector, "params": params, "reference": brought or None, "detector": detector}
        return validate(Step, asked)


def _apart(params: type[zoo_params.Params]) -> set[str]:
    """The param that has a slider of its own."""
    return {threshold.NAME} if zoo_params.threshold(params) else set()
