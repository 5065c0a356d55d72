"""The report on the page: scores, threshold, heat map, a chip for each kind's own map, and files to take home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from zoo.language import say
from zoo.model import Corrector
from zoo.persona import Persona, Report
from zoo.studio import files, threshold
from zoo.studio.answers import answering
from zoo.studio.findings import findings_card, name_of
from zoo.studio.look import Look, look_of, read_look
from zoo.studio.overlay import overlay
from zoo.studio.sheet import save, sheet
from zoo.studio.stage import PRIVATE, Stage, View, unseen
from zoo.studio.tab import offered
from zoo.studio.words import label, speak

HEAT = "Where: red is what looks wrong"
ALL = ""
"""The chip of the map of any kind."""
Part = Callable[[Look, Report, str], Any]
"""What a component shows of a report, in a language."""


class ReportView:
    """Shows what the last look found: a detection, or the findings by which the portrait was just mended."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.zoo = stage.engine.zoo
        self._make()
        self._parts: list[tuple[Block, Part, Any]] = [
            (self.look, lambda look, *_: look.text, ""),
            (self.card, lambda _, report, language: findings_card(report, self.zoo, language), ""),
            (self.threshold, lambda look, report, _: report.threshold if self._level(look) else gr.skip(), gr.skip()),
            (self.chips, lambda _, report, language: self._chips(report, language), gr.update(visible=False)),
            (
                self.heat,
                lambda look, report, language: self._heat(look, report, language, ALL),
                gr.update(value=None, visible=False),
            ),
            (self.prepare, lambda *_: gr.update(visible=True), gr.update(visible=False)),
            (self.files, lambda *_: gr.update(value=None, visible=False), gr.update(value=None, visible=False)),
        ]
        for component, part, empty in self._parts:
            stage.view(component, self._viewing(part, empty))

    def _make(self) -> None:
        self.look = unseen("", "look")
        self.card = gr.HTML(elem_id="report")
        first = offered(self.zoo, "corrector")[:1]
        self.threshold = threshold.slider(any(threshold.movable(self.zoo, entry.id, None) for entry in first))
        self.chips = gr.Radio(
            self._all_kinds(),
            value=ALL,
            label=label("Kinds in the heat map"),
            show_label=False,
            container=False,
            visible=False,
            elem_id="chips",
        )
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
        self.prepare = gr.Button(label("Report to take home"), size="sm", visible=False, elem_id="take-report")
        self.files = gr.File(
            label=label("Report"), file_count="multiple", interactive=False, visible=False, elem_id="report-files"
        )

    def _all_kinds(self) -> list[tuple[Any, str]]:
        """What the chips may ever say: after a restart the server knows no others."""
        correctors = [entry.cls for entry in self.zoo.of_kind("corrector") if issubclass(entry.cls, Corrector)]
        kinds = {kind: title for corrector in correctors for kind, title in corrector.kinds.items()}
        return [(label("All kinds"), ALL), *((label(title), kind) for kind, title in kinds.items())]

    @property
    def outputs(self) -> list[Block]:
        """What `show` fills."""
        return [component for component, _, _ in self._parts]

    def bind(self) -> None:
        """Wires slider, chips and download."""
        asked = [*self.stage.inputs, self.look, self.threshold]
        quick: dict[str, Any] = {**PRIVATE, "show_progress": "hidden", "trigger_mode": "always_last"}
        gr.on(
            [self.threshold.input, self.chips.input], self.judge, [*asked, self.chips], [self.card, self.heat], **quick
        )
        self.prepare.click(self.save, asked, self.files, **PRIVATE)

    def show(self, look: Look, language: str) -> list[Any]:
        """The values of `outputs`."""
        report = look.report(self.stage.engine)
        return [part(look, report, language) for _, part, _ in self._parts]

    def _viewing(self, part: Part, empty: Any) -> View:
        """What a part shows of a persona that was just mended; nothing of any other."""

        def view(persona: Persona, language: str) -> Any:
            look = look_of(persona)
            return part(look, look.report(self.stage.engine), language) if look else empty

        return view

    @answering
    def judge(self, at_hand: str, language: str, text: str, level: float | None, kind: str) -> list[Any]:
        """The same findings at another threshold, and the heat map of one kind, or of all."""
        if not text:
            return [gr.skip(), gr.skip()]
        look = read_look(text)
        report = self._judged(look, level)
        return [findings_card(report, self.zoo, language), self._heat(look, report, language, kind)]

    @answering
    def save(self, at_hand: str, language: str, text: str, level: float | None) -> Any:
        """The report as JSON, and as one sheet of pictures."""
        look = read_look(text)
        report = self._judged(look, level)
        persona, picture = look.picture(self.stage.engine)
        mended = self.stage.engine.run(self.stage.recipe(at_hand)).picture if look.mended else None
        drawn = files.served_image(sheet(picture, mended, report, self.zoo), persona, "report")
        return gr.File(value=[drawn, str(save(report, Path(drawn).with_suffix(".json")))], visible=True)

    def _level(self, look: Look) -> bool:
        return threshold.movable(self.zoo, look.step.model, look.step.detector)

    def _judged(self, look: Look, level: float | None) -> Report:
        report = look.report(self.stage.engine)
        return report.at(level) if self._level(look) and level is not None else report

    def _chips(self, report: Report, language: str) -> gr.Radio:
        kinds = sorted(report.maps, key=lambda kind: -report.scores[kind])
        named = [(name_of(kind, report, self.zoo, language), kind) for kind in kinds]
        return gr.Radio([(speak(self.zoo, "All kinds", language), ALL), *named], value=ALL, visible=bool(kinds))

    def _heat(self, look: Look, report: Report, language: str, kind: str) -> gr.Image:
        """The picture with a map over it."""
        persona, picture = look.picture(self.stage.engine)
        path = files.served_image(overlay(picture, report, kind), persona, "heat")
        return gr.Image(path, visible=True, alt_text=say(HEAT, language))
