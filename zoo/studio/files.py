"""Files between the studio and the visitor: labelled on their way out, checked on their way in."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import tempfile
from pathlib import Path

import gradio as gr
from gradio.data_classes import ImageData
from gradio.utils import get_upload_folder, is_in_or_equal
from PIL import Image

from zoo import label as labels
from zoo.persona import Persona
from zoo.studio.words import label


def served(persona: Persona) -> str:
    """The path of the labelled portrait. Gradio serves a path as it is; of a picture in memory it drops the label."""
    path = _folder(persona) / f"persona-{persona.recipe.id[:12]}.png"
    return str(path if path.exists() else labels.write(persona.picture, persona.label, path))


def served_stage(persona: Persona, stage: int) -> str:
    """The path of one of the persona's pictures, counted from the end by -1, -2 …, or its first where there are not
    so many; labelled like the persona."""
    image = persona.pictures[max(stage, -len(persona.pictures))]
    return served_image(image, persona, f"stage{stage}")


def served_image(image: Image.Image, persona: Persona, name: str) -> str:
    """The path of a picture made from the persona's, such as a heat map, under its label. Its pixels have a part in
    its name: a browser that knows the address would go on showing an older one."""
    pixels = hashlib.sha256(image.tobytes()).hexdigest()[:12]
    path = _folder(persona) / f"{name}-{pixels}.png"
    return str(path if path.exists() else labels.write(image, persona.label, path))


def all_files(persona: Persona, suffix: str) -> list[str]:
    """The paths of everything a visitor can take home."""
    return [str(path) for path in persona.save(_folder(persona) / suffix.lstrip("."), suffix)]


def dropzone(title: str, elem_id: str | None = None, height: int = 170, visible: bool = True) -> gr.Image:
    """A place for a visitor's picture. Handlers get the path of the file, which nobody has opened yet: Gradio would
    read it with Pillow before our gate, and takes `{"path": "/any/picture/on/the/server.png"}` from a raw request."""
    zone = gr.Image(
        type="filepath",
        sources=["upload", "clipboard"],
        label=label(title),
        height=height,
        visible=visible,
        elem_id=elem_id,
        interactive=True,
    )
    zone.preprocess = _uploaded  # type: ignore[method-assign]
    return zone


def _uploaded(payload: ImageData | None) -> str | None:
    if payload is None:
        return None
    if payload.url and payload.url.startswith("data:"):
        return _from_data_url(payload.url)
    folder = os.path.realpath(get_upload_folder())
    if not (payload.path and is_in_or_equal(os.path.realpath(payload.path), folder)):
        raise gr.Error("That file was not uploaded here. Upload it, then try again.", print_exception=False)
    return payload.path


def _from_data_url(url: str) -> str:
    try:
        data = base64.b64decode(url.partition(",")[2], validate=True)
    except binascii.Error:
        raise gr.Error("This data URL is not base64. Upload the picture instead.", print_exception=False) from None
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(data)
    return file.name


def _folder(persona: Persona) -> Path:
    """Under Gradio's temporary folder, which it serves from and sweeps."""
    root = Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")
    folder = root / "personas" / persona.recipe.id
    folder.mkdir(parents=True, exist_ok=True)
    return folder
