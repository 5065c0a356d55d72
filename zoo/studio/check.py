"""A look at what was just restyled: one line of what was found, and a button that mends it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from zoo.persona import Persona, Report
from zoo.recipe import Step
from zoo.registry import Entry
from zoo.studio import edits
from zoo.studio.answers import answering
from zoo.studio.cards import tag
from zoo.studio.findings import verdict
from zoo.studio.look import look_of
from zoo.studio.stage import COMPUTE, Stage
from zoo.studio.tab import offered
from zoo.studio.words import label, speak


class Check:
    """The switch stands among the controls; `line` and `mend` under the result, for as long as they are about it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.zoo = stage.engine.zoo
        self.switch = gr.Checkbox(
            False,
            label=label("Check the result"),
            info=label("Looks for what went wrong, with the portrait before the style for comparison."),
            visible=bool(offered(self.zoo, "corrector")),
            elem_id="check",
        )

    def result(self) -> None:
        """Makes the line and its button."""
        with gr.Row(elem_classes="check-row"):
            self.line = gr.HTML(elem_id="check-line", min_width=200)
            self.mend = gr.Button(
                label("Mend it"), size="sm", scale=0, min_width=100, visible=False, elem_id="check-mend"
            )
        self.stage.view(self.line, self._mended)
        self.stage.view(self.mend, lambda *_: gr.update(visible=False))

    def after(self, styled: Any) -> None:
        """Checks once the event `styled` has restyled the portrait."""
        self._on(styled.success)

    def bind(self) -> None:
        """Wires the button and the switch."""
        self.mend.click(self.fix, self.stage.inputs, self.stage.outputs, **COMPUTE)
        self._on(self.switch.input)

    def _on(self, event: Any) -> None:
        asked = [*self.stage.inputs, self.switch]
        event(self.look, asked, [self.line, self.mend], show_progress="minimal", **COMPUTE)

    @answering
    def look(self, at_hand: str, language: str, wanted: bool) -> list[Any]:
        """What the first corrector says of a portrait whose last step is a style."""
        if not at_hand:
            return [gr.skip(), gr.skip()]
        recipe = self.stage.recipe(at_hand)
        if not recipe.steps or self.zoo.entry(recipe.steps[-1].model).kind != "stylizer":
            return [gr.skip(), gr.skip()]
        if not wanted:
            return ["", gr.update(visible=False)]
        report = self.stage.engine.look(recipe, Step(model=self._corrector.id))
        return [self._line(report, language), gr.update(visible=report.verdict != "clean")]

    @answering
    def fix(
        self,
        at_hand: str,
        language: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Adds the first corrector as a step."""
        step = Step(model=self._corrector.id)
        recipe = edits.with_step(self.stage.recipe(at_hand), step, self.zoo, on_top=False)
        return self.stage.run(recipe, language, progress)

    @property
    def _corrector(self) -> Entry:
        return offered(self.zoo, "corrector")[0]

    def _line(self, report: Report, language: str) -> str:
        title = speak(self.zoo, self._corrector.title, language)
        said = verdict(report, self.zoo, language)
        words = speak(self.zoo, "Checked by {model}. {verdict}", language, model=title, verdict=said)
        return tag("p", words, f"check {report.verdict}")

    def _mended(self, persona: Persona, language: str) -> str:
        """That it was mended, where that was the last thing done."""
        if persona.report is None or look_of(persona) is None or persona.report.verdict == "clean":
            return ""
        title = speak(self.zoo, self.zoo.entry(persona.report.model).title, language)
        return tag("p", speak(self.zoo, "Mended by {model}.", language, model=title), "check clean")
