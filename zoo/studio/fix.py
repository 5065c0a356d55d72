"""The Detect & Fix tab: what is wrong with the portrait at hand, where, and the portrait mended."""

from __future__ import annotations

from typing import Any

import gradio as gr

from zoo.language import say
from zoo.persona import Persona, Picture, Report
from zoo.recipe import Step
from zoo.studio import cards, edits, files
from zoo.studio.answers import answering
from zoo.studio.compare import before_after
from zoo.studio.controls import collect, controls
from zoo.studio.overlay import overlay
from zoo.studio.share import Actions
from zoo.studio.stage import COMPUTE, PRIVATE, RENDER, Stage
from zoo.studio.tab import Tab
from zoo.studio.uploads import Uploads
from zoo.studio.words import label

HEAT = "Where: red is what looks wrong"


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
        self.undo = gr.Button(label("Undo the last step"), size="sm", elem_id="fix-undo")

    def _result(self) -> None:
        self.stage.empty("Nothing to check yet. Generate a persona, or drop a picture of your own.")
        with self.stage.filled():
            self.origin = gr.HTML(elem_id="origin")
            self.stage.view(self.origin, lambda persona, language: cards.origin_line(persona, self.zoo, language))
            self.slider = before_after(self.stage, "fix-before-after")
            self.report = gr.HTML(elem_id="report")
            self.stage.view(self.report, self._report)
            self.heat = gr.Image(
                type="filepath",
                format="png",
                interactive=False,
                label=label(HEAT),
                buttons=["fullscreen"],
                visible=False,
                height=320,
                elem_id="heat",
            )
            self.stage.view(self.heat, self._mended)
            self.actions = Actions(self.stage, "fix", sends=("stylize",))

    def bind(self) -> None:
        """Wires the tab."""
        stage = self.stage
        self.own.upload(self.uploads.take, [*stage.inputs, self.own], stage.outputs, **PRIVATE)
        self.corrector.change(self.describe, [stage.language, self.corrector], self.about, queue=False, **PRIVATE)
        self.undo.click(stage.step_back, stage.inputs, stage.outputs, **PRIVATE)
        with self.settings_place:
            gr.render(self.corrector, **RENDER)(self._settings)

    def _settings(self, corrector: str | None) -> None:
        if corrector is None:  # this zoo has none
            return
        entry = self.zoo.entry(corrector, "corrector")
        with gr.Accordion(label("Tune it"), open=False, visible=bool(entry.cls.Params.model_fields)):
            params = controls(entry.cls.Params, {})
        asked = [*self.stage.inputs, self.corrector, *params]
        self.look.click(self.detect, asked, [self.report, self.heat], show_progress_on=self.heat, **COMPUTE)
        self.mend.click(self.fix, asked, self.stage.outputs, show_progress_on=self.slider, **COMPUTE)

    @answering
    def detect(self, at_hand: str, language: str, corrector: str, *settings: Any) -> list[Any]:
        """Scores and heat map of the portrait as it is."""
        recipe = self.stage.recipe(at_hand)
        params = collect(self.zoo.entry(corrector, "corrector").cls.Params, settings)
        report = self.stage.engine.detect(recipe, corrector, params)
        persona = self.stage.engine.run(recipe)
        return [cards.report_card(report, self.zoo, language), _heat(persona, persona.picture, report, language)]

    @answering
    def fix(
        self,
        at_hand: str,
        language: str,
        corrector: str,
        *settings: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Adds the corrector as a step."""
        params = collect(self.zoo.entry(corrector, "corrector").cls.Params, settings)
        step = Step(model=corrector, params=params)
        recipe = edits.with_step(self.stage.recipe(at_hand), step, self.zoo, on_top=False)
        return self.stage.run(recipe, language, progress)

    @answering
    def describe(self, language: str, corrector: str) -> str:
        """The card of the chosen corrector."""
        return cards.about_card(self.zoo.entry(corrector, "corrector"), self.zoo, language)

    def _report(self, persona: Any, language: str) -> str:
        return cards.report_card(persona.report, self.zoo, language) if _just_mended(persona) else ""

    def _mended(self, persona: Any, language: str) -> gr.Image:
        if not _just_mended(persona):
            return gr.Image(None, visible=False)
        return _heat(persona, persona.pictures[-2], persona.report, language)


def _heat(persona: Persona, picture: Picture, report: Report, language: str) -> gr.Image:
    """`picture` with the map of `report` over it."""
    path = files.served_image(overlay(picture, report.map), persona, "heat")
    return gr.Image(path, visible=True, alt_text=say(HEAT, language))


def _just_mended(persona: Any) -> bool:
    """Whether the last step was a corrector's: an older report says nothing of the picture now."""
    return bool(persona.report and persona.recipe.steps and persona.recipe.steps[-1].model == persona.report.model)
