"""The studio's page: four tabs around one persona at hand."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from zoo.engine import Engine
from zoo.registry import Zoo
from zoo.studio import cards
from zoo.studio.answers import answering
from zoo.studio.api import Api
from zoo.studio.fix import FixTab
from zoo.studio.generate import GenerateTab
from zoo.studio.recent import Recent
from zoo.studio.restore import Restore
from zoo.studio.stage import PRIVATE, Stage
from zoo.studio.stylize import StylizeTab
from zoo.studio.uploads import Uploads
from zoo.studio.words import LANGUAGE_JS, label

SWEEP_SECONDS = (3600, 86400)
"""How often Gradio looks for old files, and what it calls old."""

SWITCH_JS = """() => {
  const page = new URL(location.href);
  const chinese = document.documentElement.lang.startsWith("zh");
  page.searchParams.set("lang", chinese ? "en" : "zh-CN");
  location.href = page.href;
}"""
ADDRESS_JS = """(code) => {
  const page = new URL(location.href);
  for (const name of ["g", "s", "p"]) page.searchParams.delete(name);
  if (code) page.searchParams.set("p", code);
  history.replaceState(null, "", page);
  if (window.parent !== window) window.parent.postMessage({ queryString: page.search }, "https://huggingface.co");
}"""


def page(engine: Engine) -> gr.Blocks:
    """The studio, ready to be launched."""
    blocks: gr.Blocks
    with gr.Blocks(title="Persona Zoo", delete_cache=SWEEP_SECONDS) as blocks:
        stage = Stage(engine)
        _build(blocks, stage)
        Api(engine)
    return blocks


def _build(blocks: gr.Blocks, stage: Stage) -> None:
    switch = _header()
    uploads = Uploads(stage)
    with gr.Tabs(elem_id="tabs", overflow_behavior="wrap") as tabs:
        with gr.Tab(label("Generate"), id="generate"):
            generate = GenerateTab(stage)
        with gr.Tab(label("Stylize"), id="stylize") as stylize_tab:
            stylize = StylizeTab(stage, uploads)
        with gr.Tab(label("Detect & Fix"), id="fix"):
            fix = FixTab(stage, uploads)
        with gr.Tab(label("Models"), id="models"):
            models = gr.HTML(elem_id="models")
    recent = Recent(stage)
    generate.bind()
    stylize.bind(stylize_tab)
    fix.bind()
    recent.bind()
    for tab in (generate, stylize, fix):
        tab.actions.bind(tabs)
    stage.code.change(None, stage.code, None, js=ADDRESS_JS, **PRIVATE)
    switch.click(None, None, None, js=SWITCH_JS, **PRIVATE)
    known = blocks.load(None, None, stage.language, js=LANGUAGE_JS, **PRIVATE).then(
        _cards(stage.engine.zoo),
        [stage.language, generate.model, stylize.style, fix.corrector],
        [models, generate.about, stylize.about, fix.about],
        **PRIVATE,
    )
    Restore(stage, generate, uploads).bind(known)


def _header() -> gr.Button:
    with gr.Row(elem_id="header"):
        with gr.Column(scale=8, min_width=200):
            gr.Markdown(label("# Persona Zoo"), elem_id="title")
            gr.Markdown(label("Draw a virtual persona, restyle it, have it checked and mended, share it by a link."))
        return gr.Button(label("中文"), size="sm", scale=0, min_width=80, elem_id="switch-language")


def _cards(zoo: Zoo) -> Callable[..., list[str]]:
    @answering
    def fill(language: str, *chosen: str | None) -> list[str]:
        """The cards of all models, and of those chosen in the tabs, in the page's language."""
        abouts = [cards.about_card(zoo.entry(id), zoo, language) if id else "" for id in chosen]
        return [cards.zoo_cards(zoo, language), *abouts]

    return fill
