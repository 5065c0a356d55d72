"""The studio: the Gradio page, and the server it runs on. The only place that imports gradio."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gradio as gr

from zoo.engine import Engine, open_engine
from zoo.errors import ZooError
from zoo.registry import discover
from zoo.store import Store
from zoo.studio.agents import mend_mcp
from zoo.studio.page import page
from zoo.studio.web import surroundings
from zoo.studio.words import words

QUEUE = 48
CONCURRENCY = 4


_READABLE = {
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_hover": "*primary_700",
    "block_label_text_color": "*primary_800",
    "block_title_text_color": "*primary_800",
    "body_text_color_subdued": "*neutral_600",
    "block_border_width": "1px",
    "checkbox_border_color": "*neutral_500",
    "checkbox_label_background_fill_selected": "*primary_600",
    "color_accent": "*primary_600",
    "color_accent_dark": "*primary_400",
}
"""Soft's tones, dark enough to be read by everybody (WCAG AA)."""


def theme() -> gr.themes.Base:
    """Soft shapes, system fonts: Gradio's own are fetched from Google."""
    fonts = ["system-ui", "sans-serif"]
    mono = ["ui-monospace", "monospace"]
    soft = gr.themes.Soft(primary_hue="violet", secondary_hue="violet", font=fonts, font_mono=mono)
    for name, value in _READABLE.items():  # set() would put Soft's own choices back to the defaults
        setattr(soft, name, value)
    return soft


def serve(host: str | None = None, port: int | None = None) -> None:
    """Opens the studio with every model there is, until it is stopped. Without a port, the first free one from 7860."""
    engine = open_engine(discover(), Store())
    try:
        launch(engine, server_name=host, server_port=port)
    except OSError as error:
        raise ZooError("The studio cannot be opened: {why}", why=str(error)) from None


def launch(engine: Engine, **options: Any) -> gr.Blocks:
    """Launches the page of `engine`; `options` are those of `gr.Blocks.launch`."""
    blocks = page(engine)
    blocks.queue(max_size=QUEUE, default_concurrency_limit=CONCURRENCY)
    settings: dict[str, Any] = {
        "ssr_mode": False,  # Node's proxy would swallow /p/<code>
        "i18n": words(engine.zoo),
        "theme": theme(),
        "css_paths": [Path(__file__).parent / "style.css"],
        "favicon_path": Path(__file__).parent / "favicon.png",
        "footer_links": ["api", "settings"],
        "run_history": False,
        "mcp_server": os.environ.get("ZOO_MCP", "1") == "1",
        "show_error": False,
        "enable_monitoring": False,
        "max_file_size": "8mb",
        "app_kwargs": surroundings(engine),
    } | options
    if settings["mcp_server"]:
        mend_mcp()
    blocks.launch(**settings)
    return blocks
