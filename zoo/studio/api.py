"""An endpoint per verb, for programs and agents: HTTP, `gradio_client` and MCP.

Gradio names an MCP tool after the function and describes it by the docstring. The components are hidden; events on
them give pictures the same gate and checks as the page.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from zoo.engine import Engine
from zoo.errors import PictureError
from zoo.params import describe
from zoo.persona import Persona
from zoo.pictures import main_colors, open_picture
from zoo.profile import Traits
from zoo.recipe import Recipe, Upload, Write, encode, validate
from zoo.studio import files
from zoo.studio.answers import answering
from zoo.studio.overlay import overlay


class Api:
    """The endpoints. Made inside the page's Blocks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.zoo = engine.zoo
        with gr.Column(visible=False):
            self._components()
        self._bind()

    def _components(self) -> None:
        self.model = self._choice("generator")
        self.style = self._choice("stylizer")
        self.corrector = self._choice("corrector")
        self.writer = self._choice("writer")
        self.seed = gr.Number(0, precision=0, label="seed")
        self.seed.preprocess = _whole  # type: ignore[method-assign, assignment]
        self.language = gr.Radio(["en", "zh"], value="en", label="language")
        self.params = gr.JSON({}, label="params")
        # Gradio says {"type": {}}, which is no JSON schema: agents' clients refuse to call the tool.
        self.params.api_info = lambda: {"type": "object"}  # type: ignore[method-assign]
        self.image = files.dropzone("image")
        self.reference = files.dropzone("reference")
        self.original = files.dropzone("original")
        self.detector = gr.Textbox("", label="detector")
        self.picture = gr.Image(type="filepath", format="png", label="picture")
        self.facts = gr.JSON(label="facts")

    def _choice(self, kind: Any) -> gr.Dropdown:
        ids = [entry.id for entry in self.zoo.of_kind(kind)]
        # Any value is taken here and checked by the zoo, whose answer names the nearest id.
        return gr.Dropdown(ids, value=ids[0] if ids else None, allow_custom_value=True, label=kind)

    def _bind(self) -> None:
        result = [self.picture, self.facts]
        for verb, inputs, outputs in (
            (self.generate_persona, [self.model, self.seed, self.params, self.language], result),
            (self.stylize_portrait, [self.image, self.style, self.params, self.reference], result),
            (self.detect_anomalies, [self.image, self.corrector, self.params, self.original], result),
            (
                self.fix_anomalies,
                [self.image, self.corrector, self.params, self.original, self.detector],
                result,
            ),
            (self.write_profile, [self.writer, self.seed, self.language, self.image], [self.facts]),
            (self.list_models, [], [self.facts]),
        ):
            gr.Button(visible=False).click(verb, inputs, outputs, api_name=verb.__name__, concurrency_id="compute")

    @answering
    def generate_persona(
        self, model: str, seed: int = 0, params: dict[str, Any] | None = None, language: str = "en"
    ) -> tuple[str, dict[str, Any]]:
        """Draws a virtual persona: a labelled portrait, and its profile, recipe and share code. Same arguments, same
        persona.

        Args:
            model: Id of a generator; list_models names them.
            seed: Whole number from 0 to 4294967295. Default 0.
            params: Settings of the model by name, as list_models describes them.
            language: Language of the profile, en or zh.
        """
        source = {"kind": "draw", "model": model, "seed": seed, "params": params or {}}
        writers = self.zoo.of_kind("writer")
        profile = {"model": writers[0].id, "seed": seed, "language": language} if writers else None
        return self._answer(self.engine.run(validate(Recipe, {"source": source, "profile": profile})))

    @answering
    def stylize_portrait(
        self, image: str, style: str, params: dict[str, Any] | None = None, reference: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Restyles a picture.

        Args:
            image: The picture: PNG, JPEG or WebP, up to 8 MB.
            style: Id of a stylizer; list_models names them.
            params: Settings of the stylizer by name.
            reference: A picture whose look is taken, for stylizers that want one.
        """
        digest = self._hold(reference) if reference else None
        return self._answer(self._stepped(image, style, params, digest))

    @answering
    def detect_anomalies(
        self, image: str, corrector: str, params: dict[str, Any] | None = None, original: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Scores what went wrong in a picture, over all and kind by kind from 0 to 1, and shows where. Scores from the
        threshold on are anomalies; the answer says how many clean pictures would be suspected as well.

        Args:
            image: The picture: PNG, JPEG or WebP, up to 8 MB.
            corrector: Id of a corrector; list_models names them.
            params: Settings of the corrector by name; threshold, from 0 to 1, where it has one.
            original: The picture as it was before something was done to it, to compare with; of the same size.
        """
        recipe = self._uploaded(image)
        report = self.engine.detect(recipe, corrector, params or {}, self._hold(original) if original else None)
        persona = self.engine.run(recipe)
        return files.served_image(overlay(persona.picture, report), persona, "heat"), report.facts

    @answering
    def fix_anomalies(
        self,
        image: str,
        corrector: str,
        params: dict[str, Any] | None = None,
        original: str | None = None,
        detector: str = "",
    ) -> tuple[str, dict[str, Any]]:
        """Mends what went wrong in a picture; what is right stays as it is.

        Args:
            image: The picture: PNG, JPEG or WebP, up to 8 MB.
            corrector: Id of a corrector; list_models names them.
            params: Settings of the corrector by name; threshold, from 0 to 1, where it has one.
            original: The picture as it was before something was done to it, to compare with; of the same size.
            detector: Id of another corrector, whose findings are mended. Default: the corrector's own.
        """
        digest = self._hold(original) if original else None
        return self._answer(self._stepped(image, corrector, params, digest, detector or None))

    @answering
    def write_profile(
        self, writer: str, seed: int = 0, language: str = "en", image: str | None = None
    ) -> dict[str, Any]:
        """Writes a fictional persona's nickname, handle, bio, interests and posts, in the colours of a portrait where
        one is given.

        Args:
            writer: Id of a writer; list_models names them.
            seed: Whole number from 0 to 4294967295. Default 0.
            language: en or zh.
            image: A portrait: PNG, JPEG or WebP, up to 8 MB.
        """
        colors = main_colors(open_picture(Path(image)).image) if image else ()
        write = validate(Write, {"model": writer, "seed": seed, "language": language})
        return self.engine.write(write, Traits(colors=colors)).model_dump(mode="json")

    @answering
    def list_models(self) -> dict[str, Any]:
        """Lists the models of this zoo: id, kind, title, licence, what it does, and its settings."""
        return {
            "models": [
                {
                    "id": entry.id,
                    "kind": entry.kind,
                    "title": entry.title,
                    "license": entry.cls.card.license,
                    "about": entry.about,
                    "params": [asdict(param) for param in describe(entry.cls.Params)],
                }
                for entry in self.zoo.models.values()
            ],
            "quarantine": [asdict(plugin) for plugin in self.zoo.quarantine],
        }

    def _hold(self, path: str) -> str:
        return self.engine.store.hold(open_picture(Path(path)))

    def _uploaded(self, path: str | None) -> Recipe:
        if not path:
            raise PictureError("There is no picture. Send one as “image”.")
        return Recipe(source=Upload(picture=self._hold(path)))

    def _stepped(
        self, path: str, model: str, params: dict[str, Any] | None, reference: str | None, detector: str | None = None
    ) -> Persona:
        recipe = self._uploaded(path).model_dump()
        step = {"model": model, "params": params or {}, "reference": reference, "detector": detector}
        return self.engine.run(validate(Recipe, recipe | {"steps": [step]}))

    def _answer(self, persona: Persona) -> tuple[str, dict[str, Any]]:
        facts: dict[str, Any] = {"id": persona.recipe.id, "recipe": persona.recipe.model_dump(mode="json")}
        facts["code"] = encode(persona.recipe)
        if persona.profile:
            facts["profile"] = persona.profile.model_dump(mode="json")
        if persona.report:
            facts |= persona.report.facts
        return files.served(persona), facts


def _whole(seed: Any) -> Any:
    """A seed as the recipe wants to judge it: Gradio would round what is none."""
    return int(seed) if isinstance(seed, float) and seed.is_integer() else seed
