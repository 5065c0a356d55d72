"""What a visitor does with a result: download it, share it, send it to another tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from zoo.recipe import encode
from zoo.studio import files
from zoo.studio.answers import answering
from zoo.studio.stage import PRIVATE, Stage, unseen
from zoo.studio.words import label

COPY_JS = """(code) => {
  if (!code) return "";
  const link = new URL("p/" + code, document.baseURI.split(/[?#]/)[0]).href;
  navigator.clipboard?.writeText(link).catch(() => {});
  return link;
}"""
"""Makes the code a link and copies it; where the browser forbids that, the link stands in the page to be copied."""

FORMATS = {"PNG": ".png", "JPEG": ".jpg", "WebP": ".webp"}

_SENDS = {"stylize": "Send to Stylize", "fix": "Send to Detect & Fix"}


class Actions:
    """The row of buttons under a result."""

    def __init__(self, stage: Stage, tab: str, sends: tuple[str, ...]) -> None:
        self.stage = stage
        with gr.Row(elem_classes="actions"):
            self.download = gr.DownloadButton(
                label("Download"),  # type: ignore[arg-type]  # typed str, translated all the same
                size="sm",
                elem_id=f"{tab}-download",
                min_width=90,
            )
            self.copy = gr.Button(label("Copy link"), size="sm", elem_id=f"{tab}-copy", min_width=90)
            self.sends = {
                goal: gr.Button(label(_SENDS[goal]), size="sm", elem_id=f"{tab}-to-{goal}", min_width=90)
                for goal in sends
            }
        self.code = unseen("")
        self.link = gr.Textbox(
            "",
            label=label("Link to this persona"),
            info=label("Whoever opens it gets the same persona. A picture you uploaded is stored so that they can."),
            buttons=["copy"],
            interactive=False,
            visible=False,
            max_lines=1,
            elem_id=f"{tab}-link",
        )
        with gr.Accordion(label("More files"), open=False):
            self.format = gr.Radio(list(FORMATS), value="PNG", label=label("Picture format"))
            self.prepare = gr.Button(label("Prepare files"), size="sm", elem_id=f"{tab}-prepare")
            self.files = gr.File(label=label("Files"), file_count="multiple", interactive=False, visible=False)
        stage.view(self.download, lambda persona, _: files.served(persona))
        stage.view(self.link, lambda *_: gr.Textbox(value="", visible=False))
        stage.view(self.files, lambda *_: gr.File(value=None, visible=False))

    def bind(self, tabs: gr.Tabs) -> None:
        """Wires the buttons; `tabs` is what the send buttons turn."""
        self.copy.click(self.share, self.stage.inputs, [self.code, self.link], queue=False, **PRIVATE).success(
            None, self.code, self.link, js=COPY_JS, **PRIVATE
        )
        self.prepare.click(self.save, [*self.stage.inputs, self.format], self.files, **PRIVATE)
        for goal, button in self.sends.items():
            button.click(lambda goal=goal: gr.Tabs(selected=goal), None, tabs, queue=False, **PRIVATE)

    @answering
    def share(self, at_hand: str, language: str) -> tuple[str, Any]:
        """The code of the persona at hand. Pictures that a recipe cannot carry go to the store: this press is what
        allows it."""
        recipe = self.stage.recipe(at_hand)
        code = encode(recipe)
        for digest in recipe.pictures:
            self.stage.engine.store.share(digest)
        return code, gr.Textbox(visible=True)

    @answering
    def save(self, at_hand: str, language: str, format: str) -> Any:
        """Everything a visitor can take home."""
        persona = self.stage.engine.run(self.stage.recipe(at_hand))
        return gr.File(value=files.all_files(persona, FORMATS[format]), visible=True)
