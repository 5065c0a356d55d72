"""A tiny real Gradio app on 127.0.0.1, for tests of what stands around the studio's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

CHROMIUM = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ],
}


def page() -> gr.Blocks:
    """One of each of what the studio's page is made of, and an endpoint that says what it was given."""
    with gr.Blocks(title="Persona Zoo", analytics_enabled=False) as demo:
        text = gr.Textbox(label="Text", elem_id="text")
        picture = gr.Image(label="Picture", type="filepath", format="png", elem_id="picture")
        said = gr.Textbox(label="Said", elem_id="said")
        gr.Slider(0, 1, label="Strength")
        gr.ImageSlider(label="Before and after", interactive=False)
        gr.Gallery(label="Candidates")
        gr.HTML("<p>Plain</p>")
        go = gr.Button("Go", elem_id="go")
        go.click(lambda words, file: f"{words}: {bool(file)}", [text, picture], said, api_name="echo")
        shout = gr.Button("Shout", elem_id="shout")
        shout.click(None, text, said, js="words => words.toUpperCase()")
    return demo


@contextmanager
def serving(demo: gr.Blocks, **launch: Any) -> Iterator[str]:
    """The address of `demo`, without a slash at the end, while it runs."""
    options: dict[str, Any] = {"server_name": "127.0.0.1", "ssr_mode": False, "quiet": True, "max_file_size": "8mb"}
    _, url, _ = demo.launch(prevent_thread_lock=True, **options | launch)
    try:
        yield url.rstrip("/")
    finally:
        demo.close(verbose=False)
