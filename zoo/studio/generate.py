"""The Generate tab: candidates from a model, shaped by sliders, mixed, named."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from zoo import latents
from zoo.language import say
from zoo.model import Generator
from zoo.params import Value
from zoo.persona import Persona
from zoo.profile import BIO_LENGTH, NICKNAME_LENGTH
from zoo.recipe import Draw, Recipe, Write, parse, validate
from zoo.registry import Entry
from zoo.studio import cards, edits, files
from zoo.studio.answers import answering
from zoo.studio.controls import collect, controls
from zoo.studio.mixing import Mixing
from zoo.studio.reference import Reference
from zoo.studio.share import Actions
from zoo.studio.stage import COMPUTE, PRIVATE, RENDER, telling, unseen
from zoo.studio.tab import Tab
from zoo.studio.thumbnails import chosen, filled, thumbnails
from zoo.studio.words import label

CANDIDATES = 6
SHIFT_LIMIT = 4
"""How far a slider goes along a direction, in standard deviations of the latent."""
SEED_LIMIT = 2**32 - 1


class GenerateTab(Tab):
    """Controls left, the persona right."""

    def _controls(self) -> None:
        self.model = self.chooser("generator", "Model", "generator")
        self.go = gr.Button(label("Generate"), variant="primary", size="lg", elem_id="generate")
        self.about = gr.HTML(elem_id="generator-about")
        with gr.Row():
            self.seed = gr.Number(
                0,
                precision=0,
                minimum=0,
                maximum=SEED_LIMIT,
                label=label("Seed"),
                elem_id="seed",
                min_width=120,
                interactive=True,  # said, where events write into a control: Gradio takes it for an output
            )
            self.fresh = gr.Checkbox(
                True, label=label("New seed each time"), elem_id="fresh", min_width=120, interactive=True
            )
        self.shape = unseen("{}")
        self.settings_place = gr.Column()
        self.reference = Reference(self.stage, shown=self._encodes(self.model.value))
        self.mixing = Mixing(self.stage)
        with gr.Accordion(label("Name and voice"), open=False):
            self.nickname = gr.Textbox(
                label=label("Nickname"), placeholder=label("written for you"), max_length=NICKNAME_LENGTH
            )
            self.bio = gr.Textbox(label=label("Bio"), placeholder=label("written for you"), max_length=BIO_LENGTH)
            # What the boxes say belongs to the persona at hand: left empty, they take nothing off one that was shared.
            self.stage.view(self.nickname, lambda persona, _: _typed(persona, "nickname"))
            self.stage.view(self.bio, lambda persona, _: _typed(persona, "bio"))
            self.rewrite = gr.Button(label("Write another profile"), size="sm", elem_id="rewrite")
        with gr.Accordion(label("Open a persona"), open=False):
            self.file = files.dropzone("A picture saved here brings its persona back", "open-picture")
            self.link = gr.Textbox(label=label("Or paste a link"), max_lines=1, elem_id="open-link")

    def _result(self) -> None:
        self.stage.empty("Nothing here yet. Press Generate: six candidates will stand here to choose from.")
        with self.stage.filled():
            self.candidates = thumbnails("Candidates: choose one", CANDIDATES, "candidates")
            self.offered = unseen("[]")
            self.portrait = gr.Image(
                type="filepath",
                format="png",
                interactive=False,
                label=label("Portrait"),
                buttons=["fullscreen"],
                elem_id="portrait",
                height=360,
            )
            self.stage.view(self.portrait, _portrait)
            self.actions = Actions(self.stage, "generate", sends=("stylize", "fix"))
            self.profile = gr.HTML(elem_id="profile")
            self.stage.view(self.profile, lambda persona, language: cards.profile_card(persona, self.zoo, language))

    def bind(self) -> None:
        """Wires the tab, once everything that shows the persona is there."""
        stage = self.stage
        self.candidates.select(
            self.pick, [*stage.inputs, self.offered], [*self.mixing.controls, *stage.outputs], **PRIVATE
        )
        self.model.change(
            self.describe, [stage.language, self.model], [self.about, self.reference.drawer], queue=False, **PRIVATE
        )
        self.reference.bind(self)
        self.mixing.bind()
        self.rewrite.click(self.write_anew, stage.inputs, stage.outputs, **PRIVATE)
        for box in (self.nickname, self.bio):
            gr.on(
                [box.submit, box.blur],
                self.type_words,
                [*stage.inputs, self.nickname, self.bio],
                stage.outputs,
                show_progress="hidden",
                **PRIVATE,
            )
        with self.settings_place:
            gr.render([self.model, self.shape], **RENDER)(self._settings)

    def _settings(self, model: str | None, shape: str) -> None:
        """The model's own controls, set to `shape`; bound to the button here, where they exist."""
        if model is None:  # this zoo has none
            return
        entry = self.zoo.entry(model, "generator")
        made = json.loads(shape)
        directions: tuple[str, ...] = tuple(_generator(entry).directions)
        with gr.Accordion(label("Shape it"), open=False, visible=bool(entry.cls.Params.model_fields or directions)):
            params = controls(entry.cls.Params, made.get("params", {}))
            shifts: list[Component] = [
                gr.Slider(
                    -SHIFT_LIMIT,
                    SHIFT_LIMIT,
                    made.get("shift", {}).get(name, 0),
                    step=0.1,
                    label=label(name),
                    buttons=[],
                )
                for name in directions
            ]
        asked = [self.model, self.seed, self.fresh, *self.mixing.controls, *params, *shifts]
        shown = [self.seed, *self.candidates_shown]
        self.go.click(self.generate, [*self.stage.inputs, *asked], shown, show_progress_on=self.portrait, **COMPUTE)
        gr.HTML(elem_id="settings-ready", elem_classes="unseen")  # until it is there, a click would be lost
        for control in (*params, *shifts):
            control.input(  # type: ignore[attr-defined]  # every control has it; by keyboard too, where release is not
                self.reshape,
                [*self.stage.inputs, self.model, *params, *shifts],
                self.stage.outputs,
                trigger_mode="always_last",
                show_progress="hidden",
                **COMPUTE,
            )

    @answering
    def generate(
        self,
        at_hand: str,
        language: str,
        model: str,
        seed: int | None,
        fresh: bool,
        mix_seed: int | None,
        mix_weight: float,
        *settings: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 – gradio's way to ask for one
    ) -> list[Any]:
        """Draws candidates, and takes the first for the persona at hand."""
        source = {"kind": "draw", "model": model, **self._shape(model, settings)}
        if mix_seed is not None:
            source["mix"] = {"seed": mix_seed, "weight": mix_weight}
        seeds = self.seeds(seed, fresh)
        recipes = self.recipes([source | {"seed": one} for one in seeds], language)
        personas = self.stage.engine.run_all(recipes, telling(progress, language))
        return [seeds[0], *self.offer(personas, language)]

    @answering
    def pick(self, at_hand: str, language: str, offered: str, event: gr.SelectData) -> list[Any]:
        """The candidate that was clicked becomes the persona at hand."""
        persona = self.stage.engine.run(parse(chosen(json.loads(offered), event)))
        return [*self.mixing.shown(persona.recipe), *self.stage.show(persona, language)]

    def seeds(self, seed: int | None, fresh: bool) -> list[int]:
        """The seeds of the candidates: the visitor's or a fresh one, and those that follow from it."""
        first = secrets.randbelow(SEED_LIMIT + 1) if fresh or seed is None else seed
        return [first, *(latents.subseed(first, f"candidate {i}") for i in range(1, CANDIDATES))]

    @property
    def candidates_shown(self) -> list[Block]:
        """What `offer` fills."""
        return [self.offered, self.candidates, *self.stage.outputs]

    def recipes(self, sources: Sequence[dict[str, Any]], language: str) -> list[Recipe]:
        """The sources with words to them."""
        return [
            validate(Recipe, {"source": source, "profile": self._write(source["seed"], language)}) for source in sources
        ]

    def offer(self, personas: Sequence[Persona], language: str) -> list[Any]:
        """These for candidates, the first of them at hand: the values of `candidates_shown`."""
        offered = json.dumps([persona.recipe.canonical for persona in personas])
        gallery = filled([(files.served(one), cards.caption(one)) for one in personas])
        return [offered, gallery, *self.stage.show(personas[0], language)]

    @answering
    def reshape(
        self,
        at_hand: str,
        language: str,
        model: str,
        *settings: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """The persona at hand with other settings, its steps and words kept."""
        recipe = parse(at_hand) if at_hand else None
        if recipe is None or not isinstance(recipe.source, Draw) or recipe.source.model != model:
            return [gr.skip()] * len(self.stage.outputs)
        kept = recipe.source.model_dump(exclude={"params", "shift"})
        source = Draw.model_validate(kept | self._shape(model, settings))
        return self.stage.run(recipe.model_copy(update={"source": source}), language, progress)

    @answering
    def write_anew(self, at_hand: str, language: str) -> list[Any]:
        """Another profile for the same portrait, in the language of the page."""
        recipe = self.stage.recipe(at_hand)
        write = self._write(secrets.randbelow(SEED_LIMIT + 1), language)
        return self.stage.show(self.stage.engine.run(edits.with_words(recipe, write)), language)

    @answering
    def type_words(self, at_hand: str, language: str, nickname: str, bio: str) -> list[Any]:
        """The nickname and bio that the visitor typed."""
        recipe = self._recipe_with_words(at_hand, language)
        typed = {"nickname": nickname or None, "bio": bio or None}
        if recipe is None or recipe.profile is None or recipe.profile.model_dump(include=set(typed)) == typed:
            return [gr.skip()] * len(self.stage.outputs)
        write = recipe.profile.model_copy(update=typed)
        return self.stage.show(self.stage.engine.run(edits.with_words(recipe, write)), language)

    @answering
    def describe(self, language: str, model: str) -> list[Any]:
        """The card of the chosen model, and the place for a picture where it can start from one."""
        card = cards.about_card(self.zoo.entry(model, "generator"), self.zoo, language)
        return [card, gr.Accordion(visible=self._encodes(model))]

    @property
    def restorable(self) -> list[Block]:
        """What `restored` fills."""
        return [self.model, self.seed, self.fresh, self.shape, *self.mixing.controls]

    def restored(self, recipe: Recipe, fresh: bool = False) -> list[Any]:
        """What the controls show of a recipe that did not come from them."""
        source = recipe.source
        if not isinstance(source, Draw):
            return [gr.skip()] * len(self.restorable)
        # Another text each time: the sliders are made anew though what they were made from is the same.
        shape = {"params": source.params, "shift": source.shift, "time": secrets.token_hex(4)}
        return [source.model, source.seed, fresh, json.dumps(shape), *self.mixing.shown(recipe)]

    def _encodes(self, model: str | None) -> bool:
        return model is not None and _generator(self.zoo.entry(model, "generator")).encodes

    def _recipe_with_words(self, at_hand: str, language: str) -> Recipe | None:
        recipe = parse(at_hand) if at_hand else None
        if recipe is None or recipe.profile is not None:
            return recipe
        return edits.with_words(recipe, self._write(0, language))

    def _write(self, seed: int, language: str) -> Write | None:
        writers = self.zoo.of_kind("writer")
        return Write(model=writers[0].id, seed=seed, language="zh" if language == "zh" else "en") if writers else None

    def _shape(self, model: str, settings: tuple[Any, ...]) -> dict[str, dict[str, Value]]:
        """What the controls of `_settings` say: params, then shifts."""
        entry = self.zoo.entry(model, "generator")
        count = len(entry.cls.Params.model_fields)
        shifts = zip(_generator(entry).directions, settings[count:], strict=True)
        return {
            "params": collect(entry.cls.Params, settings[:count]),
            "shift": {name: float(amount) for name, amount in shifts if amount},
        }


def _portrait(persona: Persona, language: str) -> gr.Image:
    alt = say("Portrait of {name}", language, name=cards.caption(persona))
    return gr.Image(files.served(persona), alt_text=alt)


def _generator(entry: Entry) -> type[Generator]:
    assert issubclass(entry.cls, Generator)
    return entry.cls


def _typed(persona: Persona, field: str) -> str:
    """What was typed in place of the writer's words, if anything."""
    return getattr(persona.recipe.profile, field, None) or ""
